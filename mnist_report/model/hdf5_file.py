"""HDF5 files (`.h5`, and the weights in a `.keras` file), looked into without Keras.

Only the model's process may call this: the HDF5 library is C, and a damaged file may be the end of it.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

from mnist_report.errors import MnistReportError, ModelError
from mnist_report.model.keras_archive import MOST_BYTES, MOST_RATIO, RATIO_MATTERS, WEIGHTS
from mnist_report.model.keras_config import MOST_CONFIG_BYTES, check_config, read_config

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_OBJECTS = 100_000
# Filters that HDF5 and h5py bring along; any other would be looked for in a folder of plugins.
FILTERS = range(1, 7)
LZF = 32000
# What Keras 2 wrote and Keras 3 does not take.
CAUSES = ("batch_input_shape", "groups", "dtype of an initializer", "no InputLayer")


def check_archive_weights(path: Path, where: str) -> None:
    """See that the weights of a `.keras` file are plain numbers of a sane size.

    Raises:
        ModelError: they are not, or the file is damaged.
    """
    import h5py

    with _reading(where), zipfile.ZipFile(path) as archive:
        weights = io.BytesIO(archive.read(WEIGHTS))
        with h5py.File(weights, "r") as file:
            _check_objects(file, f"{where}: {WEIGHTS}")


def check_hdf5(path: Path, where: str, *, trusted: bool) -> dict[str, Any]:
    """See that a file is a whole Keras model of plain numbers, whose layers only compute.

    Returns:
        Its configuration.

    Raises:
        ModelError: it is not, or it is damaged.
    """
    import h5py

    with _reading(where), h5py.File(path, "r") as file:
        _check_objects(file, where)
        text = file.attrs.get("model_config")
        if text is None:
            raise ModelError(f"{where}: {_without_model(file)}")
        if not isinstance(text, bytes | str):
            raise ModelError(f"{where}: its attribute model_config is no text; save the model again")
        config = read_config(text, where)
    check_config(config, where, trusted=trusted)
    return config


def legacy_cause(config: dict[str, Any]) -> str:
    """What of a configuration Keras 3 is known to reject; empty where nothing is."""
    found, rest = set(), [config]
    while rest:
        value = rest.pop()
        if isinstance(value, list):
            rest += value
        if not isinstance(value, dict):
            continue
        rest += value.values()
        inner, kind = value.get("config"), str(value.get("class_name"))
        if not isinstance(inner, dict):
            continue
        if "batch_input_shape" in inner:
            found.add(CAUSES[0])
        if "groups" in inner and kind in ("DepthwiseConv2D", "Conv2DTranspose", "Conv1DTranspose", "SeparableConv2D"):
            found.add(CAUSES[1])
        layers = inner.get("layers")
        if kind == "Sequential" and isinstance(layers, list) and layers and isinstance(layers[0], dict):
            found |= {CAUSES[3]} if layers[0].get("class_name") != "InputLayer" else set()
        initializers = [part for key, part in inner.items() if key.endswith("_initializer") and isinstance(part, dict)]
        options = [part.get("config") for part in initializers]
        if any(isinstance(option, dict) and "dtype" in option for option in options):
            found.add(CAUSES[2])
    return ", ".join(cause for cause in CAUSES if cause in found)


class _reading:  # noqa: N801  used as a function
    """Turns whatever h5py raises over a damaged file into a ModelError."""

    def __init__(self, where: str) -> None:
        self._where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, MnistReportError):
            reason = " ".join(str(error).split())[:200]
            raise ModelError(f"{self._where}: damaged, or no HDF5 file ({reason}); save the model again") from error


def _check_objects(file: Any, where: str) -> None:
    import h5py

    seen, total, rest = set(), 0, [file]
    while rest:
        group = rest.pop()
        _check_attributes(group, where)
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                target = _name(getattr(link, "filename", "") or link.path)
                raise ModelError(
                    f"{where}: {_name(name)} is a link to {target}, and links are not followed; save the model again"
                )
            value = group[name]
            address = h5py.h5o.get_info(value.id).addr
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > MOST_OBJECTS:
                raise ModelError(f"{where}: more than {MOST_OBJECTS:,} objects; save the model again")
            if isinstance(value, h5py.Group):
                rest.append(value)
                continue
            if not isinstance(value, h5py.Dataset):
                raise ModelError(f"{where}: {_name(name)} is neither a group nor numbers")
            _check_dataset(value, where)
            _check_attributes(value, where)
            total += value.nbytes
            if total > MOST_BYTES:
                raise ModelError(
                    f"{where}: up to {_name(value.name)} {total:,} bytes, at most {MOST_BYTES:,} are taken"
                )
            stored = value.id.get_storage_size()
            if value.nbytes > MOST_RATIO * stored and value.nbytes > RATIO_MATTERS:
                raise ModelError(
                    f"{where}: {_name(value.name)} would grow from {stored:,} to {value.nbytes:,} bytes; save the "
                    "model again"
                )


def _check_dataset(dataset: Any, where: str) -> None:
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(k)[0] for k in range(plan.get_nfilters())]
    if plan.get_external_count() or dataset.is_virtual:
        raise ModelError(f"{where}: the numbers of {_name(dataset.name)} are in another file; save the model again")
    if any(number not in FILTERS and number != LZF for number in filters):
        raise ModelError(f"{where}: {_name(dataset.name)} is compressed by a plugin; save the model again")
    if dataset.dtype.hasobject or (dataset.dtype.kind not in "biufVS"):
        raise ModelError(f"{where}: {_name(dataset.name)} holds {dataset.dtype}, expected numbers")


def _check_attributes(value: Any, where: str) -> None:
    size = 0
    for name in value.attrs:
        attribute = value.attrs.get_id(name)
        size += attribute.dtype.itemsize * attribute.get_space().get_simple_extent_npoints()
    if size > MOST_CONFIG_BYTES:
        raise ModelError(f"{where}: {_name(value.name)} has attributes of {size:,} bytes; save the model again")


def _without_model(file: Any) -> str:
    weights = "layer_names" in file.attrs or {"layers", "vars", "_layer_checkpoint_dependencies"} & set(file)
    what = "only weights, and not the model that they belong to" if weights else "no Keras model"
    return f"the file holds {what} (no attribute model_config); save the whole model with model.save('name.keras')"


def _name(value: object) -> str:
    return repr(value)[:80]
