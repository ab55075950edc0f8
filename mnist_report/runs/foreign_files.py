"""The formats in which other programs write predictions: `.npy`, `.npz`, CSV and Parquet."""

import csv
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import MOST_ROWS, check_growth
from mnist_report.data.npz import inventory
from mnist_report.errors import DataError
from mnist_report.runs.columns import all_null, numbers, texts, whole_numbers

# A small file can promise more than memory holds: so many probabilities are read at most.
MOST_PROBABILITIES = 100_000_000
MOST_CLASSES = 1_000
LONGEST_HEAD = 1 << 20
PREDICTED = "predicted"
# What others call it, in lower case; Kaggle's submissions have "Label".
LIKELY = ("predicted", "prediction", "predictions", "pred", "class", "label")


class Content(NamedTuple):
    """What a file holds, in the order of its `index` where it has one; nothing of it is checked.

    Attributes:
        probabilities: a row an image, a column a class; None where there are classes alone.
        predicted: those: whole numbers or names; None where there are probabilities.
        labels: the true classes, likewise; None where the file has none.
        class_names: None where the file has none.
    """

    probabilities: NDArray[Any] | None
    predicted: NDArray[Any] | None = None
    labels: NDArray[Any] | None = None
    class_names: tuple[str, ...] | None = None


def _check_size(n: int, classes: int, path: Path) -> None:
    """See that so many numbers, of four bytes in the end, can be held."""
    if n * classes > MOST_PROBABILITIES:
        raise DataError(
            f"{path}: holds {n:,} rows of {classes:,} numbers, expected at most {MOST_PROBABILITIES:,} numbers; for "
            "larger files there is evaluate_parquet in Python"
        )
    check_growth(4 * n * classes, path.stat().st_size, str(path))


def check_rows(n: int, path: Path) -> None:
    """See that so many classes, without probabilities, can be held.

    Raises:
        DataError: they cannot.
    """
    if n > MOST_ROWS:
        raise DataError(f"{path}: holds {n:,} rows, expected at most {MOST_ROWS:,}")


def read_npy(path: Path) -> Content:
    """Read a `.npy` file of probabilities, or of classes.

    Raises:
        OSError, ValueError, LookupError: and whatever else damage makes the libraries raise.
        DataError: it is laid out otherwise.
    """
    with path.open("rb") as file:
        if file.read(6) != b"\x93NUMPY":
            raise ValueError("it does not begin as a .npy file does")
    # A map does not believe what the header promises, and allocates nothing.
    found = np.load(path, mmap_mode="r", allow_pickle=False)
    _check_size(found.size, 1, path)
    flat = _flat(found)
    return Content(None, flat) if flat.ndim == 1 and flat.dtype.kind in "iuU" else Content(found)


def _flat(classes: NDArray[Any]) -> NDArray[Any]:
    """Classes of shape (n,), also those that come as a column."""
    return classes[:, 0] if classes.ndim == 2 and classes.shape[1] == 1 else classes


