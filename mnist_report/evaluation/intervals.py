"""Confidence intervals; which metric gets which is said in `metrics`."""

import math

import numpy as np
import scipy  # its parts are loaded when they are used
from numpy.typing import NDArray

LEVEL = 0.95
Z = 1.959963984540054  # the 97.5 % point of the normal distribution
DRAWS = 2000
# scipy's binomial distribution takes n as an int of C, and gives NaN beyond.
MOST_COUNTED = 1 << 31


def exact_interval(count: int, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper and Pearson's exact interval for a proportion.

    Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934), in its form with beta quantiles.

    Args:
        count: how many of `n` have the property.
        n: at least 1.
        level: how often it holds the true value, at least.
    """
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(scipy.special.betaincinv(count, n - count + 1, tail))
    high = 1.0 if count == n else float(scipy.special.betaincinv(count + 1, n - count, 1 - tail))
    return low, high


def at_most(count: int, n: int, p: float) -> float:
    """The probability of so many successes or fewer of n, by the incomplete beta function above what scipy counts."""
    if n < MOST_COUNTED:
        return float(scipy.special.bdtr(count, n, p))
    if count < 0 or count >= n:
        return float(count >= n)
    return float(scipy.special.betainc(n - count, count + 1, 1 - p))


def at_least(count: int, n: int, p: float) -> float:
    """The probability of so many successes or more of n; see `at_most`."""
    if count <= 0:
        return 1.0
    if n < MOST_COUNTED:
        return float(scipy.special.bdtrc(count - 1, n, p))
    return float(scipy.special.betainc(count, n - count + 1, p)) if count <= n else 0.0


def normal_interval(total: float, total_of_squares: float, n: int) -> tuple[float, float]:
    """The normal 95 % interval for a mean over images, from the sum and the sum of squares; NaN for n < 2."""
    if n < 2:
        return math.nan, math.nan
    mean = total / n
    variance = max(0.0, (total_of_squares - n * mean * mean) / (n - 1))
    half = Z * math.sqrt(variance / n)
    return mean - half, mean + half


def percentile_interval(value: float, draws: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of resampled values, widened to hold `value`; NaN where a draw has none.

    Source: B. Efron, Annals of Statistics 7 (1979).
    """
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(np.minimum(low, value)), float(np.maximum(high, value))
