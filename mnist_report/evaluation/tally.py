"""The tally: statistics that can be added, so that the parts of a data set give the same numbers as the whole."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Sums:
    """The sum and the sum of squares of one value per image."""

    total: float
    squares: float

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.total + other.total, self.squares + other.squares)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What the mergeable metrics need to know of a set of predictions.

    Attributes:
        confusion: int64, shape (classes, classes): images by true class (rows) and predicted class (columns).
        top2: images whose label is among the two most probable classes.
        loss: of the log loss in nats.
        brier: of the multiclass Brier score, the squared distance between the probabilities and the truth.
        confidence: of the predicted class's probability.
    """

    confusion: NDArray[np.int64]
    top2: int
    loss: Sums
    brier: Sums
    confidence: Sums

    @classmethod
    def of(cls, predictions: Predictions) -> Self:
        """Count one set of predictions."""
        classes = len(predictions.class_names)
        cells = predictions.labels * classes + predictions.predicted
        return cls(
            confusion=np.bincount(cells, minlength=classes * classes).reshape(classes, classes),
            top2=int((predictions.right | (predictions.runner_up == predictions.labels)).sum()),
            loss=_sums(predictions.loss),
            brier=_sums(predictions.brier),
            confidence=_sums(predictions.confidence),
        )

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.confusion + other.confusion,
            self.top2 + other.top2,
            self.loss + other.loss,
            self.brier + other.brier,
            self.confidence + other.confidence,
        )

    @property
    def n(self) -> int:
        """The number of images."""
        return int(self.confusion.sum())


def _sums(values: NDArray[np.float64]) -> Sums:
    return Sums(float(values.sum()), float((values * values).sum()))
