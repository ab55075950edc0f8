"""Archives laid out as Keras's mnist.npz."""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from mnist_report.data.limits import check_growth, check_size
from mnist_report.data.messages import one_line
from mnist_report.data.pictures import LUMINANCE, grey_stack
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

# What numpy raises on an archive that is damaged, foreign or promises more than memory holds.
UNREADABLE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
# As Keras and as MedMNIST name the arrays of a split.
KEYS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}


def read_npz(path: Path, split: str) -> Labelled:
    """Read one split.

    Args:
        path: an archive with the arrays `x_test` and `y_test`, or `test_images` and `test_labels`; colours become grey.
        split: "train" or "test".

    Raises:
        DataError: it is not such an archive, holds pickled objects, or is larger than the limits.
    """
    try:
        with path.open("rb") as file:
            archive: Any = np.load(file, allow_pickle=False)
            if not isinstance(archive, NpzFile):
                raise DataError(f"{path}: not a readable .npz of plain arrays (it is a single array)")
            pairs = KEYS[split]
            keys = next((pair for pair in pairs if set(pair) <= set(archive.files)), pairs[0])
            missing = [key for key in keys if key not in archive.files]
            if missing:
                raise DataError(f"{path}: no array {missing[0]!r}; {inventory(archive.files)}")
            for key in keys:
                _check_header(archive.zip, key, path)
            images, labels = (archive[key] for key in keys)
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable .npz of plain arrays ({one_line(error)})") from error
    if not all(isinstance(member, np.ndarray) for member in (images, labels)):
        raise DataError(f"{path}: not a readable .npz of plain arrays (a member is no .npy file)")
    if images.dtype == np.uint8 and images.ndim == 4 and images.shape[3] == len(LUMINANCE):
        images = grey_stack(images)
    column = labels.ndim == 2 and labels.shape[1] == 1
    return Labelled(images, labels[:, 0] if column else labels)


def _check_header(archive: Any, key: str, path: Path) -> None:
    """Hold what an array promises against the limits: numpy allocates that before it reads."""
    name = f"{key}.npy" if f"{key}.npy" in archive.namelist() else key
    promised = archive.getinfo(name).file_size
    with archive.open(name) as member:
        if member.read(len(np.lib.format.MAGIC_PREFIX)) != np.lib.format.MAGIC_PREFIX:
            check_size((1, 1, 1), str(path), promised)  # numpy would return all its bytes
            check_growth(promised, path.stat().st_size, str(path))
            return
        member.seek(0)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(np.lib.format.read_magic(member))
        if read is None:
            raise ValueError(f"{name} is of an unknown version")
        shape, _, dtype = read(member)
        if dtype.hasobject:
            return  # numpy refuses it before it allocates
        where = f"{path}: {key}"
        check_size((*shape, 1)[:3] if len(shape) < 3 else shape[:3], where, dtype.itemsize * math.prod(shape[3:]))
        if math.prod(shape) * dtype.itemsize > promised:
            raise ValueError(f"{name} promises shape {shape}, but has only {promised:,} bytes")
        check_growth(promised, path.stat().st_size, where)


def inventory(names: Iterable[str]) -> str:
    """What was found, in short."""
    shown = [one_line(name) for name in sorted(names)]
    return f"found {', '.join(shown[:6])}{', ...' if len(shown) > 6 else ''}" if shown else "found nothing"
