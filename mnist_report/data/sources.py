"""Where data sets come from: the embedded MNIST, a folder of IDX files, or an `.npz` laid out as Keras's mnist.npz."""

import stat
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset, make_dataset
from mnist_report.data.idx import read_idx
from mnist_report.errors import DataError

EMBEDDED = "mnist"
DIGITS = tuple("0123456789")

EMBEDDED_FOLDER = Path(__file__).parent / "mnist"
# sha256 of the uncompressed files (images, labels), as published with the data set.
EMBEDDED_SHA256 = {
    "train": (
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test": (
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}

# The stem that the original distribution gives each split.
IDX_STEMS = {"train": "train", "test": "t10k"}
# What numpy raises on an archive that is damaged, foreign or promises more than memory holds.
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
NPZ_KEYS = {"train": ("x_train", "y_train"), "test": ("x_test", "y_test")}


def load_dataset(source: str = EMBEDDED, split: str = "test") -> Dataset:
    """Load one split.

    Args:
        source: "mnist" for the embedded data, else a folder of IDX files (raw or gzipped) or an `.npz` file.
        split: "test" or "train".

    Raises:
        DataError: nothing readable is there, or images and labels do not fit together.
    """
    if not source:
        raise DataError("the data has an empty name; give 'mnist', a folder of IDX files or an .npz file")
    if source == EMBEDDED:
        images, labels = _load_idx_folder(EMBEDDED_FOLDER, split, EMBEDDED_SHA256[split])
    else:
        images, labels = _load_path(Path(source), split)
    return make_dataset(images, labels, class_names=DIGITS, source=source, split=split)


def _load_path(path: Path, split: str) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: no such file or folder; give 'mnist', a folder of IDX files or an .npz file"
        ) from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if stat.S_ISDIR(mode):
        return _load_idx_folder(path, split)
    if path.suffix == ".npz":
        return _load_npz(path, split)
    found = path.suffix or "plain"
    raise DataError(f"{path}: expected a folder of IDX files or an .npz file, found a {found} file")


def _load_idx_folder(
    folder: Path, split: str, sha256: tuple[str | None, str | None] = (None, None)
) -> tuple[NDArray[Any], NDArray[Any]]:
    stem = IDX_STEMS[split]
    images = read_idx(_find_idx(folder, f"{stem}-images", 3), 3, sha256[0])
    labels = read_idx(_find_idx(folder, f"{stem}-labels", 1), 1, sha256[1])
    return images, labels


def _find_idx(folder: Path, stem: str, ndim: int) -> Path:
    """The file of that stem; both spellings that circulate are known, raw or gzipped."""
    names = [f"{stem}{joint}idx{ndim}-ubyte{suffix}" for joint in "-." for suffix in ("", ".gz")]
    try:
        present = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    for name in names:
        if name in present:
            return folder / name
    raise DataError(f"{folder}: no file {names[0]} or {names[1]}; {_inventory(present)}")


def _inventory(names: Iterable[str]) -> str:
    shown = sorted(names)
    return f"found {', '.join(shown[:6])}{', ...' if len(shown) > 6 else ''}" if shown else "found nothing"


def _load_npz(path: Path, split: str) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        with path.open("rb") as file:
            archive: Any = np.load(file, allow_pickle=False)
            if not isinstance(archive, NpzFile):
                raise DataError(f"{path}: not a readable .npz of plain arrays (it is a single array)")
            missing = [key for key in NPZ_KEYS[split] if key not in archive.files]
            if missing:
                raise DataError(f"{path}: no array {missing[0]!r}; {_inventory(archive.files)}")
            images, labels = (archive[key] for key in NPZ_KEYS[split])
    except UNREADABLE as error:
        raise DataError(f"{path}: not a readable .npz of plain arrays ({error})") from error
    if not all(isinstance(member, np.ndarray) for member in (images, labels)):
        raise DataError(f"{path}: not a readable .npz of plain arrays (a member is no .npy file)")
    return images, labels
