"""Counts and sums, and that parts add up to the whole."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import by_rank, law, permutations, plain_rows, samples

from mnist_report.evaluation.tally import Sums, Tally


def same(left, right):
    """Counts exactly, sums to 1e-12 relative."""
    assert np.array_equal(left.confusion, right.confusion)
    assert left.top2 == right.top2
    for name in ("loss", "brier", "confidence", "overconfidence", "class_confidence"):
        ours, theirs = getattr(left, name), getattr(right, name)
        assert ours.total == pytest.approx(theirs.total, rel=1e-12, abs=1e-12)
        assert ours.squares == pytest.approx(theirs.squares, rel=1e-12, abs=1e-12)
    for name in ("n", "right"):
        assert np.array_equal(getattr(left.bins, name), getattr(right.bins, name))
    for name in ("confidence", "variance"):
        assert getattr(left.bins, name) == pytest.approx(getattr(right.bins, name), rel=1e-12, abs=1e-12)
    return True


@law
@given(samples())
def test_the_confusion_counts_are_those_of_scikit_learn(sample):
    """Rows are the actual classes, columns the predicted ones, seen or not."""
    from sklearn.metrics import confusion_matrix

    predictions = sample.predictions()
    expected = confusion_matrix(sample.labels, predictions.predicted, labels=range(len(sample.class_names)))
    assert np.array_equal(Tally.of(predictions).confusion, expected)


@law
@given(samples())
def test_the_confusion_counts_sum_to_the_number_of_images(sample):
    """Every image is counted once."""
    tally = Tally.of(sample.predictions())
    assert tally.confusion.sum() == tally.n == len(sample.labels)


@law
@given(samples())
def test_top2_counts_labels_among_the_two_most_probable_classes(sample):
    """Ties go to the lowest index, as they do for the prediction."""
    ranked = [by_rank(row)[:2] for row in plain_rows(sample)]
    expected = sum(label in two for label, two in zip(sample.labels.tolist(), ranked, strict=True))
    assert Tally.of(sample.predictions()).top2 == expected


@law
@given(samples())
@pytest.mark.parametrize("name", ["loss", "brier", "confidence"])
def test_sums_and_squares_are_exact_to_the_last_digits(name, sample):
    """Against Python's correctly rounded sum."""
    predictions = sample.predictions()
    values = getattr(predictions, name).tolist()
    sums = getattr(Tally.of(predictions), name)
    assert sums.total == pytest.approx(math.fsum(values), rel=1e-12, abs=1e-15)
    assert sums.squares == pytest.approx(math.fsum(value * value for value in values), rel=1e-12, abs=1e-15)


@law
@given(samples(min_rows=2), st.data())
def test_two_parts_add_up_to_the_whole(sample, data):
    """Counts exactly, sums to 1e-12 relative."""
    cut = data.draw(st.integers(1, len(sample.labels) - 1))
    parts = [Tally.of(sample.part(rows).predictions()) for rows in (slice(cut), slice(cut, None))]
    assert same(parts[0] + parts[1], Tally.of(sample.predictions()))


@law
@given(samples(), st.data())
def test_any_parts_in_any_order_add_up_to_the_whole(sample, data):
    """Rows are dealt to up to seven workers, who answer in any order; a worker may have nothing to do."""
    worker = np.array(data.draw(st.lists(st.integers(0, 6), min_size=len(sample.labels), max_size=len(sample.labels))))
    busy = data.draw(st.permutations(sorted(set(worker.tolist()))))
    parts = [Tally.of(sample.part(np.flatnonzero(worker == k)[::-1]).predictions()) for k in busy]
    assert same(sum(parts[1:], parts[0]), Tally.of(sample.predictions()))


@law
@given(samples())
def test_an_empty_part_changes_nothing(sample):
    """A worker without rows still answers."""
    whole = Tally.of(sample.predictions())
    assert same(whole + Tally.of(sample.part(slice(0)).predictions()), whole)


@law
@given(samples())
def test_single_images_add_up_to_the_whole(sample):
    """However finely the rows are split."""
    parts = [Tally.of(sample.part([row]).predictions()) for row in range(len(sample.labels))]
    assert same(sum(parts[1:], parts[0]), Tally.of(sample.predictions()))


@law
@given(samples(min_rows=2))
def test_the_order_of_two_parts_does_not_matter(sample):
    """Workers may answer in any order."""
    first, rest = (Tally.of(sample.part(rows).predictions()) for rows in (slice(1), slice(1, None)))
    assert same(first + rest, rest + first)


@law
@given(samples(min_rows=2))
def test_adding_leaves_the_parts_as_they_were(sample):
    """A tally is a value."""
    first, rest = (Tally.of(sample.part(rows).predictions()) for rows in (slice(1), slice(1, None)))
    before = first.confusion.copy()
    assert (first + rest).n == len(sample.labels)
    assert np.array_equal(first.confusion, before)


@law
@given(samples(), st.data())
def test_the_order_of_images_does_not_matter(sample, data):
    """A shuffled data set gives the same numbers."""
    order = data.draw(permutations(len(sample.labels)))
    assert same(Tally.of(sample.part(order).predictions()), Tally.of(sample.predictions()))


@law
@given(samples(ties=False), st.data())
def test_relabelling_the_classes_permutes_the_confusion(sample, data):
    """No class is special; without ties, which go by index."""
    order = data.draw(permutations(len(sample.class_names)))
    place = np.argsort(order)
    relabelled = sample._replace(probabilities=sample.probabilities[:, order], labels=place[sample.labels])
    permuted = Tally.of(sample.predictions()).confusion[np.ix_(order, order)]
    assert np.array_equal(Tally.of(relabelled.predictions()).confusion, permuted)


def test_sums_add_up_part_by_part():
    """Totals to totals, squares to squares."""
    found = Sums(np.array(1.0), np.array([2.0, 3.0])) + Sums(np.array(10.0), np.array([20.0, 30.0]))
    assert (found.total.tolist(), found.squares.tolist()) == (11.0, [22.0, 33.0])


@law
@given(samples())
def test_overconfidence_is_the_confidence_less_what_came_true(sample):
    """Sum and squares, from a plain loop."""
    p = sample.predictions()
    gaps = [
        c - (k == y) for c, k, y in zip(p.confidence.tolist(), p.predicted.tolist(), p.labels.tolist(), strict=True)
    ]
    sums = Tally.of(p).overconfidence
    assert float(sums.total) == pytest.approx(math.fsum(gaps), rel=1e-12, abs=1e-12)
    assert float(sums.squares) == pytest.approx(math.fsum(gap * gap for gap in gaps), rel=1e-12, abs=1e-12)


@law
@given(samples())
def test_the_confidence_is_summed_by_true_class(sample):
    """A class without images has sums of 0."""
    p = sample.predictions()
    values = [p.confidence[p.labels == k].tolist() for k in range(len(sample.class_names))]
    sums = Tally.of(p).class_confidence
    assert sums.total.tolist() == pytest.approx([math.fsum(part) for part in values], rel=1e-12)
    assert sums.squares.tolist() == pytest.approx([math.fsum(c * c for c in part) for part in values], rel=1e-12)


@law
@given(samples())
def test_the_bins_hold_every_image_once(sample):
    """And every right answer once."""
    p = sample.predictions()
    bins = Tally.of(p).bins
    assert (int(bins.n.sum()), int(bins.right.sum())) == (len(p), int(p.right.sum()))
