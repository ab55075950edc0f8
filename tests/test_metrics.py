"""Every metric, against scikit-learn or a plain loop."""

import math
import statistics
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import Sample, law, permutations, samples

from mnist_report.evaluation.confusion import cohen_kappa, margins, matthews_correlation
from mnist_report.evaluation.metrics import INTERVALS, NOT_MERGEABLE, class_metrics, overall_metrics
from mnist_report.evaluation.tally import Tally

NAMES = ("cat", "dog", "eel")
FROM_COUNTS = ["accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"]


def overall(sample):
    """The metrics of a sample by name."""
    return overall_metrics(Tally.of(sample.predictions()))


def said(predicted, labels):
    """A sample of three classes with these predictions and labels, each given with 0.8."""
    rows = np.full((len(predicted), 3), 0.1)
    rows[np.arange(len(predicted)), predicted] = 0.8
    return Sample(rows, np.array(labels), NAMES)


def from_sklearn(name, labels, predicted, classes):
    """The oracle for a metric of the counts; what is not defined is NaN."""
    from sklearn import metrics

    known = {"labels": range(classes), "average": "macro", "zero_division": np.nan}
    functions = {
        "accuracy": lambda: metrics.accuracy_score(labels, predicted),
        "balanced_accuracy": lambda: metrics.balanced_accuracy_score(labels, predicted),
        "macro_precision": lambda: metrics.precision_score(labels, predicted, **known),
        "macro_recall": lambda: metrics.recall_score(labels, predicted, **known),
        "macro_f1": lambda: metrics.f1_score(labels, predicted, **known),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that only one side knows
        return functions[name]()


@law
@given(samples())
def test_the_metrics_of_the_counts_are_those_of_scikit_learn(sample):
    """Macro averages leave out the classes for which the metric is not defined."""
    predicted, classes = sample.predictions().predicted, len(sample.class_names)
    expected = {name: from_sklearn(name, sample.labels, predicted, classes) for name in FROM_COUNTS}
    found = overall(sample)
    assert {name: found[name].value for name in FROM_COUNTS} == pytest.approx(expected, rel=1e-12, nan_ok=True)


@law
@given(samples())
def test_the_errors_are_counted(sample):
    """A plain loop over predictions and labels."""
    predictions = sample.predictions()
    wrong = sum(p != k for p, k in zip(predictions.predicted.tolist(), sample.labels.tolist(), strict=True))
    assert overall(sample)["errors"].value == wrong


@law
@given(samples())
def test_matthews_correlation_is_that_of_scikit_learn(sample):
    """Which says 0 where only one class occurs or is predicted; there we say that it is not defined."""
    from sklearn.metrics import matthews_corrcoef

    predicted = sample.predictions().predicted
    defined = len(set(predicted.tolist())) > 1 and len(set(sample.labels.tolist())) > 1
    expected = matthews_corrcoef(sample.labels, predicted) if defined else math.nan
    assert overall(sample)["mcc"].value == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@law
@given(samples())
def test_cohens_kappa_is_that_of_scikit_learn(sample):
    """NaN where chance alone would always agree."""
    from sklearn.metrics import cohen_kappa_score

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = cohen_kappa_score(
            sample.labels, sample.predictions().predicted, labels=range(len(sample.class_names))
        )
    assert overall(sample)["cohen_kappa"].value == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


@law
@given(samples(min_classes=3))
def test_top2_accuracy_is_that_of_scikit_learn(sample):
    """Columns are turned round, for it gives ties to the highest index."""
    from sklearn.metrics import top_k_accuracy_score

    classes = len(sample.class_names)
    rows = sample.predictions().probabilities[:, ::-1]
    expected = top_k_accuracy_score(classes - 1 - sample.labels, rows, k=2, labels=range(classes))
    assert overall(sample)["top2_accuracy"].value == pytest.approx(expected, rel=1e-12)


@law
@given(samples())
@pytest.mark.parametrize(("metric", "column", "most"), [("log_loss", "loss", math.inf), ("brier", "brier", 2)])
def test_a_mean_over_images_is_the_mean(metric, column, most, sample):
    """With its normal interval cut to what is possible, from Python's statistics module."""
    values = getattr(sample.predictions(), column).tolist()
    found = overall(sample)[metric]
    assert found.value == pytest.approx(statistics.fmean(values), rel=1e-12, abs=1e-15)
    if len(values) > 1:
        half = 1.959963984540054 * statistics.stdev(values) / math.sqrt(len(values))
        assert found.ci_high == pytest.approx(min(found.value + half, most), rel=1e-6, abs=1e-6)
        assert found.ci_low == pytest.approx(max(found.value - half, 0), rel=1e-6, abs=1e-6)


@law
@given(samples())
def test_mean_confidence_is_the_mean_of_the_highest_probabilities(sample):
    """Whether right or wrong."""
    expected = statistics.fmean(sample.predictions().confidence.tolist())
    assert overall(sample)["mean_confidence"].value == pytest.approx(expected, rel=1e-12)


@law
@given(samples())
def test_accuracy_is_the_trace_by_the_number_of_images(sample):
    """The confusion counts are its only source."""
    tally = Tally.of(sample.predictions())
    assert overall_metrics(tally)["accuracy"].value == np.trace(tally.confusion) / len(sample.labels)


@law
@given(samples())
def test_an_interval_holds_its_value(sample):
    """Of every metric that has one; for resampled ones see test_confusion, too."""
    tally = Tally.of(sample.predictions())
    each = [(name, m) for row in (overall_metrics(tally), *class_metrics(tally)) for name, m in row.items()]
    bounded = [m for name, m in each if INTERVALS.get(name) in {"exact", "normal"} and not math.isnan(m.ci_low)]
    assert [m for m in bounded if not m.ci_low <= m.value <= m.ci_high] == []


def test_a_resampled_interval_holds_its_value_in_a_tiny_set():
    """Twelve images of one class of eleven, predicted as nine: a draw of fewer classes averages over fewer."""
    predicted = np.array([0, 1, 2, 3, 4, 5, 7, 8, 10, 10, 10, 10])
    rows = np.full((12, 11), 0.01)
    rows[np.arange(12), predicted] = 0.9
    found = overall(Sample(rows, np.full(12, 10), tuple("abcdefghijk")))["macro_precision"]
    assert found.ci_low <= found.value <= found.ci_high


@law
@given(samples())
def test_balanced_accuracy_is_the_mean_recall(sample):
    """Two names of one number, for gates may use either."""
    metrics = overall(sample)
    assert metrics["balanced_accuracy"].value == metrics["macro_recall"].value


@law
@given(samples(ties=False), st.data())
def test_relabelling_the_classes_changes_no_metric(sample, data):
    """No class is special; without ties, which go by index."""
    order = data.draw(permutations(len(sample.class_names)))
    relabelled = Sample(sample.probabilities[:, order], np.argsort(order)[sample.labels], sample.class_names)
    found, expected = ([m.value for m in overall(s).values()] for s in (relabelled, sample))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


def test_the_names_are_those_that_gates_use():
    """Fixed: rules and dashboards name them."""
    names = [*FROM_COUNTS, "errors", "mcc", "cohen_kappa", "top2_accuracy", "log_loss", "brier", "mean_confidence"]
    assert set(overall(said([0], [0]))) == {*names, "ece", "overconfidence"}


def test_all_right_is_exactly_one():
    """Not a rounding error less."""
    metrics = overall(said([0, 1, 2, 2], [0, 1, 2, 2]))
    assert {metrics[name].value for name in [*FROM_COUNTS, "mcc", "cohen_kappa"]} == {1.0}


def test_all_wrong_is_exactly_zero():
    """And the interval still leaves room above."""
    accuracy = overall(said([1, 2, 0, 0], [0, 1, 2, 2]))["accuracy"]
    assert (accuracy.value, accuracy.ci_low) == (0, 0)
    assert accuracy.ci_high > 0.5


def test_one_image_has_an_accuracy_and_an_honest_interval():
    """2.5 % to 100 %."""
    accuracy = overall(said([1], [1]))["accuracy"]
    assert (accuracy.value, accuracy.ci_low, accuracy.ci_high, accuracy.n) == (1, pytest.approx(0.025), 1, 1)


def test_large_counts_do_not_overflow():
    """Products of a hundred million images are beyond int64."""
    confusion = np.array([[3 * 10**9, 10**9], [10**9, 3 * 10**9]])
    counts = margins(confusion)
    assert (matthews_correlation(counts), cohen_kappa(counts)) == pytest.approx((0.5, 0.5), rel=1e-12)


@law
@given(samples())
@pytest.mark.parametrize(("metric", "least", "most"), [("mean_confidence", 0, 1), ("overconfidence", -1, 1)])
def test_a_mean_of_the_confidence_has_its_normal_interval(metric, least, most, sample):
    """Cut to what is possible, from Python's statistics module."""
    p = sample.predictions()
    values = (p.confidence - (p.right if metric == "overconfidence" else 0)).tolist()
    found = overall(sample)[metric]
    assert found.value == pytest.approx(statistics.fmean(values), rel=1e-12, abs=1e-12)
    if len(values) > 1:
        half = 1.959963984540054 * statistics.stdev(values) / math.sqrt(len(values))
        expected = (max(found.value - half, least), min(found.value + half, most))
        assert (found.ci_low, found.ci_high) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@law
@given(samples())
def test_only_metrics_whose_kind_has_an_interval_have_one(sample):
    """The rest say NaN, never a bound that nobody can defend."""
    tally = Tally.of(sample.predictions())
    rows = [overall_metrics(tally), *class_metrics(tally)]
    unnamed = [m for row in rows for name, m in row.items() if name not in INTERVALS]
    assert {(math.isnan(m.ci_low), math.isnan(m.ci_high)) for m in unnamed} == {(True, True)}


def test_every_metric_of_the_tally_is_mergeable():
    """Those that need all rows at once are made elsewhere."""
    tally = Tally.of(said([0], [0]).predictions())
    assert NOT_MERGEABLE.isdisjoint([*overall_metrics(tally), *class_metrics(tally)[0]])


def test_the_same_seed_gives_the_same_intervals():
    """A run can be repeated; another seed resamples anew."""
    tally = Tally.of(said([0, 1, 2, 1, 0, 2, 2, 1] * 9, [0, 1, 2, 2, 0, 1, 2, 1] * 9).predictions())
    first, second, third = (overall_metrics(tally, seed)["mcc"].ci_low for seed in (3, 3, 4))
    assert first == second != third
