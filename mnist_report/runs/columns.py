"""Columns of Parquet files as numpy arrays, without pandas, which pyarrow's own conversions import."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_table(path: Any, columns: list[str] | None = None) -> Any:
    """The whole file, or some of its columns, as a pyarrow table.

    Raises:
        OSError, ValueError: it is not a Parquet file.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        return file.read(columns)


def all_null(table: Any, names: Iterable[str]) -> bool:
    """Whether a table or batch has rows, and in none of them a value in any of these columns."""
    return len(table) > 0 and all(table[name].null_count == len(table) for name in names)


def numbers(column: Any) -> NDArray[Any]:
    """A column of numbers, read-only.

    Raises:
        ValueError: it holds something else, or gaps.
    """
    from pyarrow import types

    whole = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    if whole.null_count or not (types.is_integer(whole.type) or types.is_floating(whole.type)):
        raise ValueError(f"a column of {whole.type} with {whole.null_count} gaps, expected numbers")
    return np.from_dlpack(whole)


def whole_numbers(column: Any) -> NDArray[np.int64]:
    """A column of whole numbers.

    Raises:
        ValueError: it holds something else, or gaps.
    """
    found = numbers(column)
    if not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"a column of {found.dtype}, expected whole numbers")
    return found.astype(np.int64)


def texts(name: str, column: Any) -> NDArray[np.object_]:
    """A column of text, plain or as categories.

    Raises:
        ValueError: it holds something else, or gaps.
    """
    from pyarrow import types

    whole = column.combine_chunks()
    categories = whole.dictionary if types.is_dictionary(whole.type) else whole
    text = types.is_string(categories.type) or types.is_large_string(categories.type)
    if not text or whole.null_count or categories.null_count:
        raise ValueError(f"column {name!r} holds something other than text")
    values = np.array(categories.to_pylist(), dtype=object)
    chosen: NDArray[np.object_] = values if categories is whole else values[numbers(whole.indices)]
    return chosen
