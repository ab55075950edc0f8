"""Data sets that outgrow the memory: found as parts that are read one at a time, here or elsewhere."""

import math
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mnist_report.data.centering import SIDE
from mnist_report.data.class_names import DIGITS, check_names, name_numbers, occurring, read_class_names, renamed
from mnist_report.data.dataset import check_arrays, cut
from mnist_report.data.idx import read_idx_head, stream_labels
from mnist_report.data.image_folder import Listing, look_at_pictures
from mnist_report.data.limits import check_growth, check_size
from mnist_report.data.npz import is_colour, is_column, read_npz_heads, stream_npz_labels
from mnist_report.data.parquet_files import look_at_files
from mnist_report.data.parquet_images import Sight
from mnist_report.data.reading import Reading
from mnist_report.data.sources import EMBEDDED, Located, locate
from mnist_report.errors import DataError

# Bytes, and the second of the last change: what copies keep that are made with care.
Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a data set: a small plain value, which a worker elsewhere can be sent.

    Attributes:
        number: in order, from 0.
        first: the place of its first image in the whole set.
        n: how many images it has.
        name: for people: the file and the rows.
        source: of the whole set, as it was asked for.
        split: of which it is.
        reading: how it is read.
        way: "rows" of a file or folder; "whole", for all that there is; or "stream", which must be read from its
            beginning.
        located: the files that it stands in.
        begin: its first row there.
        shape: the height and width of its images, centred and transposed if that is asked for.
        stored: of a Parquet file, about how many bytes are read for it.
        stamps: of the files, when it was found.
        listing: of a folder, its pictures; see `Listing.pack`. It is a few hundred kB where they are many.
        lowest: the label of the first class where labels are mere numbers, 0 or 1; see `name_numbers`.
    """

    number: int
    first: int
    n: int
    name: str
    source: str
    split: str
    reading: Reading
    way: Literal["rows", "whole", "stream"]
    located: Located
    begin: int
    shape: tuple[int, int]
    stored: int | None
    stamps: tuple[Stamp, ...]
    listing: bytes
    lowest: int

    @property
    def rows(self) -> range:
        """Its rows within its file."""
        return range(self.begin, self.begin + self.n)


@dataclass(frozen=True, slots=True)
class Shards:
    """A data set in parts.

    Attributes:
        source: as it was asked for.
        split: of which it is.
        shards: in order.
        names: of the classes, in label order: those that the user wants, else those of the data, else numbers.
        shape: the height and width of every image.
        size: in bytes, of all images where they are read at once.
    """

    source: str
    split: str
    shards: tuple[Shard, ...]
    names: tuple[str, ...]
    shape: tuple[int, int]
    size: int

    @property
    def n(self) -> int:
        """How many images there are."""
        return sum(shard.n for shard in self.shards)

    @property
    def apart(self) -> bool:
        """Whether each can be read without those before it."""
        return all(shard.way != "stream" for shard in self.shards)


class _Asked(NamedTuple):
    """What `find_shards` is asked for."""

    source: str
    split: str
    reading: Reading

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.source} ({self.split} split)"


class _Piece(NamedTuple):
    """A file, a pair of them or a folder.

    Attributes:
        located: which.
        n: how many images it has.
        shape: the height and width of each, before they are centred if that is done to all at once.
        size: in bytes, of each when all of them are read at once.
        packed: whether it can only be read from its beginning.
        listings: of a folder, the pictures of each of its parts.
        sight: what a Parquet file says of itself.
    """

    located: Located
    n: int
    shape: tuple[int, int]
    size: int
    packed: bool = False
    listings: tuple[bytes, ...] = ()
    sight: Sight | None = None


# The pieces, the names that the data bring, and where they bring none the labels that occur.
_Found = tuple[list[_Piece], tuple[str, ...] | None, tuple[int, ...]]


def find_shards(source: str, split: str, reading: Reading) -> Shards:
    """Look through a data set without reading its images: how many there are, and which labels occur.

    Args:
        source: as of `load_dataset`, but for CSV files; what that loads is what these parts hold, one after another.
        split: "test" or "train".
        reading: how it will be read.

    Returns:
        Its parts: of up to 65,536 images, of fewer where they are larger than 32 x 32 pixels, and of one file each.

    Raises:
        DataError: nothing readable is there, or what is there is damaged as far as that can be seen now.
    """
    asked = _Asked(source, split, reading)
    located = locate(source, split)
    # Workers elsewhere start in another folder.
    located = located._replace(paths=tuple(path.absolute() for path in located.paths))
    if located.kind == "csv":
        raise DataError(
            f"{source}: a CSV file is not read in parts; convert it to Parquet, with a column label and a column image "
            "of lists of pixels"
        )
    find = {"idx": _find_idx, "npz": _find_npz, "parquet": _find_parquet, "pictures": _find_pictures}[located.kind]
    pieces, named, labels = find(located, asked)
    lowest, names = _classes(named, labels, asked)
    shards: list[Shard] = []
    first = 0
    for piece in pieces:
        shards += _cut(piece, asked, len(shards), first, lowest)
        first += piece.n
    return Shards(source, split, tuple(shards), names, shards[0].shape, sum(piece.n * piece.size for piece in pieces))


def part_of(shard: Shard, rows: range) -> Shard:
    """Some of its rows, counted from its own first one, as a shard that is read apart."""
    listing = Listing.unpack(shard.listing).only(rows).pack() if shard.listing else b""
    first, begin = shard.first + rows.start, shard.begin + rows.start
    return replace(shard, first=first, begin=begin, n=len(rows), listing=listing)


def stamps(paths: tuple[Path, ...]) -> tuple[Stamp, ...]:
    """What shows that a file is another than before; folders have none.

    Raises:
        DataError: one of them cannot be looked at.
    """
    found = []
    for path in paths:
        try:
            state = path.stat()
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
        if not stat.S_ISDIR(state.st_mode):
            found.append((state.st_size, int(state.st_mtime)))
    return tuple(found)


def _classes(named: tuple[str, ...] | None, labels: tuple[int, ...], asked: _Asked) -> tuple[int, tuple[str, ...]]:
    """The label of the first class and the classes' names, as `class_names.name_classes` has them."""
    wanted = read_class_names(asked.reading.class_names) if asked.reading.class_names else None
    if named is not None:
        check_names(named, asked.where)
        return 0, renamed(np.zeros(0, np.int64), named, wanted, asked.where)[1]
    if not labels or labels[0] < 0:
        return 0, wanted or DIGITS  # for who reads them to refuse
    lowest, names = name_numbers(labels, wanted, asked.where)
    if labels[-1] - lowest >= len(names):
        raise DataError(
            f"{asked.where}: found label {labels[-1]}, expected {lowest}-{lowest + len(names) - 1}: "
            f"{asked.reading.class_names} names {len(names)} classes; name all of them with --class-names"
        )
    return lowest, names


