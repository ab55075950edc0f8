"""Predictions: what a model said about each image, next to the truth."""

import math
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ModelError
from mnist_report.evaluation.one_hot import is_one_hot
from mnist_report.evaluation.parts import Normalised, parts_of, picked

# A row may miss 1 by so much before it is no longer taken for probabilities.
SUM_TOLERANCE = 1e-3
EPSILON = np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What counts of a model's answers, one row per image.

    Attributes:
        class_names: one name per class; labels and predictions are indices into it.
        labels: int64, shape (n,), the true classes.
        predicted: int64, shape (n,), the most probable class, the lowest index among equals.
        runner_up: shape (n,), the second most probable class, likewise; int16, as there are 100 classes at most.
        confidence: float64, shape (n,), the predicted class's probability.
        loss: float64, shape (n,), minus the natural logarithm of the true class's probability, clipped at the
            float64 epsilon.
        brier: float64, shape (n,), the squared distance between the row and the truth, 0 to 2.

    The last three are computed in float64 from rows divided by their sum. Where the answers are classes without
    probabilities (not `graded`) all three are NaN and the runner-up is -1.
    """

    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    runner_up: NDArray[np.integer[Any]]
    confidence: NDArray[np.float64]
    loss: NDArray[np.float64]
    brier: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def graded(self) -> bool:
        """Whether the model said how sure it was; if not, there are classes alone and no probabilities."""
        return not (len(self) and math.isnan(self.confidence[0]))

    @property
    def right(self) -> NDArray[np.bool_]:
        """Shape (n,): whether the prediction is the label."""
        right: NDArray[np.bool_] = self.predicted == self.labels
        return right

    @property
    def in_top2(self) -> NDArray[np.bool_]:
        """Shape (n,): whether the label is one of the two most probable classes; says nothing where not `graded`."""
        in_top2: NDArray[np.bool_] = self.right | (self.runner_up == self.labels)
        return in_top2


@dataclass(frozen=True, slots=True, eq=False)
class Predictions(Scores):
    """A model's answers in full, in the order of the data set.

    Attributes:
        probabilities: float32, shape (n, classes), as the model gave them; NaN where not `graded`.
        index: int64, shape (n,), rising, each image's place in the data set; None where that is its row's number.
    """

    probabilities: NDArray[np.float32]
    index: NDArray[np.int64] | None = None

    @property
    def scores(self) -> Scores:
        """The same without the probabilities, which take most of the memory."""
        return Scores(*(getattr(self, field.name) for field in fields(Scores)))

    def places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The images' places in the data set."""
        return rows if self.index is None else self.index[rows]

    @property
    def margin(self) -> NDArray[np.float64]:
        """Shape (n,): confidence less the second highest probability, computed at each call; NaN where not `graded`."""
        if not self.graded:
            return self.confidence
        margin: NDArray[np.float64] = picked(self.in_parts, self.runner_up)
        return np.subtract(self.confidence, margin, out=margin)

    def margins(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Shape (k,): those of some rows."""
        if not self.graded:
            return self.confidence[rows]
        margins: NDArray[np.float64] = self.confidence[rows] - picked(
            Normalised(self.probabilities[rows]), self.runner_up[rows]
        )
        return margins

    @property
    def in_parts(self) -> Normalised:
        """The probabilities in float64, each row divided by its sum, as many rows as are asked for."""
        return Normalised(self.probabilities)

    @property
    def rows(self) -> NDArray[np.float64]:
        """Shape (n, classes): all of them; computed at each call."""
        return self.in_parts[:]

    def only(self, rows: NDArray[np.int64], where: str = "the predictions") -> "Predictions":
        """Some of the rows, in this order."""
        if self.graded:
            found = make_predictions(self.probabilities[rows], self.labels[rows], self.class_names, where)
        else:
            found = make_class_predictions(self.predicted[rows], self.labels[rows], self.class_names, where)
        return replace(found, index=self.places(rows))


def make_predictions(
    probabilities: NDArray[np.floating],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    where: str = "the predictions",
    first_row: int = 0,
    *,
    saved: bool = False,
) -> Predictions:
    """Check a model's answer and derive what each image's row says.

    Args:
        probabilities: shape (n, classes).
        labels: shape (n,), indices into `class_names`.
        class_names: at least two.
        where: whose they are, for messages.
        first_row: the number of the first one, for messages.
        saved: whether another program saved them in a file, for messages.

    Raises:
        ModelError: the shape does not fit, or a row holds NaN, infinity or something other than probabilities.
    """
    expected = (len(labels), len(class_names))
    if probabilities.shape != expected:
        raise ModelError(
            f"{where}: shape is {probabilities.shape}, expected {expected}: a row an image, a column a class"
        )
    stored = np.ascontiguousarray(probabilities, dtype=np.float32)
    _check_rows(stored, where, first_row, saved=saved)
    n, rows = len(labels), Normalised(stored)
    predicted, runner_up = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int16)
    confidence, loss, brier = (np.empty(n) for _ in range(3))
    for part in parts_of(n):
        own = rows[part]
        every = np.arange(len(own))
        first = predicted[part] = own.argmax(axis=1)
        of_truth = own[every, labels[part]]
        loss[part], brier[part] = log_loss(of_truth), brier_score(own, of_truth)
        confidence[part] = own[every, first]
        own[every, first] = -1
        runner_up[part] = own.argmax(axis=1)
    return Predictions(
        class_names=class_names,
        labels=labels,
        probabilities=stored,
        predicted=predicted,
        runner_up=runner_up,
        confidence=confidence,
        loss=loss,
        brier=brier,
    )


def make_class_predictions(
    predicted: NDArray[np.integer], labels: NDArray[np.int64], class_names: tuple[str, ...], where: str
) -> Predictions:
    """The answers of a model that names a class and says nothing about how sure it is; see `Scores.graded`.

    Args:
        predicted: shape (n,), indices into `class_names`.
        labels: shape (n,), likewise.
        class_names: at least two.
        where: whose they are, for messages.

    Raises:
        ModelError: they are not so many whole numbers, or one is no class.
    """
    n, classes = len(labels), len(class_names)
    if predicted.shape != (n,) or predicted.dtype.kind not in "iu":
        raise ModelError(
            f"{where}: predicted classes are {predicted.dtype} of shape {predicted.shape}, expected whole numbers of "
            f"shape ({n},)"
        )
    outside = np.flatnonzero((predicted < 0) | (predicted >= classes))
    if len(outside):
        raise ModelError(
            f"{where}: row {outside[0]} says class {predicted[outside[0]]}, expected 0 to {classes - 1} "
            f"({len(outside):,} such rows)"
        )
    unknown = np.full(n, np.nan)
    return Predictions(
        class_names=class_names,
        labels=labels,
        predicted=predicted.astype(np.int64),
        runner_up=np.full(n, -1, dtype=np.int16),
        confidence=unknown,
        loss=unknown,
        brier=unknown,
        # A view of one number: no memory for what is not known.
        probabilities=np.broadcast_to(np.float32(np.nan), (n, classes)),
    )


def interpret(
    answers: NDArray[np.floating],
    labels: NDArray[np.int64],
    class_names: tuple[str, ...],
    where: str,
    *,
    saved: bool = False,
) -> Predictions:
    """A model's output rows as predictions: as `make_predictions`, but one-hot rows are classes without probabilities.

    Raises:
        ModelError: see `make_predictions`.
    """
    if answers.shape == (len(labels), len(class_names)) and is_one_hot(answers):
        return make_class_predictions(answers.argmax(axis=1), labels, class_names, where)
    return make_predictions(answers, labels, class_names, where, saved=saved)


def log_loss(of_truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minus the natural logarithm of each true class's probability, clipped at the float64 epsilon."""
    loss: NDArray[np.float64] = -np.log(np.clip(of_truth, EPSILON, 1.0))
    return loss


def brier_score(rows: NDArray[np.float64], of_truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """The squared distance between each row of probabilities and the truth, 0 to 2."""
    score: NDArray[np.float64] = (rows * rows).sum(axis=1) - 2 * of_truth + 1
    return score


def _check_rows(probabilities: NDArray[np.float32], where: str, first_row: int, *, saved: bool) -> None:
    """The first row that is not one of probabilities is an error."""
    infinite, negative, off = (np.empty(len(probabilities), dtype=np.bool_) for _ in range(3))
    for part in parts_of(len(probabilities)):
        with np.errstate(invalid="ignore"):  # a signalling NaN, which is refused below like any other
            rows = probabilities[part].astype(np.float64)
        sums = rows.sum(axis=1)
        # A sum is finite only where all are.
        infinite[part], negative[part] = ~np.isfinite(sums), rows.min(axis=1, initial=0) < 0
        off[part] = np.abs(sums - 1) > SUM_TOLERANCE
    softmax = "apply softmax to each row before you save them" if saved else "end the model with a softmax"
    to_sum = f"divide each row by its sum, or where they are logits {softmax}" if saved else softmax
    for bad, why in (
        (infinite, "contains NaN or infinity: the model is broken or diverged"),
        (negative, f"is negative: these look like logits; {softmax}"),
        (off, f"does not sum to 1: these are not probabilities; {to_sum}"),
    ):
        _refuse(bad, probabilities, where, first_row, why)


def _refuse(bad: NDArray[np.bool_], rows: NDArray[np.float32], where: str, first_row: int, why: str) -> None:
    found = np.flatnonzero(bad)
    if len(found):
        with np.errstate(invalid="ignore"):
            first = rows[found[0]].astype(np.float64)
        if (first <= 0).all() and abs(np.exp(first).sum() - 1) <= SUM_TOLERANCE:  # -inf is the logarithm of 0
            why = "has exponentials that sum to 1: these are log-probabilities; apply exp to each row"
        row = ", ".join(f"{value:.4g}" for value in first[:10])
        raise ModelError(f"{where}: row {first_row + found[0]} {why} ({len(found)} such rows; this one is {row})")
