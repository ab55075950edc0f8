"""The first few of many, without putting all of them in order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def smallest(values: NDArray[np.floating[Any]], most: int) -> NDArray[np.int64]:
    """Indices of the smallest values, rising, at most so many; equal values by index.

    Args:
        values: shape (n,), none of them NaN.
        most: how many, 0 or more.
    """
    among = np.arange(len(values))
    if most < len(values):
        among = np.flatnonzero(values <= np.partition(values, most - 1)[most - 1])
    return among[np.argsort(values[among], kind="stable")[:most]]
