"""A folder with a subfolder of pictures for each class."""

import re
from pathlib import Path

import numpy as np

from mnist_report.data.limits import MOST_CLASSES, MOST_ROWS
from mnist_report.data.pictures import MOST_ENCODED, Stack, decode_picture
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp"}
SPLITS = ("train", "test")
# What file managers leave behind; names that begin with a dot are passed over as well.
LITTER = {"thumbs.db", "desktop.ini", "__macosx"}
NUMBER = re.compile(r"\d{1,3}", re.ASCII)


def read_image_folder(folder: Path, split: str, *, center: bool) -> Labelled:
    """Read one split; the classes are the subfolders, in their names' order, or numbers where all names are numbers.

    Args:
        folder: of the classes, or of `train` and `test` with the classes in each.
        split: "train" or "test"; a folder without these two is a test set.
        center: whether the pictures are centred the MNIST way; else they must have one size.

    Raises:
        DataError: there are no classes, or something that is no readable picture.
    """
    splits = {path.name: path for path in _entries(folder) if path.name in SPLITS and path.is_dir()}
    if split not in splits and (splits or split != "test"):
        found = f"found only {', '.join(splits)}" if splits else "a folder without train and test is a test set"
        raise DataError(f"{folder}: no subfolder {split}; {found}")
    names = _class_names(list(splits.values()) or [folder], folder)
    root = splits.get(split, folder)
    numbers = _numbers(names)
    names = sorted(names, key=int) if numbers else names
    files: list[Path] = []
    labels: list[int] = []
    for name, label in zip(names, numbers or range(len(names)), strict=True):
        pictures = _pictures(root / name) if (root / name).is_dir() else []
        files += pictures
        labels += [label] * len(pictures)
        if len(files) > MOST_ROWS:
            raise DataError(f"{root}: more than {MOST_ROWS:,} images")
    stored = sum(_size(path) for path in files)
    stack = Stack(len(files), center=center, where=str(root), stored=stored)
    for path in files:
        stack.add(decode_picture(_read(path), str(path)), str(path))
    return Labelled(stack.finish(), np.array(labels, np.int64), None if numbers else tuple(names), center)


def has_classes(folder: Path) -> bool:
    """Whether there is any subfolder that could be a class."""
    return any(path.is_dir() for path in _entries(folder))


def _entries(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    return [path for path in paths if not path.name.startswith(".") and path.name.lower() not in LITTER]


def _class_names(roots: list[Path], folder: Path) -> list[str]:
    """Of all splits together: one may lack a class without moving the others."""
    entries = [path for root in roots for path in _entries(root)]
    stray = next((path for path in entries if path.suffix.lower() in SUFFIXES and not path.is_dir()), None)
    if stray is not None:
        raise DataError(f"{stray}: a picture outside of the classes; expected one subfolder of pictures for each class")
    names = sorted({path.name for path in entries if path.is_dir()})
    if not 2 <= len(names) <= MOST_CLASSES:
        raise DataError(f"{folder}: found {len(names)} subfolders, expected 2 to {MOST_CLASSES}, one for each class")
    return names


def _numbers(names: list[str]) -> list[int]:
    """The folders' names as numbers, or nothing where they are no different ones."""
    if not all(NUMBER.fullmatch(name) for name in names):
        return []
    numbers = sorted(int(name) for name in names)
    return numbers if len(set(numbers)) == len(names) else []


def _pictures(folder: Path) -> list[Path]:
    paths = _entries(folder)
    for path in paths:
        # A pipe or a device would be waited for.
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            raise DataError(f"{path}: expected PNG, JPEG and BMP files alone in the folder of a class")
    return paths


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_ENCODED + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
