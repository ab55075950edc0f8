"""A folder with a subfolder of pictures for each class."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_report.data.limits import MOST_CLASSES, check_size
from mnist_report.data.pictures import MOST_ENCODED, Stack, decode_picture
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
SPLITS = ("train", "test")
# What file managers leave behind; names that begin with a dot are passed over as well.
LITTER = {"thumbs.db", "desktop.ini", "__macosx"}
FEW = 1 << 16
NUMBER = re.compile(r"\d{1,3}", re.ASCII)


class Classes(NamedTuple):
    """The classes of a folder, in their order.

    Attributes:
        root: the folder of the split's classes.
        names: of the subfolders.
        labels: of the classes.
        numbers: whether all names are numbers, which then are the labels.
    """

    root: Path
    names: tuple[str, ...]
    labels: tuple[int, ...]
    numbers: bool


def read_image_folder(
    folder: Path, split: str, *, center: bool, rows: range | None = None, counts: Sequence[int] = ()
) -> Labelled:
    """Read one split; the classes are the subfolders, in their names' order, or numbers where all names are numbers.

    Args:
        folder: of the classes, or of `train` and `test` with the classes in each.
        split: "train" or "test"; a folder without these two is a test set.
        center: whether the pictures are centred the MNIST way; else they must have one size.
        rows: which of the pictures, class by class and by their names; all of them if not told.
        counts: how many pictures `count_pictures` found in each class, where only some are read.

    Raises:
        DataError: there are no classes, or something that is no readable picture, or another number than was found.
    """
    classes = find_classes(folder, split)
    files: list[Path] = []
    labels: list[int] = []
    for label, pictures in _wanted(classes, rows, counts):
        files += pictures
        labels += [label] * len(pictures)
        check_size((len(files),), str(classes.root))
    stack = Stack(len(files), center=center, where=str(classes.root), stored=sum(map(_size, files)))
    for path in files:
        stack.add(decode_picture(_read(path), str(path)), str(path))
    return Labelled(stack.finish(), np.array(labels, np.int64), None if classes.numbers else classes.names, center)


def count_pictures(classes: Classes) -> tuple[int, ...]:
    """How many pictures each class has.

    Raises:
        DataError: there is something else among them.
    """
    return tuple(len(_pictures(classes.root / name)) for name in classes.names)


def find_classes(folder: Path, split: str) -> Classes:
    """What `read_image_folder` takes for the classes.

    Raises:
        DataError: there are none, or not this split.
    """
    splits = {path.name: path for path in _entries(folder) if path.name in SPLITS and path.is_dir()}
    if split not in splits and (splits or split != "test"):
        found = f"found only {', '.join(splits)}" if splits else "a folder without train and test is a test set"
        raise DataError(f"{folder}: no subfolder {split}; {found}")
    names = _class_names(list(splits.values()) or [folder], folder)
    numbers = _numbers(names)
    names = sorted(names, key=int) if numbers else names
    labels = tuple(numbers or range(len(names)))
    return Classes(splits.get(split, folder), tuple(names), labels, bool(numbers))


def has_classes(folder: Path) -> bool:
    """Whether there is any subfolder that could be a class."""
    return any(path.is_dir() for path in _entries(folder))


def _entries(folder: Path) -> list[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    return [path for path in paths if not _is_litter(path.name)]


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in LITTER


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


def _wanted(classes: Classes, rows: range | None, counts: Sequence[int]) -> Iterator[tuple[int, list[Path]]]:
    """The files that are asked for, with their labels; the folders of other classes are not looked into."""
    first = 0
    for k, (name, label) in enumerate(zip(classes.names, classes.labels, strict=True)):
        folder = classes.root / name
        if rows is None:
            yield label, [folder / found for found in _pictures(folder)]
            continue
        wanted = slice(max(rows.start - first, 0), max(rows.stop - first, 0))
        first += counts[k]
        if wanted.start < min(wanted.stop, counts[k]):
            pictures = _pictures(folder)
            if len(pictures) != counts[k]:
                raise DataError(f"{folder}: has changed from {counts[k]:,} pictures to {len(pictures):,}; run it again")
            yield label, [folder / found for found in pictures[wanted]]


def _pictures(folder: Path) -> list[str]:
    """The names of the pictures of a class, sorted; a split may lack it."""
    if not folder.is_dir():
        return []
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_file()) for entry in entries if not _is_litter(entry.name))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    for name, is_file in found:
        # A pipe or a device would be waited for.
        if not name.lower().endswith(SUFFIXES) or not is_file:
            raise DataError(f"{folder / name}: expected PNG, JPEG and BMP files alone in the folder of a class")
    return [name for name, _ in found]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # Most are small, and room for the largest would be made for each.
            content = file.read(FEW)
            return content if len(content) < FEW else content + file.read(MOST_ENCODED + 1 - FEW)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
