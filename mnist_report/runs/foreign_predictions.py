"""Predictions that another program made: `.npy`, `.npz`, CSV or Parquet.

Rows are probabilities, each of which sums to 1 within SUM_TOLERANCE of `evaluation/predictions.py`.
"""

import csv
import re
import stat
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset, data_digest
from mnist_report.errors import UNREADABLE, DataError
from mnist_report.evaluation.predictions import Predictions, make_predictions
from mnist_report.model.store import file_sha256
from mnist_report.runs.columns import numbers, whole_numbers

SUFFIXES = (".npy", ".npz", ".csv", ".parquet")
# A small file can promise more than memory holds: so many probabilities are read at most.
MOST_PROBABILITIES = 100_000_000
MOST_CLASSES = 1_000
LONGEST_HEAD = 1 << 20
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


@dataclass(frozen=True, slots=True, eq=False)
class ForeignPredictions:
    """A file of predictions, as far as it goes.

    Attributes:
        path: the file.
        sha256: of its bytes.
        size_bytes: its size.
        probabilities: float32, shape (n, classes), at least one row and two classes.
        labels: int64, shape (n,), each one of the classes; None where the file has none.
        class_names: one per column; None where the file has none.
    """

    path: Path
    sha256: str
    size_bytes: int
    probabilities: NDArray[np.float32]
    labels: NDArray[np.int64] | None
    class_names: tuple[str, ...] | None

    def of(self, dataset: Dataset) -> Predictions:
        """The predictions, held against the images that they are of.

        Raises:
            DataError: numbers, classes or labels differ.
            ModelError: a row is not one of probabilities.
        """
        where = f"{dataset.source} ({dataset.split} split)"
        n, classes = self.probabilities.shape
        if n != len(dataset):
            raise DataError(f"{self.path}: found {n:,} rows, but {where} has {len(dataset):,} images: give a row each")
        if classes != len(dataset.class_names):
            raise DataError(
                f"{self.path}: found {classes} classes, but {where} has {len(dataset.class_names)}: give a column each"
            )
        for own, name in zip(self.class_names or dataset.class_names, dataset.class_names, strict=True):
            if own != name:
                raise DataError(f"{self.path}: a class is called {own!r}, but {where} calls it {name!r}")
        if self.labels is not None:
            differs = np.flatnonzero(self.labels != dataset.labels)
            if len(differs):
                row = differs[0]
                raise DataError(
                    f"{self.path}: the label of row {row} is {self.labels[row]}, but {where} says "
                    f"{dataset.labels[row]} ({len(differs):,} such rows): give the rows in the order of the data"
                )
        return make_predictions(self.probabilities, dataset.labels, dataset.class_names, str(self.path))

    def without_images(self) -> tuple[Dataset, Predictions]:
        """A data set that is nothing but the file's labels, and the predictions.

        Raises:
            DataError: the file has no labels.
            ModelError: a row is not one of probabilities.
        """
        if self.labels is None:
            raise DataError(
                f"{self.path}: has no labels, which --data none needs; name the data set with --data, or give an "
                ".npz, CSV or Parquet file with labels"
            )
        n, classes = self.probabilities.shape
        names = self.class_names or tuple(map(str, range(classes)))
        images = np.empty((n, 0, 0), dtype=np.uint8)
        source = f"labels of {self.path.name}"
        dataset = Dataset(images, self.labels, names, source, "", data_digest(images, self.labels))
        return dataset, make_predictions(self.probabilities, self.labels, names, str(self.path))


