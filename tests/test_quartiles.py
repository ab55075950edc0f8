"""Quartiles from counts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation.quartiles import STEP, Column, count_columns, quartile_slices
from mnist_report.evaluation.slices import image_columns, quartile, slant, slice_accuracies

values = st.lists(st.integers(-5, 12), min_size=1, max_size=60)


@law
@given(values, st.integers(0, 60), st.integers(0, 2**16))
def test_counts_give_the_quartiles_of_the_values(numbers, cut, seed):
    """As numpy cuts them, with ties on the boundaries, from two parts."""
    numbers = np.array(numbers)
    right = np.random.default_rng(seed).random(len(numbers)) < 0.7
    ones = np.ones(len(numbers), np.int64)
    cut = min(cut, len(numbers))
    parts = [Column.of(numbers[own], ones[own], right[own].astype(np.int64)) for own in (slice(cut), slice(cut, None))]
    whole = parts[0] + parts[1]
    expected = slice_accuracies(right, {"x": quartile(numbers.astype(float))})
    assert {f"x={name}": metric for name, metric in whole.quartiles().items()} == expected


def test_the_built_in_columns_are_those_of_the_images():
    """Ink exactly; slants in steps, so that a boundary may lie a step away."""
    random = np.random.default_rng(8)
    images = (random.random((2_000, 9, 7)) ** 3 * 255).astype(np.uint8)
    right = random.random(2_000) < 0.8
    found, expected = quartile_slices(count_columns(images, right)), slice_accuracies(right, image_columns(images))
    assert list(found) == list(expected)
    slants = slant(images)
    near = sum(int((np.abs(slants - edge) <= STEP).sum()) for edge in np.quantile(slants, [0.25, 0.5, 0.75]))
    for name, metric in expected.items():
        assert abs(found[name].n - metric.n) <= (0 if name.startswith("ink") else near)


def test_equal_values_are_added_up():
    """In the order of the values."""
    found = Column.of(np.array([4, 2, 4]), np.array([1, 5, 2]), np.array([1, 0, 2]))
    assert [each.tolist() for each in (found.values, found.n, found.right)] == [[2, 4], [5, 3], [0, 3]]
