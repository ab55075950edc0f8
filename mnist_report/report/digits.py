"""Small pictures of data set images."""

import io

import numpy as np
from numpy.typing import NDArray


def png(pixels: NDArray[np.uint8]) -> bytes:
    """A grey PNG, dark ink on white as on paper.

    Args:
        pixels: uint8, shape (height, width), 0 = background, 255 = ink.
    """
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(255 - pixels).save(data, format="png", optimize=True)
    return data.getvalue()
