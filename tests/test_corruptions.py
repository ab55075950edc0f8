"""Worse images made of good ones, against scipy and plain loops."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from strategies import law

from mnist_report.data.corruptions import COVER, KINDS, SEVERITIES, corrupt
from mnist_report.data.sources import load_dataset

SHAPES = [(28, 28), (6, 5), (17, 40)]
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def digits():
    """Three hundred real ones."""
    return load_dataset("mnist", "test").images[:300]


def noise(shape, n=20):
    return np.random.default_rng(3).integers(0, 256, (n, *shape), dtype=np.uint8)


def levels(images):
    """As numbers that can be subtracted."""
    return images.astype(np.int64)


def test_every_kind_has_five_severities():
    """Each stronger than the one before."""
    assert all(len(set(amounts)) == 5 for amounts in SEVERITIES.values())
    assert all(list(amounts) in (sorted(amounts), sorted(amounts)[::-1]) for amounts in SEVERITIES.values())


@every_kind
def test_severity_0_is_the_images_as_they_are(kind, digits):
    """So the main result is the curve's first point."""
    assert np.array_equal(corrupt(digits, kind, 0), digits)


@every_kind
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("severity", [1, 5])
def test_images_of_any_size_keep_it(kind, shape, severity):
    """And they stay bytes; what was given is not touched."""
    images = noise(shape)
    before = images.copy()
    worse = corrupt(images, kind, severity)
    assert (worse.shape, worse.dtype) == (images.shape, np.uint8)
    assert np.array_equal(images, before)


@every_kind
def test_the_mean_damage_rises_with_the_severity(kind, digits):
    """By the mean absolute difference from the images as they are."""
    damage = [np.abs(levels(corrupt(digits, kind, k)) - levels(digits)).mean() for k in range(6)]
    assert damage[0] == 0
    assert all(less < more for less, more in itertools.pairwise(damage)), damage


@every_kind
def test_the_same_seed_makes_the_same_images(kind, digits):
    """Each set alone, whatever was made before."""
    first = corrupt(digits, kind, 4, seed=7)
    corrupt(digits, "noise", 2, seed=7)
    assert np.array_equal(first, corrupt(digits, kind, 4, seed=7))


@pytest.mark.parametrize("kind", ["rotation", "shift", "noise", "occlusion"])
def test_another_seed_makes_other_images(kind, digits):
    """Blur and contrast draw nothing."""
    assert not np.array_equal(corrupt(digits, kind, 4, seed=7), corrupt(digits, kind, 4, seed=8))


@every_kind
def test_an_image_does_not_depend_on_those_after_it(kind, digits):
    """The first hundred of three hundred are those of a hundred."""
    assert np.array_equal(corrupt(digits, kind, 3)[:100], corrupt(digits[:100], kind, 3))


@every_kind
def test_it_does_not_matter_where_the_work_is_cut(kind, digits, monkeypatch):
    """Pictures as floats are made some at a time."""
    whole = corrupt(digits, kind, 3)
    monkeypatch.setattr("mnist_report.data.corruptions.AT_A_TIME", 64)
    assert np.array_equal(corrupt(digits, kind, 3), whole)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"noise", "occlusion"}])
def test_a_blank_image_stays_blank(kind):
    """There is nothing to move, to blur or to fade, and the border brings nothing in."""
    assert not corrupt(np.zeros((4, 28, 28), dtype=np.uint8), kind, 5).any()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_rotation_is_scipys(shape):
    """Bilinear about the centre, with background beyond the border, to one side or the other."""
    images, angle = noise(shape), math.radians(SEVERITIES["rotation"][2])
    sides = set()
    for image, turned in zip(images, corrupt(images, "rotation", 3), strict=True):
        expected = {side: rotated(image, side * angle) for side in (-1, 1)}
        # A half may be rounded either way.
        fits = {side for side, picture in expected.items() if np.abs(levels(turned) - picture).max() <= 1}
        assert fits
        sides |= fits
    assert sides == {-1, 1}


def rotated(image, angle):
    """By scipy."""
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    middle = (np.array(image.shape) - 1) / 2
    given = {"offset": middle - matrix @ middle, "order": 1, "mode": "grid-constant"}
    return np.rint(ndimage.affine_transform(image.astype(float), matrix, **given)).astype(np.int64)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_shift_moves_every_pixel_by_one_vector(shape):
    """Of the severity's length, to half a pixel a side; what leaves the image is gone, what comes in is background."""
    images, length = noise(shape, 60), SEVERITIES["shift"][4] * min(shape)
    seen = set()
    for image, moved in zip(images, corrupt(images, "shift", 5), strict=True):
        vectors = [vector for vector in near(length) if np.array_equal(by_loop(image, vector), moved)]
        assert vectors
        seen.add(vectors[0])
    assert len(seen) > 4


