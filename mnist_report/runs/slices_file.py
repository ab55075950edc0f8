"""slices.parquet: each image's value in every column that slices the data set, so that `render` has them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.runs.columns import read_table, texts, whole_numbers


def write_slices(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write a row per image: its index and its value in each column, as text."""
    import pyarrow as pa
    from pyarrow import parquet

    n = len(next(iter(columns.values())))
    table = {"index": pa.array(np.arange(n))}
    table |= {name: pa.array(values.tolist(), pa.string()).dictionary_encode() for name, values in columns.items()}
    parquet.write_table(pa.table(table), path)


def read_slices(path: Path, n: int) -> dict[str, NDArray[Any]]:
    """Read what `write_slices` wrote; a run without slices has no such file.

    Raises:
        OSError, ValueError, LookupError, TypeError: it is not such a file, or not of n images in their order.
    """
    if not path.exists():
        return {}
    table = read_table(path)
    if not np.array_equal(whole_numbers(table["index"]), np.arange(n)):
        raise ValueError(f"{table.num_rows} rows, expected the index 0 to {n - 1}")
    return {name: texts(name, table[name]) for name in table.column_names if name != "index"}
