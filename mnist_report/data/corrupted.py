"""A folder of test sets that somebody else made worse, laid out as MNIST-C.

Source: N. Mu and J. Gilmer, MNIST-C: A Robustness Benchmark for Computer Vision (2019), arXiv:1906.02337.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset
from mnist_report.data.messages import one_line
from mnist_report.data.npz import UNREADABLE
from mnist_report.errors import DataError

IMAGES, LABELS = "test_images.npy", "test_labels.npy"


def find_corrupted(folder: Path, dataset: Dataset) -> tuple[str, ...]:
    """The corruptions in a folder, by name; of each set the labels are read, of the images what their file promises.

    Args:
        folder: a subfolder for each corruption, with `test_images.npy` and `test_labels.npy`; nothing else is read.
        dataset: the images that were corrupted.

    Raises:
        DataError: there is no such folder or none in it, or a set is not of the data's images in their order.
    """
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be read ({error.strerror or error}); give a folder laid out as MNIST-C"
        ) from error
    if not names:
        raise DataError(f"{folder}: has no subfolders, expected one for each corruption with {IMAGES} and {LABELS}")
    for name in names:
        if not name.isprintable():
            raise DataError(f"{folder}: a subfolder is called {name!r}, which cannot be printed; give it another name")
        _check_labels(folder / name / LABELS, dataset)
        _check_images(_load(folder / name / IMAGES, whole=False), folder / name / IMAGES, dataset)
    return tuple(names)


def read_corrupted(folder: Path, name: str, dataset: Dataset) -> NDArray[np.uint8]:
    """The images of one corruption, uint8 of the shape of the data's.

    Args:
        folder: see `find_corrupted`.
        name: of the corruption.
        dataset: the images that were corrupted.

    Raises:
        DataError: they cannot be read, or are not like the data's.
    """
    path = folder / name / IMAGES
    images = _load(path, whole=True)
    _check_images(images, path, dataset)
    return np.ascontiguousarray(images).reshape(dataset.images.shape)


def _load(path: Path, *, whole: bool) -> NDArray[Any]:
    """An array, or one whose values are not read yet."""
    try:
        found = np.load(path, mmap_mode=None if whole else "r", allow_pickle=False)
        if not isinstance(found, np.ndarray):
            found.close()
            raise ValueError("it is an archive")  # noqa: TRY004  of the file, not of a type
    except FileNotFoundError as error:
        raise DataError(f"{path}: missing, expected {IMAGES} and {LABELS} in each corruption's folder") from error
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable .npy of plain numbers ({one_line(error)})") from error
    return found


def _check_images(images: NDArray[Any], path: Path, dataset: Dataset) -> None:
    expected = dataset.images.shape
    if images.dtype != np.uint8 or images.shape not in {expected, (*expected, 1)}:
        raise DataError(
            f"{path}: images are {images.dtype} of shape {images.shape}, expected uint8 of shape {(*expected, 1)}, "
            f"as {dataset.source} has ({dataset.split} split)"
        )


def _check_labels(path: Path, dataset: Dataset) -> None:
    labels, expected = _load(path, whole=False), dataset.labels
    if not np.issubdtype(labels.dtype, np.integer) or labels.shape not in {expected.shape, (*expected.shape, 1)}:
        raise DataError(
            f"{path}: labels are {labels.dtype} of shape {labels.shape}, expected whole numbers of shape "
            f"{expected.shape}, as {dataset.source} has ({dataset.split} split)"
        )
    differing = np.flatnonzero(labels.reshape(expected.shape) != expected)
    if len(differing):
        first = int(differing[0])
        raise DataError(
            f"{path}: label {labels.flat[first]} at index {first}, where {dataset.source} has {expected[first]} "
            f"({len(differing):,} labels differ); these must be the same images in the same order"
        )
