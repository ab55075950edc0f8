"""The main job's own numbers, each recomputed by scikit-learn from predictions.parquet."""

import gzip
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest

import mnist_report

LABELS = Path(mnist_report.__file__).parent / "data" / "mnist" / "t10k-labels-idx1-ubyte.gz"
CLASSES = range(10)


@pytest.fixture(scope="module")
def table(shipped_run):
    """predictions.parquet, as a notebook reads it."""
    import pandas as pd

    return pd.read_parquet(shipped_run / "predictions.parquet")


@pytest.fixture(scope="module")
def rows(table):
    """The probabilities in float64, each row divided by its sum."""
    raw = table[[f"p{k}" for k in CLASSES]].to_numpy().astype(np.float64)
    return raw / raw.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def metrics(shipped_run):
    """metrics.json."""
    return json.loads((shipped_run / "metrics.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def oracle(table, rows):
    """Every overall metric by another hand."""
    from sklearn import metrics as sk

    labels, predicted = table["label"].to_numpy(), table["predicted"].to_numpy()
    macro = {"labels": CLASSES, "average": "macro", "zero_division": np.nan}
    several = len(set(predicted.tolist())) > 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that a poor model never predicts
        return {
            "accuracy": sk.accuracy_score(labels, predicted),
            "errors": sk.zero_one_loss(labels, predicted, normalize=False),
            "balanced_accuracy": sk.balanced_accuracy_score(labels, predicted),
            "macro_precision": sk.precision_score(labels, predicted, **macro),
            "macro_recall": sk.recall_score(labels, predicted, **macro),
            "macro_f1": sk.f1_score(labels, predicted, **macro),
            "mcc": sk.matthews_corrcoef(labels, predicted) if several else math.nan,
            "cohen_kappa": sk.cohen_kappa_score(labels, predicted),
            # It gives ties to the highest index, we to the lowest: columns are turned round.
            "top2_accuracy": sk.top_k_accuracy_score(9 - labels, rows[:, ::-1], k=2, labels=CLASSES),
            "log_loss": sk.log_loss(labels, rows, labels=CLASSES),
            "brier": math.fsum(((rows - np.eye(10)[labels]) ** 2).sum(axis=1)) / len(labels),
            "mean_confidence": math.fsum(rows.max(axis=1)) / len(labels),
            "overconfidence": math.fsum(rows.max(axis=1)) / len(labels) - sk.accuracy_score(labels, predicted),
            **from_ranks(rows.max(axis=1).tolist(), (labels == predicted).tolist()),
        }


def from_ranks(confidence, right):
    """ECE of both kinds, AURC and coverage at 99.9 %, by plain loops."""
    n = len(confidence)
    wide = [[] for _ in range(15)]
    for pair in zip(confidence, right, strict=True):
        wide[math.ceil(pair[0] * 15) - 1].append(pair)
    rising = sorted(zip(confidence, right, strict=True), key=lambda pair: pair[0])
    equal, at = [], 0
    for k in range(15):
        size = n // 15 + (k < n % 15)
        equal.append(rising[at : at + size])
        at += size
    risks, wrong, enough = [], 0, 0
    for kept, k in enumerate(sorted(range(n), key=lambda k: (-confidence[k], k)), start=1):
        wrong += not right[k]
        risks.append(wrong / kept)
        enough = kept if 1000 * wrong <= kept else enough
    ece, ece_equal_mass = (sum(abs(math.fsum(c - r for c, r in part)) for part in parts) / n for parts in (wide, equal))
    return {
        "ece": ece,
        "ece_equal_mass": ece_equal_mass,
        "aurc": math.fsum(risks) / n,
        "coverage_at_999": enough / n,
    }


def number(value):
    """NaN where JSON has null."""
    return math.nan if value is None else value


def test_the_labels_are_those_of_the_test_set(table):
    """Decoded here by hand: eight bytes of head, then a byte an image."""
    content = gzip.decompress(LABELS.read_bytes())
    assert content[:8] == bytes((0, 0, 8, 1)) + (10_000).to_bytes(4, "big")
    assert table["label"].tolist() == list(content[8:])


def test_there_is_a_row_per_image_in_order(table):
    """All ten thousand."""
    assert table["index"].tolist() == list(range(10_000))


def test_the_accuracy_is_that_of_scikit_learn(table, metrics):
    """To the last bit."""
    from sklearn.metrics import accuracy_score

    assert metrics["overall"]["accuracy"]["value"] == accuracy_score(table["label"], table["predicted"])


def test_the_prediction_is_the_most_probable_class(table, rows):
    """In every row."""
    assert table["predicted"].tolist() == rows.argmax(axis=1).tolist()


def test_confidence_margin_and_loss_follow_from_the_probabilities(table, rows):
    """In every row."""
    ordered = np.sort(rows, axis=1)
    loss = -np.log(np.maximum(rows[np.arange(len(rows)), table["label"]], np.finfo(np.float64).eps))
    assert np.allclose(table["confidence"], ordered[:, -1], rtol=1e-12, atol=0)
    assert np.allclose(table["margin"], ordered[:, -1] - ordered[:, -2], rtol=0, atol=1e-12)
    assert np.allclose(table["loss"], loss, rtol=1e-12, atol=1e-12)


def test_the_oracle_knows_every_metric(metrics, oracle):
    """A new metric needs a second opinion."""
    assert set(metrics["overall"]) == set(oracle)


@pytest.mark.parametrize(
    "name",
    [
        *("accuracy", "errors", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"),
        *("mcc", "cohen_kappa", "top2_accuracy", "log_loss", "brier", "mean_confidence", "overconfidence"),
        *("ece", "ece_equal_mass", "aurc", "coverage_at_999"),
    ],
)
def test_a_metric_is_what_the_oracle_says(metrics, oracle, name):
    """To 1e-9."""
    assert number(metrics["overall"][name]["value"]) == pytest.approx(oracle[name], rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", ["accuracy", "top2_accuracy"])
def test_the_interval_of_a_proportion_is_that_of_statsmodels(metrics, oracle, name):
    """Clopper and Pearson's."""
    from statsmodels.stats.proportion import proportion_confint

    found = metrics["overall"][name]
    expected = proportion_confint(round(oracle[name] * found["n"]), found["n"], method="beta")
    assert (found["ci_low"], found["ci_high"]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["recall", "precision", "f1"])
def test_a_metric_of_each_class_is_that_of_scikit_learn(metrics, table, name):
    """To 1e-9."""
    from sklearn.metrics import precision_recall_fscore_support

    rates = precision_recall_fscore_support(table["label"], table["predicted"], labels=CLASSES, zero_division=np.nan)
    expected = dict(zip(("precision", "recall", "f1"), rates, strict=False))[name]
    found = [number(row[name]["value"]) for row in metrics["per_class"]]
    assert found == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("name", ["recall", "precision"])
def test_the_interval_of_each_class_is_that_of_statsmodels(metrics, name):
    """Undefined for a class that is never predicted."""
    from statsmodels.stats.proportion import proportion_confint

    for k, row in enumerate(metrics["per_class"]):
        line = metrics["confusion"][k] if name == "recall" else [counts[k] for counts in metrics["confusion"]]
        n = sum(line)
        expected = proportion_confint(line[k], n, method="beta") if n else (math.nan, math.nan)
        found = [number(row[name][bound]) for bound in ("ci_low", "ci_high")]
        assert found == pytest.approx(list(expected), rel=1e-9, nan_ok=True)


def test_the_support_is_the_number_of_labels(metrics, table):
    """980 zeros, 1,135 ones, and so on."""
    labels = table["label"].tolist()
    assert [(row["class"], row["support"]) for row in metrics["per_class"]] == [
        (str(k), labels.count(k)) for k in CLASSES
    ]


def test_the_confusion_counts_are_those_of_scikit_learn(metrics, table):
    """Exactly."""
    from sklearn.metrics import confusion_matrix

    assert metrics["confusion"] == confusion_matrix(table["label"], table["predicted"], labels=CLASSES).tolist()
