"""A model in its process: what all formats have in common."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mnist_report.errors import ModelError
from mnist_report.model.adapter import Anatomy
from mnist_report.model.arranging import find_layout, ways
from mnist_report.model.backend import Backend
from mnist_report.model.scaling import Preparation
from mnist_report.model.store import SAVEDMODEL, ModelFile

# Pixels of one call, once they are prepared: a model of large images gets fewer at a time.
MOST_BYTES_AT_ONCE = 1 << 26


class Runner(Protocol):
    """A model that is loaded.

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


def open_runner(model: ModelFile, device: str) -> Runner:
    """Load a model by the library of its format, which is imported here and not before.

    Raises:
        ModelError: it cannot be loaded, or the library is not installed.
        DeviceError: the device that was asked for is not there.
    """
    if model.format == "tflite":
        from mnist_report.model.litert_runner import LiteRTRunner

        return LiteRTRunner(model, device)
    if model.format == "onnx":
        from mnist_report.model.onnx_runner import OnnxRunner

        return OnnxRunner(model, device)
    if model.format == SAVEDMODEL:
        from mnist_report.model.saved_runner import SavedModelRunner

        return SavedModelRunner(model, device)
    from mnist_report.model.keras_runner import KerasRunner

    return KerasRunner(model, device)


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
    """Prepare images and run the model over them; see `Runner.predict`.

    Args:
        runner: the model.
        images: uint8, shape (n, height, width).
        preparation: how; None for the model's own shape and pixels from 0 to 1.

    Raises:
        ModelError: the model fails on them, or takes no images.
    """
    if preparation is None:
        image_shape = images.shape[1:]
        layout = find_layout(runner.anatomy.input_shape, image_shape)
        preparation = Preparation(layout, ways(layout, image_shape)[0])
    step = max(1, MOST_BYTES_AT_ONCE // (4 * math.prod(preparation.layout.shape)))
    parts = [images[first : first + step] for first in range(0, len(images), step)]
    return np.concatenate([runner.predict(preparation.of(part)) for part in parts])


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
