"""The columns that slice the images: the built-in ones, and those of the user's file."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset
from mnist_report.data.slice_columns import read_slice_columns
from mnist_report.errors import DataError
from mnist_report.evaluation.slices import image_columns


def slices_of(path: Path | None, dataset: Dataset) -> dict[str, NDArray[Any]]:
    """The built-in slices of the images, and the user's own.

    Raises:
        DataError: the user's file is at fault.
    """
    built_in = image_columns(dataset.images) if dataset.images.size else {}
    own = read_slice_columns(path, len(dataset)) if path else {}
    taken = sorted(built_in.keys() & own.keys())
    if taken:
        raise DataError(f"{path}: column {taken[0]!r} is built in; call it something else")
    return built_in | own
