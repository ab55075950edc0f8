"""What hypothesis draws: probabilities with labels and class names, as a model and a data set would give them."""

import math
from typing import Any, NamedTuple

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist_report.evaluation.predictions import Predictions, make_predictions

# Busy machines are slow now and then; that is no failure.
law = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


class Sample(NamedTuple):
    """What `make_predictions` takes."""

    probabilities: NDArray[np.float64]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]

    def predictions(self) -> Predictions:
        """What the model said, with all that follows from it."""
        return make_predictions(*self)

    def part(self, rows: Any) -> "Sample":
        """Some of the rows, by slice or by index."""
        return self._replace(probabilities=self.probabilities[rows], labels=self.labels[rows])


@st.composite
def samples(draw: st.DrawFn, *, ties: bool = True, min_classes: int = 2, min_rows: int = 1) -> Sample:
    """2 to 12 classes and 1 to 60 rows; unless `ties` is False, some rows are tied and some are one-hot."""
    classes = draw(st.integers(min_classes, 12))
    rows = draw(st.integers(min_rows, 60))
    weights = draw(hnp.arrays(np.int64, (rows, classes), elements=st.integers(1, 10_000)))
    # The column's number makes every weight of a row another one, still far apart in float32.
    distinct = (weights * 16 + np.arange(classes)).astype(np.float64)
    if ties:
        kind = draw(hnp.arrays(np.int64, (rows, 1), elements=st.integers(0, 2)))
        one_hot = np.eye(classes)[distinct.argmax(axis=1)]
        distinct = np.choose(kind, [distinct, 1.0 + weights % 2, one_hot])
    labels = draw(hnp.arrays(np.int64, rows, elements=st.integers(0, classes - 1)))
    names = tuple(f"kind {chr(ord('a') + k)}" for k in range(classes))
    return Sample(distinct / distinct.sum(axis=1, keepdims=True), labels, names)


@st.composite
def permutations(draw: st.DrawFn, n: int) -> NDArray[np.int64]:
    """The numbers below n in some order."""
    return np.array(draw(st.permutations(range(n))), dtype=np.int64)


def plain_rows(sample: Sample) -> list[list[float]]:
    """The float32 rows as Python floats, each divided by its sum."""
    rows = sample.probabilities.astype(np.float32).tolist()
    return [[value / math.fsum(row) for value in row] for row in rows]


def by_rank(row: list[float]) -> list[int]:
    """Classes from the most probable to the least, the lower index first among equals."""
    return sorted(range(len(row)), key=lambda k: (-row[k], k))