def read_foreign_predictions(path: Path) -> ForeignPredictions:
    """Read a file of predictions.

    Args:
        path: `.npy` of shape (n, classes); `.npz` with `probabilities` and perhaps `labels` and `class_names`; or CSV
            or Parquet with columns p0, p1... and perhaps `label` and `index`, each row's place in the data set.

    Raises:
        DataError: it is missing, damaged or laid out otherwise.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            raise DataError(f"{path}: is a folder, expected a file of predictions: {', '.join(SUFFIXES)}")
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            found = path.suffix or "no suffix"
            raise DataError(f"{path}: expected a file of predictions ({', '.join(SUFFIXES)}), found {found}")
        if path.stat().st_size == 0:
            raise DataError(f"{path}: is empty, expected predictions; write it again")
        probabilities, labels, names = _READERS[path.suffix.lower()](path)
        _check(probabilities, labels, names, path)
        with np.errstate(over="ignore"):  # what float32 does not hold becomes infinite, and is refused as that
            rows = np.array(probabilities, dtype=np.float32, order="C")
        own = None if labels is None else labels.astype(np.int64)
        return ForeignPredictions(path, file_sha256(path), path.stat().st_size, rows, own, names)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file of predictions") from error
    except DAMAGE as error:
        raise DataError(
            f"{path}: not readable as predictions ({type(error).__name__}: {error}); write it again"
        ) from error


Content = tuple[NDArray[Any], NDArray[Any] | None, tuple[str, ...] | None]


def _check(probabilities: NDArray[Any], labels: NDArray[Any] | None, names: tuple[str, ...] | None, path: Path) -> None:
    """See that the parts of a file fit together."""
    shape = probabilities.shape
    if probabilities.dtype.kind not in "fiu" or len(shape) != 2 or not 2 <= shape[1] <= MOST_CLASSES:
        raise DataError(
            f"{path}: probabilities are {probabilities.dtype} of shape {shape}, expected floats of shape (n, classes) "
            f"with 2 to {MOST_CLASSES:,} classes: a row an image, a column a class"
        )
    if shape[0] == 0:
        raise DataError(f"{path}: holds no predictions, expected a row an image")
    if names is not None and (len(names) != shape[1] or len(set(names)) < len(names)):
        raise DataError(f"{path}: found {len(set(names))} class_names, expected {shape[1]} different ones")
    if labels is None:
        return
    if labels.dtype.kind not in "iu" or labels.shape != shape[:1]:
        raise DataError(
            f"{path}: labels are {labels.dtype} of shape {labels.shape}, expected whole numbers of shape ({shape[0]},)"
        )
    outside = np.flatnonzero((labels < 0) | (labels >= shape[1]))
    if len(outside):
        row = outside[0]
        raise DataError(f"{path}: the label of row {row} is {labels[row]}, expected a class from 0 to {shape[1] - 1}")


def _check_size(n: int, classes: int, path: Path) -> None:
    if n * classes > MOST_PROBABILITIES:
        raise DataError(
            f"{path}: holds {n:,} rows of {classes:,} numbers, expected at most {MOST_PROBABILITIES:,} numbers; for "
            "larger files there is evaluate_parquet in Python"
        )


def _read_npy(path: Path) -> Content:
    with path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":
            raise ValueError("it does not begin as a .npy file does")
    # A map does not believe what the header promises, and allocates nothing.
    found = np.load(path, mmap_mode="r", allow_pickle=False)
    _check_size(found.size, 1, path)
    return found, None, None


def _read_npz(path: Path) -> Content:
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("it is no zip archive")
        with zipfile.ZipFile(file) as archive:
            _check_size(max((member.file_size for member in archive.infolist()), default=0) // 8, 1, path)
        file.seek(0)
        arrays: Any = np.load(file, allow_pickle=False)
        if "probabilities" not in arrays.files:
            raise DataError(f"{path}: has no array 'probabilities', found {', '.join(arrays.files) or 'nothing'}")
        members = {key: arrays[key] for key in ("probabilities", "labels", "class_names") if key in arrays.files}
    if not all(isinstance(member, np.ndarray) for member in members.values()):
        raise ValueError("a member is no .npy file")
    names = members.get("class_names")
    if names is not None and (names.ndim != 1 or names.dtype.kind != "U"):
        raise DataError(f"{path}: class_names are {names.dtype} of shape {names.shape}, expected a list of text")
    return members["probabilities"], members.get("labels"), None if names is None else tuple(names.tolist())


def _read_csv(path: Path) -> Content:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader([file.readline(LONGEST_HEAD)]), [])
    kinds = {f"p{k}": pa.float64() for k in range(MOST_CLASSES)} | {"label": pa.int64(), "index": pa.int64()}
    # An empty cell is a gap; "nan" is read, to be refused as what it is.
    # Other columns may hold anything, and something else further down.
    options = arrow_csv.ConvertOptions(column_types=kinds, null_values=[""], include_columns=_wanted(names))
    with arrow_csv.open_csv(path, arrow_csv.ReadOptions(use_threads=False), convert_options=options) as reader:
        return _gather(reader, names, path)


def _read_parquet(path: Path) -> Content:
    from pyarrow import parquet

    # A file object: pyarrow would take a folder for a data set of many files.
    with path.open("rb") as file, parquet.ParquetFile(file) as table:
        names = table.schema_arrow.names
        wanted = _wanted(names)
        _check_size(table.metadata.num_rows, max(1, len(wanted)), path)
        return _gather(table.iter_batches(columns=wanted, use_threads=False), names, path)


def _wanted(names: list[str]) -> list[str]:
    return [name for name in names if re.fullmatch(r"label|index|p\d+", name)]


def _gather(batches: Iterable[Any], names: list[str], path: Path) -> Content:
    """The batches of a table as arrays, in the order of `index` where there is one."""
    if len(set(names)) < len(names):
        raise DataError(f"{path}: two columns have the same name, found {', '.join(map(repr, names))}")
    classes = sum(bool(re.fullmatch(r"p\d+", name)) for name in names)
    if not classes:
        also = "; `predicted` alone does not do, for half of the report is about probabilities"
        raise DataError(
            f"{path}: has no columns p0, p1..., a class's probability each; found {', '.join(map(repr, names))}"
            f"{also if 'predicted' in names else ''}"
        )
    columns = [f"p{k}" for k in range(classes)]
    missing = [name for name in columns if name not in names]
    if missing:
        raise DataError(f"{path}: has {classes} columns of probabilities, but no {missing[0]}; number them from p0")
    rows, whole, n = [], {name: [np.empty(0, np.int64)] for name in ("label", "index") if name in names}, 0
    for batch in batches:
        _check_size(n + len(batch), classes, path)
        with np.errstate(over="ignore"):
            rows.append(np.column_stack([_column(batch, k, n).astype(np.float32) for k in columns]))
        for name, parts in whole.items():
            parts.append(_column(batch, name, n, whole_numbers))
        n += len(batch)
    probabilities = np.concatenate([np.empty((0, classes), np.float32), *rows])
    labels = np.concatenate(whole["label"]) if "label" in whole else None
    if "index" in whole and n:
        order = _order(np.concatenate(whole["index"]), path)
        probabilities, labels = probabilities[order], None if labels is None else labels[order]
    return probabilities, labels, None


def _column(batch: Any, name: str, first: int, read: Any = numbers) -> NDArray[Any]:
    """One column of a batch; what is wrong with it is said with its name."""
    column = batch[name]
    if column.null_count:
        gap = first + column.is_null().to_pylist().index(True)
        raise ValueError(f"column {name!r} has no value in row {gap}")
    try:
        found: NDArray[Any] = read(column)
    except ValueError as error:
        raise ValueError(f"column {name!r}: {error}") from error
    return found


def _order(index: NDArray[np.int64], path: Path) -> NDArray[np.int64]:
    """The rows in the order of their index."""
    order = np.argsort(index, kind="stable")
    wrong = np.flatnonzero(index[order] != np.arange(len(index)))
    if len(wrong):
        raise DataError(
            f"{path}: no row, or not one alone, has index {wrong[0]}, expected each from 0 to {len(index) - 1} once; "
            "leave the column out where the rows are in the order of the data"
        )
    return order


_READERS = {".npy": _read_npy, ".npz": _read_npz, ".csv": _read_csv, ".parquet": _read_parquet}
