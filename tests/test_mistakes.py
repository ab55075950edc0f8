"""The order of the mistakes and the choice of images."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import Sample, law, samples

from mnist_report.evaluation.mistakes import choose_images, near_misses, worst_first

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
@given(samples(), few, few)
def test_the_worst_mistakes_are_shown_first(sample, most, each):
    """As many as were asked for, no more than there are."""
    predictions = sample.predictions()
    chosen = choose_images(predictions, most_mistakes=most, samples_per_class=each, seed=1)
    mistakes = worst_first(predictions)[:most]
    assert chosen[: len(mistakes)].tolist() == mistakes.tolist()


@law
@given(samples(), few)
def test_each_class_shows_so_many_right_predictions_where_it_has_them(sample, each):
    """Class by class, each by index, and none twice."""
    predictions = sample.predictions()
    chosen = choose_images(predictions, most_mistakes=0, samples_per_class=each, seed=1)
    keys = [(int(sample.labels[i]), int(i)) for i in chosen]
    right = [int(k) for k in sample.labels[predictions.right]]
    assert keys == sorted(set(keys))
    assert predictions.right[chosen].all()
    counts = [sum(k == label for label, _ in keys) for k in range(len(sample.class_names))]
    assert counts == [min(each, right.count(k)) for k in range(len(sample.class_names))]


@law
@given(samples(), st.integers(0, 2**32 - 1))
def test_the_same_seed_chooses_the_same_images(sample, seed):
    """A run can be repeated."""
    predictions = sample.predictions()
    first, second = (
        choose_images(predictions, most_mistakes=3, samples_per_class=2, seed=seed).tolist() for _ in range(2)
    )
    assert first == second


def test_another_seed_chooses_other_samples():
    """They are drawn, not taken from the front."""
    predictions = Sample(np.tile([0.9, 0.1], (500, 1)), np.zeros(500, dtype=np.int64), ("cat", "dog")).predictions()
    draws = {
        tuple(choose_images(predictions, most_mistakes=0, samples_per_class=5, seed=seed).tolist())
        for seed in range(10)
    }
    assert len(draws) > 5
