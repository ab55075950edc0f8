"""Images as MNIST's were made: the ink fitted into 20 x 20 and its centre of mass in the middle of 28 x 28.

The rule:

1. The background is the median of the outermost pixels. Where it is lighter than 127, the picture is taken as dark on
   light and inverted. The background becomes 0, and so does what lies beyond it.
2. The picture is cropped to the pixels of at least a sixteenth of the strongest one: less may be a JPEG's noise.
3. What is left is resized, with its proportions and anti-aliased, until its longer side is 20.
4. It is placed, by whole pixels, so that its centre of mass is as near to pixel (14, 14), counted from 0, as it can be
   without a pixel outside. A picture without ink stays empty.
"""

import numpy as np
from numpy.typing import NDArray

BOX = 20
SIDE = 28
LIGHT = 127
FAINT = 16


def center_picture(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One grey picture, uint8 of shape (height, width), the MNIST way: uint8 of shape (28, 28)."""
    from PIL import Image

    centered = np.zeros((SIDE, SIDE), np.uint8)
    ink = _ink(picture)
    marked = ink >= max(1, int(ink.max()) / FAINT)
    if not marked.any():
        return centered
    rows, columns = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(side * BOX / max(ink.shape))) for side in ink.shape)
    # Bilinear is Pillow's triangle filter, as wide as it must be: it averages, and it cannot overshoot as others do.
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR))
    top, left = (_offset(small.sum(axis=1 - axis, dtype=float)) for axis in (0, 1))
    centered[top : top + height, left : left + width] = small
    return centered


def center_images(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every one of many images, uint8 of shape (n, height, width)."""
    centered = np.empty((len(images), SIDE, SIDE), np.uint8)
    for k, image in enumerate(images):
        centered[k] = center_picture(image)
    return centered


def _ink(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    background = int(np.median(border))
    values = picture.astype(np.int16)
    ink = background - values if background > LIGHT else values - background
    return np.clip(ink, 0, 255).astype(np.uint8)


def _offset(mass: NDArray[np.float64]) -> int:
    """Where a line of pixels with this much ink each begins, for its centre of mass to be in the middle."""
    total = mass.sum()
    centre = (mass * np.arange(len(mass))).sum() / total if total else (len(mass) - 1) / 2
    return int(min(max(round(SIDE / 2 - centre), 0), SIDE - len(mass)))
