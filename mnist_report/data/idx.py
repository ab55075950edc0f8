"""The IDX file format of the original MNIST distribution, raw or gzipped.

Layout, big-endian: two zero bytes, a type byte (0x08 = uint8), a byte with the number of dimensions,
one int32 per dimension, then the values in row-major order.
"""

import gzip
import hashlib
import math
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import check_growth, check_size
from mnist_report.data.messages import one_line
from mnist_report.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
UINT8 = 0x08
PIECE = 1 << 24
# At once, where only they are read.
LABELS = 1 << 20


class IdxHead(NamedTuple):
    """What an IDX file says of itself.

    Attributes:
        shape: of the values.
        packed: whether it is gzipped, so that it can only be read from its beginning.
    """

    shape: tuple[int, ...]
    packed: bool


def read_idx(path: Path, ndim: int, sha256: str | None = None) -> NDArray[np.uint8]:
    """Read one IDX file of unsigned bytes.

    Args:
        path: the file; it is decompressed when it starts with the gzip magic.
        ndim: the number of dimensions it must have: 3 for images, 1 for labels.
        sha256: the digest that the uncompressed bytes must have, if known.

    Returns:
        A read-only uint8 array with `ndim` dimensions.

    Raises:
        DataError: the file is missing, not IDX, of another type or rank, larger than the limits, or its size and
            its header differ, or its digest is another.
    """
    with _opened(path) as (stream, _):
        header, shape = _read_header(stream, path, ndim)
        expected = math.prod(shape)
        check_size(shape, f"{path}: the header promises too much")
        check_growth(expected, path.stat().st_size, str(path))
        # One byte more than promised tells an oversized file without reading all of it.
        body = _read_at_most(stream, expected + 1)
        if len(body) != expected:
            raise _other_size(path, shape, f"{len(body)}" if len(body) < expected else "more")
        if sha256 is not None:
            found = hashlib.sha256(header + body).hexdigest()
            if found != sha256:
                raise DataError(
                    f"{path}: sha256 of the content is {found}, expected {sha256}; install the package again"
                )
        return np.frombuffer(body, dtype=np.uint8).reshape(shape)


def read_idx_head(path: Path, ndim: int) -> IdxHead:
    """What a file promises, held against its size: a set in parts may have any number of them.

    Raises:
        DataError: as `read_idx`, but of the values only that there are as many as promised, and only where it is not
            gzipped.
    """
    with _opened(path) as (stream, packed):
        header, shape = _read_header(stream, path, ndim)
        stored, expected = path.stat().st_size, math.prod(shape)
        check_size((1, *shape[1:]), str(path))
        check_growth(expected, stored, str(path))
        if not packed and stored != len(header) + expected:
            raise _other_size(path, shape, str(stored - len(header)))
        return IdxHead(shape, packed)


def read_idx_rows(path: Path, ndim: int, rows: range) -> NDArray[np.uint8]:
    """Some of the values of a file that is not gzipped, shape (len(rows), ...).

    Raises:
        DataError: it does not hold them.
    """
    with _opened(path) as (stream, _):
        header, shape = _read_header(stream, path, ndim)
        stream.seek(len(header) + rows.start * math.prod(shape[1:]))
        return _read_rows(stream, path, shape, len(rows))


def stream_idx(path: Path, ndim: int, counts: Iterable[int]) -> Iterator[NDArray[np.uint8]]:
    """All the values of a file, gzipped or not, so many rows at a time.

    Raises:
        DataError: it holds less or more than its header promises, or is damaged.
    """
    with _opened(path) as (stream, _):
        _, shape = _read_header(stream, path, ndim)
        for n in counts:
            yield _read_rows(stream, path, shape, n)
        if stream.read(1):
            raise _other_size(path, shape, "more")


def stream_labels(path: Path) -> Iterator[NDArray[np.uint8]]:
    """The labels of a file of any length, some at a time.

    Raises:
        DataError: as `stream_idx`.
    """
    with _opened(path) as (stream, _):
        _, (n,) = _read_header(stream, path, 1)
    return stream_idx(path, 1, (min(LABELS, n - first) for first in range(0, n, LABELS)))


def _read_rows(stream: BinaryIO | gzip.GzipFile, path: Path, shape: tuple[int, ...], n: int) -> NDArray[np.uint8]:
    expected = n * math.prod(shape[1:])
    body = stream.read(expected)
    if len(body) != expected:
        raise _other_size(path, shape, "fewer")
    return np.frombuffer(body, dtype=np.uint8).reshape(n, *shape[1:])


def _other_size(path: Path, shape: tuple[int, ...], found: str) -> DataError:
    return DataError(f"{path}: the header promises {math.prod(shape)} bytes of values for shape {shape}, found {found}")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO | gzip.GzipFile, bool]]:
    """The file's uncompressed bytes, and whether it is gzipped; what goes wrong while it is open names it."""
    if path.is_dir():
        raise DataError(f"{path}: expected an IDX file, found a folder")
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] == GZIP_MAGIC:
                with gzip.open(file) as stream:
                    yield stream, True
            elif path.suffix == ".gz":
                raise DataError(f"{path}: the name says gzip but the content does not; rename or compress it again")
            else:
                yield file, False
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip stream is damaged ({one_line(error)}); copy the file again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _read_at_most(stream: BinaryIO | gzip.GzipFile, size: int) -> bytes:
    """Read piece by piece: a damaged header may promise more than any memory holds."""
    pieces = []
    while size > 0 and (piece := stream.read(min(size, PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _read_header(stream: BinaryIO | gzip.GzipFile, path: Path, ndim: int) -> tuple[bytes, tuple[int, ...]]:
    magic = stream.read(4)
    wanted = bytes((0, 0, UINT8, ndim))
    if magic != wanted:
        found = magic.hex() or "an empty file"
        raise DataError(f"{path}: not an IDX file of {ndim}-d uint8: found {found}, expected magic {wanted.hex()}")
    sizes = stream.read(4 * ndim)
    if len(sizes) != 4 * ndim:
        raise DataError(f"{path}: truncated within the header, after {4 + len(sizes)} bytes")
    return magic + sizes, struct.unpack(f">{ndim}I", sizes)
