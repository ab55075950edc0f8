"""Metrics that need every row at once: they rank images by a score. They are not mergeable."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.calibration import equal_mass_error, risk_coverage
from mnist_report.evaluation.metrics import Metric, undefined
from mnist_report.evaluation.predictions import Predictions, Scores


def overall_ranking(predictions: Scores) -> dict[str, Metric]:
    """Equal-mass ECE, AURC and the coverage at 99.9 % accuracy; no intervals. NaN without probabilities."""
    if not predictions.graded:
        return no_overall_ranking(len(predictions))
    curve = risk_coverage(predictions.confidence, predictions.right)
    values = {
        "ece_equal_mass": equal_mass_error(predictions.confidence, predictions.right),
        "aurc": curve.area,
        "coverage_at_999": curve.coverage_at_target,
    }
    return {name: Metric(value, math.nan, math.nan, len(predictions)) for name, value in values.items()}


def no_overall_ranking(n: int) -> dict[str, Metric]:
    """Those of `overall_ranking`, undefined for n images."""
    return {name: undefined(n) for name in ("ece_equal_mass", "aurc", "coverage_at_999")}


def no_class_ranking(support: NDArray[np.int64]) -> tuple[dict[str, Metric], ...]:
    """Those of `class_ranking`, undefined for so many images of each class."""
    return tuple(dict.fromkeys(("roc_auc", "average_precision"), undefined(int(n))) for n in support)


def class_ranking(predictions: Predictions) -> tuple[dict[str, Metric], ...]:
    """One-vs-rest ROC AUC and average precision of each class; NaN for one side alone and without probabilities."""
    if not predictions.graded:
        return no_class_ranking(np.bincount(predictions.labels, minlength=len(predictions.class_names)))
    rows = []
    for k, scores in enumerate(predictions.in_parts.columns()):
        positive = predictions.labels == k
        n, found = int(positive.sum()), Thresholds.of(positive, scores)
        pair = {"roc_auc": found.roc_auc, "average_precision": found.average_precision}
        rows.append({name: Metric(value, math.nan, math.nan, n) for name, value in pair.items()})
    return tuple(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """How many images lie on either side of each score that a positive has, from the lowest score on.

    Both metrics of a class come from it. It needs the scores in order, never which image has which: numbers are
    sorted ten times as fast as the indices of numbers.

    Attributes:
        found: int64, the positives with this very score.
        lower: int64, the images with a lower one.
        lower_or_equal: int64, the images with this or a lower one.
        n: the images.
    """

    found: NDArray[np.int64]
    lower: NDArray[np.int64]
    lower_or_equal: NDArray[np.int64]
    n: int

    @classmethod
    def of(cls, positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Self:
        """Count one class; equal scores are one threshold."""
        thresholds, found = np.unique(scores[positive], return_counts=True)
        ordered = np.sort(scores)
        lower, lower_or_equal = (np.searchsorted(ordered, thresholds, side) for side in ("left", "right"))
        return cls(found, lower, lower_or_equal, len(scores))

    @property
    def roc_auc(self) -> float:
        """The probability that a positive outscores a negative, ties counting half: the Mann-Whitney statistic."""
        positives = int(self.found.sum())
        pairs = positives * (self.n - positives)
        if pairs == 0:
            return math.nan
        up_to = np.cumsum(self.found)
        lower, lower_or_equal = self.lower - (up_to - self.found), self.lower_or_equal - up_to  # the negatives
        # In whole numbers, so that the order of the images cannot matter.
        return int((self.found * (lower + lower_or_equal)).sum()) / (2 * pairs)

    @property
    def average_precision(self) -> float:
        """The mean precision over the thresholds at which a positive is found."""
        positives = int(self.found.sum())
        if positives == 0:
            return math.nan
        at_least = positives - np.cumsum(self.found) + self.found
        return float((self.found * at_least / (self.n - self.lower)).sum() / positives)
