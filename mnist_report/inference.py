"""Inference: images go to the model's process, probabilities stream back."""

import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from threading import Thread
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.outputs import Agreement, agreement
from mnist_report.model.pace import Pace
from mnist_report.model.precision import Precision, check_precision
from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.runner import Pending, begin_images, open_runner
from mnist_report.model.scaling import Preparation
from mnist_report.model.store import ModelFile
from mnist_report.model.transfer import receive_images, send_images

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
# On so many images other precisions are held against float32.
AGREEING = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """What a model answered, and how fast.

    Attributes:
        answer: float32, shape (n, classes), as the model gave it.
        batch_size: images per call of the model.
        seconds: from the first batch sent to the last received, the model's compilation included.
        precision: of the numbers that it computed in.
    """

    answer: NDArray[np.float32]
    batch_size: int
    seconds: float
    precision: Precision = "float32"

    @property
    def speed(self) -> "Speed":
        """How fast."""
        return Speed(len(self.answer), self.batch_size, self.seconds, self.precision)


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model answered.

    Attributes:
        n: the images.
        batch_size: images per call of the model.
        seconds: for all of them.
        precision: of the numbers that it computed in.
    """

    n: int
    batch_size: int
    seconds: float
    precision: Precision = "float32"

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
        agreement: with float32, where it computed in another precision.
    """

    anatomy: Anatomy
    backend: Backend
    speed: Speed
    agreement: Agreement | None = None


class Askable(Protocol):
    """A model that answers to images, as `RunningModel` does.

    Attributes:
        model: its file.
    """

    @property
    def model(self) -> ModelFile: ...  # noqa: D102

    def predict(
        self, images: NDArray[np.uint8], show: Callable[[int, int], None], preparation: Preparation | None = None
    ) -> Inference:
        """See `RunningModel.predict`."""


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


@dataclass(slots=True)
class RunningModel:
    """A model in a process of its own, possibly still loading."""

    model: ModelFile
    process: ModelProcess
    precision: Precision = "float32"
    patience: _Patience = field(default_factory=_Patience)
    _pace: Pace = field(default_factory=Pace)

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
        anatomy, backend, self._pace = value
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
            self._feed(few, len(few), (preparation, self.precision))
            self._receive(0, n, len(few))
        began = time.perf_counter()
        answer = self._ask(images, show, preparation, self.precision)
        return Inference(answer, self._pace.batch_size, time.perf_counter() - began, self.precision)

    def agreement(
        self, images: NDArray[np.uint8], inference: Inference, anatomy: Anatomy, preparation: Preparation | None
    ) -> Agreement:
        """Ask the same model once more in float32, about the first images.

        Args:
            images: that the inference was of.
            inference: see `predict`.
            anatomy: of the model.
            preparation: as for the inference.

        Raises:
            ModelError: see `predict`.
        """
        full = self._ask(images[:AGREEING], lambda *_: None, preparation, "float32")
        found = agreement(inference.answer[:AGREEING], full, single_label=anatomy.single_label)
        apart = "" if found.largest_difference is None else f", probabilities differ by {found.largest_difference:.2g}"
        log.info("%s and float32 agree on %d of %d images%s", inference.precision, found.same, found.n, apart)
        return found

    def _ask(
        self,
        images: NDArray[np.uint8],
        show: Callable[[int, int], None],
        preparation: Preparation | None,
        precision: Precision,
    ) -> NDArray[np.float32]:
        """The answers to all images, in portions."""
        n, step = len(images), self._pace.portion(images[0].size)
        # Sending from a thread of its own keeps the child fed, and no pipe can fill up on both ends.
        feeder = Thread(target=self._feed, args=(images, step, (preparation, precision)), daemon=True)
        feeder.start()
        done, portions = 0, []
        while done < n:
            portion = self._receive(done, n, min(step, n - done))
            portions.append(portion)
            done += len(portion)
            show(done, n)
        feeder.join()
        return np.concatenate(portions)

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

    def _feed(self, images: NDArray[np.uint8], step: int, about: tuple[Preparation | None, Precision]) -> None:
        # The receiving side reports the child's death; it may have closed the pipe meanwhile, even between two writes.
        with suppress(OSError, TypeError):
            for first in range(0, len(images), step):
                send_images(self.process.connection, images[first : first + step], about)


@contextmanager
def start_model(
    model: ModelFile, *, device: str, batch_size: int | None, precision: Precision = "float32"
) -> Iterator[RunningModel]:
    """Start loading a model and return at once; the process ends with the context.

    Args:
        model: a file that was looked at.
        device: "auto", "cpu" or "gpu".
        batch_size: images per call of the model; None for as many as suit the device.
        precision: of the numbers that the model computes in.

    Raises:
        ConfigError: it cannot be computed in that precision.
    """
    check_precision(model, precision)
    environment = device_environment(device)
    memory = MOST_MEMORY if model.limited else None
    arguments = (model, device, batch_size, precision)
    with ModelProcess(_serve, *arguments, environment=environment, memory=memory, offline=model.limited) as process:
        yield RunningModel(model, process, precision)


def _serve(connection: Connection, model: ModelFile, device: str, batch_size: int | None, precision: Precision) -> None:
    """The child's side: load, say what was loaded, answer images until the parent ends the process."""
    # What a library makes while it is imported stays: looking for garbage in it takes an eighth of that time.
    gc.disable()
    runner = open_runner(model, device, batch_size, precision)
    gc.freeze()
    gc.enable()
    runners = {precision: runner}
    connection.send(("loaded", (runner.anatomy, runner.backend, runner.pace)))
    begun: deque[Pending] = deque()
    while True:
        # While a GPU works on some images, the next ones are read and sent to it.
        if begun and (len(begun) == runner.pace.ahead or not connection.poll()):
            connection.send(("answer", begun.popleft()()))
            continue
        images, (preparation, wanted) = receive_images(connection)
        if wanted not in runners:
            runners[wanted] = open_runner(model, device, batch_size, wanted)
        begun.append(begin_images(runners[wanted], images, preparation))
