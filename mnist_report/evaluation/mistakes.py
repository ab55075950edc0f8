"""Which images a reader should look at."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.ensemble import Member, disputed_first
from mnist_report.evaluation.ordering import smallest
from mnist_report.evaluation.parts import picked
from mnist_report.evaluation.predictions import Predictions, Scores

# What the report shows at most.
MOST_MISTAKES, MOST_LABEL_ISSUES, MOST_NEAR_MISSES, MOST_FLIPS = 300, 10, 10, 60
MOST_DISPUTED = 20
MATRIX_CLASSES = 25
MOST_SAMPLES, SAMPLES_PER_CLASS = 100, 5
# So many mistakes are listed where not all rows are kept, and so many examples of each confused pair.
MOST_LISTED, EXAMPLES = 1_000, 5
NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Galleries:
    """The images that the report shows, as int64 indices.

    Attributes:
        mistakes: wrong ones, worst-first; without probabilities nobody knows which is worse, and all is by index.
        near_misses: right ones by rising margin.
        label_issues: those whose label the model believes in least.
        regressed: those that only the baseline gets right, worst for the candidate first.
        fixed: those that only the candidate gets right, worst for the baseline first.
        samples: right ones drawn at random, class by class.
        disputed: those for which not all members of an ensemble predict the same class, the largest variance first.

    They are the rows of the predictions; see `Predictions.places`.
    """

    mistakes: NDArray[np.int64]
    near_misses: NDArray[np.int64]
    label_issues: NDArray[np.int64]
    regressed: NDArray[np.int64]
    fixed: NDArray[np.int64]
    samples: NDArray[np.int64]
    disputed: NDArray[np.int64]

    @property
    def index(self) -> NDArray[np.int64]:
        """Each image once, rising."""
        return np.unique(np.concatenate([getattr(self, field.name) for field in fields(self)])).astype(np.int64)


def choose_galleries(
    predictions: Predictions,
    baseline: Scores | None = None,
    members: Sequence[Member] = (),
    *,
    most_mistakes: int = MOST_MISTAKES,
    seed: int = 0,
) -> Galleries:
    """Choose the images that the report shows.

    Args:
        predictions: of the whole set.
        baseline: what it said about the same images, or None.
        members: of the ensemble, if it is one.
        most_mistakes: see `mistakes_to_show`.
        seed: of the draw of the samples.
    """
    regressed, fixed = flips(predictions, baseline) if baseline is not None else (NONE, NONE)
    each = min(SAMPLES_PER_CLASS, MOST_SAMPLES // len(predictions.class_names))
    return Galleries(
        mistakes=mistakes_to_show(predictions, most_mistakes),
        near_misses=near_misses(predictions, MOST_NEAR_MISSES),
        label_issues=least_believed(predictions, MOST_LABEL_ISSUES),
        regressed=regressed[:MOST_FLIPS],
        fixed=fixed[:MOST_FLIPS],
        samples=samples_of_each(predictions, each, seed),
        disputed=disputed_first(predictions, members)[:MOST_DISPUTED] if members else NONE,
    )


def worst_first(predictions: Predictions) -> NDArray[np.int64]:
    """Indices of all wrong predictions by falling loss; equal losses, or none without probabilities, by index."""
    return _by_falling(predictions.loss, np.flatnonzero(~predictions.right))


def near_misses(predictions: Predictions, most: int = 20) -> NDArray[np.int64]:
    """Indices of the right predictions with the smallest margin, the smallest first; equal margins by index.

    None without probabilities.
    """
    if not predictions.graded:
        return NONE
    margin, right = predictions.margin, predictions.right
    margin[~right] = np.inf  # behind all others
    return smallest(margin, min(most, int(right.sum())))


def least_believed(predictions: Predictions, most: int) -> NDArray[np.int64]:
    """Indices of the smallest probabilities of the label, the smallest first; ties by index.

    None without probabilities.
    """
    if not predictions.graded:
        return NONE
    return smallest(picked(predictions.in_parts, predictions.labels), most)


def flips(candidate: Scores, baseline: Scores) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The regressed images, worst for the candidate first, and the fixed ones, worst for the baseline first."""
    regressed = np.flatnonzero(baseline.right & ~candidate.right)
    fixed = np.flatnonzero(candidate.right & ~baseline.right)
    return _by_falling(candidate.loss, regressed), _by_falling(baseline.loss, fixed)


def _by_falling(loss: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.int64]:
    return index[np.argsort(-loss[index], kind="stable")]


def pairs_of(predictions: Predictions, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for what each image is and what it is taken for."""
    classes = len(predictions.class_names)
    pairs: NDArray[np.int64] = predictions.labels[index] * classes + predictions.predicted[index]
    return pairs


def mistakes_to_show(predictions: Predictions, most: int) -> NDArray[np.int64]:
    """So many mistakes, worst-first, with an equal quota for each confused pair while there are more than that.

    Every pair's worst mistake is among them, even where that makes more than `most`; but not with so many classes that
    nobody could look at a matrix of them.
    """
    worst = worst_first(predictions)
    in_turn = _in_turn(predictions, worst)
    least = int((in_turn == 0).sum()) if len(predictions.class_names) <= MATRIX_CLASSES else 0
    kept = np.argsort(in_turn, kind="stable")[: max(most, least)]
    return worst[np.sort(kept)]


def worst_of_each_pair(predictions: Predictions, most: int = EXAMPLES) -> NDArray[np.int64]:
    """The worst mistakes of each confused pair, worst-first."""
    worst = worst_first(predictions)
    return worst[_in_turn(predictions, worst) < most]


def _in_turn(predictions: Predictions, worst: NDArray[np.int64]) -> NDArray[np.int64]:
    """The how many-th of its pair each mistake is, from 0."""
    pairs = pairs_of(predictions, worst)
    by_pair = np.argsort(pairs, kind="stable")
    grouped = pairs[by_pair]
    in_turn = np.empty(len(worst), dtype=np.int64)
    in_turn[by_pair] = np.arange(len(worst)) - np.searchsorted(grouped, grouped)
    return in_turn


def samples_of_each(predictions: Predictions, each: int, seed: int) -> NDArray[np.int64]:
    """So many right predictions of each class, where it has them, drawn at random; class by class, each by index.

    Each image draws a number by its place; the lowest of a class are taken. So those of the whole are among those of
    its parts.
    """
    chosen = [NONE]
    for label in range(len(predictions.class_names)):
        right = np.flatnonzero(predictions.right & (predictions.labels == label))
        drawn = _drawn(predictions.places(right), seed)
        chosen.append(np.sort(right[np.argsort(drawn, kind="stable")[:each]]))
    return np.concatenate(chosen)


def _drawn(index: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A number for each image, as good as drawn: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) of place and seed."""
    with np.errstate(over="ignore"):
        z = index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed % 2**64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
