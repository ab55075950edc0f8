"""Two models on the same images."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from mnist_report.errors import DataError
from mnist_report.evaluation.intervals import Z, normal_interval
from mnist_report.evaluation.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate less baseline, with its paired 95 % interval and the number of images.

    Attributes:
        regressed: images that only the baseline gets right; None for a mean.
        fixed: images that only the candidate gets right; None for a mean.
        p_value: of the exact McNemar test that both are equally likely; NaN for a mean.
    """

    value: float
    ci_low: float
    ci_high: float
    n: int
    regressed: int | None = None
    fixed: int | None = None
    p_value: float = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What changed from the baseline to the candidate.

    Attributes:
        overall: by metric: accuracy, top2_accuracy, log_loss, brier.
        per_class: the difference in recall of each class, in label order.
        per_class_adjusted: their McNemar p-values, adjusted by Holm.
        regressed: int64, indices of the images that only the baseline gets right, worst for the candidate first.
        fixed: int64, indices of those that only the candidate gets right, worst for the baseline first.
        negative_flip_rate: the share of images that regressed (Yan et al. 2021).
        agreement: the share of images on which both predict the same class.
    """

    overall: dict[str, Difference]
    per_class: tuple[Difference, ...]
    per_class_adjusted: tuple[float, ...]
    regressed: NDArray[np.int64]
    fixed: NDArray[np.int64]
    negative_flip_rate: float
    agreement: float


def compare(candidate: Predictions, baseline: Predictions) -> Comparison:
    """Compare two sets of predictions, row by row.

    Raises:
        DataError: they are not of the same images, labels and classes.
    """
    _check_same_images(candidate, baseline)
    broken, mended = baseline.right & ~candidate.right, candidate.right & ~baseline.right
    per_class = tuple(
        paired_proportions(candidate.right[chosen], baseline.right[chosen])
        for chosen in (candidate.labels == k for k in range(len(candidate.class_names)))
    )
    return Comparison(
        overall={
            "accuracy": paired_proportions(candidate.right, baseline.right),
            "top2_accuracy": paired_proportions(candidate.in_top2, baseline.in_top2),
            "log_loss": paired_means(candidate.loss, baseline.loss),
            "brier": paired_means(candidate.brier, baseline.brier),
        },
        per_class=per_class,
        per_class_adjusted=tuple(holm([difference.p_value for difference in per_class])),
        regressed=_by_falling(candidate.loss, np.flatnonzero(broken)),
        fixed=_by_falling(baseline.loss, np.flatnonzero(mended)),
        negative_flip_rate=float(broken.mean()),
        agreement=float((candidate.predicted == baseline.predicted).mean()),
    )


def paired_proportions(candidate: NDArray[np.bool_], baseline: NDArray[np.bool_]) -> Difference:
    """The difference of two shares of the same images, with Tango's interval and the exact McNemar test."""
    n = len(candidate)
    fixed, regressed = int((candidate & ~baseline).sum()), int((baseline & ~candidate).sum())
    if n == 0:
        return Difference(math.nan, math.nan, math.nan, 0, 0, 0)
    low, high = tango_interval(fixed, regressed, n)
    return Difference((fixed - regressed) / n, low, high, n, regressed, fixed, mcnemar(fixed, regressed))


def paired_means(candidate: NDArray[np.float64], baseline: NDArray[np.float64]) -> Difference:
    """The mean difference over images with its normal interval."""
    change = candidate - baseline
    low, high = normal_interval(float(change.sum()), float((change * change).sum()), len(change))
    return Difference(float(change.mean()), low, high, len(change))


