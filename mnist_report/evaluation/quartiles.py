"""The built-in slices of images that are only counted: quartiles from how often each value occurs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.metrics import Metric, proportion
from mnist_report.evaluation.slices import QUARTILES, slant

# Slants are counted in steps of so much.
STEP = 1e-3
# So many values a column has at most, about: 6 MB of counts. Up to 32 x 32 pixels no two amounts of ink become one.
MOST_VALUES = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """How many images have each value, and how many of them are right; all int64 of shape (k,), values rising."""

    values: NDArray[np.int64]
    n: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(cls, values: NDArray[np.int64], n: NDArray[np.int64], right: NDArray[np.int64]) -> "Column":
        """Add up what belongs to equal values."""
        # Two columns one after the other are two rising rows of values, which this kind of sorting only merges.
        order = np.argsort(values, kind="stable")
        rising = values[order]
        first = np.flatnonzero(np.concatenate([np.ones(min(len(rising), 1), np.bool_), rising[1:] != rising[:-1]]))
        return cls(rising[first], np.add.reduceat(n[order], first), np.add.reduceat(right[order], first))

    def __add__(self, other: "Column") -> "Column":
        joined = (np.concatenate(pair) for pair in zip(self._arrays, other._arrays, strict=True))
        return Column.of(*joined)

    @property
    def _arrays(self) -> tuple[NDArray[np.int64], ...]:
        return self.values, self.n, self.right

    def quartiles(self) -> dict[str, Metric]:
        """The accuracy of the images in each quartile that has some; a value on a boundary belongs below it."""
        place = np.searchsorted(_edges(self.values, self.n), self.values, side="left")
        rows = {}
        for k, name in enumerate(QUARTILES):
            n = int(self.n[place == k].sum())
            if n:
                rows[name] = proportion(int(self.right[place == k].sum()), n)
        return rows


def count_columns(images: NDArray[np.uint8], right: NDArray[np.bool_]) -> dict[str, Column]:
    """The built-in columns of `slices.image_columns`: slant in steps of `STEP`, ink as it is.

    Of larger images than 32 x 32 pixels, ink is rounded down so that no more than `MOST_VALUES` values are possible: of
    1,000 x 1,000 in steps of four white pixels. The step depends on the size alone, so parts can still be added.

    Args:
        images: uint8, shape (n, height, width).
        right: shape (n,), whether each was predicted rightly.
    """
    _, height, width = images.shape
    ink = images.sum(axis=(1, 2), dtype=np.int64)
    ink -= ink % (255 * height * width // MOST_VALUES + 1)
    # Beyond that a slant is a rounding error: 131 columns per row.
    steps = np.clip(np.rint(slant(images) / STEP), -MOST_VALUES // 2, MOST_VALUES // 2).astype(np.int64)
    ones, right_ones = np.ones(len(images), np.int64), right.astype(np.int64)
    return {name: Column.of(values, ones, right_ones) for name, values in (("ink", ink), ("slant", steps))}


def quartile_slices(columns: Mapping[str, Column]) -> dict[str, Metric]:
    """The accuracy of each slice "column=quartile"."""
    return {
        f"{name}={quartile}": metric
        for name, column in columns.items()
        for quartile, metric in column.quartiles().items()
    }


def _edges(values: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    """The quartiles of values that occur so often, as numpy interpolates them."""
    up_to = np.cumsum(n)
    position = np.array([0.25, 0.5, 0.75]) * (int(up_to[-1]) - 1)
    whole = np.floor(position).astype(np.int64)
    low, high = (values[np.searchsorted(up_to, place, side="right")] for place in (whole, np.ceil(position)))
    edges: NDArray[np.float64] = low + (high - low) * (position - whole)
    return edges
