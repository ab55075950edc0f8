"""The tally: statistics that can be added, so that the parts of a data set give the same numbers as the whole."""

import math
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.confidences import Confidences
from mnist_report.evaluation.predictions import Scores

# Equal-width bins of the confidence, as in Guo et al. (2017).
BINS = 15


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """The sum and the sum of squares of one value per image: numbers, or arrays where there is one pair per class."""

    total: NDArray[np.float64]
    squares: NDArray[np.float64]

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """What the calibration needs to know of each bin of confidence; arrays of shape (BINS,).

    Attributes:
        n: int64, the images.
        right: int64, those predicted rightly.
        confidence: the sum of their confidences.
        variance: the sum of confidence x (1 - confidence), the variance that right answers would have if each came
            with exactly the probability that its confidence says.
    """

    n: NDArray[np.int64]
    right: NDArray[np.int64]
    confidence: NDArray[np.float64]
    variance: NDArray[np.float64]

    def __add__(self, other: "Bins") -> "Bins":
        return Bins(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What the mergeable metrics need to know of a set of predictions.

    Attributes:
        confusion: int64, shape (classes, classes): images by true class (rows) and predicted class (columns).
        top2: images whose label is among the two most probable classes; says nothing where not `graded`.
        loss: of the log loss in nats.
        brier: of the multiclass Brier score, the squared distance between the probabilities and the truth.
        confidence: of the predicted class's probability.
        overconfidence: of the confidence less 1 where the prediction is right, less 0 where it is wrong.
        class_confidence: of the confidence, per true class.
        bins: by confidence.
        confidences: how they are distributed, right and wrong answers apart.

    Of predictions without probabilities, everything but the confusion counts is NaN, and no bin has an image.
    """

    confusion: NDArray[np.int64]
    top2: int
    loss: Sums
    brier: Sums
    confidence: Sums
    overconfidence: Sums
    class_confidence: Sums
    bins: Bins
    confidences: Confidences

    @classmethod
    def of(cls, predictions: Scores) -> Self:
        """Count one set of predictions."""
        classes = len(predictions.class_names)
        confidence, right = predictions.confidence, predictions.right
        cells = predictions.labels * classes + predictions.predicted
        return cls(
            confusion=np.bincount(cells, minlength=classes * classes).reshape(classes, classes),
            top2=int(predictions.in_top2.sum()),
            loss=_sums(predictions.loss),
            brier=_sums(predictions.brier),
            confidence=_sums(confidence),
            overconfidence=_sums(confidence - right),
            class_confidence=Sums(
                _grouped(confidence, predictions.labels, classes),
                _grouped(confidence * confidence, predictions.labels, classes),
            ),
            bins=_bins(confidence, right) if predictions.graded else _no_bins(),
            confidences=Confidences.of(predictions),
        )

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def n(self) -> int:
        """The number of images."""
        return int(self.confusion.sum())

    @property
    def graded(self) -> bool:
        """Whether every prediction came with probabilities."""
        return not math.isnan(self.confidence.total)


def bin_of(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """The equal-width bin of each confidence: bin k holds (k / BINS, (k + 1) / BINS]."""
    return np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)


def _bins(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Bins:
    place = bin_of(confidence)
    return Bins(
        n=np.bincount(place, minlength=BINS),
        right=np.bincount(place[right], minlength=BINS),
        confidence=_grouped(confidence, place, BINS),
        variance=_grouped(confidence * (1 - confidence), place, BINS),
    )


def _no_bins() -> Bins:
    """Of predictions without confidences: nobody knows the bin of any image."""
    none, unknown = np.zeros(BINS, dtype=np.int64), np.full(BINS, np.nan)
    return Bins(n=none, right=none, confidence=unknown, variance=unknown)


def _grouped(values: NDArray[np.float64], group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """The sum of the values of each group."""
    return np.bincount(group, values, groups).astype(np.float64)


def _sums(values: NDArray[np.float64]) -> Sums:
    return Sums(np.asarray(values.sum()), np.asarray((values * values).sum()))
