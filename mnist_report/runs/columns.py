"""Columns of Parquet files as numpy arrays, without pandas, which pyarrow's own conversions import."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_table(path: Any) -> Any:
    """The whole file as a pyarrow table.

    Raises:
        OSError, ValueError: it is not a Parquet file.
    """
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        return file.read()


def numbers(column: Any) -> NDArray[Any]:
    """A column of numbers, read-only.

    Raises:
        TypeError, ValueError: it holds something else, or gaps.
    """
    whole = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    return np.from_dlpack(whole)


def texts(column: Any) -> NDArray[np.object_]:
    """A column of text, plain or as categories.

    Raises:
        ValueError: it holds something else, or gaps.
    """
    whole = column.combine_chunks()
    values = whole.dictionary.to_pylist() if hasattr(whole, "dictionary") else None
    if values is None or whole.null_count or not all(isinstance(value, str) for value in values):
        raise ValueError("holds something other than text")
    chosen: NDArray[np.object_] = np.array(values, dtype=object)[numbers(whole.indices)]
    return chosen
