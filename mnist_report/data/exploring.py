"""What the images of a training are like: how many of each class, a few of them, and how much ink."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset

MOST_SAMPLES = 8
MOST_SAMPLES_IN_ALL = 80
LEVELS = 256
# So many pixels are counted at once: numpy makes 8 bytes of each.
PIXELS_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class Exploration:
    """The images of a training.

    Attributes:
        trained_on: int64, shape (classes,): the images of each class that the weights are fitted to.
        held_out: int64, shape (classes,): those that are held out.
        ink: float64, shape (classes,): the mean pixel of each class, 0 = background, 1 = ink; NaN without an image.
        mean: of all pixels of all images, on the same scale.
        deviation: the standard deviation of these pixels.
        background: the share of these pixels that are exactly 0.
        blank: the places that are background in every image.
        places: the pixels of an image.
        samples: for each class the indices of a few images that are trained on, in order.
    """

    trained_on: NDArray[np.int64]
    held_out: NDArray[np.int64]
    ink: NDArray[np.float64]
    mean: float
    deviation: float
    background: float
    blank: int
    places: int
    samples: tuple[tuple[int, ...], ...]


def explore(dataset: Dataset, n_held_out: int, seed: int) -> Exploration:
    """Look at the images of a training.

    Args:
        dataset: of the training split.
        n_held_out: so many, the last ones, are held out.
        seed: of the choice of samples.
    """
    classes, fitted = len(dataset.class_names), dataset.labels[: len(dataset) - n_held_out]
    levels, inked = _levels(dataset, classes)
    scale = np.arange(LEVELS) / (LEVELS - 1)
    n = levels.sum(axis=1)
    with np.errstate(invalid="ignore"):
        ink = levels @ scale / n
    total = int(n.sum())
    mean = float(levels.sum(axis=0) @ scale) / total
    squares = float(levels.sum(axis=0) @ (scale - mean) ** 2)
    return Exploration(
        trained_on=np.bincount(fitted, minlength=classes),
        held_out=np.bincount(dataset.labels[len(fitted) :], minlength=classes),
        ink=ink,
        mean=mean,
        deviation=math.sqrt(squares / total),
        background=float(levels[:, 0].sum()) / total,
        blank=int((~inked).sum()),
        places=inked.size,
        samples=_samples(fitted, classes, seed),
    )


def _levels(dataset: Dataset, classes: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """How often each class has each grey level, shape (classes, 256), and where any image has ink."""
    images = dataset.images.reshape(len(dataset), -1)
    levels, inked = np.zeros((classes, LEVELS), np.int64), np.zeros(images.shape[1], bool)
    step = max(1, PIXELS_AT_ONCE // images.shape[1])
    for first in range(0, len(images), step):
        part, labels = images[first : first + step], dataset.labels[first : first + step]
        inked |= part.any(axis=0)
        for k in np.unique(labels):
            levels[k] += np.bincount(part[labels == k].ravel(), minlength=LEVELS)
    return levels, inked


def _samples(labels: NDArray[np.int64], classes: int, seed: int) -> tuple[tuple[int, ...], ...]:
    generator = np.random.default_rng(seed)
    most = max(1, min(MOST_SAMPLES, MOST_SAMPLES_IN_ALL // classes))
    of_class = (np.flatnonzero(labels == k) for k in range(classes))
    return tuple(
        tuple(np.sort(generator.choice(found, min(most, len(found)), replace=False)).tolist()) for found in of_class
    )
