"""The metrics of each class, against scikit-learn or a plain loop."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from strategies import Sample, law, samples

from mnist_report.evaluation.metrics import class_metrics, overall_metrics
from mnist_report.evaluation.tally import Tally


def said(predicted, labels):
    """A sample of three classes with these predictions and labels, each given with 0.8."""
    rows = np.full((len(predicted), 3), 0.1)
    rows[np.arange(len(predicted)), predicted] = 0.8
    return Sample(rows, np.array(labels), ("cat", "dog", "eel"))


@law
@given(samples())
@pytest.mark.parametrize("metric", ["recall", "precision", "f1"])
def test_a_rate_of_each_class_is_that_of_scikit_learn(metric, sample):
    """NaN for a class that does not occur, or is never predicted."""
    from sklearn.metrics import precision_recall_fscore_support

    predictions = sample.predictions()
    rates = precision_recall_fscore_support(
        sample.labels, predictions.predicted, labels=range(len(sample.class_names)), zero_division=np.nan
    )
    expected = dict(zip(("precision", "recall", "f1"), rates, strict=False))[metric]
    found = [metrics[metric].value for metrics in class_metrics(Tally.of(predictions))]
    assert found == pytest.approx(expected.tolist(), rel=1e-12, nan_ok=True)


def test_a_class_that_does_not_occur_has_no_recall():
    """And so it does not count in the mean of the recalls."""
    sample = said([0, 1, 2], [0, 1, 1])
    assert math.isnan(class_metrics(Tally.of(sample.predictions()))[2]["recall"].value)
    assert overall_metrics(Tally.of(sample.predictions()))["macro_recall"].value == 0.75


def test_a_class_that_is_never_predicted_has_no_precision():
    """But its recall and its F1 are 0."""
    metrics = class_metrics(Tally.of(said([0, 1, 1], [0, 1, 2]).predictions()))[2]
    assert math.isnan(metrics["precision"].value)
    assert (metrics["recall"].value, metrics["f1"].value) == (0, 0)


@law
@given(samples())
def test_the_mean_confidence_of_each_class_is_that_of_its_images(sample):
    """By the true class; NaN where there is none."""
    p = sample.predictions()
    expected = [
        statistics.fmean(part) if (part := p.confidence[p.labels == k].tolist()) else math.nan
        for k in range(len(sample.class_names))
    ]
    found = [metrics["mean_confidence"].value for metrics in class_metrics(Tally.of(p))]
    assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)


@law
@given(samples())
def test_the_metrics_of_each_class_have_their_names(sample):
    """Fixed: gates and dashboards name them."""
    names = {tuple(row) for row in class_metrics(Tally.of(sample.predictions()))}
    assert names == {("recall", "precision", "f1", "mean_confidence")}


@law
@given(samples())
def test_a_rate_counts_the_images_that_it_is_of(sample):
    """Recall those of the class, precision those predicted as it."""
    p = sample.predictions()
    labels, predicted = p.labels.tolist(), p.predicted.tolist()
    found = [(row["recall"].n, row["precision"].n, row["f1"].n) for row in class_metrics(Tally.of(p))]
    classes = range(len(sample.class_names))
    assert found == [(labels.count(k), predicted.count(k), labels.count(k)) for k in classes]


@law
@given(samples())
def test_f1s_interval_is_the_exact_one_of_the_right_ones_among_all_that_concern_the_class(sample):
    """Through F1 = 2J / (1 + J), with statsmodels' exact interval for J."""
    from statsmodels.stats.proportion import proportion_confint

    p = sample.predictions()
    for k, metrics in enumerate(class_metrics(Tally.of(p))):
        concerned = [(a == k, b == k) for a, b in zip(p.labels.tolist(), p.predicted.tolist(), strict=True)]
        n, right = sum(a or b for a, b in concerned), sum(a and b for a, b in concerned)
        if n:
            expected = [2 * j / (1 + j) for j in proportion_confint(right, n, method="beta")]
            assert [metrics["f1"].ci_low, metrics["f1"].ci_high] == pytest.approx(expected, abs=1e-9)


def test_f1_leaves_room_for_mistakes_that_a_few_images_did_not_show():
    """One right image of a class does not prove it."""
    f1 = class_metrics(Tally.of(said([0, 1, 2], [0, 1, 2]).predictions()))[1]["f1"]
    assert (f1.value, f1.ci_high) == (1, 1)
    assert f1.ci_low == pytest.approx(2 * 0.025 / 1.025)
