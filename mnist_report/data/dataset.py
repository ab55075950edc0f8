"""The data set: labelled images of one split, and their digest."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        sha256: digest of shape, pixels and labels, the same whatever file format they came in.
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
) -> Dataset:
    """Check that images and labels fit together and freeze them.

    Raises:
        DataError: wrong dtype or rank, counts that differ, an empty split, or a label without a class.
    """
    where = f"{source} ({split} split)"
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
    outside = np.flatnonzero((labels < 0) | (labels >= len(class_names)))
    if len(outside):
        first = outside[0]
        raise DataError(
            f"{where}: label {labels[first]} at index {first} is outside 0-{len(class_names) - 1} "
            f"({len(outside)} such labels)"
        )
    images = np.ascontiguousarray(images)
    labels = labels.astype(np.int64)
    digest = data_digest(images, labels)
    images.flags.writeable = labels.flags.writeable = False
    return Dataset(images, labels, class_names, source, split, digest)


def data_digest(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> str:
    """The sha256 of the images' shape, the pixels and the labels as little-endian int64."""
    digest = hashlib.sha256(repr(images.shape).encode())
    digest.update(images.data)
    digest.update(labels.astype("<i8").data)
    return digest.hexdigest()
