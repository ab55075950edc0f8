"""A folder with a subfolder of pictures for each class."""

import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from mnist_report.data.limits import MOST_CLASSES, check_size, shard_length
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

    @property
    def known(self) -> tuple[str, ...] | None:
        """The names, unless they are numbers."""
        return None if self.numbers else self.names


class Group(NamedTuple):
    """Pictures of one class.

    Attributes:
        label: of the class.
        folder: the name of its subfolder.
        files: the names of the pictures, sorted.
    """

    label: int
    folder: str
    files: list[str]


class Listing(NamedTuple):
    """Some pictures of a folder, class by class and by their names.

    Attributes:
        root: the folder of the classes.
        names: of all classes, or None where they are numbers.
        groups: the pictures.
    """

    root: Path
    names: tuple[str, ...] | None
    groups: list[Group]

    @property
    def n(self) -> int:
        """How many there are."""
        return sum(len(group.files) for group in self.groups)

    def only(self, rows: range) -> Self:
        """Some of them, by their numbers."""
        groups: list[Group] = []
        first = 0
        for group in self.groups:
            wanted = slice(max(rows.start - first, 0), max(rows.stop - first, 0))
            groups.append(group._replace(files=group.files[wanted]))
            first += len(group.files)
        return self._replace(groups=groups)

    def pack(self) -> bytes:
        """In some bytes a picture: a large set is listed once, and each of its parts has its own pictures."""
        return zlib.compress(json.dumps([str(self.root), self.names, self.groups]).encode(), 1)

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """What `pack` packed."""
        root, names, groups = json.loads(zlib.decompress(packed))
        return cls(Path(root), names and tuple(names), [Group(*group) for group in groups])


class Look(NamedTuple):
    """What a folder holds.

    Attributes:
        n: how many pictures.
        shape: the height and width of the first one, centred if that is asked for.
        names: of the classes, or None where they are numbers.
        labels: of the classes that have pictures, rising.
        listings: the pictures of each part of the set; see `Listing.pack`.
    """

    n: int
    shape: tuple[int, int]
    names: tuple[str, ...] | None
    labels: tuple[int, ...]
    listings: tuple[bytes, ...]


def read_image_folder(folder: Path, split: str, *, center: bool) -> Labelled:
    """Read one split; the classes are the subfolders, in their names' order, or numbers where all names are numbers.

    Args:
        folder: of the classes, or of `train` and `test` with the classes in each.
        split: "train" or "test"; a folder without these two is a test set.
        center: whether the pictures are centred the MNIST way; else they must have one size.

    Raises:
        DataError: there are no classes, or something that is no readable picture.
    """
    classes = find_classes(folder, split)
    listing = Listing(classes.root, classes.known, [])
    for group in list_pictures(classes):
        listing.groups.append(group)
        check_size((listing.n,), str(classes.root))
    return read_pictures(listing, center=center)


def read_pictures(listing: Listing, *, center: bool) -> Labelled:
    """Read the pictures of a list; see `read_image_folder`.

    Raises:
        DataError: one of them is gone or not readable, or there are none.
    """
    files = [listing.root / group.folder / name for group in listing.groups for name in group.files]
    labels = [group.label for group in listing.groups for _ in group.files]
    stack = Stack(len(files), center=center, where=str(listing.root), stored=sum(map(_size, files)))
    for path in files:
        stack.add(decode_picture(_read(path), str(path)), str(path))
    return Labelled(stack.finish(), np.array(labels, np.int64), listing.names, center)


def list_pictures(classes: Classes) -> Iterator[Group]:
    """The pictures of one class after the other; none is opened.

    Raises:
        DataError: there is something else among them.
    """
    for label, name in zip(classes.labels, classes.names, strict=True):
        yield Group(label, name, _pictures(classes.root / name))


def cut_listing(classes: Classes, groups: Iterable[Group], length: int) -> Iterator[Listing]:
    """Lists of so many pictures each, and of what is left."""
    held: list[Group] = []
    room = length
    for group in groups:
        first = 0
        while first < len(group.files):
            part = group._replace(files=group.files[first : first + room])
            held.append(part)
            first, room = first + len(part.files), room - len(part.files)
            if not room:
                yield Listing(classes.root, classes.known, held)
                held, room = [], length
    if held:
        yield Listing(classes.root, classes.known, held)


def look_at_pictures(folder: Path, split: str, *, center: bool) -> Look:
    """List one split, and read no picture but the first.

    Raises:
        DataError: as `read_image_folder`, as far as that can be seen so.
    """
    classes = find_classes(folder, split)
    groups = list_pictures(classes)
    first = next((group for group in groups if group.files), Group(0, "", []))
    one = Listing(classes.root, classes.known, [first._replace(files=first.files[:1])])
    _, height, width = read_pictures(one, center=center).images.shape
    listings: list[bytes] = []
    labels: set[int] = set()
    n = 0
    for listing in cut_listing(classes, chain([first], groups), shard_length(height, width)):
        listings.append(listing.pack())
        labels.update(group.label for group in listing.groups)
        n += listing.n
    return Look(n, (height, width), classes.known, tuple(sorted(labels)), tuple(listings))


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
