"""What a gate looks at."""

import math

import numpy as np
import pytest
from gate_work import gate, pair, yes_or_no
from scipy.stats import skew
from tiny_run import LABELS, NAMES, all_right, tiny_predictions

from mnist_report.evaluation.comparison import compare
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import proportion
from mnist_report.gates.evidence import NoEvidenceError, gather, observe, subjects_of
from mnist_report.gates.measurements import F1, Draws, Mean, PairedProportion, Proportion
from mnist_report.gates.rules import CLASS_RANGES, OVERALL_RANGES, PAIRED_OVERALL

PENS = np.array(["red", "blue", "", "red", "blue", "red", "", "a=b", "a=b", "red", "blue", "red"], dtype=object)
PREDICTIONS = tiny_predictions()
ERRORS = {
    "metric": ({"metric": "acuracy", "min": 0.9}, ["unknown metric 'acuracy'", "known are accuracy"]),
    "class metric of all": ({"metric": "recall", "min": 0.9}, ['recall is a metric of a class: add class = "each"']),
    "class ranking of all": (
        {"metric": "roc_auc", "min": 0.9, "decide": "point"},
        ["roc_auc is a metric of a class: add class", "or the name of one"],
    ),
    "metric of a class": (
        {"metric": "mcc", "class_": "cat", "min": 0.9},
        ["unknown metric 'mcc'", "a class has recall"],
    ),
    "metric of a slice": ({"metric": "mcc", "slice": "pen=red", "min": 0.9}, ["'mcc'", "a slice has accuracy"]),
    "class": ({"metric": "recall", "class_": "fox", "min": 0.9}, ["no class 'fox'", "cat, dog, eel"]),
    "column": ({"metric": "accuracy", "slice": "school=s1", "min": 0.9}, ["'school=s1'", "the columns are pen"]),
    "value": ({"metric": "accuracy", "slice": "pen=green", "min": 0.9}, ["'pen=green'", "a=b, blue, red"]),
    "baseline": ({"metric": "accuracy", "max_drop": 0.1}, ["no baseline was given"]),
    "change of precision": (
        {"metric": "precision", "class_": "cat", "max_drop": 0.1, "decide": "point"},
        ["no baseline was given"],
    ),
}


@pytest.fixture(scope="module")
def evidence():
    """Of the twelve images."""
    return gather(PREDICTIONS, {"pen": PENS}, 0, None)


@pytest.fixture(scope="module")
def beside_a_baseline():
    """A perfect one."""
    return gather(PREDICTIONS, {"pen": PENS}, 0, all_right())


def same(one, other):
    """NaN equals NaN."""
    parts = [(m.value, m.ci_low, m.ci_high, m.n) for m in (one, other)]
    return parts[0] == pytest.approx(parts[1], nan_ok=True)


@pytest.mark.parametrize("name", OVERALL_RANGES)
def test_a_metric_of_all_images_is_that_of_the_report(evidence, name):
    """Value and interval."""
    expected = evaluate(PREDICTIONS).overall[name]
    assert same(observe(gate(metric=name, min=0.0, decide="point"), "", evidence).metric, expected)


@pytest.mark.parametrize("name", CLASS_RANGES)
@pytest.mark.parametrize("class_name", NAMES)
def test_a_metric_of_a_class_is_that_of_the_report(evidence, name, class_name):
    """Value and interval."""
    expected = evaluate(PREDICTIONS).per_class[NAMES.index(class_name)][name]
    rule = gate(metric=name, class_=class_name, min=0.0, decide="point")
    assert same(observe(rule, class_name, evidence).metric, expected)


@pytest.mark.parametrize("name", OVERALL_RANGES)
def test_what_is_tested_is_what_is_shown(evidence, name):
    """The measurement has the value and the number of images of the metric."""
    seen = observe(gate(metric=name, min=0.0, decide="point"), "", evidence)
    kinds = {"accuracy": Proportion, "top2_accuracy": Proportion, "log_loss": Mean, "brier": Mean, "mcc": Draws}
    if name in kinds:
        assert isinstance(seen.measurement, kinds[name])
    if seen.measurement is None:
        assert math.isnan(seen.metric.ci_low)
    else:
        assert (seen.measurement.value, seen.measurement.n) == (pytest.approx(seen.metric.value), seen.metric.n)


@pytest.mark.parametrize("name", ["balanced_accuracy", "macro_precision", "macro_f1", "mcc", "cohen_kappa"])
def test_the_draws_are_those_of_the_interval(evidence, name):
    """Of the same seed."""
    seen = observe(gate(metric=name, min=0.0), "", evidence)
    low, high = np.quantile(seen.measurement.draws, [0.025, 0.975])
    assert seen.metric.ci_low == pytest.approx(min(low, seen.metric.value))
    assert seen.metric.ci_high == pytest.approx(max(high, seen.metric.value))


