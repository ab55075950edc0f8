"""Metrics that rank all images, against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law, plain_rows, samples

from mnist_report.evaluation.ranking import Thresholds, class_ranking, overall_ranking

# Few different scores make many ties; the others are nearly all different.
scored = st.lists(
    st.tuples(st.booleans(), st.one_of(st.sampled_from([0.1, 0.5, 0.5000001, 0.9]), st.floats(0, 1))),
    min_size=1,
    max_size=60,
)


def columns(pairs):
    """Whether positive, and the score."""
    return np.array([p for p, _ in pairs]), np.array([s for _, s in pairs])


def both_sides(pairs):
    """Whether there are positives and negatives."""
    return len({p for p, _ in pairs}) == 2


@law
@given(scored.filter(both_sides))
def test_roc_auc_is_that_of_scikit_learn(pairs):
    """Ties count half."""
    from sklearn.metrics import roc_auc_score

    assert Thresholds.of(*columns(pairs)).roc_auc == pytest.approx(roc_auc_score(*columns(pairs)), rel=1e-12, abs=1e-12)


@law
@given(scored.filter(both_sides))
def test_roc_auc_is_the_share_of_pairs_in_the_right_order(pairs):
    """A plain loop over positives and negatives."""
    above = [s for p, s in pairs if p]
    below = [s for p, s in pairs if not p]
    expected = sum((a > b) + (a == b) / 2 for a in above for b in below) / (len(above) * len(below))
    assert Thresholds.of(*columns(pairs)).roc_auc == pytest.approx(expected, rel=1e-12, abs=1e-12)


@law
@given(scored.filter(lambda pairs: any(p for p, _ in pairs)))
def test_average_precision_is_that_of_scikit_learn(pairs):
    """Equal scores are one threshold."""
    from sklearn.metrics import average_precision_score

    expected = average_precision_score(*columns(pairs))
    assert Thresholds.of(*columns(pairs)).average_precision == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("positive", [True, False])
def test_one_side_alone_has_no_roc_auc(positive):
    """There is no pair to compare."""
    assert math.isnan(Thresholds.of(np.full(3, positive), np.array([0.1, 0.5, 0.9])).roc_auc)


def test_without_positives_there_is_no_average_precision():
    """Nothing can be found."""
    assert math.isnan(Thresholds.of(np.zeros(3, dtype=bool), np.array([0.1, 0.5, 0.9])).average_precision)


def test_positives_alone_have_an_average_precision_of_one():
    """Whatever is found is right."""
    assert Thresholds.of(np.ones(3, dtype=bool), np.array([0.1, 0.5, 0.9])).average_precision == 1


def test_equal_scores_of_all_are_chance():
    """AUC one half, average precision the share of positives."""
    positive = np.array([True, False, False, False])
    found = Thresholds.of(positive, np.full(4, 0.3))
    assert (found.roc_auc, found.average_precision) == (0.5, 0.25)


@law
@given(samples())
def test_each_class_is_ranked_against_the_rest(sample):
    """By its own probability; NaN for a class that does not occur, or alone does."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    rows = np.array(plain_rows(sample))
    for k, found in enumerate(class_ranking(sample.predictions())):
        is_k = sample.labels == k
        auc = roc_auc_score(is_k, rows[:, k]) if 0 < is_k.sum() < len(is_k) else math.nan
        precision = average_precision_score(is_k, rows[:, k]) if is_k.any() else math.nan
        assert found["roc_auc"].value == pytest.approx(auc, rel=1e-9, abs=1e-12, nan_ok=True)
        assert found["average_precision"].value == pytest.approx(precision, rel=1e-9, nan_ok=True)


@law
@given(samples())
def test_metrics_of_ranks_have_no_interval(sample):
    """The kind has none; each still says of how many images it is."""
    p = sample.predictions()
    support = np.bincount(sample.labels, minlength=len(sample.class_names)).tolist()
    each = [m for row in class_ranking(p) for m in row.values()]
    every = [*overall_ranking(p).values(), *each]
    assert {(math.isnan(m.ci_low), math.isnan(m.ci_high)) for m in every} == {(True, True)}
    assert [m.n for m in overall_ranking(p).values()] == [len(p)] * 3
    assert [m.n for m in each] == [n for n in support for _ in range(2)]


def test_metrics_of_ranks_have_their_names():
    """Fixed: gates and dashboards name them."""
    from tiny_run import tiny_predictions

    assert list(overall_ranking(tiny_predictions())) == ["ece_equal_mass", "aurc", "coverage_at_999"]
    assert list(class_ranking(tiny_predictions())[0]) == ["roc_auc", "average_precision"]


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_the_real_runs_ranking_is_that_of_scikit_learn(shipped_run, name):
    """Ten classes, one against the rest, from predictions.parquet."""
    import json

    import pandas as pd
    from sklearn import metrics as sk

    score = {"roc_auc": sk.roc_auc_score, "average_precision": sk.average_precision_score}[name]
    table = pd.read_parquet(shipped_run / "predictions.parquet")
    raw = table[[f"p{k}" for k in range(10)]].to_numpy().astype(float)
    rows = raw / raw.sum(axis=1, keepdims=True)
    document = json.loads((shipped_run / "metrics.json").read_text("utf-8"))
    found = [row[name]["value"] for row in document["per_class"]]
    assert found == pytest.approx([score(table["label"] == k, rows[:, k]) for k in range(10)], rel=1e-9)
