"""Every mergeable metric, defined once, from the tally. What is not defined for the data is NaN and shown as a dash."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation import confusion as of_confusion
from mnist_report.evaluation.calibration import expected_calibration_error
from mnist_report.evaluation.intervals import DRAWS, exact_interval, normal_interval, percentile_interval
from mnist_report.evaluation.tally import Sums, Tally

# How each metric's interval is made; those that are not named have none.
INTERVALS = {
    **dict.fromkeys(("accuracy", "top2_accuracy", "recall", "precision", "f1"), "exact"),
    **dict.fromkeys(of_confusion.OVERALL, "resampled"),
    **dict.fromkeys(("log_loss", "brier", "mean_confidence", "overconfidence"), "normal"),
}
# These need every row at once.
NOT_MERGEABLE = frozenset({"ece_equal_mass", "aurc", "coverage_at_999", "roc_auc", "average_precision"})
# These need probabilities: of predictions that are classes alone they are not defined.
OF_PROBABILITIES = NOT_MERGEABLE | {"top2_accuracy", "log_loss", "brier", "ece", "mean_confidence", "overconfidence"}


@dataclass(frozen=True, slots=True)
class Metric:
    """A value with its 95 % interval (NaN where its kind has none) and the number of images behind it."""

    value: float
    ci_low: float
    ci_high: float
    n: int


def overall_metrics(tally: Tally, seed: int = 0) -> dict[str, Metric]:
    """The mergeable metrics of the whole set by their fixed names.

    Accuracy and top-2 accuracy have exact intervals; functions of the confusion counts resampled ones (2,000
    multinomial draws with `seed`); log loss (nats), Brier score, mean confidence and overconfidence normal ones; ECE
    none. Macro averages are plain means over the classes for which the rate is defined. Those of OF_PROBABILITIES are
    undefined where the tally is of classes alone.
    """
    n, counts = tally.n, of_confusion.margins(tally.confusion)
    draws = of_confusion.resample(tally.confusion, DRAWS, seed)
    right = int(counts.right.sum())
    return {
        "accuracy": proportion(right, n),
        "errors": _without_interval(n - right, n),
        **{
            name: _resampled(float(function(counts)), function(draws), n)
            for name, function in of_confusion.OVERALL.items()
        },
        "top2_accuracy": proportion(tally.top2, n) if tally.graded else undefined(n),
        "log_loss": mean(tally.loss, n, least=0),
        "brier": mean(tally.brier, n, least=0, most=2),
        "ece": _without_interval(expected_calibration_error(tally.bins), n),
        "mean_confidence": mean(tally.confidence, n, least=0, most=1),
        "overconfidence": mean(tally.overconfidence, n, least=-1, most=1),
    }


def class_metrics(tally: Tally) -> tuple[dict[str, Metric], ...]:
    """Recall (the class's accuracy), precision, F1 and mean confidence of each class, in label order.

    The first three have exact intervals; mean confidence, a mean over the images of the class, a normal one.
    """
    counts = of_confusion.margins(tally.confusion)
    confidence = tally.class_confidence
    rows = []
    for k in range(len(tally.confusion)):
        right, support, predicted = (int(part[k]) for part in (counts.right, counts.actual, counts.predicted))
        sums = Sums(confidence.total[k], confidence.squares[k])
        rows.append(
            {
                "recall": proportion(right, support),
                "precision": proportion(right, predicted),
                "f1": f1_score(right, support, predicted),
                "mean_confidence": mean(sums, support, least=0, most=1),
            }
        )
    return tuple(rows)


def undefined(n: int) -> Metric:
    """A metric that the data of n images do not have."""
    return Metric(math.nan, math.nan, math.nan, n)


def proportion(count: int, n: int) -> Metric:
    """A share of images with its exact interval; undefined for n = 0."""
    if n == 0:
        return undefined(0)
    return Metric(count / n, *exact_interval(count, n), n)


def f1_score(right: int, support: int, predicted: int) -> Metric:
    """F1 of a class, with an exact interval.

    F1 is 2J / (1 + J), where J is the share of right ones among the images that are of the class or predicted as it.
    However many those are, the right ones among them are binomial: so J has an exact interval, and F1 rises with J.

    Args:
        right: images of the class that are predicted as it.
        support: images of the class.
        predicted: images predicted as it.
    """
    share = proportion(right, support + predicted - right)
    value = 2 * right / (support + predicted) if share.n else math.nan
    return Metric(value, 2 * share.ci_low / (1 + share.ci_low), 2 * share.ci_high / (1 + share.ci_high), support)


def mean(sums: Sums, n: int, *, least: float = -math.inf, most: float = math.inf) -> Metric:
    """A mean over images of values from `least` to `most`, with its normal interval cut to that range."""
    if n == 0:
        return undefined(0)
    low, high = normal_interval(float(sums.total), float(sums.squares), n)
    return Metric(float(sums.total) / n, float(np.maximum(low, least)), float(np.minimum(high, most)), n)


def _resampled(value: float, draws: NDArray[np.float64], n: int) -> Metric:
    return Metric(value, *percentile_interval(value, draws), n)


def _without_interval(value: float, n: int) -> Metric:
    return Metric(float(value), math.nan, math.nan, n)
