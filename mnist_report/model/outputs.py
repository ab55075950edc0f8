"""What a model's numbers are: probabilities, or what becomes probabilities."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-3
# Rows that miss 1 by no more are probabilities that lost digits, as those of a model in int8.
ROUGHLY = 0.1

OutputKind = Literal["probabilities", "log-probabilities", "shares", "scores", "logits"]
SENTENCES: dict[OutputKind, str] = {
    "probabilities": "probabilities",
    "log-probabilities": "log-probabilities, of which the exponential was taken",
    "shares": "scores from 0 to 1 that sum to nearly 1; each row was divided by its sum",
    "scores": "scores from 0 to 1, each for its class alone; their odds were taken, divided by the row's sum",
    "logits": "logits, of which the softmax was taken",
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
    numbers from 0 to 1 are shares where every row sums to 1 within 0.1, and else scores, as of a sigmoid for each
    class: if exactly one class is right, and each score is the probability that its own is, then the odds say how
    probable each is; of a sigmoid they are the softmax of what went into it. A row of zeros becomes one of equal
    probabilities. All else are logits.

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
        if np.all(np.abs(rows.sum(axis=1) - 1) <= ROUGHLY):
            return Recognised("shares", _shares(rows))
        return Recognised("scores", _shares(_odds(rows)))
    return Recognised("logits", _shares(np.exp(rows - rows.max(axis=1, keepdims=True))))


def _odds(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each score p: p / (1 - p); what is exactly 1 stays above every other float32 number, and what is 0 below."""
    inside = np.clip(rows, 0, 1 - 2.0**-25)
    odds: NDArray[np.float64] = inside / (1 - inside)
    return odds


def _shares(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    sums = rows.sum(axis=1, keepdims=True)
    equal = np.full_like(rows, 1 / rows.shape[1])
    shares: NDArray[np.float64] = np.divide(rows, sums, out=equal, where=sums > 0)
    return shares.astype(np.float32)
