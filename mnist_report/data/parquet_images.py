"""Parquet files with a column of images, as Hugging Face datasets and data frames write them."""

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import check_size
from mnist_report.data.messages import one_line
from mnist_report.data.parquet_rows import BY_PIECES, IMAGE, LABEL, Onward, as_numbers, labels_of, ours
from mnist_report.data.pictures import Stack, decode_picture
from mnist_report.data.reading import Labelled
from mnist_report.errors import UNREADABLE, DataError

DAMAGED = (*UNREADABLE, MemoryError, RuntimeError, EOFError)


class Sight(NamedTuple):
    """What a file says of itself.

    Attributes:
        n: how many rows it has.
        groups: of each row group the rows, and the bytes that its images and labels take in the file.
        names: of the classes, or None where labels are mere numbers.
        labels: of mere numbers, which occur; see `labels_of`.
    """

    n: int
    groups: list[tuple[int, int]]
    names: tuple[str, ...] | None
    labels: tuple[int, ...]


def read_parquet_images(path: Path, *, center: bool, rows: range | None = None) -> Labelled:
    """Read a Parquet file.

    Args:
        path: with a column `label` of whole numbers and a column `image`: an encoded picture as bytes or as a struct
            with `bytes`, or a list of the pixels of a square image, or of its rows.
        center: whether the images are centred the MNIST way; else they must have one size.
        rows: which of its rows; all of them if not told. The limits hold for what is read at once.

    Raises:
        DataError: it is not such a file; the message names the row.
    """
    with ParquetImages(path, center=center) as images:
        return images.read(rows)


class ParquetImages:
    """An open Parquet file, as for `read_parquet_images`, of which one part after the other is read."""

    def __init__(self, path: Path, *, center: bool) -> None:
        """Open it.

        Raises:
            DataError: it is not such a file.
        """
        from pyarrow import parquet

        self._path, self._center = path, center
        with _readable(path), ExitStack() as opened:
            # A file object: pyarrow would take a folder for a data set of many files.
            file = opened.enter_context(path.open("rb"))
            self._table = opened.enter_context(parquet.ParquetFile(file, **BY_PIECES))
            _check_columns(self._table.schema_arrow.names, path)
            self._names = _class_names(self._table.schema_arrow.metadata)
            self._rows = Onward(self._table, path)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read(self, rows: range | None = None) -> Labelled:
        """Some of its rows, or all; those that follow the last ones are read on from there.

        Raises:
            DataError: see `read_parquet_images`.
        """
        with _readable(self._path):
            n = self._table.metadata.num_rows
            rows = range(n) if rows is None else range(rows.start, min(rows.stop, n))
            check_size((len(rows),), str(self._path))
            stored = self._path.stat().st_size
            stack = Stack(len(rows), center=self._center, where=str(self._path), stored=stored)
            labels = [_add(batch, row, stack, self._path) for row, batch in self._rows.batches(rows)]
            images = stack.finish()
        return Labelled(images, np.concatenate(labels), self._names, self._center)


def look_at_images(path: Path) -> Sight:
    """What a Parquet file says of itself, without its images.

    Raises:
        DataError: it is not such a file.
    """
    from pyarrow import parquet

    with _readable(path), path.open("rb") as file, parquet.ParquetFile(file, **BY_PIECES) as table:
        _check_columns(table.schema_arrow.names, path)
        groups = [
            (group.num_rows, sum(column.total_compressed_size for column in ours(group)))
            for group in map(table.metadata.row_group, range(table.metadata.num_row_groups))
        ]
        names = _class_names(table.schema_arrow.metadata)
        return Sight(table.metadata.num_rows, groups, names, () if names else labels_of(table, path))


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: BaseException) -> DataError:
    """A file that Arrow cannot read."""
    return DataError(f"{path}: cannot be read as Parquet ({type(error).__name__}: {one_line(error)})")


def _check_columns(names: list[str], path: Path) -> None:
    for name in (IMAGE, LABEL):
        if names.count(name) != 1:
            found = ", ".join(map(repr, names[:6])) or "none"
            raise DataError(f"{path}: {names.count(name)} columns {name!r}, expected one; found {found}")


