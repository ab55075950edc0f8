"""Tests of `mnist_report.data.centering`."""

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.data.centering import center_images, center_picture
from mnist_report.data.sources import load_dataset

# Ink on a margin of background, so that the margin is known to be that.
inked = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=40)).map(lambda ink: np.pad(ink, 30))


def box(picture):
    """Height and width of what is not background."""
    rows, columns = np.nonzero(picture)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def middle(picture):
    """The centre of mass."""
    return (np.indices(picture.shape) * picture).sum(axis=(1, 2)) / picture.sum()


@law
@given(inked)
def test_the_result_has_the_size_of_mnist_and_its_box(picture):
    """28 x 28, with all ink within 20 x 20."""
    found = center_picture(picture)
    assert (found.shape, found.dtype) == ((28, 28), np.uint8)
    assert found.max() <= picture.max()
    if found.any():
        assert max(box(found)) <= 20


@law
@given(inked)
def test_dark_on_light_gives_the_same_as_light_on_dark(picture):
    """A scan and its negative are the same digit."""
    np.testing.assert_array_equal(center_picture(255 - picture), center_picture(picture))


@law
@given(inked, st.integers(0, 20), st.integers(0, 20))
def test_where_the_ink_was_does_not_matter(picture, down, right):
    """Only what it looks like."""
    moved = np.pad(picture, ((down, 3), (right, 0)))
    np.testing.assert_array_equal(center_picture(moved), center_picture(picture))


@law
@given(inked)
def test_the_centre_of_mass_is_in_the_middle(picture):
    """To half a pixel, unless the ink would leave the picture."""
    found = center_picture(picture)
    if not found.any():
        return
    rows, columns = np.nonzero(found)
    for place, ends in zip(middle(found), ((rows.min(), rows.max()), (columns.min(), columns.max())), strict=True):
        assert abs(place - 14) <= 0.5 + 1e-9 or ends[0] == 0 or ends[1] == 27 or 20 in box(found)


def test_a_wide_stroke_keeps_its_proportions():
    """Ten by forty becomes five by twenty."""
    picture = np.zeros((100, 100), np.uint8)
    picture[20:30, 50:90] = 255
    assert box(center_picture(picture)) == (5, 20)


def test_a_small_picture_grows():
    """As far as a large one shrinks."""
    assert box(center_picture(np.pad(np.full((4, 2), 255, np.uint8), 3))) == (20, 10)


def test_grey_paper_becomes_background():
    """The border says what paper is."""
    picture = np.full((60, 60), 200, np.uint8)
    picture[20:40, 25:35] = 10
    found = center_picture(picture)
    assert (found[0, 0], found[14, 14]) == (0, 190)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_without_ink_stays_empty(value):
    """Whatever its paper."""
    assert not center_picture(np.full((50, 30), value, np.uint8)).any()


def test_mnist_is_centred_already():
    """Most images do not change at all, the others by a pixel at most of the 20."""
    images = load_dataset().images[:1000]
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(images, center_images(images), strict=True)]
    assert np.median(alike) == pytest.approx(1)
    assert np.quantile(alike, 0.01) > 0.8
