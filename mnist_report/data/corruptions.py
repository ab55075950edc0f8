"""Worse images made of good ones: six kinds of corruption at five severities each, the same ones every time.

They are this program's own and no published benchmark: what a model shows on them can be compared with another model
that was held against the same version of this file, and with no figure from a paper.
"""

import math
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# Pictures as float32 take four times their room.
AT_A_TIME = 4_096
WHITE = 255
# What covers a part of an image is neither background nor ink.
COVER = 128

# How far each kind goes at the severities 1 to 5. What is a length is a share of the image's shorter side, so that
# images of any size suffer alike. A person reads nearly every digit at 3 and most of them at 5, where the seed
# project's network is right on about half.
SEVERITIES: dict[str, tuple[float, ...]] = {
    "rotation": (10, 20, 30, 40, 50),  # degrees to either side
    "shift": (0.07, 0.11, 0.15, 0.19, 0.23),  # of the side, in any direction
    "noise": (0.05, 0.1, 0.15, 0.2, 0.25),  # standard deviation, of the range of grey
    "blur": (0.03, 0.04, 0.05, 0.06, 0.075),  # standard deviation of the Gaussian, of the side
    "contrast": (0.8, 0.65, 0.5, 0.4, 0.3),  # what is left of it
    "occlusion": (0.2, 0.27, 0.34, 0.41, 0.48),  # the side of a grey square, of the image's
}
KINDS = tuple(SEVERITIES)
MOST_SEVERE = 5


def corrupt(images: NDArray[np.uint8], kind: str, severity: int, seed: int = 0) -> NDArray[np.uint8]:
    """Make images worse.

    What is drawn at random (a direction, a place, the noise) depends on seed and kind, not on the severity, and is
    drawn in the order of the images. So each set can be made without the others, an image does not depend on those
    after it, and from one severity to the next the same image suffers more of the same.

    Args:
        images: uint8, shape (n, height, width), 0 = background, 255 = ink.
        kind: one of `KINDS`.
        severity: 1 to 5; 0 leaves the images as they are.
        seed: at least 0.

    Returns:
        uint8, of the same shape.
    """
    if severity == 0:
        return images
    generator = np.random.default_rng([seed, zlib.crc32(kind.encode())])
    worse = np.empty_like(images)
    for first in range(0, len(images), AT_A_TIME):
        part = slice(first, first + AT_A_TIME)
        worse[part] = _WAYS[kind](images[part], SEVERITIES[kind][severity - 1], generator)
    return worse


def _rotated(images: NDArray[np.uint8], degrees: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Each image turned about its centre, to one side or the other."""
    left = generator.random(len(images)) < 0.5
    turned = np.empty_like(images)
    turned[left], turned[~left] = _turned(images[left], degrees), _turned(images[~left], -degrees)
    return turned


def _turned(images: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """All images turned alike, interpolated bilinearly; what comes in from outside is background."""
    _, height, width = images.shape
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    down, right = np.arange(height)[:, np.newaxis] - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    # Where each pixel comes from, with a border of background, of which all beyond is a copy.
    rows = np.clip(cosine * down + sine * right + (height + 1) / 2, 0, height + 1)
    columns = np.clip(cosine * right - sine * down + (width + 1) / 2, 0, width + 1)
    bordered = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    top, start = np.minimum(rows.astype(int), height), np.minimum(columns.astype(int), width)
    below, beside = (rows - top).astype(np.float32), (columns - start).astype(np.float32)
    grey = bordered[:, top, start] * ((1 - below) * (1 - beside))
    grey += bordered[:, top, start + 1] * ((1 - below) * beside)
    grey += bordered[:, top + 1, start] * (below * (1 - beside))
    grey += bordered[:, top + 1, start + 1] * (below * beside)
    return _grey(grey)


def _shifted(images: NDArray[np.uint8], share: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Each image moved by whole pixels in a direction of its own."""
    n, height, width = images.shape
    direction, length = generator.uniform(0, 2 * math.pi, n), share * min(height, width)
    down, right = (np.rint(length * part(direction)).astype(int) for part in (np.sin, np.cos))
    most = math.ceil(length)
    bordered = np.pad(images, ((0, 0), (most, most), (most, most)))
    rows = (most - down)[:, np.newaxis] + np.arange(height)
    columns = (most - right)[:, np.newaxis] + np.arange(width)
    every = np.arange(n)[:, np.newaxis, np.newaxis]
    moved: NDArray[np.uint8] = bordered[every, rows[:, :, np.newaxis], columns[:, np.newaxis, :]]
    return moved


def _noisy(images: NDArray[np.uint8], share: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """Gaussian noise of its own on every pixel."""
    return _grey(images + generator.standard_normal(images.shape, np.float32) * np.float32(share * WHITE))


def _blurred(images: NDArray[np.uint8], share: float, _: np.random.Generator) -> NDArray[np.uint8]:
    """Each image under a Gaussian; beyond its border is background."""
    from scipy.ndimage import gaussian_filter

    sigma = share * min(images.shape[1:])
    return _grey(gaussian_filter(images.astype(np.float32), (0, sigma, sigma), mode="constant"))


def _faded(images: NDArray[np.uint8], left: float, _: np.random.Generator) -> NDArray[np.uint8]:
    """Each image's pixels drawn to their mean."""
    grey = images.astype(np.float32)
    mean = grey.mean(axis=(1, 2), keepdims=True)
    return _grey(mean + (grey - mean) * np.float32(left))


def _covered(images: NDArray[np.uint8], share: float, generator: np.random.Generator) -> NDArray[np.uint8]:
    """A grey square on each image, its centre somewhere in the image's middle half."""
    n, height, width = images.shape
    side = share * min(height, width)
    centre = generator.uniform(0.25, 0.75, (n, 2)) * (height, width)
    # Of the pixels' own centres.
    rows = np.abs(np.arange(height) + 0.5 - centre[:, :1]) <= side / 2
    columns = np.abs(np.arange(width) + 0.5 - centre[:, 1:]) <= side / 2
    return np.where(rows[:, :, np.newaxis] & columns[:, np.newaxis, :], np.uint8(COVER), images)


def _grey(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Whole levels of grey."""
    return np.clip(np.rint(values), 0, WHITE).astype(np.uint8)


_WAYS: dict[str, Callable[[NDArray[np.uint8], float, np.random.Generator], NDArray[np.uint8]]] = {
    "rotation": _rotated,
    "shift": _shifted,
    "noise": _noisy,
    "blur": _blurred,
    "contrast": _faded,
    "occlusion": _covered,
}
