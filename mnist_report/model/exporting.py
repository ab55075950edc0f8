"""Keras models in other programs' formats, by Keras's own exporters and in a process of their own."""

import importlib.util
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mnist_report.errors import ConfigError, ModelError, OutputError
from mnist_report.model.backend import find_backend
from mnist_report.model.hdf5_file import check_archive_weights, check_hdf5, legacy_cause
from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.runner import reason
from mnist_report.model.store import FORMATS, SAVEDMODEL, ModelFile, load_model

TFLITE = "tflite"
# What Keras calls each target.
TARGETS = {TFLITE: "litert", SAVEDMODEL: "tf_saved_model"}
EXPORTABLE = ("keras", "hdf5")


def check_target(to: str, output: Path) -> None:
    """See before any work whether a format can be written under a name, and read again.

    Args:
        to: a key of `TARGETS`.
        output: where it is to go.

    Raises:
        ConfigError: something is there, or the name is one of another format.
        ModelError: the library that reads the format is missing.
    """
    suffix = output.suffix
    if to == TFLITE and suffix != ".tflite":
        raise ConfigError(f"{output}: expected a name that ends in .tflite, found {suffix or 'no suffix'}")
    if to == SAVEDMODEL and suffix.lower() in FORMATS:
        raise ConfigError(f"{output}: a SavedModel is a folder; expected a name that does not end in {suffix}")
    _check_free(output)
    if to == TFLITE and importlib.util.find_spec("ai_edge_litert") is None:
        raise ModelError(
            "--to tflite: the exported file could not be evaluated, which needs the extra tflite: "
            "pip install 'mnist-report[tflite]'"
        )


def check_exportable(path: Path) -> None:
    """See by its name whether Keras loads a model at all; what else is wrong with it, opening it says.

    Raises:
        ModelError: it does not.
    """
    kind = SAVEDMODEL if path.is_dir() else FORMATS.get(path.suffix.lower())
    if kind is not None and kind not in EXPORTABLE:
        raise ModelError(f"{path}: a model of format {kind}; only .keras and .h5 files can be exported")


@contextmanager
def unfinished_export(output: Path) -> Iterator[Path]:
    """A place in a folder of its own beside `output`; what is there at the end takes the name of `output`.

    Raises:
        ConfigError: something of that name has appeared meanwhile.
        OutputError: it cannot be written.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        place = tempfile.TemporaryDirectory(
            prefix=".mnist-report-export-", dir=output.parent, ignore_cleanup_errors=True
        )
    except (OSError, ValueError) as error:
        raise _cannot_write(output, error) from error
    with place as folder:
        unfinished = Path(folder) / output.name
        yield unfinished
        _check_free(output)
        try:
            unfinished.rename(output)
        except OSError as error:
            raise _cannot_write(output, error) from error


def export_model(
    model: ModelFile,
    to: str,
    unfinished: Path,
    output: Path,
    *,
    memory: int | None,
    loading_seconds: float | None,
    exporting_seconds: float | None,
) -> None:
    """Export a model.

    Args:
        model: a file that was looked at.
        to: a key of `TARGETS`.
        unfinished: where to write it, in a folder of its own that also takes what the exporters need meanwhile.
        output: what to call it in messages.
        memory: so many bytes the process may hold, or None.
        loading_seconds: so long loading may take, or None.
        exporting_seconds: so long the rest may take, or None.

    Raises:
        ModelError: the model cannot be loaded or exported, or its process died.
        OutputError: the export cannot be written.
    """
    # TensorFlow writes both formats, whatever backend else runs the model; and both are the same from a CPU.
    environment = {**device_environment("cpu"), "KERAS_BACKEND": "tensorflow", "TMPDIR": str(unfinished.parent)}
    with ModelProcess(
        _export_here, model, to, unfinished, output, environment=environment, memory=memory, offline=model.limited
    ) as process:
        process.receive(f"loading {model.path}", loading_seconds)
        process.receive(f"exporting {model.path}", exporting_seconds)


def _export_here(connection: Connection, model: ModelFile, to: str, unfinished: Path, output: Path) -> None:
    """The child's side of `export_model`."""
    loaded = _load(model)
    connection.send(("loaded", None))
    options: dict[str, Any] = {}
    if to == TFLITE:
        import tensorflow as tf

        # Keras would allow operators of TensorFlow itself, which few programs run, and ours does not.
        options["target_spec"] = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    try:
        loaded.export(str(unfinished), format=TARGETS[to], verbose=False, **options)
    except OSError as error:
        raise _cannot_write(output, error) from error
    except Exception as error:  # a layer, or the converter, may raise anything
        only = "; only TensorFlow Lite's built-in operators are used" if to == TFLITE else ""
        raise ModelError(f"{model.path}: cannot be exported as {to} ({reason(error)}){only}") from error
    connection.send(("exported", None))


def _load(model: ModelFile) -> Any:
    """The model by Keras 3, after the same checks as for a run."""
    where = str(model.path)
    config: dict[str, Any] = {}
    if model.format == "hdf5":
        config = check_hdf5(model.loaded, where, trusted=model.trusted)
    else:
        check_archive_weights(model.loaded, where)
    find_backend("cpu")
    try:
        return load_model(model.loaded, where, trusted=model.trusted)
    except ModelError as error:
        cause = legacy_cause(config) if config else ""
        if not cause:
            raise
        raise ModelError(
            f"{where}: Keras 2 wrote this file, and Keras 3, which exports, does not take it ({cause}); save it again "
            "with Keras 3"
        ) from error


def _check_free(output: Path) -> None:
    if os.path.lexists(output):  # a link that leads nowhere is something too
        raise ConfigError(f"{output}: is there already; remove it first, or choose another name")


def _cannot_write(output: Path, error: OSError | ValueError) -> OutputError:
    return OutputError(f"{output}: cannot be written ({getattr(error, 'strerror', None) or error})")
