"""Paired statistics: two models' answers to the same images."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation import confusion as of_confusion
from mnist_report.evaluation.intervals import DRAWS, Z, at_most, normal_interval, percentile_interval
from mnist_report.evaluation.predictions import Scores


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


def paired_counts(candidate: Scores, baseline: Scores, seed: int) -> dict[str, Difference]:
    """The difference of each function of the confusion counts, such as MCC, with its resampled interval.

    Each draw is a set of as many images from the multinomial distribution over the observed (label, candidate's
    prediction, baseline's prediction), so both sides of a draw are of the same images; one image more, on which one
    side errs, is spread over all errors that there may be (see `confusion.resample`).
    """
    differences = {}
    for name, (value, draws) in paired_draws(candidate, baseline, seed).items():
        differences[name] = Difference(value, *percentile_interval(value, draws), len(candidate))
    return differences


def paired_draws(candidate: Scores, baseline: Scores, seed: int) -> dict[str, tuple[float, NDArray[np.float64]]]:
    """For each function of the confusion counts the difference and that of 2,000 draws, see `paired_counts`."""
    classes = len(candidate.class_names)
    triples = (candidate.labels * classes + candidate.predicted) * classes + baseline.predicted
    seen, counts = np.unique(triples, return_counts=True)
    actual, sides = seen // classes**2, (seen // classes % classes, seen % classes)
    values = [of_confusion.margins_of_cells(counts.astype(float), actual, side, classes) for side in sides]
    samples = _draw_both(counts, actual, sides, classes, seed)
    return {
        name: (float(function(values[0]) - function(values[1])), function(samples[0]) - function(samples[1]))
        for name, function in of_confusion.OVERALL.items()
    }


def _draw_both(
    counts: NDArray[np.int64],
    actual: NDArray[np.int64],
    sides: tuple[NDArray[np.int64], NDArray[np.int64]],
    classes: int,
    seed: int,
) -> list[of_confusion.Margins]:
    """The margins of both sides' draws, see `paired_counts`."""
    random = np.random.default_rng(seed)
    unseen = _unseen_by_one(actual, sides, classes)
    weights = np.append(counts, 1 if len(unseen) else 0)
    drawn = random.multinomial(int(counts.sum()), weights / weights.sum(), size=DRAWS).astype(float)
    samples = [of_confusion.margins_of_cells(drawn[:, :-1], actual, side, classes) for side in sides]
    for draw, (label, predicted, wrong) in of_confusion.choose_unseen(drawn[:, -1], unseen, random):
        for which, margins in enumerate(samples):
            margins.actual[draw, label] += 1
            margins.predicted[draw, predicted if which == wrong else label] += 1
            margins.right[draw, label] += which != wrong
    return samples


def _unseen_by_one(
    actual: NDArray[np.int64], sides: tuple[NDArray[np.int64], NDArray[np.int64]], classes: int
) -> NDArray[np.int64]:
    """Shape (errors, 3): label, predicted class and which side errs, of every error that one side alone may make.

    Only of classes that each side predicts, see `confusion.unseen_errors`.
    """
    said = [np.bincount(side, minlength=classes) > 0 for side in sides]
    possible = np.zeros((classes, classes, 2), dtype=bool)
    for wrong, right in ((0, 1), (1, 0)):
        labels = (np.bincount(actual, minlength=classes) > 0) & said[right]
        possible[..., wrong] = np.outer(labels, said[wrong])
    possible[np.arange(classes), np.arange(classes)] = False
    return np.argwhere(possible)


def mcnemar(b: int, c: int) -> float:
    """The exact two-sided McNemar test: of b + c discordant images, are both kinds equally likely?"""
    return min(1.0, 2 * at_most(min(b, c), b + c, 0.5)) if b + c else 1.0


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
        if abs(tango_score(b, c, n, middle)) > Z:
            outside = middle
        else:
            inside = middle
    return (outside + inside) / 2


def tango_score(b: int, c: int, n: int, delta: float) -> float:
    """Tango's statistic: the deviation from `delta` over its standard error under it."""
    variance, deviation = tango_variance(b, c, n, delta), b - c - n * delta
    if variance <= 0:
        return math.copysign(math.inf, deviation) if deviation else 0.0
    return deviation / math.sqrt(variance)


def tango_variance(b: float, c: float, n: float, delta: float) -> float:
    """The variance of b - c where the true difference is `delta`, by the estimate restricted to it."""
    linear = -b - c + (2 * n - b + c) * delta
    constant = -c * delta * (1 - delta)
    q = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
    return n * (2 * q + delta * (1 - delta))
