"""Reading a file of predictions by its suffix; Parquet in a process of its own."""

import csv
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.messages import one_line
from mnist_report.data.parquet_process import Found, read_apart
from mnist_report.errors import UNREADABLE, DataError
from mnist_report.runs.foreign_files import (
    MOST_CLASSES,
    PREDICTED,
    Content,
    read_csv,
    read_npy,
    read_npz,
    read_table,
)

# numpy's archives raise more than pyarrow's files do; ArrowInvalid is a ValueError.
DAMAGE = (
    *UNREADABLE,
    EOFError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    csv.Error,
)


def read_content(path: Path) -> Content:
    """Read a file by its suffix, one of READERS.

    Raises:
        OSError, ValueError, LookupError: and whatever else of DAMAGE the libraries raise.
        DataError: it is laid out otherwise.
    """
    return READERS[path.suffix.lower()](path)


def unreadable(path: Path, error: Exception) -> DataError:
    """What a library says of a damaged file, as an error."""
    return DataError(f"{path}: not readable as predictions ({type(error).__name__}: {one_line(error)}); write it again")


def read_parquet(path: Path) -> Content:
    """As `read_table`, in a child process.

    Raises:
        DataError: the file is at fault; also where it ends the child.
    """
    found = read_apart(find_content, path)
    parts: dict[str, NDArray[Any]] = {}
    for (name, words), values in zip(found.facts.items(), found.arrays, strict=True):
        parts[name] = values if words is None else np.array(words, dtype=object)[values]
    return Content(parts.get("probabilities"), parts.get(PREDICTED), parts.get("labels"))


def find_content(path: Path) -> Found:
    """What `read_parquet` gets from the child: arrays, and where they are places in a list of names, that list."""
    try:
        content = read_table(path)
    except DAMAGE as error:
        raise unreadable(path, error) from error
    parts = {"probabilities": content.probabilities, PREDICTED: content.predicted, "labels": content.labels}
    packed = {name: _packed(values, path) for name, values in parts.items() if values is not None}
    return Found({name: words for name, (words, _) in packed.items()}, [values for _, values in packed.values()])


def _packed(values: NDArray[Any], path: Path) -> tuple[list[str] | None, NDArray[Any]]:
    """Numbers as they are; text as a list of what occurs, and places in it."""
    if values.dtype.kind != "O":
        return None, values
    places = {word: k for k, word in enumerate(dict.fromkeys(values.tolist()))}
    if len(places) > MOST_CLASSES:
        raise DataError(f"{path}: found {len(places):,} names of classes, expected at most {MOST_CLASSES:,}")
    return list(places), np.array([places[word] for word in values.tolist()], np.int16)


READERS: dict[str, Callable[[Path], Content]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".csv": read_csv,
    ".parquet": read_parquet,
}
