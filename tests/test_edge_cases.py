"""The whole evaluation where there is hardly anything to evaluate: no warning, no crash, NaN where undefined."""

import math

import numpy as np
import pytest
from hypothesis import given
from strategies import law, samples

from mnist_report.evaluation import confusion as of_confusion
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.predictions import make_predictions


def said(predicted, labels, classes, confidence=0.9):
    """These predictions, each given with the same confidence."""
    rows = np.full((len(predicted), classes), (1 - confidence) / (classes - 1))
    rows[np.arange(len(predicted)), predicted] = confidence
    return make_predictions(rows, np.array(labels), tuple(f"kind {k}" for k in range(classes)))


LABELS = np.arange(60) % 3
CASES = {
    "one image, right": said([1], [1], 3),
    "one image, wrong": said([1], [0], 3),
    "all right": said(LABELS, LABELS, 3),
    "all wrong": said((LABELS + 1) % 3, LABELS, 3),
    "a class absent": said(LABELS, np.minimum(LABELS, 1), 3),
    "a class never predicted": said(np.minimum(LABELS, 1), LABELS, 3),
    "one class only": said(np.zeros(9, dtype=int), np.zeros(9, dtype=int), 3),
    "two classes": said(np.arange(40) // 3 % 2, np.arange(40) % 2, 2),
    "a hundred classes": said(np.arange(300) // 2 % 100, np.arange(300) % 100, 100),
    "a hundred classes, five images": said([7, 8, 9, 9, 9], [7, 8, 9, 10, 99], 100),
    "one-hot, all right": said(LABELS, LABELS, 3, confidence=1.0),
    "one-hot, all wrong": said((LABELS + 1) % 3, LABELS, 3, confidence=1.0),
    "all alike": said(np.zeros(60, dtype=int), LABELS, 3, confidence=1 / 3),
}
# What is not defined, of the whole set: these need two classes on either side.
UNDEFINED = {
    "one image, right": {"mcc", "cohen_kappa"},
    "one image, wrong": {"mcc"},
    "a class never predicted": set(),
    "one class only": {"mcc", "cohen_kappa"},
    "all alike": {"mcc"},
}

every_case = pytest.mark.parametrize("name", CASES)


@pytest.fixture(scope="module")
def evaluations():
    """Each case, evaluated once; a warning is an error."""
    return {name: evaluate(predictions) for name, predictions in CASES.items()}


def every_metric(evaluation):
    """Of the whole set and of each class."""
    return [m for row in (evaluation.overall, *evaluation.per_class) for m in row.values()]


@every_case
def test_only_what_is_not_defined_is_nan(evaluations, name):
    """Correlations without spread; everything else has a value."""
    found = {metric for metric, m in evaluations[name].overall.items() if math.isnan(m.value)}
    assert found == UNDEFINED.get(name, set())


@every_case
def test_a_class_without_images_has_only_a_precision(evaluations, name):
    """And that only where it is predicted; F1 is 0 there."""
    evaluation = evaluations[name]
    for k, row in enumerate(evaluation.per_class):
        support, predicted = evaluation.tally.confusion[k].sum(), evaluation.tally.confusion[:, k].sum()
        found = {metric for metric, m in row.items() if math.isnan(m.value)}
        expected = {"recall", "mean_confidence", "average_precision"} if support == 0 else set()
        expected |= {"precision"} if predicted == 0 else set()
        expected |= {"f1"} if support + predicted == 0 else set()
        expected |= {"roc_auc"} if support in {0, evaluation.tally.n} else set()
        assert found == expected


@every_case
def test_no_number_is_infinite(evaluations, name):
    """Nor any bound."""
    numbers = [x for m in every_metric(evaluations[name]) for x in (m.value, m.ci_low, m.ci_high)]
    assert not any(math.isinf(x) for x in numbers)


@every_case
def test_both_bounds_are_there_or_neither(evaluations, name):
    """And in their order."""
    bounds = [(m.ci_low, m.ci_high) for m in every_metric(evaluations[name])]
    assert all(low <= high or (math.isnan(low) and math.isnan(high)) for low, high in bounds)


@every_case
def test_every_frame_can_be_written(evaluations, name):
    """As CSV, with its head."""
    texts = {frame: table.to_csv(index=False) for frame, table in evaluations[name].frames.items()}
    assert len(texts) == 12
    assert all("," in text.splitlines()[0] for text in texts.values())


def test_all_right_is_exact(evaluations):
    """Errors 0, rates 1, nothing to lose by any coverage."""
    overall = evaluations["all right"].overall
    ones = ("accuracy", "balanced_accuracy", "macro_precision", "macro_f1", "mcc", "cohen_kappa", "coverage_at_999")
    assert {overall[name].value for name in ones} == {1}
    assert {overall[name].value for name in ("errors", "aurc")} == {0}


def test_all_wrong_is_exact(evaluations):
    """Errors all, rates 0, no coverage."""
    overall = evaluations["all wrong"].overall
    zeros = ("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "coverage_at_999")
    assert {overall[name].value for name in zeros} == {0}
    assert (overall["errors"].value, overall["aurc"].value) == (60, 1)


def test_certainty_that_is_always_right_has_no_loss_and_no_calibration_error(evaluations):
    """Exactly none."""
    overall = evaluations["one-hot, all right"].overall
    assert {overall[name].value for name in ("log_loss", "brier", "ece", "ece_equal_mass", "overconfidence")} == {0}


def test_certainty_that_is_always_wrong_has_a_finite_loss(evaluations):
    """The logarithm is clipped at the float64 epsilon."""
    overall = evaluations["one-hot, all wrong"].overall
    assert overall["log_loss"].value == pytest.approx(-math.log(np.finfo(float).eps), rel=1e-12)
    assert {overall[name].value for name in ("ece", "ece_equal_mass", "overconfidence")} == {1}


@pytest.mark.parametrize("metric", ["accuracy", *of_confusion.OVERALL])
def test_a_model_without_an_error_is_not_proved_perfect(evaluations, metric):
    """Every interval leaves room below."""
    found = evaluations["all right"].overall[metric]
    assert found.ci_low < found.value == found.ci_high == 1


@law
@given(samples())
def test_the_same_predictions_and_seed_give_the_same_evaluation(sample):
    """To the last bit, in every frame."""
    first, second = (dict(evaluate(sample.predictions(), seed=3).frames.items()) for _ in range(2))
    assert all(first[name].equals(second[name]) for name in first)