def mcnemar(b: int, c: int) -> float:
    """The exact two-sided McNemar test: of b + c discordant images, are both kinds equally likely?"""
    return min(1.0, 2 * float(bdtr(min(b, c), b + c, 0.5))) if b + c else 1.0


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down adjustment (1979); NaN takes no part in the family and stays NaN."""
    order = sorted((p, k) for k, p in enumerate(p_values) if not math.isnan(p))
    adjusted, highest = [math.nan] * len(p_values), 0.0
    for place, (p, k) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - place)))
        adjusted[k] = highest
    return adjusted


def tango_interval(b: int, c: int, n: int) -> tuple[float, float]:
    """Tango's score 95 % interval for the paired difference (b - c) / n.

    Source: T. Tango, Statistics in Medicine 17 (1998), 891-908, section 3.

    Args:
        b: images that only the first gets right.
        c: images that only the second gets right.
        n: all images, at least 1.
    """
    observed = (b - c) / n
    low = -1.0 if observed == -1 else _cross(b, c, n, outside=-1.0, inside=observed)
    high = 1.0 if observed == 1 else _cross(b, c, n, outside=1.0, inside=observed)
    return low, high


def _cross(b: int, c: int, n: int, *, outside: float, inside: float) -> float:
    """The difference between `outside` and `inside` at which the score statistic, monotone between them, reaches Z."""
    for _ in range(80):
        middle = (outside + inside) / 2
        if abs(_score(b, c, n, middle)) > Z:
            outside = middle
        else:
            inside = middle
    return (outside + inside) / 2


def _score(b: int, c: int, n: int, delta: float) -> float:
    """Tango's statistic: the deviation from `delta` over its standard error under it."""
    linear = -b - c + (2 * n - b + c) * delta
    constant = -c * delta * (1 - delta)
    q = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * q + delta * (1 - delta))
    deviation = b - c - n * delta
    if variance <= 0:
        return math.copysign(math.inf, deviation) if deviation else 0.0
    return deviation / math.sqrt(variance)


def _by_falling(loss: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.int64]:
    return index[np.argsort(-loss[index], kind="stable")]


def _check_same_images(candidate: Predictions, baseline: Predictions) -> None:
    if candidate.class_names != baseline.class_names:
        raise DataError(
            f"the candidate's classes are {', '.join(candidate.class_names)}, "
            f"the baseline's {', '.join(baseline.class_names)}"
        )
    if len(candidate) != len(baseline):
        raise DataError(f"the candidate has {len(candidate)} images, the baseline {len(baseline)}")
    other = np.flatnonzero(candidate.labels != baseline.labels)
    if len(other):
        raise DataError(f"the labels differ, first at row {other[0]} ({len(other)} rows)")


def comparison_frame(comparison: Comparison, class_names: tuple[str, ...]) -> "pd.DataFrame":
    """The comparison as a table: metric, class (empty for the whole set), difference (candidate less baseline), ci_low
    and ci_high (paired 95 %), n, regressed, fixed, p_value (exact McNemar) and p_adjusted (Holm, over the classes).
    """
    import pandas as pd

    rows = [(name, "", d, d.p_value) for name, d in comparison.overall.items()]
    rows += [
        ("recall", name, d, adjusted)
        for name, d, adjusted in zip(class_names, comparison.per_class, comparison.per_class_adjusted, strict=True)
    ]
    return pd.DataFrame(
        [
            (metric, name, d.value, d.ci_low, d.ci_high, d.n, d.regressed, d.fixed, d.p_value, adjusted)
            for metric, name, d, adjusted in rows
        ],
        columns=[
            *("metric", "class", "difference", "ci_low", "ci_high", "n"),
            *("regressed", "fixed", "p_value", "p_adjusted"),
        ],
    )


def flips_frame(
    comparison: Comparison, candidate: Predictions, baseline: Predictions, index: NDArray[np.int64]
) -> "pd.DataFrame":
    """The images that flipped: index, change (regressed or fixed), label, and what each side predicted how surely.

    Args:
        comparison: of the two.
        candidate: its predictions.
        baseline: its predictions.
        index: shape (n,), each row's place in the data set.
    """
    import pandas as pd

    names = candidate.class_names
    rows = [
        (
            int(index[row]),
            change,
            names[candidate.labels[row]],
            names[candidate.predicted[row]],
            candidate.confidence[row],
            names[baseline.predicted[row]],
            baseline.confidence[row],
        )
        for change, flipped in (("regressed", comparison.regressed), ("fixed", comparison.fixed))
        for row in flipped
    ]
    sides = [f"{side}_{what}" for side in ("candidate", "baseline") for what in ("predicted", "confidence")]
    return pd.DataFrame(rows, columns=["index", "change", "label", *sides])
