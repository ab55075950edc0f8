"""images.npz: the pixels that the report shows, so that drawing it again needs no data set."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import UNREADABLE, OutputError

NAME = "images.npz"


@dataclass(frozen=True, slots=True, eq=False)
class ShownImages:
    """The pixels that the report shows.

    Attributes:
        index: int64, shape (k,), places in the data set.
        pixels: uint8, shape (k, height, width).
    """

    index: NDArray[np.int64]
    pixels: NDArray[np.uint8]

    def of(self, index: int) -> NDArray[np.uint8]:
        """The pixels of the image at that place in the data set."""
        pixels: NDArray[np.uint8] = self.pixels[int(np.flatnonzero(self.index == index)[0])]
        return pixels


NO_IMAGES = ShownImages(np.empty(0, dtype=np.int64), np.empty((0, 0, 0), dtype=np.uint8))


def write_images(path: Path, images: ShownImages) -> None:
    """Write images.npz."""
    np.savez_compressed(path, index=images.index, pixels=images.pixels)


def read_images(path: Path) -> ShownImages:
    """Read images.npz.

    Raises:
        OSError, ValueError, LookupError, zipfile.BadZipFile, zlib.error: it is missing or damaged.
    """
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        index, pixels = archive["index"], archive["pixels"]
    if index.ndim != 1 or not np.issubdtype(index.dtype, np.integer):
        raise ValueError(f"index is {index.dtype} of shape {index.shape}, expected whole numbers")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or len(pixels) != len(index):
        raise ValueError(f"pixels are {pixels.dtype} of shape {pixels.shape} for {len(index)} images")
    return ShownImages(index.astype(np.int64), pixels)


def images_of_either(*folders: Path) -> ShownImages:
    """The images of several run folders of the same data set, the first one's size; a predictions file has none.

    Raises:
        OutputError: a folder's are damaged.
    """
    found = []
    for path in (folder / NAME for folder in folders):
        if path.exists():
            try:
                images = read_images(path)
            except (*UNREADABLE, zipfile.BadZipFile, zlib.error, EOFError, MemoryError) as error:
                raise OutputError(f"{path}: damaged ({type(error).__name__}: {error})") from error
            # A run without images stores none, and those have no shape.
            found += [images] if len(images.index) else []
    found = [images for images in found if images.pixels.shape[1:] == found[0].pixels.shape[1:]]
    if not found:
        return NO_IMAGES
    index, first = np.unique(np.concatenate([images.index for images in found]), return_index=True)
    return ShownImages(index, np.concatenate([images.pixels for images in found])[first])
