"""Distorted copies of training images, so that a network learns what a digit's shape may vary in."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_report.model.recipes import Recipe

# Of the Gaussian that smooths an elastic displacement: about a stroke's width, so that strokes bend and do not fray.
ELASTIC_SIGMA = 4.0


def is_distorted(recipe: Recipe) -> bool:
    """Whether a recipe distorts its images at all."""
    return any((recipe.rotation, recipe.scaling, recipe.shear, recipe.shift, recipe.elastic))


def distort(pixels: NDArray[np.float32], recipe: Recipe, generator: np.random.Generator) -> NDArray[np.float32]:
    """Distort each image by its own random rotation, scaling, shear, shift and elastic displacement.

    Each number of the affine map is drawn uniformly from its range in the recipe, about the image's centre; the
    elastic displacement is white noise smoothed by a Gaussian (Simard, Steinkraus & Platt 2003). What comes in from
    outside the image is 0, the background.

    Args:
        pixels: float32, shape (n, height, width).
        recipe: its ranges.
        generator: of the draws.

    Returns:
        float32, shape (n, height, width), interpolated once, bilinearly.
    """
    from scipy.ndimage import map_coordinates

    n, height, width = pixels.shape
    rows, columns = _sources(n, height, width, recipe, generator)
    if recipe.elastic:
        down, right = _displacements(n, height, width, recipe.elastic, generator)
        rows += down
        columns += right
    distorted = np.empty_like(pixels)
    for image in range(n):
        map_coordinates(pixels[image], (rows[image], columns[image]), distorted[image], order=1, prefilter=False)
    return distorted


def _sources(
    n: int, height: int, width: int, recipe: Recipe, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel of each distorted image comes from, as rows and columns of shape (n, height, width)."""

    def drawn(most: float) -> NDArray[np.float64]:
        return generator.uniform(-most, most, n)

    angle = np.radians(drawn(recipe.rotation))
    slant = drawn(recipe.shear)
    shrink_down, shrink_right = 1 / (1 + drawn(recipe.scaling)), 1 / (1 + drawn(recipe.scaling))
    cosine, sine = np.cos(angle), np.sin(angle)
    # The rotation's matrix times the shear's times the scaling's.
    matrix = np.array(
        [
            [cosine * shrink_down, (cosine * slant - sine) * shrink_right],
            [sine * shrink_down, (sine * slant + cosine) * shrink_right],
        ],
    ).astype(np.float32)[..., np.newaxis, np.newaxis]
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    moved = np.array([drawn(recipe.shift), drawn(recipe.shift)])
    start = (middle[:, np.newaxis] + moved).astype(np.float32)[..., np.newaxis, np.newaxis]
    down = (np.arange(height) - middle[0]).astype(np.float32)[:, np.newaxis]
    right = (np.arange(width) - middle[1]).astype(np.float32)
    rows = matrix[0, 0] * down + matrix[0, 1] * right + start[0]
    columns = matrix[1, 0] * down + matrix[1, 1] * right + start[1]
    return rows, columns


def _displacements(
    n: int, height: int, width: int, elastic: float, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Smooth random displacements, shape (2, n, height, width); `elastic` is their standard deviation in pixels."""
    from scipy.ndimage import gaussian_filter

    noise = generator.standard_normal((2, n, height, width), np.float32)
    smooth: NDArray[np.float32] = gaussian_filter(noise, (0, 0, ELASTIC_SIGMA, ELASTIC_SIGMA), mode="wrap")
    # What the standard deviation of white noise becomes under this Gaussian in two dimensions: 1 / (2 sigma sqrt(pi)).
    return smooth * np.float32(elastic * 2 * ELASTIC_SIGMA * math.sqrt(math.pi))
