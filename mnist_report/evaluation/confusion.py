"""Metrics that are functions of the confusion counts, for one matrix or for many resampled ones at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """All that these metrics need of a confusion matrix; arrays of shape (..., classes).

    Attributes:
        right: images of the class that were predicted as it (the diagonal).
        actual: images of the class (row sums).
        predicted: images predicted as the class (column sums).
    """

    right: Values
    actual: Values
    predicted: Values


def margins(confusion: NDArray[np.int64]) -> Margins:
    """The margins of one matrix, rows = actual."""
    return Margins(
        np.diagonal(confusion).astype(float), confusion.sum(axis=1).astype(float), confusion.sum(axis=0).astype(float)
    )


def recall(counts: Margins) -> Values:
    """Right among the images of the class; NaN for a class without images."""
    return _share(counts.right, counts.actual)


def precision(counts: Margins) -> Values:
    """Right among the images predicted as the class; NaN for a class never predicted."""
    return _share(counts.right, counts.predicted)


def f1(counts: Margins) -> Values:
    """The harmonic mean of precision and recall; NaN for a class neither there nor predicted."""
    return _share(2 * counts.right, counts.actual + counts.predicted)


def matthews_correlation(counts: Margins) -> Values:
    """The multiclass Matthews correlation, R_K of Gorodkin (2004); NaN where a factor of its denominator is 0."""
    n, right = counts.actual.sum(axis=-1), counts.right.sum(axis=-1)
    covariance = right * n - (counts.actual * counts.predicted).sum(axis=-1)
    spread = (n * n - (counts.predicted**2).sum(axis=-1)) * (n * n - (counts.actual**2).sum(axis=-1))
    return _share(covariance, np.sqrt(np.maximum(spread, 0)))


def cohen_kappa(counts: Margins) -> Values:
    """Agreement beyond chance, Cohen (1960); NaN where chance alone would agree always."""
    n = counts.actual.sum(axis=-1)
    by_chance = (counts.actual * counts.predicted).sum(axis=-1) / n
    return _share(counts.right.sum(axis=-1) - by_chance, n - by_chance)


def _macro(of_class: Callable[[Margins], Values]) -> Callable[[Margins], Values]:
    """The plain mean over the classes for which the rate is defined."""

    def average(counts: Margins) -> Values:
        rates = of_class(counts)
        defined = ~np.isnan(rates)
        return _share(np.where(defined, rates, 0).sum(axis=-1), defined.sum(axis=-1))

    return average


OVERALL: Mapping[str, Callable[[Margins], Values]] = {
    # Balanced accuracy and macro recall are one number under two names, because gates may use either.
    "balanced_accuracy": _macro(recall),
    "macro_precision": _macro(precision),
    "macro_recall": _macro(recall),
    "macro_f1": _macro(f1),
    "mcc": matthews_correlation,
    "cohen_kappa": cohen_kappa,
}


def resample(confusion: NDArray[np.int64], draws: int, seed: int) -> Margins:
    """Margins of matrices drawn from the multinomial distribution with this one's cells as probabilities.

    Args:
        confusion: counts, rows = actual.
        draws: how many.
        seed: of the draw.

    Returns:
        Arrays of shape (draws, classes).
    """
    classes = len(confusion)
    rows, columns = np.nonzero(confusion)
    n = int(confusion.sum())
    drawn = np.random.default_rng(seed).multinomial(n, confusion[rows, columns] / n, size=draws).astype(float)
    return margins_of_cells(drawn, rows, columns, classes)


def margins_of_cells(counts: Values, actual: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> Margins:
    """The margins of matrices given by some of their cells.

    Args:
        counts: shape (..., cells).
        actual: shape (cells,), the true class of each cell.
        predicted: shape (cells,), its predicted class; a pair may occur several times.
        classes: how many there are.

    Returns:
        Arrays of shape (..., classes).
    """
    one_hot = np.eye(classes)
    right = np.where((actual == predicted)[:, np.newaxis], one_hot[actual], 0)
    return Margins(counts @ right, counts @ one_hot[actual], counts @ one_hot[predicted])


def _share(part: Values, whole: Values) -> Values:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
