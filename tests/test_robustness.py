"""What was counted of corrupted sets, against plain loops and statsmodels."""

import math

import numpy as np
import pytest
from hypothesis import given
from statsmodels.stats.proportion import proportion_confint
from strategies import law, samples
from tiny_run import classes_alone, tiny_predictions

from mnist_report.evaluation.metrics import proportion
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.evaluation.robustness import (
    CorruptedSet,
    accuracies,
    by_kind,
    corruptions_document,
    corruptions_frame,
    looks,
    mean_accuracy,
    weakest,
)


def made(kind, severity, right, n=(100, 50)):
    """A set of two classes."""
    sums = np.array([1.0, 2.0])
    return CorruptedSet(kind, severity, np.array(n), np.array(right), sums, 2 * sums)


# The third severity stands before the second: a file may have them in any order.
SETS = (made("fog", 1, (99, 50)), made("fog", 3, (90, 10)), made("fog", 2, (95, 40)), made("rain", 1, (60, 45)))


@law
@given(samples())
def test_the_counts_are_those_of_a_plain_loop(sample):
    """Per class: images, right ones, log loss and confidence."""
    predictions = make_predictions(*sample)
    found = CorruptedSet.of("fog", 2, predictions)
    for k in range(len(sample.class_names)):
        rows = [i for i, label in enumerate(sample.labels) if label == k]
        assert found.n[k] == len(rows)
        assert found.right[k] == sum(bool(predictions.predicted[i] == k) for i in rows)
        assert found.loss[k] == pytest.approx(math.fsum(predictions.loss[rows]))
        assert found.confidence[k] == pytest.approx(math.fsum(predictions.confidence[rows]))


@law
@given(samples())
def test_a_sets_accuracy_is_that_of_its_predictions(sample):
    """With the exact interval that every share has; and so are the two means."""
    predictions = make_predictions(*sample)
    found = CorruptedSet.of("fog", 2, predictions)
    assert found.accuracy == proportion(int(predictions.right.sum()), len(predictions))
    assert found.log_loss == pytest.approx(predictions.loss.mean())
    assert found.mean_confidence == pytest.approx(predictions.confidence.mean())


def test_without_probabilities_there_are_counts_alone():
    """The same ones."""
    graded, alone = (CorruptedSet.of("fog", 1, made()) for made in (tiny_predictions, classes_alone))
    assert alone.right.tolist() == graded.right.tolist() == [3, 3, 3]
    assert math.isnan(alone.log_loss)
    assert math.isnan(alone.mean_confidence)


def test_a_set_is_named_like_a_slice():
    """As a gate names it."""
    assert list(accuracies(SETS)) == ["fog=1", "fog=3", "fog=2", "rain=1"]
    assert accuracies(SETS)["fog=3"] == proportion(100, 150)


def test_severities_rise_within_a_kind():
    """Kinds stay in their order."""
    found = {kind: [one.severity for one in group] for kind, group in by_kind(SETS).items()}
    assert list(found.items()) == [("fog", [1, 2, 3]), ("rain", [1])]


def test_each_kind_counts_alike_in_the_mean():
    """However many severities it has."""
    fog = (149 + 100 + 135) / 3 / 150
    assert mean_accuracy(SETS[:3]) == pytest.approx(fog)
    assert mean_accuracy(SETS) == pytest.approx((fog + 105 / 150) / 2)


def test_the_weakest_classes_come_first():
    """Of all sets."""
    found = [(SETS[weak.place].name, weak.class_index, weak.right) for weak in weakest(SETS, 3)]
    assert found == [("fog=3", 1, 10), ("rain=1", 0, 60), ("fog=2", 1, 40)]


def test_their_intervals_hold_for_all_looks_together():
    """Bonferroni: with eight looks, each at 99.375 %; by statsmodels."""
    weak = weakest(SETS, 1)[0]
    expected = proportion_confint(10, 50, alpha=0.05 / 8, method="beta")
    assert (weak.accuracy.ci_low, weak.accuracy.ci_high) == pytest.approx(expected)
    assert looks(SETS) == 8


def test_a_class_without_images_is_not_looked_at():
    """It has no accuracy."""
    sets = (made("fog", 1, (5, 0), n=(10, 0)),)
    assert looks(sets) == 1
    assert [weak.class_index for weak in weakest(sets, 9)] == [0]


def test_the_frame_has_a_row_for_each_set():
    """With the columns that others read."""
    frame = corruptions_frame(SETS)
    columns = ["corruption", "severity", "n", "accuracy", "ci_low", "ci_high", "mean_confidence", "log_loss"]
    assert list(frame.columns) == columns
    accuracy = proportion(100, 150)
    assert frame.iloc[1].tolist() == ["fog", 3, 150, accuracy.value, accuracy.ci_low, accuracy.ci_high, 0.04, 0.02]


def test_the_document_has_every_set_and_the_means():
    """As metrics.json stores them; without probabilities a mean is null."""
    found = corruptions_document((*SETS, CorruptedSet.of("alone", 1, classes_alone())))
    accuracy = proportion(100, 150)
    bounds = {"value": accuracy.value, "ci_low": accuracy.ci_low, "ci_high": accuracy.ci_high, "n": 150}
    assert found["corruptions"][1] == {
        "corruption": "fog",
        "severity": 3,
        "accuracy": bounds,
        "mean_confidence": 0.04,
        "log_loss": 0.02,
    }
    assert found["corruptions"][4]["log_loss"] is None
    assert found["robustness"]["sets"] == 5
    assert found["robustness"]["kinds"][0] == {
        "corruption": "fog",
        "sets": 3,
        "mean_accuracy": pytest.approx((149 + 100 + 135) / 450),
    }
