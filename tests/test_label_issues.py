"""Suspected label errors, against plain loops and the confident joint counted by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from strategies import law, samples

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.frames import label_issues_frame
from mnist_report.evaluation.label_issues import accuracy_without, find_label_issues

NAMES = ("cat", "dog", "eel")
# Three cats, three dogs; image 2 is labelled cat and looks like a dog, more than dogs do in the mean.
LABELS = np.array([0, 0, 0, 1, 1, 1])
ROWS = np.array([[0.9, 0.1], [0.8, 0.2], [0.05, 0.95], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])


def means(labels, rows):
    """The mean probability of each class on the images that carry its label, added up one after the other."""
    found = []
    for k in range(rows.shape[1]):
        total, n = 0.0, 0
        for label, row in zip(labels.tolist(), rows.tolist(), strict=True):
            if label == k:
                total, n = total + row[k], n + 1
        found.append(total / n if n else math.nan)
    return found


def off_diagonal(labels, rows):
    """Confident learning: whether the most probable class among those that reach their thresholds is not the label."""
    thresholds, found = means(labels, rows), []
    for label, row in zip(labels.tolist(), rows.tolist(), strict=True):
        confident = [k for k, value in enumerate(row) if value >= thresholds[k] - 1e-12]
        found.append(bool(confident) and max(confident, key=lambda k: row[k]) != label)
    return found


@law
@given(samples())
def test_a_threshold_is_the_mean_of_a_plain_loop(sample):
    """NaN for a class without images."""
    rows = sample.predictions().rows
    found = find_label_issues(sample.labels, rows).threshold.tolist()
    assert found == pytest.approx(means(sample.labels, rows), rel=1e-12, nan_ok=True)


@law
@given(samples())
def test_the_alternative_is_the_most_probable_other_class(sample):
    """The lowest index among equals; with its probability and that of the label."""
    rows = sample.predictions().rows
    found = find_label_issues(sample.labels, rows)
    for k, index in enumerate(found.index.tolist()):
        label, row = int(sample.labels[index]), rows[index].tolist()
        best = max((c for c in range(len(row)) if c != label), key=lambda c: row[c])
        assert (found.alternative[k], found.alternative_probability[k]) == (best, row[best])
        assert found.self_confidence[k] == row[label]


@law
@given(samples(ties=False))
def test_the_suspects_are_those_off_the_diagonal_of_the_confident_joint(sample):
    """Northcutt, Jiang and Chuang count an image where its most probable confident class is; elsewhere it is fine."""
    rows = sample.predictions().rows
    assert find_label_issues(sample.labels, rows).suspected.tolist() == off_diagonal(sample.labels, rows)


@law
@given(samples(ties=False))
def test_a_suspect_that_the_model_gets_wrong_stands_off_the_diagonal_of_the_confident_joint(sample):
    """There the alternative is the prediction, and no class is more probable."""
    p = sample.predictions()
    suspected = find_label_issues(p.labels, p.rows).suspected & ~p.right
    assert not (suspected & ~np.array(off_diagonal(p.labels, p.rows))).any()


def test_the_real_runs_suspects_are_those_of_the_confident_joint(shipped_run):
    """Among ten thousand images the rule and the paper's agree."""
    from mnist_report.runs.folder import read_run

    predictions = read_run(shipped_run).predictions
    found = find_label_issues(predictions.labels, predictions.rows).suspected
    expected = off_diagonal(predictions.labels, predictions.rows)
    assert np.flatnonzero(found).tolist() == np.flatnonzero(expected).tolist()
    assert 0 < found.sum() < 1_000


@law
@given(samples())
def test_the_labels_that_the_model_believes_least_come_first(sample):
    """By the probability of the label, ties by index, fifty at most."""
    rows = sample.predictions().rows
    own = [row[label] for row, label in zip(rows.tolist(), sample.labels.tolist(), strict=True)]
    expected = sorted(range(len(own)), key=lambda k: (own[k], k))[:50]
    assert find_label_issues(sample.labels, rows).index.tolist() == expected


def test_a_wrong_label_is_suspected_and_ranked_first():
    """Image 2 is."""
    found = find_label_issues(LABELS, ROWS)
    assert (np.flatnonzero(found.suspected).tolist(), found.index[0]) == ([2], 2)


def test_the_accuracy_without_suspects_leaves_them_out():
    """Of six images five are right and one is a suspect: five of five are left."""
    found = accuracy_without(np.array([False, False, True, False, False, False]), ROWS.argmax(axis=1) == LABELS)
    assert (found.value, found.n) == (1, 5)


@law
@given(samples())
def test_the_accuracy_without_suspects_is_that_of_a_plain_loop(sample):
    """With the exact interval of what is left; not defined where nothing is."""
    p = sample.predictions()
    evaluation = evaluate(p)
    kept = [r for r, s in zip(p.right.tolist(), evaluation.label_issues.suspected.tolist(), strict=True) if not s]
    found = evaluation.accuracy_without_suspects
    expected = sum(kept) / len(kept) if kept else math.nan
    assert (found.value, found.n) == (pytest.approx(expected, nan_ok=True), len(kept))


def test_where_all_are_suspects_no_accuracy_is_left():
    """Undefined, no crash."""
    found = accuracy_without(np.ones(3, dtype=bool), np.ones(3, dtype=bool))
    assert (found.n, math.isnan(found.value)) == (0, True)


def test_a_class_without_images_has_no_threshold_and_suspects_nobody():
    """No eel is there to compare with."""
    rows = np.array([[0.2, 0.1, 0.7], [0.1, 0.2, 0.7]])
    found = find_label_issues(np.array([0, 1]), rows)
    assert math.isnan(found.threshold[2])
    assert found.suspected.tolist() == [False, False]


@pytest.mark.parametrize(("index", "ending"), [(2, "at least what"), (1, "less than")])
def test_the_reason_says_why(index, ending):
    """Label, alternative and threshold, each with its number."""
    found = find_label_issues(LABELS, ROWS)
    reason = found.reason(found.index.tolist().index(index), LABELS, NAMES)
    assert ending in reason
    assert all(part in reason for part in ("its label cat", "dog", "80.00 %"))


@law
@given(samples())
def test_the_frame_has_a_row_per_ranked_image(sample):
    """With its rank from 1, its names and its probabilities."""
    p = sample.predictions()
    issues = find_label_issues(p.labels, p.rows)
    names = p.class_names
    expected = [
        [k + 1, i, names[p.labels[i]], names[p.predicted[i]], names[issues.alternative[k]], bool(issues.suspected[i])]
        for k, i in enumerate(issues.index.tolist())
    ]
    found = label_issues_frame(p, issues)
    assert found[["rank", "index", "label", "predicted", "alternative", "suspected"]].to_numpy().tolist() == expected
    assert found["self_confidence"].tolist() == [p.rows[i, p.labels[i]] for i in issues.index]
