"""How images get a model's shape."""

import numpy as np
import pytest

from mnist_report.errors import ModelError
from mnist_report.model.arranging import AS_THEY_ARE, PADDED, RESIZED, arrange, find_layout, ways

IMAGES = np.random.default_rng(3).integers(0, 256, (5, 28, 20), dtype=np.uint8)
SHAPE = (28, 20)


def arranged(input_shape, way=None):
    """The images as a model of this shape takes them."""
    layout = find_layout(input_shape, SHAPE)
    return arrange(IMAGES, layout, way or ways(layout, SHAPE)[0])


@pytest.mark.parametrize(
    "shape", [(28, 20), (28, 20, 1), (1, 28, 20), (560,), (560, 1), (1, 560), (1, 1, 28, 20), (1, 28, 20, 1)]
)
def test_a_shape_of_as_many_pixels_gets_the_same_pixels(shape):
    """In the same order, wherever the sizes of 1 stand."""
    np.testing.assert_array_equal(arranged(shape), IMAGES.reshape(5, *shape))


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ((None, None), (28, 20)),
        ((None, None, 1), (28, 20, 1)),
        ((1, None, None), (1, 28, 20)),
        ((None,), (560,)),
        ((28, None, 1), (28, 20, 1)),
        ((None, None, None), (28, 20, 1)),
        ((None, None, 3), (28, 20, 3)),
        ((3, None, None), (3, 28, 20)),
    ],
)
def test_a_free_size_is_the_datas(shape, known):
    """Nothing is resized where nothing must be."""
    layout = find_layout(shape, SHAPE)
    assert (layout.shape, ways(layout, SHAPE)) == (known, (AS_THEY_ARE,))
    assert arranged(shape).shape == (5, *known)


def test_colours_are_the_grey_three_times():
    """Channels last and first."""
    last, first = arranged((28, 20, 3)), arranged((3, 28, 20))
    for k in range(3):
        np.testing.assert_array_equal(last[..., k], IMAGES)
        np.testing.assert_array_equal(first[:, k], IMAGES)


def test_padding_puts_the_image_in_the_middle():
    """With background around it; an odd row or column goes below and to the right."""
    padded = arranged((33, 24, 1), PADDED)[..., 0]
    np.testing.assert_array_equal(padded[:, 2:30, 2:22], IMAGES)
    assert padded.sum() == IMAGES.sum()


@pytest.mark.parametrize("size", [(14, 10), (56, 40), (20, 20)])
def test_resizing_is_pillows_bilinear(size):
    """Smaller, larger, and out of proportion."""
    from PIL import Image

    resized = arranged((*size, 1), RESIZED)
    for image, given in zip(resized, IMAGES, strict=True):
        expected = Image.fromarray(given).resize(size[::-1], Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(image[..., 0], np.asarray(expected))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((32, 28, 1), (PADDED, RESIZED)),
        ((64, 64, 1), (RESIZED, PADDED)),
        ((14, 14, 1), (RESIZED,)),
        ((32, 14, 1), (RESIZED,)),
        ((1024,), (PADDED, RESIZED)),
        ((196,), (RESIZED,)),
    ],
)
def test_the_usual_way_comes_first(shape, expected):
    """A narrow border is what LeNet had; other sizes are resized. A row of another length is a square."""
    assert ways(find_layout(shape, (28, 28)), (28, 28)) == expected


@pytest.mark.parametrize("shape", [(), (28, 28, 4), (4, 28, 28), (3, 3, 3, 3), (783,), (28, 28, 28, 3)])
def test_what_is_no_image_is_an_error(shape):
    """The line says what was found beside the data's shape."""
    with pytest.raises(ModelError) as caught:
        find_layout(shape, (28, 28), "mine.onnx")
    telling = (
        f"mine.onnx: the model takes images of shape {shape}, the data has (28, 28); expected a height and a width"
    )
    assert str(caught.value).startswith(telling)


def test_enormous_images_are_refused():
    """Before any memory is taken for them."""
    with pytest.raises(ModelError, match=r"takes images of 100,000 x 100,000 pixels, at most 1,000 x 1,000"):
        find_layout((100_000, 100_000, 3), (28, 28), "mine.keras")
