"""How confidences are distributed, in counts that can be added."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.predictions import Scores

# From here on an answer counts as sure, and from here on as certain.
SURE, CERTAIN = 0.99, 1 - 1e-6
EDGES = np.array([edge / 20 for edge in range(21)])


@dataclass(frozen=True, slots=True, eq=False)
class Confidences:
    """Counts and sums of the confidences of the wrong answers (column 0) and of the right ones (column 1).

    Attributes:
        n: int64, shape (classes, 2), the images of each true class.
        total: float64, likewise, the sum of their confidences.
        sure: int64, likewise, those with a confidence of 0.99 or more.
        certain: int64, shape (2,), those of at least 1 - 1e-6.
        histogram: int64, shape (20, 2), by equal-width bins; bin k holds [k / 20, (k + 1) / 20), the last one 1, too.

    Without probabilities all but `n` are zero.
    """

    n: NDArray[np.int64]
    total: NDArray[np.float64]
    sure: NDArray[np.int64]
    certain: NDArray[np.int64]
    histogram: NDArray[np.int64]

    @classmethod
    def of(cls, scores: Scores) -> "Confidences":
        """Count one set of predictions."""
        classes, right = len(scores.class_names), scores.right
        cells = scores.labels * 2 + right
        # Where there are no probabilities, every comparison with NaN is false.
        confidence = scores.confidence if scores.graded else np.zeros(len(scores))

        def by_class(weights: NDArray[np.float64] | None, chosen: NDArray[np.bool_] | slice) -> NDArray[Any]:
            return np.bincount(cells[chosen], weights, 2 * classes).reshape(classes, 2)

        every = slice(None)
        sides = [confidence[~right], confidence[right]] if scores.graded else [np.empty(0), np.empty(0)]
        return cls(
            n=by_class(None, every).astype(np.int64),
            total=by_class(confidence, every),
            sure=by_class(None, confidence >= SURE).astype(np.int64),
            certain=np.array([int((side >= CERTAIN).sum()) for side in sides]),
            histogram=np.stack([np.histogram(side, EDGES)[0] for side in sides], axis=1).astype(np.int64),
        )

    def __add__(self, other: "Confidences") -> "Confidences":
        return Confidences(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))
