"""Distorted training images: what each number of a recipe does to a picture."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mnist_report.data.sources import load_dataset
from mnist_report.model.distortion import ELASTIC_SIGMA, distort, is_distorted
from mnist_report.model.recipes import SEED, STRONG, Recipe


@pytest.fixture(scope="module")
def digits():
    """The first 50 training images as pixels from 0 to 1."""
    return (load_dataset(split="train").images[:50] / 255).astype(np.float32)


@pytest.fixture
def blob():
    """A smooth spot right of and above the centre of an image of 31 by 41 pixels, and where it is."""
    rows, columns = np.mgrid[:31, :41]
    return np.exp(-((rows - 11) ** 2 + (columns - 26) ** 2) / 8).astype(np.float32)[np.newaxis], (11, 26)


def spot(image):
    """Where the ink's centre of mass is, as row and column."""
    return np.array(ndimage.center_of_mass(image))


class Largest:
    """A generator whose uniform draws are all the upper end: what a distortion does at its most."""

    def uniform(self, _, high, size):
        """The upper end, so many times."""
        return np.full(size, high)


def test_a_recipe_without_distortion_leaves_every_pixel(digits):
    """And says that it does."""
    assert not is_distorted(SEED)
    np.testing.assert_array_equal(distort(digits, SEED, np.random.default_rng(0)), digits)


@pytest.mark.parametrize("name", ["rotation", "scaling", "shear", "shift", "elastic"])
def test_each_number_alone_distorts(digits, name):
    """None is forgotten."""
    recipe = Recipe(**{name: 0.5 if name == "scaling" else 3.0})
    assert is_distorted(recipe)
    assert np.abs(distort(digits, recipe, np.random.default_rng(0)) - digits).mean() > 0.005


def test_a_rotation_turns_about_the_centre(blob):
    """Against the clock or with it, the spot stays as far from the centre and turns by that angle."""
    image, at = blob
    turned = spot(distort(image, Recipe(rotation=30), Largest())[0])
    before, after = np.array(at) - (15, 20), turned - (15, 20)
    assert np.hypot(*after) == pytest.approx(np.hypot(*before), abs=0.1)
    angle = math.degrees(math.acos(before @ after / np.hypot(*before) / np.hypot(*after)))
    assert angle == pytest.approx(30, abs=0.5)


def test_a_shift_moves_along_both_axes(blob):
    """By its pixels."""
    image, at = blob
    np.testing.assert_allclose(spot(distort(image, Recipe(shift=2.5), Largest())[0]), np.array(at) - 2.5, atol=0.05)


def test_a_scaling_stretches_from_the_centre(blob):
    """By a tenth, at its most."""
    image, at = blob
    expected = (np.array(at) - (15, 20)) * 1.1 + (15, 20)
    np.testing.assert_allclose(spot(distort(image, Recipe(scaling=0.1), Largest())[0]), expected, atol=0.05)


def test_a_shear_moves_each_row_by_its_distance_from_the_middle(blob):
    """Where rows are read from depends on the column: 6 columns off the centre, 0.25 pixels each."""
    image, at = blob
    moved = spot(distort(image, Recipe(shear=0.25), Largest())[0])
    np.testing.assert_allclose(moved, np.array(at) - (6 * 0.25, 0), atol=0.05)


def test_the_affine_map_is_scipys(digits):
    """Rotation, shear, scaling and shift in one: held against `ndimage.affine_transform` with the matrix by hand."""
    recipe = Recipe(rotation=20, shear=0.3, scaling=0.2, shift=1.5)
    turn = math.radians(20)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = rotation @ np.array([[1, 0.3], [0, 1]]) @ np.diag([1 / 1.2, 1 / 1.2])
    middle = np.array([13.5, 13.5])
    for image, distorted in zip(digits, distort(digits, recipe, Largest()), strict=True):
        expected = ndimage.affine_transform(image, matrix, middle + 1.5 - matrix @ middle, order=1)
        np.testing.assert_allclose(distorted, expected, atol=1e-4)


def test_elastic_displacements_have_their_standard_deviation():
    """On a ramp of columns an image shows its own displacement to the right."""
    size, elastic = 64, 1.5
    ramp = np.tile(np.arange(size, dtype=np.float32), (200, size, 1))
    moved = distort(ramp, Recipe(elastic=elastic), np.random.default_rng(0))
    inside = slice(8, -8)
    assert (moved - ramp)[:, inside, inside].std() == pytest.approx(elastic, rel=0.03)


def test_elastic_displacements_are_smooth():
    """Neighbours move together: their correlation is that of a Gaussian of sigma, smoothed with itself."""
    size = 64
    ramp = np.tile(np.arange(size, dtype=np.float32), (200, size, 1))
    moved = (distort(ramp, Recipe(elastic=1.0), np.random.default_rng(0)) - ramp)[:, 8:-8, 8:-8]
    found = np.corrcoef(moved[:, :-4].ravel(), moved[:, 4:].ravel())[0, 1]
    assert found == pytest.approx(math.exp(-(4**2) / (4 * ELASTIC_SIGMA**2)), abs=0.03)


def test_every_image_is_distorted_in_its_own_way(digits):
    """Two of the same differ."""
    twice = np.repeat(digits[:1], 2, axis=0)
    first, second = distort(twice, STRONG, np.random.default_rng(0))
    assert np.abs(first - second).mean() > 0.01


def test_the_same_generator_gives_the_same_bytes(digits):
    """A resumed training sees what it would have seen."""
    one, other = (distort(digits, STRONG, np.random.default_rng(3)).tobytes() for _ in range(2))
    assert one == other


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    rotation=st.floats(0, 180),
    scaling=st.floats(0, 0.9),
    shear=st.floats(0, 2),
    shift=st.floats(0, 40),
    elastic=st.floats(0, 5),
)
def test_pixels_stay_within_their_range(digits, seed, **ranges):
    """Interpolation makes nothing brighter than it was, whatever the numbers."""
    found = distort(digits[:4], Recipe(**ranges), np.random.default_rng(seed))
    assert found.dtype == np.float32
    assert found.shape == (4, 28, 28)
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-6
