"""What a test set of n images can see: of a proportion's threshold, and of a change between two models."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import scipy  # its parts are loaded when they are used

from mnist_report.evaluation.intervals import at_most
from mnist_report.evaluation.paired import tango_variance

POWER = 0.80
# What an accuracy and a class's recall are held against where nobody says otherwise: the default gates.
THRESHOLDS = {"accuracy": 0.99, "recall": 0.96}


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
    most = _largest(lambda k: at_most(k, n, threshold) <= level, n)
    shortfall = threshold - float(scipy.special.betaincinv(most + 1, n - most, 1 - POWER)) if most >= 0 else math.nan
    # P(X >= m) = 1 - P(X <= m - 1): the largest k with 1 - P(X <= k) > level is m - 1.
    below = _largest(lambda k: 1 - at_most(k, n, threshold) > level, n)
    least = below + 2
    margin = float(scipy.special.betaincinv(least, n - least + 1, POWER)) - threshold if least <= n else math.nan
    return Detectable(shortfall, margin)


def detectable_change(discordant: int, n: int, max_drop: float = 0.0, level: float = 0.025) -> Detectable:
    """The smallest changes that a paired comparison of two models' accuracies finds with probability 0.80.

    The test is Tango's, of a drop of `max_drop`. With a share p of discordant images, the difference of the accuracies
    has the variance (p - difference^2) / n, and the test takes it to have the variance of its restricted estimate; the
    change at which it has the power follows by bisection. A change larger than p needs at least as many discordant
    images, and gets them.

    Args:
        discordant: images of which one model is right and the other wrong.
        n: all images.
        max_drop: the drop that is allowed.
        level: the one-sided error of each decision.

    Returns:
        The shortfall beyond `max_drop`, and the margin above it; NaN without a discordant image, and where no
        change of accuracy is large enough.
    """
    if discordant == 0:
        return Detectable(math.nan, math.nan)

    def found(change: float, sign: int) -> bool:
        difference = sign * change - max_drop
        share = max(discordant / n, abs(difference))
        fixed, regressed = (share + difference) / 2, (share - difference) / 2
        under_test = math.sqrt(max(0.0, tango_variance(fixed, regressed, 1, -max_drop)))
        there = math.sqrt(max(0.0, share - difference**2))
        return (
            change * math.sqrt(n)
            >= float(scipy.special.ndtri(1 - level)) * under_test + float(scipy.special.ndtri(POWER)) * there
        )

    return Detectable(
        _smallest(lambda change: found(change, -1), 1 - max_drop),
        _smallest(lambda change: found(change, 1), 1 + max_drop),
    )


def _smallest(holds: Callable[[float], bool], most: float) -> float:
    """The smallest number up to `most` from which on `holds` is true; NaN where it is not even for `most`."""
    if not holds(most):
        return math.nan
    low, high = 0.0, most
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _largest(holds: Callable[[int], bool], n: int) -> int:
    """The largest k from 0 to n up to which `holds` is true, -1 where it is not even for 0."""
    low, high = -1, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
