"""How images get the shape that a model takes: sizes, colours and the order of both."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ModelError

AS_THEY_ARE, PADDED, RESIZED = "as they are", "padded", "resized"
MOST_SIDE = 1_000
COLOURS = 3
# Missing so few rows and columns, images usually got a border: 28 to 32 as in LeNet.
BORDER = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """What one image has to look like for a model.

    Attributes:
        shape: of the array, every size known.
        height: of the image in pixels.
        width: likewise.
        channels: 1, or 3 where the model wants colours: the grey three times.
        channels_first: whether they stand before the height.
    """

    shape: tuple[int, ...]
    height: int
    width: int
    channels: int = 1
    channels_first: bool = False


def find_layout(input_shape: tuple[int | None, ...], image_shape: tuple[int, int], where: str = "the model") -> Layout:
    """Read a model's input shape as an image.

    Args:
        input_shape: of one image, as the model has it; None stands for any size, and sizes of 1 for nothing.
        image_shape: (height, width) of the data.
        where: whose it is, for messages.

    Raises:
        ModelError: it is no image of one or three channels and no row of pixels, or an enormous one.
    """
    layout = _read(input_shape, image_shape)
    if layout is None:
        raise ModelError(
            f"{where}: the model takes images of shape {input_shape}, the data has {image_shape}; expected a height "
            "and a width, with 1 or 3 channels or none, or one row of pixels"
        )
    if max(layout.height, layout.width) > MOST_SIDE:
        raise ModelError(
            f"{where}: the model takes images of {layout.height:,} x {layout.width:,} pixels, at most "
            f"{MOST_SIDE:,} x {MOST_SIDE:,} are taken"
        )
    return Layout(_shape(input_shape, layout), layout.height, layout.width, layout.channels, layout.channels_first)


def _read(input_shape: tuple[int | None, ...], image_shape: tuple[int, int]) -> Layout | None:
    """Size and colours; the shape is left empty."""
    height, width = image_shape
    if input_shape in {(height, width, 1), (height, width), (1, height, width)}:
        return Layout((), height, width)
    sides = [size for size in input_shape if size != 1]
    if len(sides) == COLOURS and sides[-1] is None and sides[0] != COLOURS:  # any number of channels: one
        sides.pop()
    match sides:
        case [pixels]:
            return _row(pixels or height * width, image_shape)
        case [tall, wide]:
            return Layout((), tall or height, wide or width)
        case [tall, wide, 3]:
            return Layout((), tall or height, wide or width, COLOURS)
        case [3, tall, wide]:
            return Layout((), tall or height, wide or width, COLOURS, channels_first=True)
    return None


def _row(pixels: int, image_shape: tuple[int, int]) -> Layout | None:
    """A row of pixels: those of the image, or of a square."""
    if pixels == image_shape[0] * image_shape[1]:
        return Layout((), *image_shape)
    side = math.isqrt(pixels)
    return Layout((), side, side) if side * side == pixels else None


def ways(layout: Layout, image_shape: tuple[int, int]) -> tuple[str, ...]:
    """How images of this shape can be brought to a model's: all that are usual, the most usual one first."""
    height, width = image_shape
    if (layout.height, layout.width) == (height, width):
        return (AS_THEY_ARE,)
    more = layout.height - height, layout.width - width
    if min(more) < 0:
        return (RESIZED,)
    return (PADDED, RESIZED) if max(more) <= BORDER else (RESIZED, PADDED)


def arrange(images: NDArray[np.uint8], layout: Layout, way: str) -> NDArray[np.uint8]:
    """Images as a model takes them, but for the scale of the pixels.

    Args:
        images: uint8, shape (n, height, width), 0 = background.
        layout: what they shall look like.
        way: "padded" puts background around them, the odd pixel below and on the right; "resized" stretches them
            (bilinear, averaged where they shrink).

    Returns:
        uint8, shape (n, *layout.shape).
    """
    if way == PADDED:
        images = _padded(images, layout)
    elif way == RESIZED:
        images = _resized(images, layout)
    if layout.channels == COLOURS:
        images = np.repeat(images[..., np.newaxis], COLOURS, axis=-1)
        if layout.channels_first:
            images = images.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(images).reshape(len(images), *layout.shape)


def _shape(input_shape: tuple[int | None, ...], layout: Layout) -> tuple[int, ...]:
    """The model's own shape with every size known."""
    if None not in input_shape:
        return tuple(size for size in input_shape if size is not None)
    if sum(size != 1 for size in input_shape) == 1:
        return tuple(layout.height * layout.width if size is None else size for size in input_shape)
    sizes = [layout.height, layout.width]
    order = [layout.channels, *sizes] if layout.channels_first else [*sizes, layout.channels]
    return tuple(1 if size == 1 else order.pop(0) for size in input_shape)


def _padded(images: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
    above, left = ((layout.height - images.shape[1]) // 2, (layout.width - images.shape[2]) // 2)
    below, right = layout.height - images.shape[1] - above, layout.width - images.shape[2] - left
    return np.pad(images, ((0, 0), (above, below), (left, right)))


def _resized(images: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
    from PIL import Image

    size = (layout.width, layout.height)
    resized = [np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR)) for image in images]
    return np.stack(resized) if resized else np.empty((0, layout.height, layout.width), np.uint8)
