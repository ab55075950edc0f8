"""The scales of pixels."""

import numpy as np
import pytest

from mnist_report.data.sources import load_dataset
from mnist_report.model.arranging import find_layout
from mnist_report.model.scaling import (
    MNIST_DEVIATION,
    MNIST_MEAN,
    SCALES,
    Preparation,
    implied_by_normalization,
    implied_by_range,
    implied_by_rescaling,
    levels,
    scaled,
)

PIXELS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
PLAIN = {
    "unit": lambda x: x / 255,
    "raw": lambda x: x,
    "standard": lambda x: (x / 255 - 0.1307) / 0.3081,
    "symmetric": lambda x: x / 127.5 - 1,
    "inverted": lambda x: 1 - x / 255,
}


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_is_what_its_name_says(scale):
    """To float32's precision, for every value that a pixel can have."""
    prepared = Preparation(find_layout((16, 16, 1), (16, 16)), "as they are", scale).of(PIXELS)
    assert (prepared.dtype, prepared.shape) == (np.float32, (1, 16, 16, 1))
    np.testing.assert_allclose(prepared.ravel(), [PLAIN[scale](k) for k in range(256)], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("scale", SCALES)
def test_the_table_of_levels_is_the_scale(scale):
    """To the last bit, whatever the pixels are."""
    preparation = Preparation(find_layout((16, 16), (16, 16)), "as they are", scale, 0.2, 0.3)
    pixels = np.random.default_rng(1).integers(0, 256, (9, 16, 16), dtype=np.uint8)
    assert levels(preparation)[pixels].tobytes() == scaled(pixels, preparation).tobytes()


def test_the_constants_are_those_of_the_training_images():
    """To the four digits that everybody's scripts have."""
    pixels = load_dataset("mnist", "train").images / 255
    assert (round(pixels.mean(), 4), round(pixels.std(), 4)) == (MNIST_MEAN, MNIST_DEVIATION)


def test_padding_is_background_on_every_scale():
    """An inverted image has a light border."""
    layout = find_layout((18, 18), (16, 16))
    assert Preparation(layout, "padded", "inverted").of(PIXELS)[0, 0].tolist() == [1.0] * 18


@pytest.mark.parametrize(
    ("low", "high", "scale"),
    [
        (0, 0.9961, "unit"),
        (0, 255, "raw"),
        (-1, 0.9922, "symmetric"),
        (-0.4242, 2.8215, "standard"),
        (-8, 8, None),
        (1, 0, None),
    ],
)
def test_the_range_of_a_quantised_input_shows_its_scale(low, high, scale):
    """Within two percent."""
    assert implied_by_range(low, high) == scale


@pytest.mark.parametrize(("factor", "scale"), [(1 / 255, "raw"), (1 / 127.5, "raw"), (2.0, "unit"), (1.0, "unit")])
def test_a_rescaling_layer_that_divides_is_for_raw_pixels(factor, scale):
    """One that doubles is for pixels from 0 to 1."""
    assert implied_by_rescaling(factor) == scale


@pytest.mark.parametrize(("mean", "scale"), [(33.3, "raw"), (0.1307, "unit"), (0.0, "unit")])
def test_a_normalization_layer_shows_the_scale_of_what_it_learned(mean, scale):
    """By the mean that it subtracts."""
    assert implied_by_normalization(mean) == scale
