"""CSV files of pixels: a row per image, its label and its pixels from 0 to 255, as on Kaggle."""

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import IN_PARTS, MOST_ROWS, MOST_SIDE, check_size
from mnist_report.data.messages import one_line
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

LABEL = "label"
PIECE = 1 << 23
# No cell needs more than three digits and a comma; names of columns are longer.
MOST_CELL = 4
MOST_FIRST_LINE = 32 * (MOST_SIDE**2 + 1)
NUMBER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?")
BOM = b"\xef\xbb\xbf"
COMMA, NEWLINE, ZERO = b",\n0"
EXPECTED = "expected whole numbers from 0 to 255"


class _Layout(NamedTuple):
    path: Path
    columns: int
    label: int
    side: int
    head: int


def read_pixel_table(path: Path) -> Labelled:
    """Read a CSV file.

    Args:
        path: with a head that names the columns, of which one is `label`, or without one and the label first; the
            other columns are the pixels of a square image, row by row.

    Raises:
        DataError: it is not such a file; the message names the line and the column.
    """
    try:
        with path.open("rb") as file:
            layout = _layout(path, file)
            pixels, labels = bytearray(), bytearray()
            for values in _parts(file, layout):
                labels += values[:, layout.label].tobytes()
                n = len(labels)
                check_size((n, layout.side, layout.side), str(path), advice="; convert it to Parquet" + IN_PARTS)
                pixels += np.delete(values, layout.label, axis=1).tobytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not labels:
        raise DataError(f"{path}: has no rows")
    images = np.frombuffer(pixels, np.uint8).reshape(-1, layout.side, layout.side)
    return Labelled(images, np.frombuffer(labels, np.uint8))


def _layout(path: Path, file: BinaryIO) -> _Layout:
    """What the first line says; the file then stands at the first row."""
    line = file.readline(MOST_FIRST_LINE + 1)
    if len(line) > MOST_FIRST_LINE:
        raise DataError(f"{path}: the first line is longer than {MOST_FIRST_LINE:,} bytes")
    try:
        cells = next(csv.reader([line.removeprefix(BOM).decode()]), [])
    except (ValueError, csv.Error) as error:
        raise DataError(f"{path}: the first line is no UTF-8 of comma-separated cells ({one_line(error)})") from error
    names = [cell.strip().lower() for cell in cells]
    # A first row with a damaged cell is no head.
    headed = LABEL in names or not any(NUMBER.fullmatch(name) for name in names)
    if headed and names.count(LABEL) > 1:
        raise DataError(f"{path}: two columns are called {LABEL!r}")
    if len(cells) > 1 and math.isqrt(len(cells)) ** 2 == len(cells) and LABEL not in names:
        raise DataError(
            f"{path}: found {len(cells)} pixel columns and no {LABEL!r}, expected both; Kaggle's test.csv has no "
            "labels, use train.csv"
        )
    side = math.isqrt(max(len(cells) - 1, 0))
    if side == 0 or side * side != len(cells) - 1:
        raise DataError(
            f"{path}: found {len(cells)} columns, expected one of labels, called {LABEL!r} or the first, and those of "
            "a square image, such as 784"
        )
    check_size((1, side, side), str(path))
    if not headed:
        file.seek(len(BOM) if line.startswith(BOM) else 0)
    return _Layout(path, len(cells), names.index(LABEL) if LABEL in names else 0, side, 1 if headed else 0)


def _parts(file: BinaryIO, layout: _Layout) -> Iterator[NDArray[np.uint8]]:
    """The rows, some at a time, shape (rows, columns)."""
    rest, row = b"", 0
    while piece := file.read(PIECE):
        whole, newline, rest = (rest + piece).rpartition(b"\n")
        if not newline and len(rest) > MOST_CELL * layout.columns + PIECE:
            raise DataError(f"{layout.path}: line {row + layout.head + 1} is longer than {layout.columns} cells")
        if whole:
            values = _parse(whole + newline, layout, row)
            row += len(values)
            yield values
        if row > MOST_ROWS:
            raise DataError(f"{layout.path}: more than {MOST_ROWS:,} rows; convert it to Parquet{IN_PARTS}")
    if rest.strip():
        yield _parse(rest + b"\n", layout, row)


def _parse(text: bytes, layout: _Layout, row: int) -> NDArray[np.uint8]:
    """Whole lines as numbers; a plain parser of whole numbers is faster than any of text, and knows the line."""
    text = text.replace(b"\r\n", b"\n")
    stripped = text.rstrip(b"\n")
    if not stripped:
        return np.empty((0, layout.columns), np.uint8)
    text = stripped + b"\n"
    data = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero((data == COMMA) | (data == NEWLINE))
    _check_lines(data[ends] == NEWLINE, layout, row)
    lengths = np.diff(ends, prepend=-1) - 1
    values = np.zeros(len(ends), np.int16)
    fit = (lengths >= 1) & (lengths <= 3)
    for place, weight in ((1, 1), (2, 10), (3, 100)):
        there = lengths >= place
        # Bytes below "0" wrap around and are above 9 too.
        digit = np.where(there, data[np.maximum(ends - place, 0)] - np.uint8(ZERO), 0)
        fit &= digit <= 9
        values += digit.astype(np.int16) * weight
    wrong = np.flatnonzero(~fit | (values > 255))
    if len(wrong):
        line, column = divmod(int(wrong[0]), layout.columns)
        cell = text[ends[wrong[0]] - lengths[wrong[0]] : ends[wrong[0]]][:20].decode("utf-8", "backslashreplace")
        raise DataError(f"{layout.path}: {cell!r} in line {_line(layout, row + line)}, column {column + 1}; {EXPECTED}")
    return values.astype(np.uint8).reshape(-1, layout.columns)


def _check_lines(breaks: NDArray[np.bool_], layout: _Layout, row: int) -> None:
    """See that every line has as many cells as the first."""
    lengths = np.diff(np.flatnonzero(breaks), prepend=-1)
    wrong = np.flatnonzero(lengths != layout.columns)
    if len(wrong):
        found = f"{lengths[wrong[0]]} cells, expected {layout.columns} as in the first line"
        raise DataError(f"{layout.path}: line {_line(layout, row + int(wrong[0]))} has {found}")


def _line(layout: _Layout, row: int) -> int:
    """As an editor counts."""
    return row + layout.head + 1
