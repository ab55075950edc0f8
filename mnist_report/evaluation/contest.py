"""Several models on the same images, the best one first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.paired import Difference, paired_proportions


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a leaderboard keeps of a run: no probabilities, however many models there are.

    Attributes:
        name: of the model, as people call it.
        overall: the metrics of the whole set.
        right: bool, shape (n,), whether each image's prediction is its label.
        facts: what else is known of the run: run.json.
    """

    name: str
    overall: Mapping[str, Metric]
    right: NDArray[np.bool_]
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A result in its place.

    Attributes:
        place: from 1.
        result: of the model.
        difference: in accuracy from the best one, paired; None for the best one itself.
    """

    place: int
    result: Result
    difference: Difference | None


def rank(results: Sequence[Result]) -> tuple[Ranked, ...]:
    """Order results by accuracy, equals by log loss and then by name, and hold each against the best.

    The differences describe these images and no others: the best is picked on the very images on which it is compared,
    for which neither interval nor test makes an allowance.

    Args:
        results: of different models for the same images in the same order.
    """
    ordered = sorted(results, key=lambda one: (-one.overall["accuracy"].value, one.overall["log_loss"].value, one.name))
    return tuple(
        Ranked(place, result, paired_proportions(result.right, ordered[0].right) if place > 1 else None)
        for place, result in enumerate(ordered, 1)
    )
