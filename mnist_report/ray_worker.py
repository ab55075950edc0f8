"""What runs on a worker of a Ray cluster."""

import io
import os
import tarfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_report.counting import Counted, LocalEngine, Plan, count_shard, local_engine
from mnist_report.data.shard_reading import ShardReader
from mnist_report.data.shards import Shard
from mnist_report.errors import ModelError
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.outputs import Agreement
from mnist_report.model.precision import Precision
from mnist_report.model.scaling import Preparation
from mnist_report.model.scratch import remove_leftovers, scratch_folder
from mnist_report.model.store import ModelFile


class Worker:
    """What runs on a worker of the cluster: the model, asked about one shard after the other."""

    _engine: LocalEngine

    def __init__(self) -> None:
        """Do nothing that can fail: of that, Ray would tell no more than that the worker is lost."""
        self._until_the_end = ExitStack()

    def begin(
        self, packed: bytes, model: ModelFile, asked: tuple[str, int | None, Precision], cpus: int
    ) -> tuple[Anatomy, Backend]:
        """Load the model, before anything else is asked.

        Args:
            packed: see `pack`.
            model: as it was looked at.
            asked: device, batch size and precision; see `counting.local_engine`.
            cpus: so many threads for it.

        Raises:
            ModelError: the model cannot be unpacked, or see `RunningModel.wait_until_loaded`.
            DeviceError: the device that was asked for is not there.
        """
        os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["OMP_NUM_THREADS"] = str(cpus)
        remove_leftovers()  # of workers that were lost on this machine
        folder = self._until_the_end.enter_context(scratch_folder())
        try:
            copy = unpack(packed, folder)
        except OSError as error:
            raise ModelError(f"{model.path}: cannot be copied to {folder} of a worker's machine ({error})") from error
        self._engine = self._until_the_end.enter_context(local_engine(replace(model, copy=copy), *asked))
        self._reader = self._until_the_end.enter_context(ShardReader())
        return self._engine.wait_until_loaded()

    def predict(self, images: NDArray[np.uint8], preparation: Preparation | None) -> Inference:
        """Ask the model about images."""
        return self._engine.predict(np.array(images), _nobody, preparation)

    def agreement(
        self, images: NDArray[np.uint8], inference: Inference, anatomy: Anatomy, preparation: Preparation | None
    ) -> Agreement:
        """Ask the model once more in float32."""
        return self._engine.agreement(np.array(images), inference, anatomy, preparation)

    def end(self) -> None:
        """End the model's process and leave nothing behind."""
        self._until_the_end.close()

    def count(self, shard: Shard, plan: Plan) -> Counted:
        """Read a shard, ask the model about it and count."""
        part = self._reader.read(shard, plan.class_names)
        return count_shard(shard, part, self._engine.predict(part.images, _nobody, plan.preparation), plan)


def pack(path: Path) -> bytes:
    """A model file or folder as bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(path, arcname=path.name)
    return buffer.getvalue()


def unpack(packed: bytes, folder: Path) -> Path:
    """The model below a folder."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        name = archive.getnames()[0]
        archive.extractall(folder, filter="data")
    return folder / name


def _nobody(_done: int, _total: int) -> None:
    """Told how far a worker is."""
