"""The rows of a Parquet file with images and labels, a few at a time and never far ahead of who reads them."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.class_names import is_gapless, occurring
from mnist_report.data.limits import MOST_BYTES, MOST_SIDE
from mnist_report.errors import DataError

IMAGE, LABEL = "image", "label"
ROWS = 64
# Labels at once, where only they are read.
LABELS = 1 << 16
# A file holds an equal value once, but a batch holds it as often as it occurs: so many bytes at most, all equal.
BATCH_BYTES = 1 << 29
# A row group may be as large as the file: its bytes are read as they are needed, and what was used is not kept.
BY_PIECES: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 20}


class Onward:
    """The rows of an open file. Who asks for parts in their order goes once through each row group, however large."""

    def __init__(self, table: Any, path: Path) -> None:
        """Take an open `pyarrow.parquet.ParquetFile` of some path."""
        self._table, self._path = table, path
        counts = [table.metadata.row_group(k).num_rows for k in range(table.metadata.num_row_groups)]
        ends = np.cumsum([0, *counts]).tolist()
        self._groups = [range(*pair) for pair in pairwise(ends)]
        # Where it stands: in which group, before which row, what of a batch is left, and what follows.
        self._group, self._row = -1, 0
        self._rest: Any = None
        self._coming: Iterator[Any] = iter(())

    def batches(self, rows: range) -> Iterator[tuple[int, Any]]:
        """Some rows, a few at a time, each time with the number of the first.

        Raises:
            DataError: a row group is larger than the limits.
        """
        wanted = [k for k, group in enumerate(self._groups) if group.start < rows.stop and rows.start < group.stop]
        check_groups(self._table.metadata, wanted, self._path)
        for k in wanted:
            group = self._groups[k]
            if k != self._group or max(rows.start, group.start) < self._row:
                self._group, self._row, self._rest, self._coming = k, group.start, None, self._open(k)
            while self._row < min(rows.stop, group.stop):
                batch = self._rest if self._rest is not None else next(self._coming, None)
                if batch is None:
                    return  # it has fewer rows than it says
                part = batch[max(rows.start - self._row, 0) : max(rows.stop - self._row, 0)]
                first, end = max(self._row, rows.start), min(self._row + len(batch), rows.stop)
                self._rest = batch[end - self._row :] if end < self._row + len(batch) else None
                self._row = end
                if len(part):
                    yield first, part

    def _open(self, k: int) -> Iterator[Any]:
        """A row group from its beginning."""
        group = self._table.metadata.row_group(k)
        size = max(group.column(c).total_uncompressed_size for c in range(group.num_columns))
        length = min(max(BATCH_BYTES // max(size, 1), 1), ROWS)
        found: Iterator[Any] = self._table.iter_batches(
            length, row_groups=[k], columns=[IMAGE, LABEL], use_threads=False
        )
        return found


def labels_of(table: Any, path: Path) -> tuple[int, ...]:
    """Which labels occur, rising, as far as the numbers of the classes depend on it (`class_names.name_numbers`).

    What the file says of its row groups is enough where one of its labels is 0; else the labels are read until all
    from 1 to the highest have been seen. Of labels that are no whole numbers there are none.

    Args:
        table: an open `pyarrow.parquet.ParquetFile`.
        path: of it.

    Raises:
        DataError: a row group is larger than the limits.
    """
    import pyarrow as pa

    if not pa.types.is_integer(table.schema_arrow.field(LABEL).type):
        return ()
    groups = [k for k in range(table.metadata.num_row_groups) if table.metadata.row_group(k).num_rows]
    told = [_told(table.metadata.row_group(k)) for k in groups]
    found = {label for ends in told if ends is not None for label in ends}
    if None not in told and min(found, default=0) <= 0:
        return tuple(sorted(found))
    for k, ends in zip(groups, told, strict=True):
        if ends is not None and ends[0] == ends[1]:
            continue
        if None not in told and is_gapless(sorted(found)):
            break
        check_groups(table.metadata, [k], path)
        for batch in table.iter_batches(LABELS, row_groups=[k], columns=[LABEL], use_threads=False):
            labels = batch[LABEL].drop_null().cast(pa.int64())
            found.update(occurring([as_numbers(labels)] if len(labels) else []))
    return tuple(sorted(found))


def _told(group: Any) -> tuple[int, int] | None:
    """The lowest and the highest label of a row group, where the file says so."""
    (column,) = (column for column in ours(group) if column.path_in_schema == LABEL)
    told = column.statistics
    return (int(told.min), int(told.max)) if told is not None and told.has_min_max else None


def ours(group: Any) -> list[Any]:
    """The columns of a row group that are read."""
    columns = (group.column(c) for c in range(group.num_columns))
    return [column for column in columns if column.path_in_schema.split(".")[0] in {IMAGE, LABEL}]


def check_groups(metadata: Any, groups: list[int], path: Path) -> None:
    """What the file says of itself, before a byte of it is decompressed.

    Raises:
        DataError: it is more than the limits allow.
    """
    for k in groups:
        group = metadata.row_group(k)
        for column in ours(group):
            where = f"{path}: row group {k}, column {column.path_in_schema!r}"
            if column.total_uncompressed_size > MOST_BYTES:
                raise DataError(f"{where}: {column.total_uncompressed_size:,} bytes, expected at most {MOST_BYTES:,}")
            if column.num_values > MOST_SIDE**2 * group.num_rows or column.num_values > MOST_BYTES:
                raise DataError(
                    f"{where}: {column.num_values:,} values in {group.num_rows:,} rows, expected at most "
                    f"{MOST_SIDE:,} x {MOST_SIDE:,} in one and {MOST_BYTES:,} in all"
                )


def as_numbers(values: Any) -> NDArray[Any]:
    """Whole numbers, one at least and none missing, as numpy's: pyarrow's own way to there imports pandas."""
    dtype = np.dtype(values.type.to_pandas_dtype())
    return np.frombuffer(values.buffers()[1], dtype, len(values), values.offset * dtype.itemsize)
