"""What is known of one metric, and how surely: each kind of metric has its own exact or approximate test.

A measurement answers two questions about a threshold: how probable data as low as these are if the true value is the
threshold (small: the true value is lower), and how probable data as high as these are (small: it is higher).
"""

import math
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import scipy  # its parts are loaded when they are used
from numpy.typing import NDArray

from mnist_report.evaluation.intervals import at_least, at_most
from mnist_report.evaluation.paired import tango_score
from mnist_report.evaluation.power import POWER, Detectable, detectable, detectable_change


class Measurement(Protocol):
    """One metric as the images show it."""

    @property
    def value(self) -> float:
        """The observed value."""

    @property
    def n(self) -> int:
        """The number of images."""

    def as_low(self, threshold: float) -> float:
        """The probability of data as low as these where the true value is the threshold."""

    def as_high(self, threshold: float) -> float:
        """The probability of data as high as these where the true value is the threshold."""

    def detectable(self, threshold: float, fail_level: float, pass_level: float) -> Detectable:
        """The smallest deviations below and above the threshold that are found with probability 0.80."""

    def scaled(self, factor: float) -> Self:
        """The same, had there been so many times the images."""

    def negated(self) -> "Measurement":
        """Of minus the metric: so that a metric that must stay low is one that must stay high."""

    def extremes(self) -> "tuple[Measurement, Measurement] | None":
        """The highest and the lowest that so many images could show; None where there is no such thing."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """A share of images, with exact binomial tests."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """The observed share."""
        return self.count / self.n if self.n else math.nan

    def as_low(self, threshold: float) -> float:
        """P(X <= count)."""
        return at_most(self.count, self.n, threshold)

    def as_high(self, threshold: float) -> float:
        """P(X >= count)."""
        return at_least(self.count, self.n, threshold)

    def detectable(self, threshold: float, fail_level: float, pass_level: float) -> Detectable:
        """Exactly, see `power.detectable`."""
        below, above = detectable(threshold, self.n, fail_level), detectable(threshold, self.n, pass_level)
        return Detectable(below.shortfall, above.margin)

    def scaled(self, factor: float) -> "Proportion":
        """Rounded to whole images."""
        return Proportion(round(self.count * factor), round(self.n * factor))

    def negated(self) -> "Negated":
        """See `Negated`."""
        return Negated(self)

    def extremes(self) -> "tuple[Proportion, Proportion]":
        """All and none."""
        return Proportion(self.n, self.n), Proportion(0, self.n)


@dataclass(frozen=True, slots=True)
class F1:
    """F1 = 2J / (1 + J) of a class; J, the share of right ones among the images that concern it, is a proportion."""

    share: Proportion
    n: int

    @property
    def value(self) -> float:
        """The observed F1."""
        return 2 * self.share.value / (1 + self.share.value)

    def as_low(self, threshold: float) -> float:
        """Of the share."""
        return self.share.as_low(threshold / (2 - threshold))

    def as_high(self, threshold: float) -> float:
        """Of the share."""
        return self.share.as_high(threshold / (2 - threshold))

    def detectable(self, threshold: float, fail_level: float, pass_level: float) -> Detectable:
        """That of the share, as F1 shows it."""
        middle = threshold / (2 - threshold)
        of_share = self.share.detectable(middle, fail_level, pass_level)
        low, high = middle - of_share.shortfall, middle + of_share.margin
        return Detectable(threshold - 2 * low / (1 + low), 2 * high / (1 + high) - threshold)

    def scaled(self, factor: float) -> "F1":
        """See `Proportion.scaled`."""
        return F1(self.share.scaled(factor), round(self.n * factor))

    def negated(self) -> "Negated":
        """See `Negated`."""
        return Negated(self)

    def extremes(self) -> "tuple[F1, F1]":
        """All and none."""
        best, worst = self.share.extremes()
        return F1(best, self.n), F1(worst, self.n)


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over images or a mean difference, with normal tests."""

    value: float
    error: float
    n: int

    def as_low(self, threshold: float) -> float:
        """The lower normal tail; without spread, the value itself decides."""
        if self.error == 0:
            return float(self.value >= threshold)
        return float(scipy.special.ndtr((self.value - threshold) / self.error))

    def as_high(self, threshold: float) -> float:
        """The upper normal tail."""
        if self.error == 0:
            return float(self.value < threshold)
        return float(scipy.special.ndtr((threshold - self.value) / self.error))

    def detectable(self, threshold: float, fail_level: float, pass_level: float) -> Detectable:  # noqa: ARG002  one protocol
        """The normal test's."""
        return _normal_detectable(self.error, fail_level, pass_level)

    def scaled(self, factor: float) -> "Mean":
        """The standard error falls with the root of the images."""
        return Mean(self.value, self.error / math.sqrt(factor), round(self.n * factor))

    def negated(self) -> "Mean":
        """The error stays."""
        return Mean(-self.value, self.error, self.n)

    def extremes(self) -> None:
        """A mean has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """A function of the confusion counts or its difference, with resampled values."""

    value: float
    draws: NDArray[np.float64]
    n: int

    def as_low(self, threshold: float) -> float:
        """The share of draws that are not below the threshold."""
        return float((self.draws >= threshold).mean()) if self._defined else math.nan

    def as_high(self, threshold: float) -> float:
        """The share of draws that do not reach the threshold."""
        return float((self.draws < threshold).mean()) if self._defined else math.nan

    @property
    def _defined(self) -> bool:
        return not np.isnan(self.draws).any()

    def detectable(self, threshold: float, fail_level: float, pass_level: float) -> Detectable:  # noqa: ARG002  one protocol
        """A normal test's with the draws' standard deviation."""
        return _normal_detectable(float(self.draws.std()), fail_level, pass_level)

    def scaled(self, factor: float) -> "Draws":
        """The spread falls with the root of the images."""
        return Draws(self.value, self.value + (self.draws - self.value) / math.sqrt(factor), round(self.n * factor))

    def negated(self) -> "Draws":
        """Draw by draw."""
        return Draws(-self.value, -self.draws, self.n)

    def extremes(self) -> None:
        """Draws have none."""


@dataclass(frozen=True, slots=True)
class PairedProportion:
    """The difference of two shares of the same images, with Tango's score test."""

    fixed: int
    regressed: int
    n: int

    @property
    def value(self) -> float:
        """Candidate less baseline."""
        return (self.fixed - self.regressed) / self.n if self.n else math.nan

    def as_low(self, threshold: float) -> float:
        """The lower normal tail of the score."""
        return float(scipy.special.ndtr(tango_score(self.fixed, self.regressed, self.n, threshold)))

    def as_high(self, threshold: float) -> float:
        """The upper normal tail of the score."""
        return float(scipy.special.ndtr(-tango_score(self.fixed, self.regressed, self.n, threshold)))

    def detectable(self, threshold: float, fail_level: float, pass_level: float) -> Detectable:
        """From the observed discordance, see `power.detectable_change`."""
        discordant = self.fixed + self.regressed
        below = detectable_change(discordant, self.n, -threshold, fail_level)
        return Detectable(below.shortfall, detectable_change(discordant, self.n, -threshold, pass_level).margin)

    def scaled(self, factor: float) -> "PairedProportion":
        """Rounded to whole images."""
        return PairedProportion(round(self.fixed * factor), round(self.regressed * factor), round(self.n * factor))

    def negated(self) -> "PairedProportion":
        """Baseline less candidate."""
        return PairedProportion(self.regressed, self.fixed, self.n)

    def extremes(self) -> "tuple[PairedProportion, PairedProportion]":
        """Every image fixed, and every one regressed."""
        return PairedProportion(self.n, 0, self.n), PairedProportion(0, self.n, self.n)