def near(length):
    """Whole vectors of about that length."""
    most = math.ceil(length) + 1
    grid = [(r, c) for r in range(-most, most + 1) for c in range(-most, most + 1)]
    return [vector for vector in grid if abs(math.hypot(*vector) - length) <= math.sqrt(0.5) + 1e-9]


def by_loop(image, vector):
    moved = np.zeros_like(image)
    for row, column in np.ndindex(*image.shape):
        to = row + vector[0], column + vector[1]
        if 0 <= to[0] < image.shape[0] and 0 <= to[1] < image.shape[1]:
            moved[to] = image[row, column]
    return moved


def test_a_shift_goes_on_in_the_same_direction():
    """From severity to severity, so that two of them can be compared image by image."""
    dots = np.zeros((200, 101, 101), dtype=np.uint8)
    dots[:, 50, 50] = 255
    ends = [np.argwhere(corrupt(dots, "shift", severity))[:, 1:] - 50 for severity in (1, 5)]
    angles = [np.arctan2(*end.T) for end in ends]
    assert np.abs(np.angle(np.exp(1j * (angles[0] - angles[1])))).max() < 0.15


@pytest.mark.parametrize("severity", [1, 3, 5])
def test_noise_is_gaussian_of_the_severitys_deviation(severity):
    """On mid-grey, where nothing is cut off: 640,000 pixels show mean and deviation to a percent of the latter."""
    grey = np.full((1000, 20, 32), 128, dtype=np.uint8)
    apart = levels(corrupt(grey, "noise", severity)) - 128
    deviation = SEVERITIES["noise"][severity - 1] * 255
    if severity < 5:  # beyond, grey ends at 0 and 255
        assert apart.std() == pytest.approx(deviation, rel=0.01)
    assert abs(apart.mean()) < 0.01 * deviation + 0.2
    assert (apart > deviation).mean() == pytest.approx(0.1587, abs=0.01)


def test_noise_is_cut_off_at_black_and_white():
    """It does not wrap round."""
    worse = corrupt(np.concatenate([np.zeros((50, 9, 9)), np.full((50, 9, 9), 255)]).astype(np.uint8), "noise", 5)
    assert (worse[:50] == 0).mean() == pytest.approx(0.5, abs=0.05)
    assert (worse[50:] == 255).mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_blur_is_a_convolution_with_a_gaussian(shape):
    """By the sum over all pixels; scipy cuts its kernel off at four deviations."""
    images, sigma = noise(shape, 2), SEVERITIES["blur"][4] * min(shape)
    rows, columns = (kernel(side, sigma) for side in shape)
    expected = np.einsum("ab,nbc,cd->nad", rows, images.astype(float), columns.T)
    assert np.abs(levels(corrupt(images, "blur", 5)) - expected).max() < 1


def kernel(side, sigma):
    """How much each pixel of a row gets from each other; beyond the border there is nothing to get."""
    apart = np.arange(side)[:, np.newaxis] - np.arange(side)
    weights = np.where(np.abs(apart) <= int(4 * sigma + 0.5), np.exp(-0.5 * (apart / sigma) ** 2), 0)
    reach = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1)
    return weights / np.exp(-0.5 * (reach / sigma) ** 2).sum()


def test_contrast_draws_each_image_to_its_own_mean():
    """By a plain loop."""
    images = noise((6, 5))
    left = SEVERITIES["contrast"][3]
    for image, faded in zip(images, corrupt(images, "contrast", 4), strict=True):
        mean = sum(image.ravel().tolist()) / image.size
        expected = [[mean + (grey - mean) * left for grey in row] for row in image.tolist()]
        assert np.abs(levels(faded) - expected).max() <= 0.501


@pytest.mark.parametrize("severity", [1, 5])
def test_occlusion_covers_one_square(severity):
    """Grey, of the severity's side to a pixel, with its middle in the middle half; the rest is as it was."""
    images = np.full((400, 40, 60), 9, dtype=np.uint8)
    side = SEVERITIES["occlusion"][severity - 1] * 40
    middles = []
    for worse in corrupt(images, "occlusion", severity):
        rows, columns = np.nonzero(worse == COVER)
        assert (worse != 9).sum() == len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert abs(np.ptp(rows) + 1 - side) <= 1
        assert abs(np.ptp(columns) + 1 - side) <= 1
        middles.append((rows.mean() + 0.5, columns.mean() + 0.5))
    low, high = np.min(middles, axis=0), np.max(middles, axis=0)
    assert low == pytest.approx([10, 15], abs=1.5)
    assert high == pytest.approx([30, 45], abs=1.5)


@law
@given(st.sampled_from(KINDS), st.integers(0, 5), st.integers(1, 12), st.integers(1, 12), st.integers(0, 3))
def test_images_as_small_as_can_be_are_no_exception(kind, severity, height, width, n):
    """Nor is an empty set."""
    images = noise((height, width), n)
    assert corrupt(images, kind, severity).shape == images.shape
