"""How a model bears worse images: counts of each corrupted set, and what follows from them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.intervals import LEVEL, exact_interval
from mnist_report.evaluation.metrics import Metric, proportion
from mnist_report.evaluation.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class CorruptedSet:
    """What was counted of the answers to one corrupted copy of the images; arrays of shape (classes,).

    Attributes:
        kind: of corruption.
        severity: 1 or more; a set that has no other of its kind has 1.
        n: int64, the images of each class.
        right: int64, those of them that are predicted rightly.
        loss: the sum of their log losses, in nats; NaN without probabilities.
        confidence: the sum of the probabilities of the predicted classes; NaN without probabilities.
    """

    kind: str
    severity: int
    n: NDArray[np.int64]
    right: NDArray[np.int64]
    loss: NDArray[np.float64]
    confidence: NDArray[np.float64]

    @classmethod
    def of(cls, kind: str, severity: int, predictions: Predictions) -> Self:
        """Count the answers to one set."""
        labels, classes = predictions.labels, len(predictions.class_names)
        return cls(
            kind,
            severity,
            n=np.bincount(labels, minlength=classes),
            right=np.bincount(labels[predictions.right], minlength=classes),
            loss=_grouped(labels, predictions.loss, classes),
            confidence=_grouped(labels, predictions.confidence, classes),
        )

    @property
    def name(self) -> str:
        """As a gate names it, like a slice: "noise=3"."""
        return f"{self.kind}={self.severity}"

    @property
    def accuracy(self) -> Metric:
        """Of all its images."""
        return proportion(int(self.right.sum()), int(self.n.sum()))

    @property
    def mean_confidence(self) -> float:
        """Over all its images; NaN without probabilities."""
        return float(self.confidence.sum()) / int(self.n.sum())

    @property
    def log_loss(self) -> float:
        """The mean over all its images, in nats; NaN without probabilities."""
        return float(self.loss.sum()) / int(self.n.sum())


@dataclass(frozen=True, slots=True)
class WeakSlice:
    """One class of one corrupted set.

    Attributes:
        place: of the set among all.
        class_index: into the class names.
        right: images predicted rightly.
        accuracy: with an interval that holds together with those of all other classes of all sets (Bonferroni), so that
            it may be looked at because it is the lowest.
    """

    place: int
    class_index: int
    right: int
    accuracy: Metric


def accuracies(sets: Sequence[CorruptedSet]) -> dict[str, Metric]:
    """The accuracy of each set, by its name."""
    return {one.name: one.accuracy for one in sets}


def by_kind(sets: Sequence[CorruptedSet]) -> dict[str, tuple[CorruptedSet, ...]]:
    """The sets of each kind, kinds in the order in which they come, severities rising."""
    kinds = dict.fromkeys(one.kind for one in sets)
    return {
        kind: tuple(sorted((one for one in sets if one.kind == kind), key=lambda one: one.severity)) for kind in kinds
    }


def mean_accuracy(sets: Sequence[CorruptedSet]) -> float:
    """The plain mean of the sets' accuracies, each kind counting alike however many severities it has.

    It is no "mean corruption error": that one is relative to another model.
    """
    return _mean([_mean([one.accuracy.value for one in group]) for group in by_kind(sets).values()])


def weakest(sets: Sequence[CorruptedSet], most: int) -> tuple[WeakSlice, ...]:
    """The classes of sets with the lowest accuracies, lowest first."""
    level = 1 - (1 - LEVEL) / looks(sets)
    rates = [
        (int(one.right[k]) / int(one.n[k]), place, k)
        for place, one in enumerate(sets)
        for k in np.flatnonzero(one.n).tolist()
    ]
    found = []
    for rate, place, k in sorted(rates)[:most]:
        one = sets[place]
        right, n = int(one.right[k]), int(one.n[k])
        found.append(WeakSlice(place, k, right, Metric(rate, *exact_interval(right, n, level), n)))
    return tuple(found)


def looks(sets: Sequence[CorruptedSet]) -> int:
    """How many classes of sets there are to look at."""
    return sum(int((one.n > 0).sum()) for one in sets)


def corruptions_frame(sets: Sequence[CorruptedSet]) -> "pd.DataFrame":
    """A row per set: corruption, severity, n, accuracy, ci_low and ci_high (exact 95 %), mean_confidence, log_loss."""
    import pandas as pd

    rows = [(one.kind, one.severity, *_row(one.accuracy), one.mean_confidence, one.log_loss) for one in sets]
    columns = ["corruption", "severity", "n", "accuracy", "ci_low", "ci_high", "mean_confidence", "log_loss"]
    return pd.DataFrame(rows, columns=columns)


def corruptions_document(sets: Sequence[CorruptedSet]) -> dict[str, Any]:
    """What metrics.json says of the sets; an undefined value is null."""
    return {
        "corruptions": [
            {
                "corruption": one.kind,
                "severity": one.severity,
                "accuracy": _finite({end: getattr(one.accuracy, end) for end in ("value", "ci_low", "ci_high")})
                | {"n": one.accuracy.n},
                **_finite({"mean_confidence": one.mean_confidence, "log_loss": one.log_loss}),
            }
            for one in sets
        ],
        "robustness": {
            "sets": len(sets),
            "mean_accuracy": mean_accuracy(sets),
            "kinds": [
                {"corruption": kind, "sets": len(group), "mean_accuracy": mean_accuracy(group)}
                for kind, group in by_kind(sets).items()
            ],
        },
    }


def _grouped(labels: NDArray[np.int64], values: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """The sum of each class's values."""
    return np.bincount(labels, values, classes).astype(np.float64)


def _row(metric: Metric) -> tuple[float, ...]:
    return metric.n, metric.value, metric.ci_low, metric.ci_high


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
