"""The user's own slices: columns of a CSV or Parquet file that are joined to the images by their index."""

import csv
import itertools
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.parquet_process import Found, read_apart
from mnist_report.errors import UNREADABLE, DataError

INDEX = "index"
MOST_VALUES = 100
MOST_COLUMNS = 1_000
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
WHOLE = re.compile(r"\d{1,15}(\.0)?")


def read_slice_columns(path: Path, n: int) -> dict[str, NDArray[np.object_]]:
    """Read the columns that slice a data set.

    Args:
        path: a `.csv` (UTF-8, with a head) or `.parquet` file with a column "index", each image's place in the data
            set, and a column per way of slicing. Images that it leaves out, and empty cells, belong to no slice.
        n: the number of images.

    Returns:
        By column, text of shape (n,): each image's value, empty where it has none.

    Raises:
        DataError: it is not such a file; the message names the column and the row.
    """
    if path.suffix.lower() == ".csv":
        return _join(_read_csv(path, n), path, n)
    if path.suffix.lower() != ".parquet":
        raise DataError(f"{path}: expected a .csv or .parquet file of slices, found {path.suffix or 'no suffix'}")
    found = read_apart(find_slice_columns, path, str(n))
    columns = zip(found.facts["columns"], found.facts["values"], found.arrays, strict=True)
    return {name: np.array(values, dtype=object)[places] for name, values, places in columns}


def find_slice_columns(path: Path, n: str) -> Found:
    """What `read_slice_columns` gets from the child that reads Parquet: each column's values, and their places."""
    columns = _join(_read_parquet(path, int(n)), path, int(n))
    values = {name: sorted(set(column.tolist())) for name, column in columns.items()}
    places = {name: {value: k for k, value in enumerate(found)} for name, found in values.items()}
    arrays = [np.array([places[name][value] for value in column], np.int16) for name, column in columns.items()]
    return Found({"columns": list(columns), "values": list(values.values())}, arrays)


def _join(columns: dict[str, list[str]], path: Path, n: int) -> dict[str, NDArray[np.object_]]:
    """A table's columns by image."""
    if INDEX not in columns:
        raise DataError(f"{path}: has no column {INDEX!r}, found {', '.join(map(repr, columns)) or 'none'}")
    index = _parse_index(columns.pop(INDEX), path, n)
    if not columns:
        raise DataError(f"{path}: has no column besides {INDEX!r}; each further column slices the images")
    return {name: _spread(name, values, index, path, n) for name, values in columns.items()}


def _read_csv(path: Path, n: int) -> dict[str, list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = (row for row in csv.reader(file, strict=True) if row)
            head = next(rows, [])
            _check_size(len(head), 0, path, n)
            body = list(itertools.islice(rows, n + 1))
    except (*UNREADABLE, csv.Error) as error:
        raise _unreadable(path, error) from error
    _refuse_twins(head, path)
    for number, row in enumerate(body):
        if len(row) != len(head):
            raise DataError(f"{path}: data row {number} has {len(row)} cells, expected {len(head)} as in the head")
    _check_size(len(head), len(body), path, n)
    return {name: [row[k] for row in body] for k, name in enumerate(head)}


def _read_parquet(path: Path, n: int) -> dict[str, list[str]]:
    from pyarrow import parquet

    try:
        # A file object: pyarrow would take a folder for a data set of many files.
        with path.open("rb") as file, parquet.ParquetFile(file) as table:
            names, rows = table.schema_arrow.names, table.metadata.num_rows
            _check_size(len(names), rows, path, n)
            _refuse_twins(names, path)
            cells = {name: table.read([name])[name].to_pylist() for name in names}
        if len({len(values) for values in cells.values()}) > 1:
            raise ValueError("its columns have different lengths")
        return {name: [as_text(value) for value in values] for name, values in cells.items()}
    except (*UNREADABLE, MemoryError) as error:
        raise _unreadable(path, error) from error


def _check_size(columns: int, rows: int, path: Path, n: int) -> None:
    """See that a table is no larger than it can have to be, before it is read."""
    if columns > MOST_COLUMNS:
        raise DataError(f"{path}: has {columns:,} columns, expected at most {MOST_COLUMNS:,}")
    if rows > n:
        raise DataError(f"{path}: has {rows:,} rows or more, expected at most one for each of {n:,} images")


def _refuse_twins(names: list[str], path: Path) -> None:
    if len(set(names)) != len(names):
        raise DataError(f"{path}: two columns have the same name, found {', '.join(map(repr, names))}")


def as_text(value: Any) -> str:
    """A cell as text; whole numbers that pandas widened to floats because of a gap lose their .0 again.

    Raises:
        ValueError: it is bytes, a list or another container.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (bytes, list, tuple, dict)):
        raise ValueError(f"found {value!r}, expected text, numbers or true and false")  # noqa: TRY004  of the file
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _parse_index(cells: list[str], path: Path, n: int) -> NDArray[np.int64]:
    for row, cell in enumerate(cells):
        if not WHOLE.fullmatch(cell) or int(float(cell)) >= n:
            raise DataError(f"{path}: {INDEX} is {cell!r} in data row {row}, expected whole numbers from 0 to {n - 1}")
    index = np.array([int(float(cell)) for cell in cells], dtype=np.int64)
    if len(index) == 0:
        raise DataError(f"{path}: has no rows")
    seen, times = np.unique(index, return_counts=True)
    most = times.argmax()
    if times[most] > 1:
        raise DataError(f"{path}: {INDEX} {seen[most]} occurs {times[most]} times, expected each once")
    return index


def _spread(name: str, values: Iterable[str], index: NDArray[np.int64], path: Path, n: int) -> NDArray[np.object_]:
    """One column's values, each at its image's place."""
    column = np.full(n, "", dtype=object)
    column[index] = list(values)
    check_slice_column(name, column, str(path))
    return column


def check_slice_column(name: str, column: NDArray[np.object_], where: str) -> None:
    """See that a column can slice: its name, and that it holds categories.

    Args:
        name: of the column.
        column: text of shape (n,).
        where: whose it is, for messages.

    Raises:
        DataError: it cannot.
    """
    if not name.strip() or "=" in name or name == INDEX:
        raise DataError(f"{where}: a column is called {name!r}; a slice is named column=value, so choose a plain word")
    found = set(column.tolist()) - {""}
    strange = next((text for text in (name, *sorted(found)) if CONTROL.search(text)), None)
    if strange is not None:
        raise DataError(f"{where}: column {name!r} holds a control character, in {strange!r}")
    if len(found) > MOST_VALUES:
        raise DataError(
            f"{where}: column {name!r} has {len(found):,} different values, expected categories, at most "
            f"{MOST_VALUES}; cut numbers into ranges"
        )


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: cannot be read as slices ({type(error).__name__}: {error})")