@pytest.mark.parametrize("k", range(3))
def test_the_counts_of_a_class_are_scikit_learns(evidence, k):
    """Recall, precision and F1."""
    from sklearn.metrics import f1_score, precision_score, recall_score

    said = PREDICTIONS.predicted
    for name, score in (("recall", recall_score), ("precision", precision_score), ("f1", f1_score)):
        measured = observe(gate(metric=name, class_=NAMES[k], min=0.5), NAMES[k], evidence).measurement
        assert isinstance(measured, F1 if name == "f1" else Proportion)
        assert measured.value == pytest.approx(score(LABELS, said, labels=[k], average=None)[0])


def test_precision_counts_the_images_that_are_called_so(evidence):
    """Not those of the class."""
    seen = observe(gate(metric="precision", class_="eel", min=0.5), "eel", evidence)
    called = int((PREDICTIONS.predicted == 2).sum())
    assert (seen.metric.n, seen.measurement.n, called) == (called, called, 4)


@pytest.mark.parametrize("value", ["red", "blue", "a=b"])
def test_a_slice_is_the_images_with_that_value(evidence, value):
    """The column ends at the first equals sign."""
    chosen = [k for k in range(12) if PENS[k] == value]
    right = sum(PREDICTIONS.predicted[k] == LABELS[k] for k in chosen)
    seen = observe(gate(metric="accuracy", slice=f"pen={value}", min=0.5), f"pen={value}", evidence)
    assert seen.measurement == Proportion(right, len(chosen))
    assert (seen.metric.value, seen.metric.n) == (right / len(chosen), len(chosen))


def test_a_mean_has_the_standard_error_of_its_images(evidence):
    """By the plain formula."""
    loss = PREDICTIONS.loss.tolist()
    mean = sum(loss) / 12
    error = math.sqrt(sum((value - mean) ** 2 for value in loss) / 11 / 12)
    measured = observe(gate(metric="log_loss", max=1.0), "", evidence).measurement
    assert (measured.value, measured.error, measured.n) == (pytest.approx(mean), pytest.approx(error), 12)


@pytest.mark.parametrize("kind", ERRORS)
def test_what_a_run_does_not_have_is_told(evidence, kind):
    """With what there is."""
    table, telling = ERRORS[kind]
    rule = gate(**table)
    with pytest.raises(NoEvidenceError) as caught:
        observe(rule, subjects_of(rule, NAMES)[0], evidence)
    assert [part for part in telling if part not in str(caught.value)] == []


@pytest.mark.parametrize("missing", [True, False])
def test_a_baseline_is_missing_only_where_there_is_none(missing):
    """One that does not fit is not missing, and one that fits neither."""
    assert gather(PREDICTIONS, {}, 0, None, "why", baseline_missing=missing).baseline_missing == missing
    assert not gather(PREDICTIONS, {}, 0, all_right(), baseline_missing=missing).baseline_missing


def test_a_class_without_images_is_told():
    """It has no recall."""
    evidence = gather(tiny_predictions(((0, 0.9), (2, 0.9)), (0, 2)), {}, 0, None)
    with pytest.raises(NoEvidenceError, match="no image is of class 'dog'"):
        observe(gate(metric="recall", class_="dog", min=0.5), "dog", evidence)


def test_a_class_that_is_never_said_has_no_precision():
    """Nothing to divide by."""
    evidence = gather(tiny_predictions(((0, 0.9), (0, 0.9)), (0, 1)), {}, 0, None)
    with pytest.raises(NoEvidenceError, match="precision is not defined"):
        observe(gate(metric="precision", class_="dog", min=0.5), "dog", evidence)


def test_the_subjects_of_a_rule():
    """Every class of a family, the one class, the slice, or nothing."""
    assert subjects_of(gate(metric="recall", class_="each", min=0.5), NAMES) == NAMES
    assert subjects_of(gate(metric="recall", class_="dog", min=0.5), NAMES) == ("dog",)
    assert subjects_of(gate(metric="accuracy", slice="pen=red", min=0.5), NAMES) == ("pen=red",)
    assert subjects_of(gate(metric="accuracy", min=0.5), NAMES) == ("",)


@pytest.mark.parametrize("name", sorted(PAIRED_OVERALL))
def test_a_change_is_that_of_the_comparison(beside_a_baseline, name):
    """Value and paired interval."""
    expected = compare(PREDICTIONS, all_right(), 0).overall[name]
    seen = observe(gate(metric=name, max_drop=0.5), "", beside_a_baseline)
    assert (seen.metric.value, seen.metric.n) == (pytest.approx(expected.value), 12)
    assert (seen.metric.ci_low, seen.metric.ci_high) == (
        pytest.approx(expected.ci_low, abs=1e-12),
        pytest.approx(expected.ci_high, abs=1e-12),
    )
    assert seen.measurement.value == pytest.approx(expected.value)


