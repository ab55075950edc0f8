"""A notebook's arrays, checked before anything is computed with them."""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_report.data.dataset import data_digest
from mnist_report.data.slice_columns import as_text, check_slice_column
from mnist_report.errors import DataError
from mnist_report.model.adapter import Anatomy, as_pixels, check_fit, dissect
from mnist_report.runs.images_file import ShownImages


def fitting(model: Any, pixels: NDArray[np.float32], where: str) -> Anatomy:
    """The model's anatomy, which fits the images."""
    anatomy = dissect(model, "the model")
    height, width = pixels.shape[1:3]
    check_fit(anatomy, (height, width), anatomy.num_classes, where)
    return anatomy


def as_array(values: ArrayLike, where: str) -> NDArray[Any]:
    """Anything like an array as one.

    Raises:
        DataError: it is not, for instance lists of several lengths.
    """
    try:
        return np.asarray(values)
    except ValueError as error:  # lists of several lengths
        raise DataError(f"{where}: not an array ({error})") from error


def check_labels(labels: NDArray[Any], n: int, classes: int) -> NDArray[np.int64]:
    """N labels, each a class from 0.

    Raises:
        DataError: another shape or dtype, or a label without a class.
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        raise DataError(f"labels: shape is {labels.shape}, expected (n,); give labels.ravel()")
    if labels.ndim == 2:
        raise DataError(f"labels: shape is {labels.shape}, expected (n,); for one-hot rows give labels.argmax(axis=1)")
    if labels.shape != (n,) or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"labels: {labels.dtype} of shape {labels.shape}, expected whole numbers of shape ({n},)")
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(outside):
        raise DataError(f"labels: {labels[outside[0]]} at index {outside[0]}, expected 0 to {classes - 1}")
    return labels.astype(np.int64)


def slice_column(name: str, values: ArrayLike, n: int) -> NDArray[Any]:
    """A column that slices n images, as text; a missing value is empty.

    Raises:
        DataError: another length, or values that are no categories.
    """
    import pandas as pd

    shape = np.asarray(values, dtype=object).shape
    if shape != (n,):
        raise DataError(f"slices: column {name!r} has shape {shape}, expected ({n},)")
    try:
        # By pandas, to which moments are moments whatever their unit.
        cells = pd.Series(values).astype(object).tolist()
        texts = [as_text(None if pd.api.types.is_scalar(cell) and pd.isna(cell) else cell) for cell in cells]
    except (ValueError, TypeError) as error:
        raise DataError(f"slices: column {name!r}: {error}") from error
    column = np.array(texts, dtype=object)
    check_slice_column(str(name), column, "slices")
    return column


def shown_images(images: ArrayLike, n: int) -> ShownImages:
    """N images, all of which may be shown.

    Raises:
        DataError: another number, shape or dtype, or floats outside [0, 1].
    """
    pixels = as_pixels(images, "images")
    if len(pixels) != n:
        raise DataError(f"images: found {len(pixels)}, expected {n}")
    return ShownImages(np.arange(n), np.rint(pixels[..., 0] * 255).astype(np.uint8))


def arrays_digest(pixels: NDArray[np.float32], labels: NDArray[np.int64]) -> str:
    """The data set's digest where the pixels are a data set's; else that of the floats."""
    raw = np.rint(pixels[..., 0] * 255).astype(np.uint8)
    if np.array_equal(as_pixels(raw, "pixels"), pixels):
        return data_digest(raw, labels)
    return hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