def _class_names(metadata: Any) -> tuple[str, ...] | None:
    """The classes' names where a Hugging Face data set wrote them; anything else is not ours to judge."""
    try:
        names = json.loads((metadata or {})[b"huggingface"])["info"]["features"][LABEL]["names"]
    except (LookupError, TypeError, ValueError, RecursionError):
        return None
    texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return tuple(names) if texts and names else None


def _add(batch: Any, row: int, stack: Stack, path: Path) -> NDArray[np.int64]:
    """Put a batch's images on the stack.

    Returns:
        Its labels.
    """
    import pyarrow as pa

    labels = batch[LABEL]
    if not pa.types.is_integer(labels.type) or labels.null_count:
        found = f"{labels.null_count} empty cells from row {row}" if labels.null_count else str(labels.type)
        raise DataError(f"{path}: column {LABEL!r}: found {found}, expected whole numbers")
    images = batch[IMAGE]
    alike = _alike(images)
    if alike is not None:
        stack.add_all(alike, f"{path}: row {row}")
        return as_numbers(labels.cast(pa.int64()))
    for k in range(len(images)):
        where = f"{path}: row {row + k}"
        stack.add(_picture(images[k], where), where)
    return as_numbers(labels.cast(pa.int64()))


def _alike(images: Any) -> NDArray[np.uint8] | None:
    """A batch of lists of pixels, shape (k, height, width), if they are of one size and as they should be.

    Any other is looked at one by one, which says what is wrong with it, and with which.
    """
    import pyarrow as pa

    values, shape = images, [len(images)]
    while _is_list(values.type):
        lengths = values.value_lengths()
        if values.null_count or len(lengths) == 0:
            return None
        found = as_numbers(lengths)
        if (found != found[0]).any():
            return None
        shape.append(int(found[0]))
        values = values.flatten()
    if len(shape) == 2:
        side = math.isqrt(shape[1])
        shape[1:] = [side, side]
    fit = len(shape) == 3 and math.prod(shape) == len(values) > 0
    if not fit or not pa.types.is_integer(values.type) or values.null_count:
        return None
    numbers = as_numbers(values)
    if numbers.min() < 0 or numbers.max() > 255:
        return None
    return numbers.astype(np.uint8).reshape(shape)


def _picture(cell: Any, where: str) -> NDArray[np.uint8]:
    import pyarrow as pa

    if pa.types.is_struct(cell.type) and cell.is_valid and cell.type.get_field_index("bytes") >= 0:
        cell = cell["bytes"]
    if not cell.is_valid:
        raise DataError(f"{where}: the image is empty; a path to a file elsewhere is not followed")
    if pa.types.is_binary(cell.type) or pa.types.is_large_binary(cell.type):
        return decode_picture(cell.as_buffer().to_pybytes(), where)
    if _is_list(cell.type):
        return _pixels(cell.values, where)
    raise DataError(f"{where}: the image is {cell.type}, expected an encoded picture as bytes or a list of pixels")


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return any(is_kind(kind) for is_kind in (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list))


def _pixels(values: Any, where: str) -> NDArray[np.uint8]:
    """A list of pixels, or of rows of pixels, as an image."""
    import pyarrow as pa

    height = math.isqrt(len(values))
    square = height * height == len(values)
    if _is_list(values.type):
        if values.null_count:
            raise DataError(f"{where}: a row of pixels is empty")
        height, lengths = len(values), set(values.value_lengths().to_pylist())
        if len(lengths) > 1:
            raise DataError(f"{where}: its rows have {min(lengths)} to {max(lengths)} pixels, expected equally many")
        values, square = values.flatten(), True
    if len(values) == 0 or not square:
        raise DataError(f"{where}: found {len(values)} pixels, expected a square image, such as 784")
    if not pa.types.is_integer(values.type) or values.null_count:
        found = "an empty cell" if values.null_count else str(values.type)
        raise DataError(f"{where}: a pixel is {found}, expected whole numbers from 0 to 255")
    numbers = as_numbers(values)
    if numbers.min() < 0 or numbers.max() > 255:
        raise DataError(
            f"{where}: pixels from {numbers.min()} to {numbers.max()}, expected whole numbers from 0 to 255"
        )
    return numbers.astype(np.uint8).reshape(height, -1)
