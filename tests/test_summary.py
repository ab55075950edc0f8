"""Predictions counted part by part."""

import math
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law, samples

from mnist_report.errors import DataError
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.kept import Wanted
from mnist_report.evaluation.metrics import NOT_MERGEABLE
from mnist_report.evaluation.predictions import make_class_predictions, make_predictions
from mnist_report.evaluation.slices import image_columns
from mnist_report.evaluation.summary import Summary, add_up, evaluate_summary

TEMPERATURE = 1.7


def parts_of(predictions, images, cuts, wanted, temperature=TEMPERATURE):
    """A summary for each part between the cuts; parts may be empty."""
    edges = [0, *sorted(min(cut, len(predictions)) for cut in cuts), len(predictions)]
    rows = [np.arange(low, high) for low, high in pairwise(edges)]
    return [Summary.of(predictions.only(own), images[own], wanted, temperature) for own in rows if len(own)]


def pictures(n, seed=3):
    return np.random.default_rng(seed).integers(0, 256, (n, 4, 5), dtype=np.uint8)


def same(found, expected, rel=1e-12):
    """Counts and values; NaN where the other is NaN."""
    assert found.keys() == expected.keys()
    for name, metric in found.items():
        assert metric.n == expected[name].n, name
        assert metric.value == pytest.approx(expected[name].value, rel=rel, abs=1e-12, nan_ok=True), name
        bounds = (expected[name].ci_low, expected[name].ci_high)
        assert (metric.ci_low, metric.ci_high) == pytest.approx(bounds, rel=1e-6, abs=1e-6, nan_ok=True), name


@law
@given(samples(), st.lists(st.integers(0, 60), max_size=4), st.integers(0, 5), st.randoms(use_true_random=False))
def test_parts_in_any_order_give_the_numbers_of_the_whole(sample, cuts, most, random):
    """Every mergeable metric, slice, tempered metric and finding; what needs all rows is undefined."""
    predictions, images = sample.predictions(), pictures(len(sample.labels))
    parts = parts_of(predictions, images, cuts, Wanted(most, 9))
    random.shuffle(parts)
    found = evaluate_summary(add_up(parts), 9, TEMPERATURE)
    whole = evaluate(predictions, 9, image_columns(images), TEMPERATURE)
    expected = {
        name: replace(metric, value=math.nan) if name in NOT_MERGEABLE else metric
        for name, metric in whole.overall.items()
    }
    same(found.overall, expected)
    assert found.tally.confusion.tolist() == whole.tally.confusion.tolist()
    ink = {name: metric for name, metric in whole.slices.items() if name.startswith("ink")}
    assert {name: metric for name, metric in found.slices.items() if name.startswith("ink")} == ink
    same(found.tempered.overall, whole.tempered.overall)
    assert found.findings == whole.findings
    assert found.counted


@law
@given(samples(), st.lists(st.integers(0, 60), max_size=4), st.integers(0, 5))
def test_the_frames_that_need_few_rows_are_those_of_the_whole(sample, cuts, most):
    """Sixty rows are few enough that all mistakes are listed."""
    from pandas.testing import assert_frame_equal

    predictions, images = sample.predictions(), pictures(len(sample.labels))
    found = evaluate_summary(add_up(parts_of(predictions, images, cuts, Wanted(most, 9))), 9).frames
    whole = evaluate(predictions, 9).frames
    for name in ("confusion", "confused_pairs", "calibration", "near_misses", "label_issues", "mistakes", "power"):
        columns = [column for column in getattr(whole, name).columns if column != "reason"]
        ours, theirs = (getattr(frames, name)[columns] for frames in (found, whole))
        assert_frame_equal(ours, theirs, obj=name, rtol=1e-9, atol=1e-12)


def test_the_confidences_are_counted_and_their_percentiles_left_out():
    """The other columns are those of the rows."""
    from pandas.testing import assert_frame_equal

    sample = np.random.default_rng(2).dirichlet(np.full(4, 0.05), 500)
    predictions = make_predictions(sample, np.arange(500) % 4, ("a", "b", "c", "d"))
    found = evaluate_summary(Summary.of(predictions, pictures(500), Wanted())).frames.confidence
    whole = evaluate(predictions).frames.confidence
    assert_frame_equal(found.drop(columns=["median", "p05", "p95"]), whole.drop(columns=["median", "p05", "p95"]))
    assert found[["median", "p05", "p95"]].isna().all(axis=None)


def test_classes_alone_are_counted_too():
    """Nothing is known about confidence, and no label is suspected."""
    labels = np.arange(200) % 4
    predictions = make_class_predictions((labels + (labels == 2)) % 4, labels, ("a", "b", "c", "d"), "here")
    found = evaluate_summary(add_up(parts_of(predictions, pictures(200), [70], Wanted())), 1, TEMPERATURE)
    whole = evaluate(predictions, 1, temperature=TEMPERATURE)
    same(found.overall, whole.overall)
    assert found.tempered is None
    assert found.findings == whole.findings
    assert len(found.frames.confidence) == len(found.frames.label_issues) == 0
    assert len(found.frames.mistakes) == 50


def test_no_parts_are_an_error():
    """There is nothing to evaluate."""
    with pytest.raises(DataError, match="no predictions"):
        add_up([])


def test_parts_with_and_without_probabilities_are_not_added():
    """A model gives one or the other."""
    labels = np.arange(200) % 2
    alone = make_class_predictions(labels, labels, ("a", "b"), "here")
    graded = make_predictions(np.full((200, 2), 0.5), labels, ("a", "b"))
    parts = [Summary.of(each, pictures(200), Wanted()) for each in (graded, alone)]
    with pytest.raises(DataError, match="some parts have probabilities"):
        add_up(parts)


def test_a_summary_says_of_each_field_what_it_is():
    """Whoever adds a field adds its line."""
    assert all(f"{field.name}:" in (Summary.__doc__ or "") for field in fields(Summary))
