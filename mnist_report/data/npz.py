"""Archives laid out as Keras's mnist.npz."""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from mnist_report.data.limits import check_growth, check_size
from mnist_report.data.messages import one_line
from mnist_report.data.pictures import LUMINANCE, grey_stack
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

# What numpy raises on an archive that is damaged, foreign or promises more than memory holds.
UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
# At once, where only they are read.
LABELS = 1 << 20
NO_NPY = "a member is no .npy file"
# As Keras and as MedMNIST name the arrays of a split.
KEYS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}


class Head(NamedTuple):
    """What a member of an archive says of itself.

    Attributes:
        shape: of the array.
        dtype: of its values.
        by_columns: whether it lies in Fortran's order, in which an image is scattered over all of it.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    by_columns: bool


def read_npz(path: Path, split: str) -> Labelled:
    """Read one split.

    Args:
        path: an archive with the arrays `x_test` and `y_test`, or `test_images` and `test_labels`; colours become grey.
        split: "train" or "test".

    Raises:
        DataError: it is not such an archive, holds pickled objects, or is larger than the limits.
    """
    with _opened(path, split) as (archive, keys):
        for key in keys:
            _check_header(archive.zip, key, path)
        images, labels = (archive[key] for key in keys)
        if not all(isinstance(member, np.ndarray) for member in (images, labels)):
            raise ValueError(NO_NPY)
    if is_colour(images.shape, images.dtype):
        images = grey_stack(images)
    return Labelled(images, labels[:, 0] if is_column(labels.shape) else labels)


def read_npz_heads(path: Path, split: str) -> tuple[Head, Head]:
    """What the images and the labels of a split promise: a set in parts may have any number of them.

    Raises:
        DataError: as `read_npz`, but for what only the values tell.
    """
    with _opened(path, split) as (archive, keys):
        images, labels = (_check_header(archive.zip, key, path, whole=False) for key in keys)
        if images is None or labels is None:
            raise ValueError(NO_NPY)
        return images, labels


def stream_npz(path: Path, split: str, counts: Iterable[int]) -> Iterator[Labelled]:
    """All the images and labels of a split, so many at a time; `read_npz_heads` has looked at the archive before.

    Raises:
        DataError: the archive is damaged, or an array lies in Fortran's order.
    """
    with _opened(path, split) as (archive, keys), ExitStack() as members:
        streams = [members.enter_context(archive.zip.open(_member(archive.zip, key))) for key in keys]
        heads = [_read_head(stream) for stream in streams]
        for key, head in zip(keys, heads, strict=True):
            if head.by_columns and len(head.shape) > 1:
                raise DataError(
                    f"{path}: {key} lies in Fortran's order, in which its images do not stand one after another; save "
                    f"numpy.ascontiguousarray({key})"
                )
        for n in counts:
            images, labels = (_read_rows(stream, head, n) for head, stream in zip(heads, streams, strict=True))
            grey = grey_stack(images) if is_colour(images.shape, images.dtype) else images
            yield Labelled(grey, labels[:, 0] if is_column(labels.shape) else labels)
        for stream in streams:
            stream.read(1)  # the end, where the checksum is held against what was read


def stream_npz_labels(path: Path, split: str) -> Iterator[NDArray[Any]]:
    """The labels of a split, some at a time, shape (k,); `read_npz_heads` has looked at the archive before.

    Raises:
        DataError: the archive is damaged.
    """
    with _opened(path, split) as (archive, (_, key)), archive.zip.open(_member(archive.zip, key)) as stream:
        head = _read_head(stream)
        for first in range(0, head.shape[0], LABELS):
            yield _read_rows(stream, head, min(LABELS, head.shape[0] - first)).ravel()


def is_colour(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array holds colour images, which become grey."""
    return dtype == np.uint8 and len(shape) == 4 and shape[3] == len(LUMINANCE)


def is_column(shape: tuple[int, ...]) -> bool:
    """Whether an array of labels is a table of one column."""
    return len(shape) == 2 and shape[1] == 1


@contextmanager
def _opened(path: Path, split: str) -> Iterator[tuple[Any, tuple[str, str]]]:
    """An archive and the names of a split's arrays; what goes wrong while it is open names it."""
    try:
        with path.open("rb") as file:
            archive: Any = np.load(file, allow_pickle=False)
            if not isinstance(archive, NpzFile):
                raise DataError(f"{path}: not a readable .npz of plain arrays (it is a single array)")
            pairs = KEYS[split]
            keys = next((pair for pair in pairs if set(pair) <= set(archive.files)), pairs[0])
            missing = [key for key in keys if key not in archive.files]
            if missing:
                raise DataError(f"{path}: no array {missing[0]!r}; {inventory(archive.files)}")
            yield archive, keys
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable .npz of plain arrays ({one_line(error)})") from error


def _member(archive: Any, key: str) -> str:
    return f"{key}.npy" if f"{key}.npy" in archive.namelist() else key


def _check_header(archive: Any, key: str, path: Path, *, whole: bool = True) -> Head | None:
    """Hold what an array promises against the limits: numpy allocates that before it reads.

    Returns:
        What it promises; None of a member that is no array.
    """
    name = _member(archive, key)
    promised = archive.getinfo(name).file_size
    with archive.open(name) as member:
        if member.read(len(np.lib.format.MAGIC_PREFIX)) != np.lib.format.MAGIC_PREFIX:
            check_size((1, 1, 1), str(path), promised, advice="")  # numpy would return all its bytes
            check_growth(promised, path.stat().st_size, str(path))
            return None
        member.seek(0)
        head = _read_head(member)
    shape, itemsize = head.shape, head.dtype.itemsize
    if head.dtype.hasobject:
        if whole:
            return head  # numpy refuses it before it allocates
        raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
    where = f"{path}: {key}"
    sides = (*shape, 1)[:3] if len(shape) < 3 else shape[:3]
    check_size(sides if whole else (1, *sides[1:]), where, itemsize * math.prod(shape[3:]))
    if math.prod(shape) * itemsize > promised:
        raise ValueError(f"{name} promises shape {shape}, but has only {promised:,} bytes")
    check_growth(promised, path.stat().st_size, where)
    return head


def _read_head(member: Any) -> Head:
    """What stands at the beginning of a member, which then stands at its first value."""
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(np.lib.format.read_magic(member))
    if read is None:
        raise ValueError(f"{member.name} is of an unknown version")
    shape, by_columns, dtype = read(member)
    return Head(shape, dtype, by_columns)


def _read_rows(stream: Any, head: Head, n: int) -> NDArray[Any]:
    """The next of an array's values by its first axis."""
    shape = (n, *head.shape[1:])
    content = stream.read(math.prod(shape) * head.dtype.itemsize)
    return np.frombuffer(content, head.dtype).reshape(shape)  # a ValueError where there are fewer


def inventory(names: Iterable[str]) -> str:
    """What was found, in short."""
    shown = [one_line(name) for name in sorted(names)]
    return f"found {', '.join(shown[:6])}{', ...' if len(shown) > 6 else ''}" if shown else "found nothing"
