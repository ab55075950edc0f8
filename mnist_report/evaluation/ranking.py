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
        return {name: undefined(len(predictions)) for name in ("ece_equal_mass", "aurc", "coverage_at_999")}
    curve = risk_coverage(predictions.confidence, predictions.right)
    values = {
        "ece_equal_mass": equal_mass_error(predictions.confidence, predictions.right),
        "aurc": curve.area,
        "coverage_at_999": curve.coverage_at_target,
    }
    return {name: Metric(value, math.nan, math.nan, len(predictions)) for name, value in values.items()}


def class_ranking(predictions: Predictions) -> tuple[dict[str, Metric], ...]:
    """One-vs-rest ROC AUC and average precision of each class; NaN for one side alone and without probabilities."""
    if not predictions.graded:
        support = np.bincount(predictions.labels, minlength=len(predictions.class_names))
        return tuple(dict.fromkeys(("roc_auc", "average_precision"), undefined(int(n))) for n in support)
    rows, scores_of = [], predictions.rows
    for k in range(len(predictions.class_names)):
        positive = predictions.labels == k
        n, found = int(positive.sum()), Thresholds.of(positive, scores_of[:, k])
        pair = {"roc_auc": found.roc_auc, "average_precision": found.average_precision}
        rows.append({name: Metric(value, math.nan, math.nan, n) for name, value in pair.items()})
    return tuple(rows)


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """How many images score at least as high as each score that occurs, from the highest on.

    Both metrics of a class come from it, for sorting is what takes the time.

    Attributes:
        images: int64, one per different score.
        positives: int64, those of the class among them.
    """

    images: NDArray[np.int64]
    positives: NDArray[np.int64]

    @classmethod
    def of(cls, positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> Self:
        """Count one class; equal scores are one threshold."""
        order = np.argsort(-scores)
        last_of_tie = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
        return cls(last_of_tie + 1, np.cumsum(positive[order], dtype=np.int64)[last_of_tie])

    @property
    def roc_auc(self) -> float:
        """The probability that a positive outscores a negative, ties counting half: the Mann-Whitney statistic."""
        negatives = self.images - self.positives
        pairs = int(self.positives[-1]) * int(negatives[-1])
        if pairs == 0:
            return math.nan
        lower, tied = negatives[-1] - negatives, np.diff(negatives, prepend=0)
        # In whole numbers, so that the order of the images cannot matter.
        return int((np.diff(self.positives, prepend=0) * (2 * lower + tied)).sum()) / (2 * pairs)

    @property
    def average_precision(self) -> float:
        """The mean precision over the thresholds at which a positive is found."""
        if self.positives[-1] == 0:
            return math.nan
        gained = np.diff(self.positives, prepend=0)
        return float((gained * self.positives / self.images).sum() / self.positives[-1])
