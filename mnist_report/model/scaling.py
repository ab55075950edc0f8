"""The scales on which models expect their pixels, and the form of what a model is given."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_report.model.arranging import Layout, arrange

ScaleName = Literal["unit", "raw", "standard", "symmetric", "inverted"]
SCALES: dict[ScaleName, str] = {
    "unit": "0 to 1",
    "raw": "0 to 255",
    "standard": "less their mean, divided by their standard deviation",
    "symmetric": "-1 to 1",
    "inverted": "1 to 0: dark ink on light paper",
}
# Of MNIST's training pixels between 0 and 1: what everybody's scripts subtract and divide by.
MNIST_MEAN, MNIST_DEVIATION = 0.1307, 0.3081


@dataclass(frozen=True, slots=True)
class Preparation:
    """What happens to images before a model sees them.

    Attributes:
        layout: their shape.
        way: how they get it, of `arranging.ways`.
        scale: of the pixels.
        mean: of the training pixels between 0 and 1, for "standard".
        deviation: their standard deviation, likewise.
    """

    layout: Layout
    way: str
    scale: ScaleName = "unit"
    mean: float = MNIST_MEAN
    deviation: float = MNIST_DEVIATION

    def of(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The images as the model takes them: uint8 of shape (n, height, width) to float32 (n, *layout.shape)."""
        return scaled(arrange(images, self.layout, self.way), self)


def scaled(pixels: NDArray[np.uint8], preparation: Preparation) -> NDArray[np.float32]:
    """Pixels from 0..255 on the scale that a model expects."""
    values = pixels.astype(np.float32)
    match preparation.scale:
        case "raw":
            return values
        case "unit":
            return values / np.float32(255)
        case "symmetric":
            return values / np.float32(127.5) - np.float32(1)
        case "inverted":
            return np.float32(1) - values / np.float32(255)
        case "standard":
            mean, deviation = np.float32(preparation.mean), np.float32(preparation.deviation)
            return (values / np.float32(255) - mean) / deviation


def levels(preparation: Preparation) -> NDArray[np.float32]:
    """What each of the 256 values of a pixel becomes, so that `scaled(pixels, ...)` is `levels(...)[pixels]`."""
    return scaled(np.arange(256, dtype=np.uint8), preparation)


def implied_by_range(low: float, high: float) -> ScaleName | None:
    """The scale of a model whose input covers so much, as that of a quantised one does; None where none fits."""
    spans: dict[ScaleName, tuple[float, float]] = {
        "unit": (0, 1),
        "raw": (0, 255),
        "symmetric": (-1, 1),
        "standard": (-MNIST_MEAN / MNIST_DEVIATION, (1 - MNIST_MEAN) / MNIST_DEVIATION),
    }
    for name, (first, last) in spans.items():
        slack = 0.02 * (last - first)
        if abs(low - first) <= slack and abs(high - last) <= slack:
            return name
    return None


def implied_by_rescaling(factor: float) -> ScaleName:
    """The scale that a model expects which multiplies its pixels first: dividing them by 128 or so is for raw ones."""
    return "raw" if abs(factor) <= 1 / 64 else "unit"


def implied_by_normalization(mean: float) -> ScaleName:
    """The scale that a model expects which first subtracts this mean of its training pixels."""
    return "raw" if mean > 1 else "unit"
