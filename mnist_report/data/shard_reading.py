"""The parts of a data set that outgrows the memory, one at a time."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.class_names import renamed
from mnist_report.data.dataset import Dataset, check_arrays, make_dataset
from mnist_report.data.idx import read_idx_rows, stream_idx
from mnist_report.data.image_folder import Listing, read_pictures
from mnist_report.data.npz import stream_npz
from mnist_report.data.parquet_files import check_shape
from mnist_report.data.parquet_process import ParquetParts
from mnist_report.data.reading import Labelled
from mnist_report.data.shards import Shard, Shards, part_of, stamps
from mnist_report.data.sources import EMBEDDED, arranged, locate, read_located
from mnist_report.errors import DataError

# Where a look is taken at a set: each may stand in a file of its own, which takes a moment to open.
PLACES = 25


class ShardReader:
    """Reads parts one after the other. A Parquet file stays open from one part to the next, so that who asks for them
    in their order decodes each row group once, and starts one child process for a file.
    """

    def __init__(self) -> None:
        """Nothing is opened yet."""
        self._open: ParquetParts | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def read(self, shard: Shard, class_names: tuple[str, ...]) -> Dataset:
        """See `read_shard`."""
        if shard.way == "stream":
            raise DataError(
                f"{shard.source}: is compressed as a whole, so {shard.name} cannot be read without those before; "
                "convert it to Parquet, or to IDX files that are not gzipped"
            )
        _check_unchanged(shard)
        return _as_dataset(self._content(shard), shard, class_names)

    def _content(self, shard: Shard) -> Labelled:
        """What the files hold."""
        located, center = shard.located, shard.reading.center
        if shard.way == "whole":
            here = locate(EMBEDDED, shard.split) if shard.source == EMBEDDED else located
            return read_located(here, shard.split, center=center)
        if located.kind == "idx":
            images, labels = (
                read_idx_rows(path, ndim, shard.rows) for path, ndim in zip(located.paths, (3, 1), strict=True)
            )
            return Labelled(images, labels)
        if located.kind == "parquet":
            return self._parts(located.paths[0], center=center).read(shard.rows, shard.stored)
        return read_pictures(Listing.unpack(shard.listing), center=center)

    def _parts(self, path: Path, *, center: bool) -> ParquetParts:
        if self._open is None or (self._open.path, self._open.center) != (path, center):
            self.close()
            self._open = ParquetParts(path, center=center)
        return self._open


def read_shard(shard: Shard, class_names: tuple[str, ...]) -> Dataset:
    """Read one part, without those before it.

    Args:
        shard: of a set whose parts can be read apart.
        class_names: of the whole set, in label order, see `Shards.names`; those of files that bring names may be others
            that stand for them.

    Returns:
        Its images; the digest is of this part alone.

    Raises:
        DataError: it cannot be read, has changed since it was found, or holds a label without a class.
    """
    with ShardReader() as reader:
        return reader.read(shard, class_names)


def iterate(shards: Shards, class_names: tuple[str, ...]) -> Generator[Dataset]:
    """Read all parts in order; while the caller works with one, the next is read.

    Args:
        shards: of any set.
        class_names: as for `read_shard`.

    Raises:
        DataError: as `read_shard`, when that part's turn comes.
    """
    with ShardReader() as reader, ThreadPoolExecutor(1) as pool:
        apart = (reader.read(shard, class_names) for shard in shards.shards)
        parts = apart if shards.apart else _stream(shards, class_names)
        coming = pool.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield part


def read_some(shards: Shards, class_names: tuple[str, ...], most: int) -> Dataset:
    """Images from all over a set, which may be sorted by its classes: some from each of `PLACES` places.

    Of a set that must be read from its beginning they are all from the first part, for anything else would be as much
    work as the whole.

    Args:
        shards: of any set.
        class_names: as for `read_shard`.
        most: so many at most.

    Raises:
        DataError: as `read_shard`.
    """
    if shards.n <= most:
        some = list(iterate(shards, class_names))
    elif not shards.apart:
        with closing(iterate(shards, class_names)) as parts:
            first = next(parts)
        some = [_picked(first, np.unique(np.arange(most) * len(first) // most))]
    else:
        with ShardReader() as reader:
            some = [
                part for shard in shards.shards for part in _read_places(reader, shard, class_names, shards.n, most)
            ]
    images, labels = (np.concatenate([getattr(part, name) for part in some]) for name in ("images", "labels"))
    return make_dataset(images, labels, class_names=class_names, source=shards.source, split=shards.split)


def _read_places(
    reader: ShardReader, shard: Shard, class_names: tuple[str, ...], n: int, most: int
) -> Iterator[Dataset]:
    """What a part has of the images that are wanted of a set of n."""
    places = [(2 * k + 1) * n // (2 * PLACES) - shard.first for k in range(PLACES)]
    ranges = [range(at, min(at + max(most // PLACES, 1), shard.n)) for at in places if 0 <= at < shard.n]
    if shard.way == "whole" and ranges:
        yield _picked(reader.read(shard, class_names), np.concatenate([np.array(rows) for rows in ranges]))
    elif shard.way == "rows":
        for rows in ranges:
            yield reader.read(part_of(shard, rows), class_names)


def _picked(part: Dataset, rows: NDArray[np.int64]) -> Dataset:
    return replace(part, images=part.images[rows], labels=part.labels[rows])


def _stream(shards: Shards, class_names: tuple[str, ...]) -> Iterator[Dataset]:
    """The parts of files that must be read from their beginning."""
    located = shards.shards[0].located
    counts = [shard.n for shard in shards.shards]
    if located.kind == "npz":
        parts = stream_npz(located.paths[0], shards.split, counts)
    else:
        images, labels = (stream_idx(path, ndim, counts) for path, ndim in zip(located.paths, (3, 1), strict=True))
        parts = (Labelled(*pair) for pair in zip(images, labels, strict=True))
    for shard, data in zip(shards.shards, parts, strict=True):
        _check_unchanged(shard)
        yield _as_dataset(data, shard, class_names)


def _check_unchanged(shard: Shard) -> None:
    """See that the files are still those that were looked through."""
    if not shard.stamps:  # a folder, whose pictures are listed, or the embedded data
        return
    for path, then, now in zip(shard.located.paths, shard.stamps, stamps(shard.located.paths), strict=False):
        if then != now:
            raise DataError(
                f"{path}: has changed since the data were looked through, from {then[0]:,} to {now[0]:,} bytes or in "
                "its time; run it again on data that stay as they are"
            )


def _as_dataset(data: Labelled, shard: Shard, class_names: tuple[str, ...]) -> Dataset:
    """A part as a data set of its own, which keeps to what was found."""
    where = f"{shard.source}: {shard.name}"
    data = arranged(data, shard.reading)
    check_arrays(data.images, data.labels, where)
    if len(data.labels) != shard.n:
        raise DataError(f"{where}: has changed from {shard.n:,} images to {len(data.labels):,}; run it again")
    check_shape(data.images.shape[1:], shard.shape, where)
    labels = _indices(data, shard, class_names, where)
    dataset = make_dataset(data.images, labels, class_names=class_names, source=where, split=shard.split)
    return replace(dataset, source=shard.source)


def _indices(data: Labelled, shard: Shard, class_names: tuple[str, ...], where: str) -> NDArray[Any]:
    """The labels as indices of the class names, which are known before any label is."""
    if data.names is None:
        labels = data.labels.astype(np.int64) - shard.lowest
    else:
        labels = renamed(data.labels, data.names, class_names, where)[0]
    outside = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if len(outside):
        k = int(outside[0])
        raise DataError(
            f"{where}: label {data.labels[k]} at index {shard.first + k} is outside {shard.lowest}-"
            f"{shard.lowest + len(class_names) - 1} ({len(outside)} such labels in this part)"
        )
    return labels
