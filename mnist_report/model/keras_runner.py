"""Models that Keras loads: `.keras` and `.h5` files."""

import importlib.metadata
import importlib.util
import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ModelError
from mnist_report.model.adapter import dissect
from mnist_report.model.backend import find_backend, keep_no_settings
from mnist_report.model.hdf5_file import check_archive_weights, check_hdf5, legacy_cause
from mnist_report.model.keras_archive import archive_config
from mnist_report.model.runner import cast, check_rows, reason
from mnist_report.model.store import ModelFile, load_model


class KerasRunner:
    """A Keras model; see `runner.Runner`."""

    def __init__(self, model: ModelFile, device: str) -> None:
        """Look into the weights, import Keras, load.

        Raises:
            ModelError: the file is damaged or no classifier, or Keras rejects it.
            DeviceError: the device that was asked for is not there.
        """
        self._where = str(model.path)
        if model.format == "hdf5":
            config = check_hdf5(model.loaded, self._where, trusted=model.trusted)
        else:
            check_archive_weights(model.loaded, self._where)
            config = archive_config(model.loaded, self._where)
        keep_no_settings()
        self.backend = find_backend(device)
        try:
            self._model: Any = load_model(model.loaded, self._where, trusted=model.trusted)
        except ModelError as error:
            self._model = _load_by_keras_2(model, config, error)
            version = importlib.metadata.version("tf-keras")
            self.backend = replace(self.backend, versions=self.backend.versions | {"tf-keras": version})
        self.anatomy = dissect(self._model, self._where)
        given = self._model.inputs[0]
        self._dtype = str(getattr(given.dtype, "name", given.dtype))
        # What counts of the batch is the model's own where it has one, else the largest that came.
        self._batch = given.shape[0]
        self._full = self._batch or 0

    def predict(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `runner.Runner`."""
        self._full = self._batch or max(self._full, len(pixels))
        parts = [pixels[first : first + self._full] for first in range(0, len(pixels), self._full)]
        return np.concatenate([self._answer(part) for part in parts])

    def _answer(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        # A smaller last batch is padded: another shape would be compiled anew.
        missing = np.zeros((self._full - len(pixels), *pixels.shape[1:]), np.float32)
        padded = cast(np.concatenate([pixels, missing]), self._dtype)
        try:
            answer = np.asarray(self._model.predict_on_batch(padded), np.float32)
        except Exception as error:  # a layer may raise anything
            raise ModelError(
                f"{self._where}: the model fails on a batch of shape {padded.shape}: {_cause(error)}"
            ) from error
        return check_rows(answer, len(padded), self.anatomy, self._where)[: len(pixels)]


def _cause(error: Exception) -> str:
    """What TensorFlow says, without the hundred lines of where it came to that."""
    found = re.search(r"([^\n]+)\n\s*\[\[\{\{node", str(error))
    return found[1].strip()[:300] if found else reason(error)


def _load_by_keras_2(model: ModelFile, config: dict[str, Any], rejection: ModelError) -> Any:
    """What Keras 3 rejects, by Keras 2 where that is installed; the file was held against the same rules."""
    cause = legacy_cause(config)
    if not cause:
        raise rejection
    if importlib.util.find_spec("tf_keras") is None:
        raise ModelError(
            f"{model.path}: Keras 2 wrote this file, and Keras 3 does not take it ({cause}); install the extra legacy: "
            "pip install 'mnist-report[legacy]'"
        ) from rejection
    import tf_keras

    try:
        return tf_keras.models.load_model(model.loaded, compile=False, safe_mode=not model.trusted)
    except Exception as error:  # as with Keras 3
        raise ModelError(f"{model.path}: nor can tf-keras load this model: {reason(error)}") from error