def read_npz(path: Path) -> Content:
    """Read an archive with `probabilities` or `predicted`, and perhaps labels and names.

    Raises:
        OSError, ValueError, LookupError: and whatever else damage makes the libraries raise.
        DataError: it is laid out otherwise.
    """
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("it is no zip archive")
        with zipfile.ZipFile(file) as archive:
            largest = max((member.file_size for member in archive.infolist()), default=0)
            _check_size(largest // 8, 1, path)
            check_growth(largest, path.stat().st_size, str(path))
        file.seek(0)
        arrays: Any = np.load(file, allow_pickle=False)
        answers = next((key for key in ("probabilities", PREDICTED) if key in arrays.files), None)
        if answers is None:
            save = (
                "the softmax of each row as 'probabilities'" if "logits" in arrays.files else "them under these names"
            )
            raise DataError(
                f"{path}: has no array 'probabilities' and no 'predicted', {inventory(arrays.files)}; save {save}"
            )
        members = {key: arrays[key] for key in (answers, "labels", "class_names") if key in arrays.files}
    if not all(isinstance(member, np.ndarray) for member in members.values()):
        raise ValueError("a member is no .npy file")
    names = members.get("class_names")
    if names is not None and (names.ndim != 1 or names.dtype.kind != "U"):
        raise DataError(f"{path}: class_names are {names.dtype} of shape {names.shape}, expected a list of text")
    names = None if names is None else tuple(names.tolist())
    predicted, labels = (_flat(members[key]) if key in members else None for key in (PREDICTED, "labels"))
    return Content(members.get("probabilities"), predicted, labels, names)


def read_csv(path: Path) -> Content:
    """Read a text table with columns p0, p1..., or `predicted`.

    Raises:
        OSError, ValueError, LookupError: and whatever else damage makes the libraries raise.
        DataError: it is laid out otherwise.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader([file.readline(LONGEST_HEAD)]), [])
    graded = _graded(names)
    kinds = {f"p{k}": pa.float64() for k in range(MOST_CLASSES)} | {"index": pa.int64(), PREDICTED: pa.string()}
    kinds["label"] = pa.int64() if graded else pa.string()
    # An empty cell is a gap; "nan" is read, to be refused as what it is.
    # Other columns may hold anything, and something else further down.
    options = arrow_csv.ConvertOptions(
        column_types=kinds, null_values=[""], strings_can_be_null=True, include_columns=_wanted(names, graded=graded)
    )
    with arrow_csv.open_csv(path, arrow_csv.ReadOptions(use_threads=False), convert_options=options) as reader:
        return _gather(reader, names, path, graded=graded)


def read_table(path: Path) -> Content:
    """Read a Parquet file with columns p0, p1..., or `predicted`.

    Raises:
        OSError, ValueError, LookupError: and whatever else damage makes the libraries raise.
        DataError: it is laid out otherwise.
    """
    from pyarrow import parquet

    # A file object: pyarrow would take a folder for a data set of many files.
    with path.open("rb") as file, parquet.ParquetFile(file) as table:
        names = table.schema_arrow.names
        graded = _graded(names)
        _check_size(table.metadata.num_rows, max(1, len(_wanted(names, graded=graded))), path)
        if graded and PREDICTED in names:
            # Our own predictions.parquet has these columns even where nothing is known to put there.
            empty = _wanted(names, graded=True, also="")
            graded = not all(all_null(table.read(columns=part, use_threads=False), part) for part in (empty[:1], empty))
        batches = table.iter_batches(columns=_wanted(names, graded=graded), use_threads=False)
        return _gather(batches, names, path, graded=graded)


def _graded(names: list[str]) -> bool:
    """Whether there are columns of probabilities."""
    return any(re.fullmatch(r"p\d+", name) for name in names)


def _wanted(names: list[str], *, graded: bool, also: str = "label|index|") -> list[str]:
    return [name for name in names if re.fullmatch(also + (r"p\d+" if graded else PREDICTED), name)]


def _gather(batches: Iterable[Any], names: list[str], path: Path, *, graded: bool) -> Content:
    """The batches of a table as arrays, in the order of `index` where there is one."""
    if len(set(names)) < len(names):
        raise DataError(f"{path}: two columns have the same name, found {', '.join(map(repr, names))}")
    if graded:
        return _gather_probabilities(batches, names, path)
    if PREDICTED not in names:
        likely = next((name for name in names if name.strip().lower() in LIKELY), None)
        rename = f"; if column {likely!r} has what was predicted, rename it to {PREDICTED!r}" if likely else ""
        raise DataError(
            f"{path}: has no columns p0, p1..., a class's probability each, nor 'predicted', a class; found "
            f"{', '.join(map(repr, names))}{rename}"
        )
    parts: dict[str, list[Any]] = {name: [] for name in ("label", "index", PREDICTED) if name in names}
    n = 0
    for batch in batches:
        check_rows(n + len(batch), path)
        for name, read in parts.items():
            read.append(_column(batch, name, n, lambda column: column))
        n += len(batch)
    if n == 0:
        return Content(None, np.empty(0, dtype=np.int64))
    classes = {name: _classes(name, read) for name, read in parts.items() if name != "index"}
    if "index" in parts:
        order = _order(np.concatenate([whole_numbers(part) for part in parts["index"]]), path)
        classes = {name: values[order] for name, values in classes.items()}
    return Content(None, classes[PREDICTED], classes.get("label"))


def _classes(name: str, parts: list[Any]) -> NDArray[Any]:
    """A column of classes: whole numbers, also as text, or names."""
    import pyarrow as pa
    from pyarrow import compute

    column = pa.chunked_array(parts)
    if pa.types.is_integer(column.type):
        return whole_numbers(column)
    if pa.types.is_floating(column.type):
        raise ValueError(f"column {name!r}: a column of {column.type}, expected whole numbers or names of classes")
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = compute.utf8_trim_whitespace(column)
        try:
            return whole_numbers(column.cast(pa.int64()))
        except pa.ArrowInvalid:
            column = column.dictionary_encode()  # names
    return texts(name, column)


def _gather_probabilities(batches: Iterable[Any], names: list[str], path: Path) -> Content:
    classes = len(_wanted(names, graded=True, also=""))
    columns = [f"p{k}" for k in range(classes)]
    missing = [name for name in columns if name not in names]
    if missing:
        raise DataError(f"{path}: has {classes} columns of probabilities, but no {missing[0]}; number them from p0")
    rows, whole, n = [], {name: [np.empty(0, np.int64)] for name in ("label", "index") if name in names}, 0
    for batch in batches:
        _check_size(n + len(batch), classes, path)
        with np.errstate(over="ignore", invalid="ignore"):
            rows.append(np.column_stack([_column(batch, k, n).astype(np.float32) for k in columns]))
        for name, parts in whole.items():
            parts.append(_column(batch, name, n, whole_numbers))
        n += len(batch)
    probabilities = np.concatenate([np.empty((0, classes), np.float32), *rows])
    labels = np.concatenate(whole["label"]) if "label" in whole else None
    if "index" in whole and n:
        order = _order(np.concatenate(whole["index"]), path)
        probabilities, labels = probabilities[order], None if labels is None else labels[order]
    return Content(probabilities, labels=labels)


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
