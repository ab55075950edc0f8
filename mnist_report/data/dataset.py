"""The data set: labelled images of one split, and their digest."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import shard_length
from mnist_report.errors import DataError


@dataclass(frozen=True, slots=True)
class Described:
    """What is to be said of a data set; see `Dataset`.

    Attributes:
        source: where it came from.
        split: "train" or "test", or empty.
        n: the images.
        image_shape: (height, width), or None where there are no images.
        class_names: in label order.
        sha256: its digest.
    """

    source: str
    split: str
    n: int
    image_shape: tuple[int, ...] | None
    class_names: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled images of one split.

    Attributes:
        images: uint8, shape (n, height, width), 0 = background, 255 = ink; read-only.
        labels: int64, shape (n,), each an index into `class_names`; read-only.
        class_names: one name per class, in label order.
        source: where it came from, for people: "mnist" (embedded) or a path.
        split: "train" or "test".
        sha256: digest of shape, pixels and labels (`data_digest`), the same whatever file format they came in.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    source: str
    split: str
    sha256: str

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def described(self) -> Described:
        """What is to be said of it."""
        shape = self.images.shape[1:] if self.images.size else None
        return Described(self.source, self.split, len(self), shape, self.class_names, self.sha256)


def make_dataset(
    images: NDArray[Any],
    labels: NDArray[Any],
    *,
    class_names: tuple[str, ...],
    source: str,
    split: str,
    files: Sequence[int] = (),
) -> Dataset:
    """Check that images and labels fit together and freeze them.

    Args:
        images: of which kind ever.
        labels: likewise.
        class_names: in label order.
        source: where they came from.
        split: of which they are.
        files: how many images each of several files holds.

    Raises:
        DataError: wrong dtype or rank, counts that differ, an empty split, or a label without a class.
    """
    where = f"{source} ({split} split)"
    check_arrays(images, labels, where)
    outside = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if len(outside):
        first = outside[0]
        raise DataError(
            f"{where}: label {labels[first]} at index {first} is outside 0-{len(class_names) - 1} "
            f"({len(outside)} such labels)"
        )
    images = np.ascontiguousarray(images)
    labels = labels.astype(np.int64)
    digest = data_digest(images, labels, files)
    images.flags.writeable = labels.flags.writeable = False
    return Dataset(images, labels, class_names, source, split, digest)


def check_arrays(images: NDArray[Any], labels: NDArray[Any], where: str) -> None:
    """See that images and labels are of the right dtype and rank, as many as each other, and not none.

    Raises:
        DataError: they are not.
    """
    if images.dtype != np.uint8 or images.ndim != 3:
        raise DataError(
            f"{where}: images are {images.dtype} of shape {images.shape}, expected uint8 of shape (n, height, width)"
        )
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"{where}: labels are {labels.dtype} of shape {labels.shape}, expected integers of shape (n,)")
    if len(images) != len(labels):
        raise DataError(f"{where}: {len(images)} images but {len(labels)} labels")
    if len(images) == 0 or 0 in images.shape:
        raise DataError(f"{where}: empty, images have shape {images.shape}")


def data_digest(images: NDArray[np.uint8], labels: NDArray[np.int64], files: Sequence[int] = ()) -> str:
    """What tells a data set from any other.

    Of up to 65,536 images it is the sha256 of their shape, the pixels and the labels as little-endian int64. A larger
    set is cut into parts of 65,536 images (of fewer where they are larger than 32 x 32 pixels: `shard_length`) and the
    last of what is left; its digest is the sha256 of theirs (`shards_digest`). So a set that is read part by part has
    the digest that it has in memory. Of a set in several files, each file is cut by itself.

    Args:
        images: uint8, shape (n, height, width).
        labels: int64, shape (n,).
        files: how many images each of several files holds.
    """
    height, width = images.shape[1:]
    parts, first = [], 0
    for n in files or (len(images),):
        parts += [slice(first + part.start, first + part.stop) for part in cut(n, height, width)]
        first += n
    return shards_digest([_part_digest(images[part], labels[part]) for part in parts])


def cut(n: int, height: int, width: int) -> list[range]:
    """The parts of a set of n images, or of a file of several, by their rows; one at least."""
    length = shard_length(height, width)
    return [range(first, min(first + length, n)) for first in range(0, max(n, 1), length)]


def shards_digest(digests: Sequence[str]) -> str:
    """The digest of a set by those of its parts in order: of one part its own, else the sha256 of their text."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _part_digest(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(images.data)
    digest.update(labels.astype("<i8").data)
    return digest.hexdigest()
