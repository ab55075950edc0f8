"""Slices: named subsets of the images with an accuracy of their own.

A column gives each image a value as text; "column=value" names the slice of the images that have it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.metrics import Metric, proportion

# Pictures as float64 take eight times their room.
AT_A_TIME = 4_096
QUARTILES = ("q1", "q2", "q3", "q4")


def slice_accuracies(right: NDArray[np.bool_], columns: Mapping[str, NDArray[Any]]) -> dict[str, Metric]:
    """The accuracy of each slice "column=value".

    Args:
        right: shape (n,).
        columns: text of shape (n,) each. Values are sorted; an image with empty text belongs to no slice of that
            column.
    """
    slices = {}
    for column, values in columns.items():
        found, place = np.unique(values, return_inverse=True)
        n, right_ones = np.bincount(place), np.bincount(place, weights=right)
        for k, value in enumerate(found):
            if value:
                slices[f"{column}={value}"] = proportion(int(right_ones[k]), int(n[k]))
    return slices


def image_columns(images: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Built-in slices: quartiles of ink (the sum of the pixels) and of slant.

    Slant is the shear of the ink: the covariance of its rows and columns over the variance of its rows, in columns per
    row; positive leans to the left. A picture without ink has slant 0.

    Args:
        images: uint8, shape (n, height, width).
    """
    return {"ink": quartile(images.sum(axis=(1, 2), dtype=np.float64)), "slant": quartile(slant(images))}


def slant(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The shear of each picture's ink, see `image_columns`."""
    found = [np.empty(0)]
    found += [_slant(images[first : first + AT_A_TIME]) for first in range(0, len(images), AT_A_TIME)]
    return np.concatenate(found)


def _slant(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    ink = images.astype(np.float64)
    rows, columns = np.arange(ink.shape[1], dtype=float), np.arange(ink.shape[2], dtype=float)
    mass = ink.sum(axis=(1, 2))
    safe = np.where(mass > 0, mass, 1)
    by_row, by_column = ink.sum(axis=2), ink.sum(axis=1)
    row_mean, column_mean = by_row @ rows / safe, by_column @ columns / safe
    row_variance = by_row @ (rows * rows) / safe - row_mean**2
    covariance = np.einsum("nrc,r,c->n", ink, rows, columns) / safe - row_mean * column_mean
    return np.where(row_variance > 0, covariance / np.where(row_variance > 0, row_variance, 1), 0.0)


def quartile(values: NDArray[np.float64]) -> NDArray[Any]:
    """q1 to q4 for each value, by the data's own quartiles; a value on a boundary belongs below it."""
    edges = np.quantile(values, [0.25, 0.5, 0.75])
    return np.asarray(QUARTILES, dtype=object)[np.searchsorted(edges, values, side="left")]