@pytest.mark.parametrize("name", ["ece", "ece_equal_mass", "aurc", "coverage_at_999", "errors"])
def test_a_change_without_an_interval_is_a_difference(beside_a_baseline, name):
    """Candidate less baseline."""
    ours, theirs = (evaluate(side).overall[name].value for side in (PREDICTIONS, all_right()))
    seen = observe(gate(metric=name, max_increase=0.5, decide="point"), "", beside_a_baseline)
    assert (seen.metric.value, seen.measurement) == (pytest.approx(ours - theirs), None)


@pytest.mark.parametrize("class_name", NAMES)
def test_a_change_of_a_class_is_of_its_images(beside_a_baseline, class_name):
    """Recall, image by image."""
    expected = compare(PREDICTIONS, all_right(), 0).per_class[NAMES.index(class_name)]
    seen = observe(gate(metric="recall", class_=class_name, max_drop=0.5), class_name, beside_a_baseline)
    assert seen.measurement == PairedProportion(expected.fixed, expected.regressed, expected.n)
    assert seen.metric.value == expected.value


def test_a_change_of_a_slice_is_of_its_images(beside_a_baseline):
    """Blue images: 1, 4 and 10, of which 4 is wrong."""
    seen = observe(gate(metric="accuracy", slice="pen=blue", max_drop=0.5), "pen=blue", beside_a_baseline)
    assert seen.measurement == PairedProportion(0, 1, 3)


def test_fixed_and_regressed_are_not_mixed_up():
    """Candidate less baseline."""
    ours, theirs = pair(3, 7, 100)
    seen = observe(gate(metric="accuracy", max_drop=0.5), "", gather(ours, {}, 0, theirs))
    assert (seen.measurement, seen.metric.value) == (PairedProportion(3, 7, 100), -0.04)


@pytest.mark.parametrize("metric", ["precision", "f1", "roc_auc"])
def test_a_change_that_a_baseline_does_not_keep_is_told(beside_a_baseline, metric):
    """And why."""
    rule = gate(metric=metric, class_="cat", max_drop=0.5, decide="point")
    with pytest.raises(NoEvidenceError, match=f"a baseline does not keep what the change of a class's {metric}"):
        observe(rule, "cat", beside_a_baseline)


def test_a_model_without_a_mistake_can_be_measured():
    """Accuracy 1 of 50, with draws that know of errors unseen."""
    evidence = gather(yes_or_no(np.ones(50), np.arange(50) % 2), {}, 0, None)
    assert observe(gate(metric="accuracy", min=0.5), "", evidence).measurement == Proportion(50, 50)
    assert observe(gate(metric="mcc", min=0.5), "", evidence).measurement.draws.min() < 1


@pytest.mark.parametrize("wrong", [10, 100, 1_000])
def test_a_mean_that_few_images_carry_says_so(wrong):
    """Cochran's rule: 25 times the squared skewness of so many images."""
    predictions = yes_or_no(np.arange(10_000) >= wrong)
    needed = 25 * skew(predictions.loss) ** 2
    note = observe(gate(metric="log_loss", max=0.5), "", gather(predictions, {}, 0, None)).note
    assert bool(note) == (needed > 10_000)
    assert not note or f"on 10,000 images the error of this decision is above its level; about {needed:,.0f}" in note


def test_a_change_of_a_mean_that_few_images_carry_says_so():
    """It is the skewness of the differences that counts."""
    ours, theirs = pair(1, 3, 10_000)
    evidence = gather(ours, {}, 0, theirs)
    needed = 25 * skew(ours.loss - theirs.loss) ** 2
    assert f"about {needed:,.0f} would do" in observe(gate(metric="log_loss", max_increase=0.1), "", evidence).note
    assert observe(gate(metric="accuracy", max_drop=0.1), "", evidence).note == ""


def test_images_that_are_all_alike_are_not_skewed():
    """Nor is there a division by zero."""
    assert observe(gate(metric="log_loss", max=0.5), "", gather(yes_or_no(np.ones(5)), {}, 0, None)).note == ""


NOISE = {"noise=3": proportion(90, 100)}


def test_a_corrupted_set_is_gated_by_its_counts():
    """As a slice is: the interval of the report, and the exact test."""
    evidence = gather(PREDICTIONS, {"pen": PENS}, 0, None, corrupted=NOISE)
    seen = observe(gate(metric="accuracy", slice="noise=3", min=0.5), "noise=3", evidence)
    assert seen.metric == NOISE["noise=3"]
    assert seen.measurement == Proportion(90, 100)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"slice": "noise=4", "min": 0.5}, "the columns are pen, the corrupted sets noise=3"),
        ({"slice": "noise=3", "max_drop": 0.1}, "which images of 'noise=3' were right is not kept"),
    ],
)
def test_what_a_corrupted_set_cannot_show_is_no_evidence(rule, words):
    """Another severity, or a change image by image."""
    evidence = gather(PREDICTIONS, {"pen": PENS}, 0, all_right(), corrupted=NOISE)
    rule = gate(metric="accuracy", **rule)
    with pytest.raises(NoEvidenceError, match=words):
        observe(rule, rule.slice_name, evidence)
