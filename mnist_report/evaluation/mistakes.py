"""Which images a reader should look at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.ordering import smallest
from mnist_report.evaluation.parts import picked
from mnist_report.evaluation.predictions import Predictions, Scores

# What the report shows at most.
MOST_MISTAKES, MOST_LABEL_ISSUES, MOST_NEAR_MISSES, MOST_FLIPS = 300, 10, 10, 60
MATRIX_CLASSES = 25
MOST_SAMPLES, SAMPLES_PER_CLASS = 100, 5
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
    """

    mistakes: NDArray[np.int64]
    near_misses: NDArray[np.int64]
    label_issues: NDArray[np.int64]
    regressed: NDArray[np.int64]
    fixed: NDArray[np.int64]
    samples: NDArray[np.int64]

    @property
    def index(self) -> NDArray[np.int64]:
        """Each image once, rising."""
        every = (self.mistakes, self.near_misses, self.label_issues, self.regressed, self.fixed, self.samples)
        return np.unique(np.concatenate(every)).astype(np.int64)


def choose_galleries(
    predictions: Predictions, baseline: Scores | None = None, *, most_mistakes: int = MOST_MISTAKES, seed: int = 0
) -> Galleries:
    """Choose the images that the report shows.

    Args:
        predictions: of the whole set.
        baseline: what it said about the same images, or None.
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
    right = np.flatnonzero(predictions.right)
    return right[smallest(predictions.margin[right], most)]


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
    pairs = pairs_of(predictions, worst)
    in_turn = np.empty(len(worst), dtype=np.int64)  # the how many-th of its pair each one is
    for pair in np.unique(pairs):
        members = np.flatnonzero(pairs == pair)
        in_turn[members] = np.arange(len(members))
    least = int((in_turn == 0).sum()) if len(predictions.class_names) <= MATRIX_CLASSES else 0
    kept = np.argsort(in_turn, kind="stable")[: max(most, least)]
    return worst[np.sort(kept)]


def samples_of_each(predictions: Predictions, each: int, seed: int) -> NDArray[np.int64]:
    """So many right predictions of each class, where it has them, drawn at random; class by class, each by index."""
    generator = np.random.default_rng(seed)
    chosen = [np.empty(0, dtype=np.int64)]
    for label in range(len(predictions.class_names)):
        right = np.flatnonzero(predictions.right & (predictions.labels == label))
        chosen.append(np.sort(generator.permutation(right)[:each]))
    return np.concatenate(chosen)
