"""What a model's numbers are: probabilities, or what becomes probabilities."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-3

OutputKind = Literal["probabilities", "log-probabilities", "scores", "logits", "labels"]
SENTENCES: dict[OutputKind, str] = {
    "probabilities": "probabilities",
    "log-probabilities": "log-probabilities, of which the exponential was taken",
    "scores": "scores from 0 to 1 that do not sum to 1; each row was divided by its sum",
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

    Rows that sum to 1 within 0.001 are probabilities, and rows whose exponentials do are log-probabilities. Other
    numbers from 0 to 1 are scores, as of a sigmoid for each class; a row of zeros becomes one of equal probabilities.
    All else are logits.

    Args:
        answer: shape (n, classes). Where a number is not finite, it is returned as it is: nobody can tell.
    """
    if not np.isfinite(answer).all():
        return Recognised("probabilities", answer)
    rows = answer.astype(np.float64)
    low, high = rows.min(initial=0), rows.max(initial=0)
    if low >= 0 and np.all(np.abs(rows.sum(axis=1) - 1) <= TOLERANCE):
        return Recognised("probabilities", answer)
    if high <= TOLERANCE and np.all(np.abs(np.exp(rows).sum(axis=1) - 1) <= TOLERANCE):
        return Recognised("log-probabilities", _shares(np.exp(rows)))
    if low >= 0 and high <= 1 + TOLERANCE:
        return Recognised("scores", _shares(rows))
    return Recognised("logits", _shares(np.exp(rows - rows.max(axis=1, keepdims=True))))


def _shares(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    sums = rows.sum(axis=1, keepdims=True)
    equal = np.full_like(rows, 1 / rows.shape[1])
    shares: NDArray[np.float64] = np.divide(rows, sums, out=equal, where=sums > 0)
    return shares.astype(np.float32)
