"""SavedModel folders: programs of arbitrary operations, for those who trust them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ModelError
from mnist_report.model.adapter import WHOLE, Anatomy, read_output
from mnist_report.model.backend import find_backend, keep_no_settings
from mnist_report.model.runner import cast, check_rows, reason
from mnist_report.model.store import ModelFile

SIGNATURE = "serving_default"


class SavedModelRunner:
    """A SavedModel's default signature; see `runner.Runner`."""

    def __init__(self, model: ModelFile, device: str) -> None:
        """Load it.

        Raises:
            ModelError: TensorFlow cannot load it, or it is no classifier.
            DeviceError: the device that was asked for is not there.
        """
        self._where = str(model.path)
        keep_no_settings()
        self.backend = find_backend(device)
        import tensorflow as tf

        try:
            self._model: Any = tf.saved_model.load(str(model.loaded))
        except Exception as error:  # a program may raise anything
            raise ModelError(f"{self._where}: TensorFlow cannot load this model: {reason(error)}") from error
        self._call = self._model.signatures.get(SIGNATURE)
        if self._call is None:
            raise ModelError(f"{self._where}: the model has no signature {SIGNATURE}; save it with model.export()")
        inputs = self._call.structured_input_signature[1]
        outputs = self._call.structured_outputs
        if len(inputs) != 1 or len(outputs) != 1:
            raise ModelError(
                f"{self._where}: found {len(inputs)} inputs and {len(outputs)} outputs, expected one of each"
            )
        (self._name, given), (answer,) = next(iter(inputs.items())), outputs.values()
        if not given.shape.rank or answer.shape.rank is None:
            raise ModelError(
                f"{self._where}: the model goes from {given.shape} to {answer.shape}, expected images and a row "
                "of class scores"
            )
        self._dtype = given.dtype.as_numpy_dtype
        self._batch = given.shape[0]
        whole = np.issubdtype(self._dtype, np.integer)
        weights = self._call.graph.variables
        parameters = sum(int(np.prod(weight.shape)) for weight in weights)
        trainable = sum(int(np.prod(weight.shape)) for weight in weights if weight.trainable)
        classes, single = read_output(tuple(answer.shape), answer.dtype.name, self._where)
        implied, why = WHOLE if whole else (None, "")
        self.anatomy = Anatomy(tuple(given.shape[1:]), classes, parameters, trainable, (), implied, why, single)

    def predict(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `runner.Runner`."""
        step = self._batch or len(pixels)
        rows = [self._answer(pixels[first : first + step], step) for first in range(0, len(pixels), step)]
        return np.concatenate(rows)[: len(pixels)]

    def _answer(self, part: NDArray[np.float32], step: int) -> NDArray[np.float32]:
        import tensorflow as tf

        pixels = cast(np.concatenate([part, np.zeros((step - len(part), *part.shape[1:]), np.float32)]), self._dtype)
        try:
            (answer,) = self._call(**{self._name: tf.constant(pixels)}).values()
        except Exception as error:  # see above
            raise ModelError(
                f"{self._where}: the model fails on a batch of shape {pixels.shape}: {reason(error)}"
            ) from error
        rows = np.asarray(answer, np.float32)
        return check_rows(rows, len(pixels), self.anatomy, self._where)
