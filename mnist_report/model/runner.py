"""A model in its process: what all formats have in common."""

import math
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mnist_report.errors import ModelError
from mnist_report.model.adapter import Anatomy
from mnist_report.model.arranging import arrange, find_layout, ways
from mnist_report.model.backend import Backend
from mnist_report.model.pace import CPU_BATCH, Pace
from mnist_report.model.precision import Precision, check_precision
from mnist_report.model.scaling import Preparation, scaled
from mnist_report.model.store import SAVEDMODEL, ModelFile

# Waits for scores that are being computed: float32, a row an image.
Pending = Callable[[], NDArray[np.float32]]


class Runner(Protocol):
    """A model that is loaded.

    Attributes:
        anatomy: what it is made of.
        backend: what it runs on.
        pace: how many images it gets at a time.
    """

    anatomy: Anatomy
    backend: Backend
    pace: Pace

    def begin(self, pixels: NDArray[np.uint8], preparation: Preparation) -> Pending:
        """Begin to compute a row of class scores for each image; what comes back waits for them.

        Args:
            pixels: of the model's shape, at most `pace.portion` images.
            preparation: for their scale.

        Raises:
            ModelError: the model fails on them; so does the answer.
        """


class Network(Protocol):
    """A model that is loaded by a library that takes float32 pixels.

    Attributes:
        anatomy: what it is made of.
        backend: what it runs on.
    """

    anatomy: Anatomy
    backend: Backend

    def predict(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """A row of class scores for each image, which has the model's shape and scale.

        Raises:
            ModelError: the model fails on them.
        """


class NetworkRunner:
    """Runs a network that takes float32: numpy scales the pixels."""

    def __init__(self, network: Network, batch_size: int | None) -> None:
        """See `Pace` for the batch size."""
        self._network = network
        self.anatomy, self.backend = network.anatomy, network.backend
        self.pace = Pace(batch_size or CPU_BATCH)

    def begin(self, pixels: NDArray[np.uint8], preparation: Preparation) -> Pending:
        """See `Runner`; here it is computed at once."""
        rows = self._network.predict(scaled(pixels, preparation))
        return lambda: rows


def open_runner(
    model: ModelFile, device: str, batch_size: int | None = None, precision: Precision = "float32"
) -> Runner:
    """Load a model by the library of its format, which is imported here and not before.

    Args:
        model: a file that was looked at.
        device: "auto", "cpu" or "gpu".
        batch_size: images per call of the model; None for as many as suit the device.
        precision: of the numbers that it computes in.

    Raises:
        ModelError: it cannot be loaded, or the library is not installed.
        DeviceError: the device that was asked for is not there.
        ConfigError: it cannot be computed in that precision.
    """
    check_precision(model, precision)
    if model.format == "tflite":
        from mnist_report.model.litert_runner import LiteRTRunner

        return NetworkRunner(LiteRTRunner(model, device), batch_size)
    if model.format == "onnx":
        from mnist_report.model.onnx_runner import OnnxRunner

        return NetworkRunner(OnnxRunner(model, device), batch_size)
    if model.format == SAVEDMODEL:
        from mnist_report.model.saved_runner import SavedModelRunner

        return NetworkRunner(SavedModelRunner(model, device), batch_size)
    from mnist_report.model.keras_runner import KerasRunner

    return KerasRunner(model, device, batch_size, precision)


def check_rows(answer: NDArray[np.float32], n: int, anatomy: Anatomy, where: str) -> NDArray[np.float32]:
    """A model's answer to n images, if it is a row an image.

    Raises:
        ModelError: it is not.
    """
    expected = (n, anatomy.num_classes)
    if answer.shape[:1] != expected[:1] or answer.size != math.prod(expected):
        raise ModelError(
            f"{where}: the model answers {n} images with shape {answer.shape}, expected {expected}: a row an image"
        )
    return answer.reshape(expected)


def predict_images(runner: Runner, images: NDArray[np.uint8], preparation: Preparation | None) -> NDArray[np.float32]:
    """Prepare images and run the model over them; see `begin_images`."""
    return begin_images(runner, images, preparation)()


def begin_images(runner: Runner, images: NDArray[np.uint8], preparation: Preparation | None) -> Pending:
    """Prepare images and begin to run the model over them.

    They go to the device in one transfer where that is allowed to be so large, else in several, each while the device
    works on the one before.

    Args:
        runner: the model.
        images: uint8, shape (n, height, width).
        preparation: how; None for the model's own shape and pixels from 0 to 1.

    Returns:
        What waits for the rows, one an image.

    Raises:
        ModelError: the model fails on them, or takes no images.
    """
    if preparation is None:
        image_shape = images.shape[1:]
        layout = find_layout(runner.anatomy.input_shape, image_shape)
        preparation = Preparation(layout, ways(layout, image_shape)[0])
    step = runner.pace.portion(math.prod(preparation.layout.shape))
    begun: deque[Pending] = deque()
    rows: list[NDArray[np.float32]] = []
    for first in range(0, len(images), step):
        pixels = arrange(images[first : first + step], preparation.layout, preparation.way)
        if len(begun) == runner.pace.ahead:
            rows.append(begun.popleft()())
        begun.append(runner.begin(pixels, preparation))
    return lambda: np.concatenate(rows + [answer() for answer in begun])


def cast(pixels: NDArray[np.float32], dtype: DTypeLike) -> NDArray[Any]:
    """Pixels in the numbers that a model takes; to whole ones they are rounded, and held to what those can be."""
    kind = np.dtype(dtype)
    if not np.issubdtype(kind, np.integer):
        return np.asarray(pixels, kind)
    limits = np.iinfo(kind)
    return np.clip(np.rint(pixels), limits.min, limits.max).astype(kind)


def reason(error: Exception) -> str:
    """What a library says, in one line of a sane length."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