@dataclass(frozen=True, slots=True)
class Negated:
    """Minus another measurement."""

    of: Measurement

    @property
    def value(self) -> float:
        """Minus the other's."""
        return -self.of.value

    @property
    def n(self) -> int:
        """The other's."""
        return self.of.n

    def as_low(self, threshold: float) -> float:
        """The other as high."""
        return self.of.as_high(-threshold)

    def as_high(self, threshold: float) -> float:
        """The other as low."""
        return self.of.as_low(-threshold)

    def detectable(self, threshold: float, fail_level: float, pass_level: float) -> Detectable:
        """Below is above."""
        found = self.of.detectable(-threshold, pass_level, fail_level)
        return Detectable(found.margin, found.shortfall)

    def scaled(self, factor: float) -> "Negated":
        """The other scaled."""
        return Negated(self.of.scaled(factor))

    def negated(self) -> Measurement:
        """The other."""
        return self.of

    def extremes(self) -> "tuple[Negated, Negated] | None":
        """The other's, the other way round."""
        found = self.of.extremes()
        return found and (Negated(found[1]), Negated(found[0]))


def _normal_detectable(error: float, fail_level: float, pass_level: float) -> Detectable:
    shortfall, margin = (
        float(scipy.special.ndtri(1 - level) + scipy.special.ndtri(POWER)) * error for level in (fail_level, pass_level)
    )
    return Detectable(shortfall, margin)
