"""Findings: sentences about what is structurally wrong, so that nobody reads good numbers out of a broken setup."""

import math

import numpy as np

from mnist_report.evaluation.calibration import COVERAGE_TARGET
from mnist_report.evaluation.metrics import proportion
from mnist_report.evaluation.tally import Tally

MOSTLY = 0.9
MOST_NAMED = 10


def find(tally: Tally, class_names: tuple[str, ...]) -> tuple[str, ...]:
    """Sentences in the order in which they should be read; none where nothing is wrong."""
    found = (
        _ungraded(tally),
        _at_chance(tally),
        _permuted(tally, class_names),
        _never_predicted(tally, class_names),
    )
    return tuple(sentence for sentence in (*found, _saturated(tally)) if sentence)


def _ungraded(tally: Tally) -> str:
    """Classes alone: what is missing is said once."""
    if tally.graded:
        return ""
    return (
        "The predictions came without probabilities: for each image there is a class (or a one-hot row, which says no "
        "more) and not how sure the model was. So there is no top-2 accuracy, log loss, Brier score, ROC AUC or "
        "average precision, nothing about confidence and calibration, no near misses and no suspected labels; accuracy "
        "and all else that counts right and wrong answers is complete."
    )


def _at_chance(tally: Tally) -> str:
    """The interval of the accuracy reaches down to what always saying the most frequent class would get."""
    accuracy = proportion(int(np.trace(tally.confusion)), tally.n)
    constant = tally.confusion.sum(axis=1).max() / tally.n
    if accuracy.ci_low > constant or constant == 1:
        return ""
    return (
        f"The accuracy of {_percent(accuracy.value)} is no better than chance: always answering the most frequent "
        f"class would get {_percent(constant)}. Look for another scaling of the pixels, other labels, or an untrained "
        "model."
    )


def _permuted(tally: Tally, names: tuple[str, ...]) -> str:
    """Most images of each class go to one class of its own, but not the right one."""
    target = tally.confusion.argmax(axis=1)
    moved = np.flatnonzero(target != np.arange(len(names)))
    if len(moved) == 0 or len(set(target.tolist())) != len(names):
        return ""
    explained = tally.confusion[np.arange(len(names)), target].sum() / tally.n
    if explained < MOSTLY:
        return ""
    pairs = ", ".join(f"{names[k]} to {names[target[k]]}" for k in moved[:MOST_NAMED])
    return (
        f"The confusion matrix is a permutation: {_percent(explained)} of the images are right if the classes are "
        "renamed "
        f"({pairs}). The model was probably trained with its labels in another order."
    )


def _never_predicted(tally: Tally, names: tuple[str, ...]) -> str:
    """Classes that images have and no answer is: one sentence, however many they are."""
    actual, predicted = tally.confusion.sum(axis=1), tally.confusion.sum(axis=0)
    never = np.flatnonzero((actual > 0) & (predicted == 0))
    if len(never) == 0:
        return ""
    images = f"{actual[never].sum():,} images have"
    if len(never) == 1:
        return f"The class {names[never[0]]} is never predicted, although {images} it."
    named = [names[k] for k in never[:MOST_NAMED]]
    last = f"{len(never) - MOST_NAMED} more" if len(never) > MOST_NAMED else named.pop()
    return f"{len(never)} classes are never predicted, although {images} them: {', '.join(named)} and {last}."


def _saturated(tally: Tally) -> str:
    """Certainty almost everywhere that the accuracy does not bear out."""
    wrong, right = (int(count) for count in tally.confidences.certain)
    certain = wrong + right
    if certain < MOSTLY * tally.n or right >= COVERAGE_TARGET * certain:
        return ""
    return (
        f"The confidences are saturated: {_percent(certain / tally.n)} of the answers are given as certain, but "
        f"only {_percent(right / certain)} of those are right. They cannot be read as "
        "probabilities."
    )


def _percent(value: float) -> str:
    """One decimal, rounded down: 100 % is only said of all."""
    return f"{math.floor(value * 1000 + 1e-9) / 10:.1f} %"
