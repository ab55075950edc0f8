"""Every metric, defined once, from the tally. A metric that is not defined for the data is NaN and shown as a dash."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.intervals import exact_interval, normal_interval
from mnist_report.evaluation.tally import Sums, Tally


@dataclass(frozen=True, slots=True)
class Metric:
    """A value with its 95 % interval (NaN where its kind has none) and the number of images behind it."""

    value: float
    ci_low: float
    ci_high: float
    n: int


def overall_metrics(tally: Tally) -> Mapping[str, Metric]:
    """The metrics of the whole set by their fixed names.

    Accuracy and top-2 accuracy have exact intervals; log loss (nats), Brier score and mean confidence normal ones.
    Macro averages are plain means over the classes for which the metric is defined.
    """
    n, confusion = tally.n, tally.confusion
    right = int(np.trace(confusion))
    precision, recall, f1 = _class_rates(confusion)
    plain = {
        "errors": float(n - right),
        # Both names exist because gates may use either: balanced accuracy is the mean recall.
        "balanced_accuracy": _mean(recall),
        "macro_precision": _mean(precision),
        "macro_recall": _mean(recall),
        "macro_f1": _mean(f1),
        "mcc": matthews_correlation(confusion),
        "cohen_kappa": cohen_kappa(confusion),
    }
    return {
        "accuracy": proportion(right, n),
        **{name: Metric(value, math.nan, math.nan, n) for name, value in plain.items()},
        "top2_accuracy": proportion(tally.top2, n),
        "log_loss": mean(tally.loss, n, most=math.inf),
        "brier": mean(tally.brier, n, most=2),
        "mean_confidence": mean(tally.confidence, n, most=1),
    }


def class_metrics(tally: Tally) -> tuple[Mapping[str, Metric], ...]:
    """Recall (the class's accuracy), precision and F1 of each class, in label order; the first two are proportions."""
    confusion = tally.confusion
    support, predicted, right = confusion.sum(axis=1), confusion.sum(axis=0), np.diagonal(confusion)
    _, _, f1 = _class_rates(confusion)
    return tuple(
        {
            "recall": proportion(int(right[k]), int(support[k])),
            "precision": proportion(int(right[k]), int(predicted[k])),
            "f1": Metric(float(f1[k]), math.nan, math.nan, int(support[k])),
        }
        for k in range(len(confusion))
    )


def proportion(count: int, n: int) -> Metric:
    """A share of images with its exact interval; undefined for n = 0."""
    if n == 0:
        return Metric(math.nan, math.nan, math.nan, 0)
    return Metric(count / n, *exact_interval(count, n), n)


def mean(sums: Sums, n: int, *, most: float) -> Metric:
    """A mean over images of values from 0 to `most`, with its normal interval cut to that range."""
    low, high = normal_interval(sums.total, sums.squares, n)
    return Metric(sums.total / n, max(low, 0.0) if n > 1 else low, min(high, most) if n > 1 else high, n)


def matthews_correlation(confusion: NDArray[np.int64]) -> float:
    """The multiclass Matthews correlation, R_K of Gorodkin (2004); NaN where a factor of its denominator is 0."""
    n, right = int(confusion.sum()), int(np.trace(confusion))
    actual, predicted = (confusion.sum(axis=axis).astype(float) for axis in (1, 0))
    covariance = right * n - float(actual @ predicted)
    spread = (n * n - float(predicted @ predicted)) * (n * n - float(actual @ actual))
    return covariance / math.sqrt(spread) if spread > 0 else math.nan


def cohen_kappa(confusion: NDArray[np.int64]) -> float:
    """Agreement beyond chance, Cohen (1960); NaN where chance alone would agree always."""
    n = int(confusion.sum())
    expected = float(confusion.sum(axis=1).astype(float) @ confusion.sum(axis=0).astype(float)) / (n * n)
    observed = int(np.trace(confusion)) / n
    return (observed - expected) / (1 - expected) if expected < 1 else math.nan


def _class_rates(confusion: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Precision, recall and F1 per class, NaN where undefined."""
    right, actual, predicted = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return right / predicted, right / actual, 2 * right / (actual + predicted)


def _mean(values: NDArray[np.float64]) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else math.nan
