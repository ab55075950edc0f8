"""Encoded pictures: one becomes a grey array, many become one stack."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.centering import SIDE, center_images
from mnist_report.data.limits import MOST_SIDE, check_growth, check_size
from mnist_report.data.messages import one_line
from mnist_report.errors import UNREADABLE, DataError

FORMATS = ("PNG", "JPEG", "BMP")
# 1,000 x 1,000 pixels of four 16-bit channels take half of it without any compression.
MOST_ENCODED = 16 << 20
# A picture has about ten; each takes time for all the pixels, however few bytes it is.
MOST_JPEG_SCANS = 100
JPEG_SCAN = b"\xff\xda"
# Red, green and blue in 65536ths: ITU-R 601-2, in the whole numbers that Pillow takes.
LUMINANCE = np.array([19595, 38470, 7471], np.uint32)
PIXELS_AT_ONCE = 1 << 20
DAMAGED = (*UNREADABLE, SyntaxError, EOFError, MemoryError, RuntimeError, struct.error, zlib.error, Warning)


def decode_picture(content: bytes, where: str) -> NDArray[np.uint8]:
    """An encoded PNG, JPEG or BMP as grey values, shape (height, width).

    Colours become grey by their luminance, what is transparent becomes white, 16 bits become 8.

    Raises:
        DataError: it is none, damaged, or larger than the limits.
    """
    from PIL import Image

    if len(content) > MOST_ENCODED:
        raise DataError(f"{where}: an encoded picture of {len(content):,} bytes, expected at most {MOST_ENCODED:,}")
    try:
        # Pillow warns of a decompression bomb before it raises; here both are an error.
        with warnings.catch_warnings(), _whole_pictures():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                check_size((1, image.height, image.width), where)
                if image.format == "JPEG" and content.count(JPEG_SCAN) > MOST_JPEG_SCANS:
                    raise DataError(f"{where}: a JPEG of more than {MOST_JPEG_SCANS} scans")
                return _grey(image)
    except Image.DecompressionBombError as error:
        expected = f"expected at most {MOST_SIDE:,} x {MOST_SIDE:,}"
        raise DataError(f"{where}: an image has far too many pixels ({one_line(error)}), {expected}") from error
    except DAMAGED as error:
        raise DataError(f"{where}: not a readable PNG, JPEG or BMP picture ({one_line(error)})") from error


@contextmanager
def _whole_pictures() -> Iterator[None]:
    """Take no half picture for a whole one: WeasyPrint, once imported, tells Pillow to do so everywhere."""
    from PIL import ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _grey(image: Any) -> NDArray[np.uint8]:
    from PIL import Image

    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64)
        return (np.clip(values, 0, 0xFFFF) // 257).astype(np.uint8)
    if image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info:
        opaque = image.convert("RGBA")
        page = Image.new("RGBA", image.size, "white")
        page.alpha_composite(opaque)
        image = page
    return np.array(image if image.mode == "L" else image.convert("L"), dtype=np.uint8)


def grey_stack(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour images, shape (n, height, width, 3), as grey ones, shape (n, height, width), exactly as Pillow's."""
    grey = np.empty(colours.shape[:3], np.uint8)
    step = max(1, PIXELS_AT_ONCE // max(1, colours.shape[1] * colours.shape[2]))
    for first in range(0, len(colours), step):
        part = colours[first : first + step].astype(np.uint32)
        grey[first : first + step] = (part @ LUMINANCE + (1 << 15)) >> 16
    return grey


class Stack:
    """Pictures that come one by one or some at once, in an array of (n, height, width).

    Args:
        n: how many there will be.
        center: whether each is centred; else all must be of one size.
        where: whose they are, for messages.
        stored: the bytes that they take on the disk.
    """

    def __init__(self, n: int, *, center: bool, where: str, stored: int) -> None:
        check_size((n,), where)
        self._n, self._center, self._where, self._stored = n, center, where, stored
        self._images: NDArray[np.uint8] | None = None
        self._filled = 0

    def add(self, picture: NDArray[np.uint8], where: str) -> None:
        """Put one more in, shape (height, width).

        Raises:
            DataError: it has another size than the first, or all will be larger than the limits.
        """
        self.add_all(picture[None], where)

    def add_all(self, pictures: NDArray[np.uint8], where: str) -> None:
        """Put some more in, shape (k, height, width); `where` is the first of them.

        Raises:
            DataError: as `add`.
        """
        check_size((1, *pictures.shape[1:]), where)
        if 0 in pictures.shape:
            raise DataError(f"{where}: an image without pixels")
        pictures = center_images(pictures) if self._center else pictures
        size = pictures.shape[1:]
        if self._images is None:
            check_size((self._n, *size), self._where)
            check_growth(self._n * size[0] * size[1], self._stored, self._where)
            self._images = np.empty((self._n, *size), np.uint8)
        height, width = self._images.shape[1:]
        if size != (height, width):
            raise DataError(
                f"{where}: {size[0]} x {size[1]} pixels, expected {height} x {width} as in the first "
                f"image; --center brings all to {SIDE} x {SIDE}"
            )
        if self._filled + len(pictures) > self._n:
            raise DataError(f"{self._where}: has more than the {self._n:,} images that it promises")
        self._images[self._filled : self._filled + len(pictures)] = pictures
        self._filled += len(pictures)

    def finish(self) -> NDArray[np.uint8]:
        """All of them.

        Raises:
            DataError: there are none, or fewer than were promised.
        """
        if self._images is None or self._filled < self._n:
            promised = f", of {self._n:,} promised" if self._n else ""
            raise DataError(f"{self._where}: found {self._filled:,} images{promised}")
        return self._images
