"""Models that Keras loads: `.keras` and `.h5` files."""

import importlib.metadata
import importlib.util
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ConfigError, ModelError
from mnist_report.model.adapter import dissect
from mnist_report.model.backend import find_backend, keep_no_settings
from mnist_report.model.hdf5_file import check_archive_weights, check_hdf5, legacy_cause
from mnist_report.model.keras_archive import archive_config
from mnist_report.model.keras_steps import compile_steps
from mnist_report.model.pace import find_pace
from mnist_report.model.precision import Precision, compute_in_bfloat16
from mnist_report.model.runner import Pending, cast, check_rows, reason
from mnist_report.model.scaling import Preparation, levels
from mnist_report.model.store import ModelFile, load_model


class KerasRunner:
    """A Keras model; see `runner.Runner`."""

    def __init__(
        self, model: ModelFile, device: str, batch_size: int | None = None, precision: Precision = "float32"
    ) -> None:
        """Look into the weights, import Keras, load.

        Args:
            model: the file.
            device: "auto", "cpu" or "gpu".
            batch_size: images per call of the model; None for one that suits the device.
            precision: of its numbers.

        Raises:
            ModelError: the file is damaged or no classifier, or Keras rejects it.
            DeviceError: the device that was asked for is not there.
            ConfigError: Keras 2 had to load it, which has no such precision.
        """
        self._where = str(model.path)
        if model.format == "hdf5":
            config = check_hdf5(model.loaded, self._where, trusted=model.trusted)
        else:
            check_archive_weights(model.loaded, self._where)
            config = archive_config(model.loaded, self._where)
        keep_no_settings()
        self.backend = find_backend(device)
        by_keras_2 = False
        try:
            loaded: Any = load_model(model.loaded, self._where, trusted=model.trusted)
        except ModelError as error:
            loaded, by_keras_2 = _load_by_keras_2(model, config, error), True
            version = importlib.metadata.version("tf-keras")
            self.backend = replace(self.backend, versions=self.backend.versions | {"tf-keras": version})
        self.anatomy = dissect(loaded, self._where)
        if precision == "bfloat16":
            if by_keras_2:
                raise ConfigError(
                    f"--precision {precision}: {self._where} needs Keras 2, which computes in float32 here"
                )
            compute_in_bfloat16(loaded)
        given = loaded.inputs[0]
        self._dtype = str(getattr(given.dtype, "name", given.dtype))
        self._steps = compile_steps(loaded, self.backend.name, by_keras_2=by_keras_2)
        self.pace = find_pace(loaded, self.backend, batch_size, self._steps.devices)
        # What counts of the batch is the model's own where it has one, else on a CPU the largest that came.
        self._batch: int | None = given.shape[0]
        self._largest = 0

    def begin(self, pixels: NDArray[np.uint8], preparation: Preparation) -> Pending:
        """See `runner.Streaming`."""
        size, n = self._size(len(pixels)), len(pixels)
        # A smaller last batch is padded: another shape would be compiled anew.
        missing = -n % size
        if missing:
            pixels = np.concatenate([pixels, np.zeros((missing, *pixels.shape[1:]), np.uint8)])
        batches = pixels.reshape(-1, size, *pixels.shape[1:])
        table = cast(levels(preparation), self._dtype)
        try:
            held = self._steps.put(batches)
            answers = [self._steps.answer(held, number, table) for number in range(len(batches))]
        except Exception as error:  # a layer may raise anything
            raise self._failure(batches, error) from error
        return lambda: self._rows(answers, batches)[:n]

    def _size(self, n: int) -> int:
        """The images of each call, of which n are at hand."""
        if self._batch:
            return self._batch
        if self.pace.at_once:
            return self.pace.batch_size
        # One image alone would be computed another way, and its last bits depend on what came before.
        self._largest = max(self._largest, min(max(n, 2), self.pace.batch_size))
        return math.ceil(self._largest / self._steps.devices) * self._steps.devices

    def _rows(self, answers: list[Any], batches: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The scores, once they are computed; only now a device says that it failed."""
        try:
            rows = [np.asarray(answer, np.float32) for answer in answers]
        except Exception as error:  # see above
            raise self._failure(batches, error) from error
        return np.concatenate([check_rows(row, batches.shape[1], self.anatomy, self._where) for row in rows])

    def _failure(self, batches: NDArray[np.uint8], error: Exception) -> ModelError:
        advice = "; try a smaller --batch-size" if "RESOURCE_EXHAUSTED" in str(error) else ""
        return ModelError(
            f"{self._where}: the model fails on a batch of shape {batches.shape[1:]}: {_cause(error)}{advice}"
        )


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
