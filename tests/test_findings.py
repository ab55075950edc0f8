"""Findings: what is structurally wrong is said, and nothing where all is well."""

import numpy as np
import pytest

from mnist_report.evaluation.findings import find
from mnist_report.evaluation.predictions import make_class_predictions, make_predictions
from mnist_report.evaluation.tally import Tally

NAMES = ("cat", "dog", "eel", "fly")
LABELS = np.arange(400) % 4


def told(predicted, labels=LABELS, confidence=0.9):
    """The findings about these predictions, each given with the same confidence."""
    rows = np.full((len(predicted), len(NAMES)), (1 - confidence) / (len(NAMES) - 1))
    rows[np.arange(len(predicted)), predicted] = confidence
    predictions = make_predictions(rows, labels, NAMES)
    return find(Tally.of(predictions), predictions.class_names)


def mostly_right(wrong=8, labels=LABELS):
    """So many answers are another class's."""
    predicted = labels.copy()
    predicted[:wrong] = (predicted[:wrong] + 1) % len(NAMES)
    return predicted


def test_nothing_is_found_in_a_good_model():
    """98 % right with a confidence of 0.9."""
    assert told(mostly_right()) == ()


def test_nothing_is_found_in_a_perfect_model():
    """Nor in a certain one."""
    assert told(LABELS, confidence=1.0) == ()


def test_a_model_at_chance_is_told():
    """Random answers, with what the most frequent class would get."""
    found = told(np.random.default_rng(1).integers(0, 4, 400))
    assert len(found) == 1
    assert all(part in found[0] for part in ("no better than chance", "25.0 %"))


def test_always_the_most_frequent_class_is_chance():
    """85 % right, because 85 % are cats."""
    labels = np.where(np.arange(400) < 340, 0, 1 + np.arange(400) % 3)
    found = told(np.zeros(400, dtype=int), labels)
    assert any("no better than chance" in sentence and "85.0 %" in sentence for sentence in found)


def test_a_poor_model_that_is_better_than_chance_is_not_at_chance():
    """40 % of four equally frequent classes."""
    predicted = np.where(np.arange(400) % 5 < 2, LABELS, (LABELS + 1 + np.arange(400) % 3) % 4)
    assert not any("chance" in sentence for sentence in told(predicted))


def test_a_permutation_of_the_classes_is_told():
    """Every class goes to the next one; the pairs are named."""
    found = told((LABELS + 1) % 4)
    assert any("permutation" in s and "cat to dog" in s and "fly to cat" in s for s in found)


def test_two_exchanged_classes_are_a_permutation():
    """Only the two are named."""
    found = told(np.array([1, 0, 2, 3])[LABELS])
    assert len(found) == 1
    assert "cat to dog, dog to cat)" in found[0]


def test_confusion_without_a_permutation_is_none():
    """Half of the cats go to the dogs."""
    predicted = np.where((LABELS == 0) & (np.arange(400) % 8 == 0), 1, LABELS)
    assert not any("permutation" in sentence for sentence in told(predicted))


def test_two_classes_taken_for_the_same_are_no_permutation():
    """Cats and dogs both go to the eels."""
    assert not any("permutation" in sentence for sentence in told(np.array([2, 2, 2, 3])[LABELS]))


def test_a_permutation_that_explains_too_little_is_none():
    """80 % after renaming are not enough."""
    predicted = np.where(np.arange(400) % 20 < 4, (LABELS + 2) % 4, (LABELS + 1) % 4)
    assert not any("permutation" in sentence for sentence in told(predicted))


def test_a_class_that_is_never_predicted_is_told():
    """With the images that have it."""
    found = told(np.where(LABELS == 2, 3, LABELS))
    assert found == ("The class eel is never predicted, although 100 images have it.",)


@pytest.mark.parametrize(
    ("classes", "never", "ending"),
    [
        (12, 2, "2 classes are never predicted, although 8 images have them: c0 and c1."),
        (12, 10, "40 images have them: c0, c1, c2, c3, c4, c5, c6, c7, c8 and c9."),
        (100, 99, "396 images have them: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9 and 89 more."),
    ],
)
def test_many_classes_that_are_never_predicted_are_one_sentence(classes, never, ending):
    """A page of ninety sentences hides what else is wrong."""
    labels = np.repeat(np.arange(classes), 4)
    names = tuple(f"c{k}" for k in range(classes))
    predictions = make_class_predictions(np.where(labels < never, classes - 1, labels), labels, names, "x")
    found = [
        sentence for sentence in find(Tally.of(predictions), predictions.class_names) if "never predicted" in sentence
    ]
    assert len(found) == 1
    assert found[0].endswith(ending)


def test_a_class_that_does_not_occur_need_not_be_predicted():
    """No eel, no finding."""
    labels = np.where(LABELS == 2, 3, LABELS)
    assert told(labels, labels) == ()


def test_saturated_confidences_are_told():
    """All certain, 2 % of them wrong."""
    found = told(mostly_right(), confidence=1.0)
    assert len(found) == 1
    assert all(part in found[0] for part in ("saturated", "98.0 %"))


def test_certainty_that_the_accuracy_bears_out_is_no_finding():
    """None of 400 is wrong."""
    assert told(mostly_right(0), confidence=1.0) == ()


def test_findings_come_in_the_order_of_reading():
    """Chance first, since it explains the rest; then the permutation."""
    found = told((LABELS + 1) % 4)
    assert ["chance" in found[0], "permutation" in found[1]] == [True, True]


@pytest.mark.parametrize("wrong", [1, 2])
def test_100_percent_is_said_of_all_and_only_of_all(wrong):
    """4,000 images, one or two of which are no part of the permutation."""
    labels = np.arange(4_000) % 4
    predicted = (labels + 1) % 4
    predicted[:wrong] = labels[:wrong]
    found = told(predicted, labels)
    assert any("permutation" in sentence for sentence in found)
    assert not any("100.0 %" in sentence for sentence in found)


def test_a_set_of_one_class_that_is_all_right_is_not_at_chance():
    """Only eels, and all were seen: there is nothing to look for."""
    assert told(np.full(400, 2), np.full(400, 2)) == ()
