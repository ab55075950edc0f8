"""What rounds of measurements say: growth from one size to the next, and how sure that is."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS, SEED = 4_000, 0

# By size: the figure of each round, the same number of rounds for all.
BySize = Mapping[int, Sequence[float]]


def slope(by_size: BySize, first: int, last: int) -> float:
    """What one image more costs between two sizes: the median, over the rounds, of the differences within a round.

    Within a round, because a machine that is slower for a minute is so for both; at equal scatter without such drifts
    the median of differences is as sure as the difference of medians.
    """
    return float(np.median(_differences(by_size, first, last)))


def growth(by_size: BySize) -> tuple[float, float, float]:
    """The slope of the second step over that of the first, and a 95 % interval: the rounds drawn again, as wholes.

    The slopes are medians before they are divided: a ratio within one round may have next to nothing below the line.

    Args:
        by_size: three sizes, the least first.

    Returns:
        The ratio, and the ends of its interval. An end is infinite where the first step may cost nothing.
    """
    few, some, many = by_size
    first, second = _differences(by_size, few, some), _differences(by_size, some, many)
    rounds = len(first)
    drawn = np.random.default_rng(SEED).integers(0, rounds, (DRAWS, rounds))
    low, high = np.quantile(
        _over(np.median(second[drawn], axis=1), np.median(first[drawn], axis=1)), [0.025, 0.975], method="nearest"
    )
    return float(_over(np.median(second), np.median(first))), float(low), float(high)


def _over(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Their ratio; infinite where what is below the line is nothing or less, as noise may have it."""
    below = np.asarray(below)
    return np.where(below > 0, above / np.where(below > 0, below, 1), np.inf)


def _differences(by_size: BySize, first: int, last: int) -> NDArray[np.float64]:
    return (np.asarray(by_size[last]) - np.asarray(by_size[first])) / (last - first)
