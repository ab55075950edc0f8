"""Inference: images go to the model's process, probabilities stream back."""

import gc
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.runner import open_runner, predict_images
from mnist_report.model.scaling import Preparation
from mnist_report.model.store import ModelFile

log = logging.getLogger("mnist_report")

# Of one model that nobody vouches for. With this process, what is mapped of the libraries, and what a model can take
# between two looks at it, it stays below 3 GB.
MOST_MEMORY = 2 << 30
# Loading counts from when its answer is waited for, TensorFlow's start included. A file that never answers is refused
# within a minute; so a few images go first, to tell it from a model that is merely slow.
LOADING_SECONDS = 40.0
FIRST_SECONDS = 48.0
FIRST_IMAGES = 32
# From then on a batch may take so many times as long as the images before it would have taken, within these limits.
TIMES_AS_LONG = 20
LEAST_SECONDS, MOST_SECONDS = 30.0, 300.0


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """What a model answered, and how fast.

    Attributes:
        answer: float32, shape (n, classes), as the model gave it.
        batch_size: images per call of the model.
        seconds: from the first batch sent to the last received, the model's compilation included.
    """

    answer: NDArray[np.float32]
    batch_size: int
    seconds: float

    @property
    def speed(self) -> "Speed":
        """How fast."""
        return Speed(len(self.answer), self.batch_size, self.seconds)


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model answered.

    Attributes:
        n: the images.
        batch_size: images per call of the model.
        seconds: for all of them.
    """

    n: int
    batch_size: int
    seconds: float

    @property
    def images_per_second(self) -> float:
        """Throughput over the whole set."""
        return self.n / self.seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """All that the later stages learn from a model, besides what it said.

    Attributes:
        anatomy: what it is made of.
        backend: what it ran on.
        speed: how fast it was.
    """

    anatomy: Anatomy
    backend: Backend
    speed: Speed


@dataclass(slots=True)
class _Patience:
    """How long it took so far.

    Attributes:
        loading: seconds.
        per_image: seconds of the slowest batch; None before the first.
    """

    loading: float = 0.0
    per_image: float | None = None

    def limit(self, n: int) -> float:
        """The seconds that a batch of n images may take."""
        if self.per_image is None:
            return FIRST_SECONDS - self.loading
        return min(max(LEAST_SECONDS, TIMES_AS_LONG * self.per_image * n), MOST_SECONDS)


@dataclass(frozen=True, slots=True)
class RunningModel:
    """A model in a process of its own, possibly still loading."""

    model: ModelFile
    process: ModelProcess
    batch_size: int
    patience: _Patience = field(default_factory=_Patience)

    def wait_until_loaded(self) -> tuple[Anatomy, Backend]:
        """The model's anatomy and what it runs on.

        Raises:
            ModelError: it cannot be loaded, or its process died.
            DeviceError: the device that was asked for is not there.
        """
        began = time.monotonic()
        limit = LOADING_SECONDS if self.model.limited else None
        _, value = self.process.receive(f"loading {self.model.path}", limit)
        self.patience.loading = time.monotonic() - began
        anatomy, backend = value
        log.info("%s: loaded on %s (%s)", self.model.path.name, backend.device, backend.name)
        return anatomy, replace(backend, offline=self.process.offline)

    def predict(
        self, images: NDArray[np.uint8], show: Callable[[int, int], None], preparation: Preparation | None = None
    ) -> Inference:
        """Run the model over all images.

        Args:
            images: uint8, shape (n, height, width).
            show: told after each batch how many of how many images are done.
            preparation: what happens to them before; None for the model's shape and pixels from 0 to 1.

        Raises:
            ModelError: the model fails on a batch, or its process died.
        """
        n = len(images)
        if self.model.limited and self.patience.per_image is None:
            few = images[:FIRST_IMAGES]
            self.process.send((few, preparation), self._doing(0, n))
            self._receive(0, n, len(few))
        began = time.perf_counter()
        # Sending from a thread of its own keeps the child fed, and no pipe can fill up on both ends.
        feeder = Thread(target=self._feed, args=(images, preparation), daemon=True)
        feeder.start()
        done, batches = 0, []
        while done < n:
            batch = self._receive(done, n, min(self.batch_size, n - done))
            batches.append(batch)
            done += len(batch)
            show(done, n)
        feeder.join()
        return Inference(np.concatenate(batches), self.batch_size, time.perf_counter() - began)

    def _receive(self, done: int, n: int, size: int) -> NDArray[np.float32]:
        """The answer to the next batch, of `size` images."""
        began = time.monotonic()
        limit = self.patience.limit(size) if self.model.limited else None
        _, batch = self.process.receive(self._doing(done, n), limit)
        self.patience.per_image = max(self.patience.per_image or 0.0, (time.monotonic() - began) / size)
        answer: NDArray[np.float32] = batch
        return answer

    def _doing(self, done: int, n: int) -> str:
        return f"predicting image {done} of {n} by {self.model.path}"

    def _feed(self, images: NDArray[np.uint8], preparation: Preparation | None) -> None:
        # The receiving side reports the child's death; it may have closed the pipe meanwhile, even between two writes.
        with suppress(OSError, TypeError):
            for first in range(0, len(images), self.batch_size):
                self.process.connection.send((images[first : first + self.batch_size], preparation))


@contextmanager
def start_model(model: ModelFile, *, device: str, batch_size: int) -> Iterator[RunningModel]:
    """Start loading a model and return at once; the process ends with the context.

    Args:
        model: a file that was looked at.
        device: "auto", "cpu" or "gpu".
        batch_size: images per call of the model.
    """
    environment = device_environment(device)
    memory = MOST_MEMORY if model.limited else None
    with ModelProcess(_serve, model, device, environment=environment, memory=memory, offline=model.limited) as process:
        yield RunningModel(model, process, batch_size)


def _serve(connection: Connection, model: ModelFile, device: str) -> None:
    """The child's side: load, say what was loaded, answer batches until the parent ends the process."""
    # What a library makes while it is imported stays: looking for garbage in it takes an eighth of that time.
    gc.disable()
    runner = open_runner(model, device)
    gc.freeze()
    gc.enable()
    connection.send(("loaded", (runner.anatomy, runner.backend)))
    while True:
        images, preparation = connection.recv()
        connection.send(("answer", predict_images(runner, images, preparation)))
