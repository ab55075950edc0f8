"""Do the confidences mean what they say?

Confidence is the probability of the predicted class (top-label calibration, Guo et al. 2017).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.tally import BINS, Bins

COVERAGE_TARGET = 0.999


def expected_calibration_error(bins: Bins) -> float:
    """ECE over equal-width bins: the mean distance of confidence and accuracy, weighted by the bins' images.

    NaN where no image has a confidence.
    """
    return math.nan if bins.n.sum() == 0 else float(np.abs(bins.confidence - bins.right).sum() / bins.n.sum())


def noise_floor(bins: Bins) -> float:
    """The ECE that a perfectly calibrated model with these confidences would show at this n, in the mean.

    In each bin, the right answers would then deviate from the sum of confidences by chance alone, with the variance
    that the bin knows; the mean size of a normal deviation is sqrt(2 / pi) times its standard deviation.
    """
    return float(np.sqrt(2 / math.pi * bins.variance).sum() / bins.n.sum())


def equal_mass_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """ECE over 15 bins of (nearly) the same number of images, in the order of confidence, ties by index.

    Source: Nixon et al., Measuring Calibration in Deep Learning (2019), for the top label.
    """
    order = np.argsort(confidence, kind="stable")
    gaps = [abs((confidence[part] - right[part]).sum()) for part in np.array_split(order, BINS)]
    return float(sum(gaps) / len(confidence))


@dataclass(frozen=True, slots=True, eq=False)
class RiskCoverage:
    """What happens to the error when the least sure answers are left out.

    Attributes:
        coverage: float64, shape (n,), the share of images kept, from 1/n to 1.
        risk: float64, shape (n,), the share of errors among the kept.
        threshold: float64, shape (n,), the lowest confidence among the kept.
    """

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]
    threshold: NDArray[np.float64]

    @property
    def area(self) -> float:
        """AURC, the mean risk over all coverages."""
        return float(self.risk.mean())

    @property
    def coverage_at_target(self) -> float:
        """The largest share of images that can be kept with an accuracy of at least 99.9 %; 0 if none can."""
        # Written as right >= target x kept, in counts, so that 999 of 1,000 pass.
        kept = np.arange(1, len(self.risk) + 1)
        errors = np.rint(self.risk * kept)
        enough = np.flatnonzero(errors <= (1 - COVERAGE_TARGET) * kept + 1e-9)
        return float(self.coverage[enough[-1]]) if len(enough) else 0.0


def risk_coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> RiskCoverage:
    """The risk-coverage curve of Geifman and El-Yaniv (2017): surest first, ties by index."""
    order = np.argsort(-confidence, kind="stable")
    kept = np.arange(1, len(order) + 1)
    return RiskCoverage(kept / len(order), np.cumsum(~right[order]) / kept, confidence[order])
