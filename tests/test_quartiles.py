"""Quartiles from counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation import quartiles
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


@pytest.mark.parametrize(("side", "step"), [(1, 1), (28, 1), (32, 1), (33, 2), (100, 10), (1_000, 973)])
def test_the_ink_of_large_images_is_counted_in_steps(side, step):
    """Which depend on the size alone; that of small ones as it is."""
    images = np.zeros((3, side, side), np.uint8)
    images[1] = 255
    images[2].flat[0] = 254
    found = count_columns(images, np.ones(3, np.bool_))["ink"]
    ink = [0, 254, 255 * side * side]
    assert found.values.tolist() == sorted({value // step * step for value in ink})


def test_a_column_is_no_larger_than_its_bound(monkeypatch):
    """However many images, and whatever a slant's rounding errors are."""
    monkeypatch.setattr(quartiles, "MOST_VALUES", 100)
    random = np.random.default_rng(3)
    monkeypatch.setattr(quartiles, "slant", lambda images: random.normal(0, 1e9, len(images)))
    column = {}
    for _ in range(20):
        images = random.integers(0, 256, (50, 5, 5), dtype=np.uint8) * random.integers(0, 2, (50, 1, 1), dtype=np.uint8)
        part = count_columns(images, random.random(50) < 0.5)
        column = {name: column[name] + own for name, own in part.items()} if column else part
    assert {sum(each.n) for each in column.values()} == {1_000}
    assert max(len(each.values) for each in column.values()) <= 101
