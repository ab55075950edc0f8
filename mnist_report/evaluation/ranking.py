"""Metrics that need every row at once: they rank images by a score. They are not mergeable."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.calibration import equal_mass_error, risk_coverage
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.predictions import Predictions, Scores


def overall_ranking(predictions: Scores) -> dict[str, Metric]:
    """Equal-mass ECE, AURC and the coverage at 99.9 % accuracy; no intervals."""
    curve = risk_coverage(predictions.confidence, predictions.right)
    values = {
        "ece_equal_mass": equal_mass_error(predictions.confidence, predictions.right),
        "aurc": curve.area,
        "coverage_at_999": curve.coverage_at_target,
    }
    return {name: Metric(value, math.nan, math.nan, len(predictions)) for name, value in values.items()}


def class_ranking(predictions: Predictions) -> tuple[dict[str, Metric], ...]:
    """One-vs-rest ROC AUC and average precision of each class; NaN where there is only one side."""
    rows, scores_of = [], predictions.rows
    for k in range(len(predictions.class_names)):
        positive, scores = predictions.labels == k, scores_of[:, k]
        n = int(positive.sum())
        pair = {"roc_auc": roc_auc(positive, scores), "average_precision": average_precision(positive, scores)}
        rows.append({name: Metric(value, math.nan, math.nan, n) for name, value in pair.items()})
    return tuple(rows)


def roc_auc(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The probability that a positive outscores a negative, ties counting half: the Mann-Whitney statistic."""
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    if n_positive == 0 or n_negative == 0:
        return math.nan
    _, place, ties = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[place]
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def average_precision(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """The mean precision over the thresholds at which a positive is found; equal scores are one threshold."""
    if not positive.any():
        return math.nan
    order = np.argsort(-scores, kind="stable")
    found = np.cumsum(positive[order])
    last_of_tie = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    found_there = found[last_of_tie]
    gained = np.diff(found_there, prepend=0)
    return float((gained * found_there / (last_of_tie + 1)).sum() / positive.sum())
