"""What a model's numbers are: probabilities, or what becomes probabilities."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-3
# Ten numbers of eight bits are off by 0.04 at most.
ROUNDING = 0.1
TINY, HAIR = 2.0**-150, 2.0**-26

OutputKind = Literal["probabilities", "rounded probabilities", "log-probabilities", "sigmoids", "logits", "labels"]
SENTENCES: dict[OutputKind, str] = {
    "probabilities": "probabilities",
    "log-probabilities": "log-probabilities, of which the exponential was taken",
    "rounded probabilities": "probabilities that sum to 1 but for rounding; each row was divided by its sum",
    "sigmoids": "a probability for each class by itself (sigmoids), of which that of this class alone was made",
    "logits": "logits, of which the softmax was taken",
    "labels": "classes without probabilities",
}


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """A model's answer, once it is known what it is.

    Attributes:
        kind: what the model gave.
        probabilities: float32, shape (n, classes).
    """

    kind: OutputKind
    probabilities: NDArray[np.float32]


def recognise(answer: NDArray[np.float32]) -> Recognised:
    """Tell by a model's numbers what they are, and make probabilities of them.

    Rows that sum to 1 within 0.001 are probabilities, within 0.1 rounded ones, and rows whose exponentials do are
    log-probabilities. Other numbers from 0 to 1 are sigmoids, each saying of one class how probable it is by itself:
    that it alone is right has a probability proportional to its odds p / (1 - p). All else are logits.

    Args:
        answer: shape (n, classes). Where a number is not finite, it is returned as it is: nobody can tell.
    """
    kind = _kind(answer)
    return Recognised(kind, as_probabilities(answer, kind))


def _kind(answer: NDArray[np.float32]) -> OutputKind:
    if not np.isfinite(answer).all():
        return "probabilities"
    rows = answer.astype(np.float64)
    low, high = rows.min(initial=0), rows.max(initial=0)
    if low >= 0 and np.all(np.abs(rows.sum(axis=1) - 1) <= TOLERANCE):
        return "probabilities"
    if high <= TOLERANCE and np.all(np.abs(np.exp(rows).sum(axis=1) - 1) <= TOLERANCE):
        return "log-probabilities"
    if low >= 0 and np.all(np.abs(rows.sum(axis=1) - 1) <= ROUNDING):
        return "rounded probabilities"
    return "sigmoids" if low >= 0 and high <= 1 + TOLERANCE else "logits"


def as_probabilities(answer: NDArray[np.float32], kind: OutputKind) -> NDArray[np.float32]:
    """Make probabilities of numbers of which it is known what they are.

    Args:
        answer: shape (n, classes). What is not of this kind makes rows that are no probabilities.
        kind: of them; "labels" for rows of a single 1.

    Returns:
        float32, shape (n, classes).
    """
    if kind in {"probabilities", "labels"} or not np.isfinite(answer).all():
        return answer
    rows = answer.astype(np.float64)
    if kind == "log-probabilities":
        return _shares(np.exp(rows))
    if kind == "rounded probabilities":
        return _shares(rows)
    if kind == "sigmoids":
        # No float32 lies between what is clipped and 0 or 1, so the order of the classes stays.
        return _softmax(np.log(np.maximum(rows, TINY)) - np.log(np.maximum(1 - rows, HAIR)))
    return _softmax(rows)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a model's answers in fewer bits agree with those in float32.

    Attributes:
        n: images that both saw.
        same: of them, those of the same class.
        largest_difference: between two probabilities of one image and one class; None where there are only classes.
    """

    n: int
    same: int
    largest_difference: float | None


def agreement(answer: NDArray[np.float32], full: NDArray[np.float32], *, single_label: bool) -> Agreement:
    """Hold answers against those in float32.

    Args:
        answer: shape (n, outputs), as the model gave it.
        full: likewise, of the same images.
        single_label: whether the one number is the class itself.
    """
    if single_label:
        return Agreement(len(full), int((answer == full).sum()), None)
    ours, theirs = (recognise(rows).probabilities.astype(np.float64) for rows in (answer, full))
    same = int((ours.argmax(axis=1) == theirs.argmax(axis=1)).sum())
    return Agreement(len(full), same, float(np.abs(ours - theirs).max()))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float32]:
    return _shares(np.exp(logits - logits.max(axis=1, keepdims=True)))


def _shares(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    shares: NDArray[np.float64] = rows / rows.sum(axis=1, keepdims=True)
    return shares.astype(np.float32)
