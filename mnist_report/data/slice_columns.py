"""The user's own slices: columns of a CSV or Parquet file that are joined to the images by their index."""

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DataError

INDEX = "index"
MOST_VALUES = 100
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
    columns = _read_csv(path) if path.suffix.lower() == ".csv" else _read_parquet(path)
    if INDEX not in columns:
        raise DataError(f"{path}: has no column {INDEX!r}, found {', '.join(map(repr, columns)) or 'none'}")
    index = _parse_index(columns.pop(INDEX), path, n)
    if not columns:
        raise DataError(f"{path}: has no column besides {INDEX!r}; each further column slices the images")
    return {name: _spread(name, values, index, path, n) for name, values in columns.items()}


def _read_csv(path: Path) -> dict[str, list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(path, error) from error
    head, *body = rows or [[]]
    if len(set(head)) != len(head):
        raise DataError(f"{path}: two columns have the same name, found {', '.join(map(repr, head))}")
    for line, row in enumerate(body, start=2):
        if len(row) != len(head):
            raise DataError(f"{path}: row {line} has {len(row)} cells, expected {len(head)} as in the first row")
    return {name: [row[k] for row in body] for k, name in enumerate(head)}


def _read_parquet(path: Path) -> dict[str, list[str]]:
    if path.suffix.lower() != ".parquet":
        raise DataError(f"{path}: expected a .csv or .parquet file of slices, found {path.suffix or 'no suffix'}")
    from pyarrow import parquet

    try:
        # A file object: pyarrow would take a folder for a data set of many files.
        with path.open("rb") as file:
            table = parquet.read_table(file)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if len(set(table.column_names)) != table.num_columns:
        raise DataError(f"{path}: two columns have the same name, found {', '.join(map(repr, table.column_names))}")
    return {name: [_text(value) for value in table[name].to_pylist()] for name in table.column_names}


def _text(value: Any) -> str:
    """A cell as text; whole numbers that pandas widened to floats because of a gap lose their .0 again."""
    if value is None or value != value:  # noqa: PLR0124  NaN
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _parse_index(cells: list[str], path: Path, n: int) -> NDArray[np.int64]:
    for row, cell in enumerate(cells):
        if not WHOLE.fullmatch(cell) or int(float(cell)) >= n:
            raise DataError(f"{path}: {INDEX} is {cell!r} in data row {row}, expected whole numbers from 0 to {n - 1}")
    index = np.array([int(float(cell)) for cell in cells], dtype=np.int64)
    seen, times = np.unique(index, return_counts=True)
    if len(seen) < len(index):
        raise DataError(f"{path}: {INDEX} {seen[times > 1][0]} occurs {times.max()} times, expected each once")
    return index


def _spread(name: str, values: Iterable[str], index: NDArray[np.int64], path: Path, n: int) -> NDArray[np.object_]:
    """One column's values, each at its image's place."""
    if not name.strip() or "=" in name:
        raise DataError(f"{path}: a column is called {name!r}; a slice is named column=value, so choose a plain word")
    column = np.full(n, "", dtype=object)
    column[index] = list(values)
    found = len(set(column.tolist()) - {""})
    if found > MOST_VALUES:
        raise DataError(
            f"{path}: column {name!r} has {found:,} different values, expected categories, at most {MOST_VALUES}; "
            "cut numbers into ranges"
        )
    return column


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: cannot be read as slices ({type(error).__name__}: {error})")
