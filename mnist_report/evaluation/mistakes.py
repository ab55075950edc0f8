"""Which images a reader should look at."""

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.predictions import Predictions


def worst_first(predictions: Predictions) -> NDArray[np.int64]:
    """Indices of all wrong predictions by falling loss; equal losses by index."""
    wrong = np.flatnonzero(~predictions.right)
    return wrong[np.argsort(-predictions.loss[wrong], kind="stable")]


def near_misses(predictions: Predictions, most: int = 20) -> NDArray[np.int64]:
    """Indices of the right predictions with the smallest margin, the smallest first; equal margins by index."""
    right = np.flatnonzero(predictions.right)
    return right[np.argsort(predictions.margin[right], kind="stable")[:most]]


def choose_images(
    predictions: Predictions, *, most_mistakes: int, samples_per_class: int, seed: int
) -> NDArray[np.int64]:
    """Choose the images that the report shows.

    Args:
        predictions: of the whole set.
        most_mistakes: so many wrong predictions at most, worst-first.
        samples_per_class: so many right predictions of each class, where it has them.
        seed: of the draw of the right ones.

    Returns:
        int64: the mistakes worst-first, then the right predictions class by class.
    """
    generator = np.random.default_rng(seed)
    chosen = [worst_first(predictions)[:most_mistakes]]
    for label in range(len(predictions.class_names)):
        right = np.flatnonzero(predictions.right & (predictions.labels == label))
        chosen.append(np.sort(generator.permutation(right)[:samples_per_class]))
    return np.concatenate(chosen)
