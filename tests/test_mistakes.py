"""The order of the mistakes and the choice of images."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import Sample, law, samples

from mnist_report.evaluation.mistakes import (
    choose_galleries,
    flips,
    least_believed,
    mistakes_to_show,
    near_misses,
    pairs_of,
    samples_of_each,
    worst_first,
)

few = st.integers(0, 8)


@law
@given(samples())
def test_mistakes_come_by_falling_loss(sample):
    """Equal losses by index; a plain sort."""
    predictions = sample.predictions()
    wrong = [i for i in range(len(predictions)) if predictions.predicted[i] != sample.labels[i]]
    assert worst_first(predictions).tolist() == sorted(wrong, key=lambda i: (-predictions.loss[i], i))


def test_equal_losses_come_by_index():
    """Three images that are wrong in the same way."""
    rows = np.array([[0.1, 0.9], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9]])
    predictions = Sample(rows, np.zeros(4, dtype=np.int64), ("cat", "dog")).predictions()
    assert worst_first(predictions).tolist() == [0, 2, 3]


def test_no_mistakes_are_an_empty_list():
    """Of indices all the same."""
    nothing = worst_first(Sample(np.eye(3), np.arange(3), ("cat", "dog", "eel")).predictions())
    assert nothing.tolist() == []
    assert np.issubdtype(nothing.dtype, np.integer)


@law
@given(samples(), few)
def test_near_misses_are_the_right_predictions_with_the_smallest_margin(sample, most):
    """Equal margins by index; a plain sort."""
    p = sample.predictions()
    right = [i for i in range(len(p)) if p.predicted[i] == sample.labels[i]]
    assert near_misses(p, most).tolist() == sorted(right, key=lambda i: (p.margin[i], i))[:most]


def test_twenty_near_misses_are_listed():
    """Of thirty right predictions."""
    rows = np.tile([0.9, 0.1], (30, 1))
    assert len(near_misses(Sample(rows, np.zeros(30, dtype=np.int64), ("cat", "dog")).predictions())) == 20


@law
@given(samples(), few)
def test_every_pair_shows_its_worst_mistake(sample, most):
    """Whatever the cap; the order is worst-first, and no more than the cap or the pairs are shown."""
    predictions = sample.predictions()
    worst, shown = worst_first(predictions).tolist(), mistakes_to_show(predictions, most).tolist()
    first = {}
    for index in worst:
        first.setdefault((sample.labels[index], predictions.predicted[index]), index)
    assert set(first.values()) <= set(shown)
    assert shown == [index for index in worst if index in set(shown)]
    assert len(shown) == min(len(worst), max(most, len(first)))


@law
@given(samples(), few)
def test_no_pair_shows_more_than_another_that_has_more_to_show(sample, most):
    """An equal quota: where one pair's mistakes are left out, no other shows over one more than it."""
    predictions = sample.predictions()
    shown = mistakes_to_show(predictions, most)
    every = Counter(pairs_of(predictions, worst_first(predictions)).tolist())
    seen = Counter(pairs_of(predictions, shown).tolist())
    cut = [seen[pair] for pair in every if seen[pair] < every[pair]]
    assert not cut or max(seen.values()) <= min(cut) + 1


@law
@given(samples(), few, st.integers(0, 2**32 - 1))
def test_each_class_shows_so_many_right_predictions_where_it_has_them(sample, each, seed):
    """Class by class, each by index, none twice, and the same for the same seed."""
    predictions = sample.predictions()
    chosen = samples_of_each(predictions, each, seed)
    keys = [(int(sample.labels[i]), int(i)) for i in chosen]
    right = [int(k) for k in sample.labels[predictions.right]]
    assert keys == sorted(set(keys))
    assert predictions.right[chosen].all()
    counts = [sum(k == label for label, _ in keys) for k in range(len(sample.class_names))]
    assert counts == [min(each, right.count(k)) for k in range(len(sample.class_names))]
    assert chosen.tolist() == samples_of_each(predictions, each, seed).tolist()


@law
@given(samples(), few)
def test_labels_come_by_how_little_they_are_believed(sample, most):
    """A plain sort by the probability of the label."""
    p = sample.predictions()
    believed = [p.rows[i, sample.labels[i]] for i in range(len(p))]
    assert least_believed(p, most).tolist() == sorted(range(len(p)), key=lambda i: (believed[i], i))[:most]


@law
@given(samples(), st.integers(0, 2**32 - 1))
def test_flips_are_right_on_one_side_alone(sample, seed):
    """Against the same images in other hands."""
    ours = sample.predictions()
    theirs = Sample(
        np.random.default_rng(seed).permutation(sample.probabilities), sample.labels, sample.class_names
    ).predictions()
    regressed, fixed = flips(ours, theirs)
    assert set(regressed.tolist()) == {i for i in range(len(ours)) if theirs.right[i] and not ours.right[i]}
    assert set(fixed.tolist()) == {i for i in range(len(ours)) if ours.right[i] and not theirs.right[i]}
    assert (np.diff(ours.loss[regressed]) <= 0).all()
    assert (np.diff(theirs.loss[fixed]) <= 0).all()


@law
@given(samples())
def test_the_stored_images_are_those_of_every_gallery(sample):
    """Each once."""
    predictions = sample.predictions()
    chosen = choose_galleries(predictions, predictions, most_mistakes=2)
    parts = (chosen.mistakes, chosen.near_misses, chosen.label_issues, chosen.regressed, chosen.fixed, chosen.samples)
    assert chosen.index.tolist() == sorted({int(i) for part in parts for i in part})
    assert len(chosen.regressed) == len(chosen.fixed) == 0


def test_with_many_classes_no_samples_are_drawn():
    """A thousand would drown the page."""
    predictions = Sample(np.eye(101), np.arange(101), tuple(map(str, range(101)))).predictions()
    assert len(choose_galleries(predictions).samples) == 0


def test_with_too_many_classes_for_a_matrix_the_cap_holds():
    """Each of 26 is taken for the next."""
    rows = np.roll(np.eye(26), 1, axis=1)
    predictions = Sample(rows, np.arange(26), tuple(map(str, range(26)))).predictions()
    assert mistakes_to_show(predictions, 5).tolist() == [0, 1, 2, 3, 4]
