"""Data sets that are predicted and counted shard by shard: those larger than memory, or shared by several workers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset
from mnist_report.data.shard_reading import iterate
from mnist_report.data.shards import Shard, Shards
from mnist_report.evaluation.kept import Wanted
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.summary import Summary
from mnist_report.inference import Askable, Inference, RunningModel, start_model
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.outputs import Agreement, OutputKind
from mnist_report.model.precision import Precision
from mnist_report.model.scaling import Preparation
from mnist_report.model.store import ModelFile
from mnist_report.understanding import understand


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with each shard; a plain value, for who does it may be on another machine.

    Attributes:
        class_names: in label order.
        anatomy: of the model.
        preparation: what happens to images before the model sees them.
        gave: what the model's numbers are.
        temperature: that the model's training found, or None.
        wanted: what decides which rows are kept.
        rows: whether all rows are wanted, to be stored.
        model: its path, for messages.
    """

    class_names: tuple[str, ...]
    anatomy: Anatomy
    preparation: Preparation
    gave: OutputKind
    temperature: float | None
    wanted: Wanted
    rows: bool
    model: str


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """What came of a shard.

    Attributes:
        shard: which one.
        summary: its counts.
        sha256: digest of its images and labels.
        predictions: a row per image where they are wanted, else None.
        batch_size: images per call of the model.
    """

    shard: Shard
    summary: Summary
    sha256: str
    predictions: Predictions | None
    batch_size: int


class ModelEngine(Askable, Protocol):
    """A model that is asked about shards.

    Attributes:
        workers: how many there are.
        retries: how often a shard was given to another worker, so far.
    """

    @property
    def workers(self) -> int: ...  # noqa: D102
    @property
    def retries(self) -> int: ...  # noqa: D102

    def wait_until_loaded(self) -> tuple[Anatomy, Backend]:
        """See `RunningModel.wait_until_loaded`."""

    def agreement(
        self, images: NDArray[np.uint8], inference: Inference, anatomy: Anatomy, preparation: Preparation | None
    ) -> Agreement:
        """See `RunningModel.agreement`."""

    def count(self, shards: Shards, plan: Plan, show: Callable[[int, int], None]) -> Iterator[Counted]:
        """What came of each shard, in their order.

        Raises:
            ModelError: the model fails on images.
            DataError: a shard cannot be read.
        """


class LocalEngine:
    """The model's process on this machine; see `ModelEngine`."""

    workers, retries = 1, 0

    def __init__(self, running: RunningModel) -> None:
        """Take a model that was started."""
        self._running = running
        self.model = running.model
        self.wait_until_loaded = running.wait_until_loaded
        self.predict = running.predict
        self.agreement = running.agreement

    def count(self, shards: Shards, plan: Plan, show: Callable[[int, int], None]) -> Iterator[Counted]:
        """See `ModelEngine.count`; the next shard is read meanwhile."""
        for shard, part in zip(shards.shards, iterate(shards, plan.class_names), strict=True):
            before = shard.first

            def move(done: int, _: int, before: int = before) -> None:
                show(before + done, shards.n)

            yield count_shard(shard, part, self._running.predict(part.images, move, plan.preparation), plan)


@contextmanager
def local_engine(model: ModelFile, device: str, batch_size: int | None, precision: Precision) -> Iterator[LocalEngine]:
    """Start loading a model in a process of this machine; see `inference.start_model`."""
    with start_model(model, device=device, batch_size=batch_size, precision=precision) as running:
        yield LocalEngine(running)


def count_shard(shard: Shard, part: Dataset, inference: Inference, plan: Plan) -> Counted:
    """Count what a model answered to the images of a shard.

    Args:
        shard: which one.
        part: its images and labels.
        inference: what the model answered.
        plan: what is done.

    Raises:
        ModelError: see `preparing.understand`.
    """
    where = f"{plan.model}: the predictions of {shard.name}"
    found, _ = understand(inference.answer, plan.anatomy, part, where, plan.gave)
    predictions = replace(found, index=np.arange(shard.first, shard.first + shard.n))
    summary = Summary.of(predictions, part.images, plan.wanted, plan.temperature)
    rows = predictions if plan.rows else None
    return Counted(shard, summary, part.sha256, rows, inference.batch_size)
