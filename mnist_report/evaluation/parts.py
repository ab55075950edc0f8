"""Tables of probabilities, some thousand rows at a time: whole, in float64, they would take most of the memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

ROWS_AT_A_TIME = 1 << 15


class Rows(Protocol):
    """An array of float64 rows that sum to 1, or what gives its parts like one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, classes)."""

    def __getitem__(self, part: slice, /) -> NDArray[np.float64]:
        """Some of the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Normalised:
    """Rows in float64, each divided by its sum when it is asked for.

    Attributes:
        probabilities: float32, shape (n, classes).
    """

    probabilities: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, classes)."""
        return self.probabilities.shape

    def __getitem__(self, part: slice, /) -> NDArray[np.float64]:
        """Some of the rows."""
        rows = self.probabilities[part].astype(np.float64)
        rows /= rows.sum(axis=1, keepdims=True)
        return rows

    def columns(self) -> Iterator[NDArray[np.float64]]:
        """Each class's column of all rows, shape (n,)."""
        n, classes = self.shape
        sums = np.empty(n)
        for part in parts_of(n):
            self.probabilities[part].astype(np.float64).sum(axis=1, out=sums[part])
        for k in range(classes):
            yield self.probabilities[:, k] / sums


def parts_of(n: int) -> Iterator[slice]:
    """So many rows in parts, one after the other."""
    return (slice(first, min(first + ROWS_AT_A_TIME, n)) for first in range(0, n, ROWS_AT_A_TIME))


def picked(rows: Rows, columns: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """One entry of each row, shape (n,).

    Args:
        rows: shape (n, classes).
        columns: shape (n,), which one.
    """
    found = np.empty(len(columns))
    for part in parts_of(len(columns)):
        own = rows[part]
        found[part] = own[np.arange(len(own)), columns[part]]
    return found
