"""What a test set of n images can see of a proportion's threshold."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import bdtr, betaincinv

POWER = 0.80


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest deviations from a threshold that a one-sided exact binomial test finds with probability 0.80.

    Attributes:
        shortfall: so far below the threshold, the test says "below" with that probability; NaN where it never can.
        margin: so far above it, the test says "at least the threshold"; NaN where it never can.
    """

    shortfall: float
    margin: float


def detectable(threshold: float, n: int, level: float = 0.025) -> Detectable:
    """Both deviations, exactly.

    The test says "below" for at most k right answers, k the largest with P(X <= k | threshold) <= level; and
    "at least" for m or more, m the smallest with P(X >= m | threshold) <= level. The binomial distribution's tails
    are incomplete beta functions of p, which can be solved for the p with the wanted power.

    Args:
        threshold: a proportion between 0 and 1.
        n: the number of images.
        level: the one-sided error of each decision.
    """
    most = _largest(lambda k: float(bdtr(k, n, threshold)) <= level, n)
    shortfall = threshold - float(betaincinv(most + 1, n - most, 1 - POWER)) if most >= 0 else math.nan
    # P(X >= m) = 1 - P(X <= m - 1): the largest k with 1 - P(X <= k) > level is m - 1.
    below = _largest(lambda k: 1 - float(bdtr(k, n, threshold)) > level, n)
    least = below + 2
    margin = float(betaincinv(least, n - least + 1, POWER)) - threshold if least <= n else math.nan
    return Detectable(shortfall, margin)


def _largest(holds: Callable[[int], bool], n: int) -> int:
    """The largest k from 0 to n up to which `holds` is true, -1 where it is not even for 0."""
    low, high = -1, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
