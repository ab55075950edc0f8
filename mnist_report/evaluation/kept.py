"""The few rows that are kept of predictions that are only counted: those that somebody will look at."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.label_issues import MOST_RANKED
from mnist_report.evaluation.mistakes import (
    MOST_LISTED,
    MOST_MISTAKES,
    choose_galleries,
    least_believed,
    near_misses,
    worst_first,
    worst_of_each_pair,
)
from mnist_report.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Wanted:
    """What decides which rows are kept.

    Attributes:
        most_mistakes: see `mistakes.mistakes_to_show`.
        seed: of the draw of the samples.
    """

    most_mistakes: int = MOST_MISTAKES
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Rows with their images. What is kept of the whole is kept of each of its parts, so parts can be added.

    Attributes:
        predictions: the rows, with their places in the data set.
        shown: int64, shape (k,), rising, the places of the images in the galleries.
        pixels: uint8, shape (k, height, width), those of these; of the other rows nobody will see them.
        wanted: what decided.
    """

    predictions: Predictions
    shown: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    wanted: Wanted

    @classmethod
    def of(cls, predictions: Predictions, images: NDArray[np.uint8], wanted: Wanted) -> "Kept":
        """Keep of one set of predictions.

        Args:
            predictions: with their places, which rise.
            images: uint8, shape (n, height, width).
            wanted: what decides.
        """
        rows, in_galleries = _chosen(predictions, wanted)
        return cls(predictions.only(rows), predictions.places(in_galleries), images[in_galleries], wanted)

    def __add__(self, other: "Kept") -> "Kept":
        both = _joined(self.predictions, other.predictions)
        both = both.only(np.argsort(both.places(np.arange(len(both))), kind="stable"))
        rows, in_galleries = _chosen(both, self.wanted)
        shown = both.places(in_galleries)
        # What is in a gallery of the whole is in one of its part's.
        there = np.concatenate([self.shown, other.shown])
        order = np.argsort(there)
        found = order[np.searchsorted(there, shown, sorter=order)]
        ours = found < len(self.shown)
        pixels = np.empty((len(shown), *self.pixels.shape[1:]), np.uint8)
        pixels[ours] = self.pixels[found[ours]]
        pixels[~ours] = other.pixels[found[~ours] - len(self.shown)]
        return Kept(both.only(rows), shown, pixels, self.wanted)


def _chosen(predictions: Predictions, wanted: Wanted) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows that are kept, for the galleries and for the frames; and those for the galleries alone."""
    galleries = choose_galleries(predictions, most_mistakes=wanted.most_mistakes, seed=wanted.seed)
    every = (
        galleries.index,
        worst_first(predictions)[:MOST_LISTED],
        worst_of_each_pair(predictions),
        near_misses(predictions),
        least_believed(predictions, MOST_RANKED),
    )
    return np.unique(np.concatenate(every)).astype(np.int64), galleries.index


def _joined(one: Predictions, other: Predictions) -> Predictions:
    """The rows of both, one set after the other."""

    def of_both(name: str) -> Any:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    places = [part.places(np.arange(len(part))) for part in (one, other)]
    names = ("labels", "predicted", "runner_up", "confidence", "loss", "brier", "probabilities")
    return replace(one, **{name: of_both(name) for name in names}, index=np.concatenate(places))