def _find_idx(located: Located, asked: _Asked) -> _Found:
    images, labels = (read_idx_head(path, ndim) for path, ndim in zip(located.paths, (3, 1), strict=True))
    check_arrays(_promised(images.shape, np.uint8), _promised(labels.shape, np.uint8), asked.where)
    n, height, width = images.shape
    piece = _Piece(located, n, (height, width), height * width, packed=images.packed or labels.packed)
    return [piece], None, occurring(stream_labels(located.paths[1]))


def _find_npz(located: Located, asked: _Asked) -> _Found:
    images, labels = read_npz_heads(located.paths[0], asked.split)
    shape = images.shape[:3] if is_colour(images.shape, images.dtype) else images.shape
    column = labels.shape[:1] if is_column(labels.shape) else labels.shape
    check_arrays(_promised(shape, images.dtype), _promised(column, labels.dtype), asked.where)
    n, height, width = shape
    piece = _Piece(located, n, (height, width), math.prod(images.shape[1:]) * images.dtype.itemsize, packed=True)
    return [piece], None, occurring(stream_npz_labels(located.paths[0], asked.split))


def _promised(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """An array that has the shape and takes no room."""
    return np.broadcast_to(np.zeros((), dtype), shape)


def _find_parquet(located: Located, asked: _Asked) -> _Found:
    files, shape = look_at_files(located.paths, center=asked.reading.center)
    for file in files:
        ((size, _),) = stamps((file.path,))
        check_growth(file.sight.n * shape[0] * shape[1], size, str(file.path))
    size = math.prod(shape)
    pieces = [_Piece(Located("parquet", (file.path,)), file.sight.n, shape, size, sight=file.sight) for file in files]
    labels = {label for file in files for label in file.sight.labels}
    return pieces, files[0].sight.names, tuple(sorted(labels))


def _find_pictures(located: Located, asked: _Asked) -> _Found:
    (folder,) = located.paths
    found = look_at_pictures(folder, asked.split, center=asked.reading.center)
    piece = _Piece(located, found.n, found.shape, math.prod(found.shape), listings=found.listings)
    return [piece], found.names, found.labels


def _cut(piece: _Piece, asked: _Asked, number: int, first: int, lowest: int) -> Iterator[Shard]:
    """The shards of a piece; the first of them gets this number and begins at this image."""
    height, width = (SIDE, SIDE) if asked.reading.center else piece.shape
    ranges = cut(piece.n, height, width)
    # An array is centred when all of a part is there.
    check_size((len(ranges[0]), *piece.shape), f"{asked.where}: a part of it", advice="; store them centred")
    # The embedded data are known by their digest, and stand elsewhere in another installation.
    known = () if asked.source == EMBEDDED else stamps(piece.located.paths)
    stored = None if piece.sight is None else _stored(piece.sight, ranges, known[0][0])
    for k, rows in enumerate(ranges):
        yield Shard(
            number=number + k,
            first=first + rows.start,
            n=len(rows),
            name=f"{piece.located.paths[0].name} rows {rows.start}-{rows.stop - 1}",
            source=asked.source,
            split=asked.split,
            reading=asked.reading,
            way="rows" if not piece.packed else "whole" if len(ranges) == 1 else "stream",
            located=piece.located,
            begin=rows.start,
            shape=(width, height) if asked.reading.transpose else (height, width),
            stored=None if stored is None else stored[k],
            stamps=known,
            listing=piece.listings[k] if piece.listings else b"",
            lowest=lowest,
        )


def _stored(sight: Sight, ranges: list[range], size: int) -> list[int]:
    """The bytes of the row groups that each part's rows stand in, of a Parquet file of this size."""
    ends = np.cumsum([n for n, _ in sight.groups])
    before = np.concatenate([[0], np.cumsum([stored for _, stored in sight.groups])])
    begin = np.searchsorted(ends, [rows.start for rows in ranges], side="right")
    end = np.searchsorted(ends, [rows.stop - 1 for rows in ranges], side="right")
    last = np.minimum(end + 1, len(ends))
    return [int(stored) for stored in np.clip(before[last] - before[begin], 0, size)]
