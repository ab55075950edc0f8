"""Slices of the images, against plain loops."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation.metrics import proportion
from mnist_report.evaluation.slices import image_columns, quartile, slant, slice_accuracies

rows = st.lists(st.tuples(st.booleans(), st.sampled_from(["a", "b", "", "7", " "])), min_size=1, max_size=40)
numbers = st.lists(st.integers(0, 30), min_size=1, max_size=60)


def bar(shear, height=16, width=40):
    """A bar of ink whose middle moves by `shear` columns a row, to a quarter of a column."""
    picture = np.zeros((height, width), dtype=np.uint8)
    for row in range(height):
        place = width / 2 + shear * (row - height / 2)
        column, rest = int(place // 1), place % 1
        picture[row, column] += round(200 * (1 - rest))
        picture[row, column + 1] += round(200 * rest)
    return picture


@law
@given(rows)
def test_a_slices_accuracy_is_that_of_a_plain_loop(pairs):
    """With its exact interval; empty text belongs to no slice."""
    found = slice_accuracies(np.array([r for r, _ in pairs]), {"kind": np.array([v for _, v in pairs], dtype=object)})
    values = sorted({v for _, v in pairs if v})
    assert list(found) == [f"kind={value}" for value in values]
    for value in values:
        right = [r for r, v in pairs if v == value]
        assert found[f"kind={value}"] == proportion(sum(right), len(right))


def test_slices_come_column_by_column():
    """In the order of the columns, and of the values' texts within each."""
    columns = {"z": np.array(["b", "a"], dtype=object), "a": np.array(["10", "9"], dtype=object)}
    assert list(slice_accuracies(np.array([True, False]), columns)) == ["z=a", "z=b", "a=10", "a=9"]


def test_slices_of_a_column_share_all_images():
    """Where no value is empty."""
    images = np.random.default_rng(4).integers(0, 256, (101, 8, 8), dtype=np.uint8)
    found = slice_accuracies(np.ones(101, dtype=bool), image_columns(images))
    assert [sum(m.n for name, m in found.items() if name.startswith(kind)) for kind in ("ink=", "slant=")] == [101, 101]


@law
@given(numbers)
def test_quartiles_are_those_of_a_plain_loop(values):
    """By the data's own quartiles from Python's statistics; a value on a boundary belongs below it."""
    cuts = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    expected = [f"q{1 + sum(value > cut for cut in cuts)}" for value in values]
    assert quartile(np.array(values, dtype=float)).tolist() == expected


def test_equal_values_are_all_in_the_first_quartile():
    """There is no other order among them."""
    assert set(quartile(np.full(9, 3.0)).tolist()) == {"q1"}


def test_ink_is_the_sum_of_the_pixels():
    """Four pictures, each darker than the one before; sums beyond 255 do not wrap round."""
    images = np.stack([np.full((28, 28), ink, dtype=np.uint8) for ink in (10, 90, 170, 250)])
    assert image_columns(images)["ink"].tolist() == ["q1", "q2", "q3", "q4"]


@pytest.mark.parametrize("shear", [-1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0])
def test_a_sheared_bar_has_the_slant_that_it_was_given(shear):
    """In columns per row, positive where its top leans to the left."""
    assert slant(bar(shear)[np.newaxis]).tolist() == pytest.approx([shear], abs=1e-9)


def test_a_bar_is_not_slanted_by_where_it_stands():
    """Moved to the right and downwards."""
    moved = np.roll(bar(0.5, width=60), (0, 10), axis=(0, 1))
    assert slant(moved[np.newaxis])[0] == pytest.approx(0.5, abs=1e-9)


def test_a_mirrored_picture_leans_to_the_other_side():
    """By as much."""
    images = np.random.default_rng(6).integers(0, 256, (20, 9, 7), dtype=np.uint8)
    assert slant(images[:, :, ::-1]) == pytest.approx(-slant(images), abs=1e-9)


def test_quartiles_of_slant_go_from_right_to_left():
    """Four bars."""
    images = np.stack([bar(shear) for shear in (1.0, -1.0, 0.5, -0.5)])
    assert image_columns(images)["slant"].tolist() == ["q4", "q1", "q3", "q2"]


@pytest.mark.parametrize("ink", [0, 255], ids=["empty", "one row"])
def test_a_picture_without_height_has_no_slant(ink):
    """No ink at all, or all of it in one row: 0, and no warning."""
    picture = np.zeros((1, 6, 6), dtype=np.uint8)
    picture[0, 2] = ink
    assert slant(picture).tolist() == [0]
