"""A model in its process: what all formats have in common."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ModelError
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.store import SAVEDMODEL, ModelFile


class Runner(Protocol):
    """A model that is loaded.

    Attributes:
        anatomy: what it is made of.
        backend: what it runs on.
    """

    anatomy: Anatomy
    backend: Backend

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """A row of class scores for each image.

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
    if answer.shape != expected:
        raise ModelError(
            f"{where}: the model answers {n} images with shape {answer.shape}, expected {expected}: a row an image"
        )
    return answer


def reason(error: Exception) -> str:
    """What a library says, in one line of a sane length."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
