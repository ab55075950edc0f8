"""Which classes there are, and what they are called."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import MOST_CLASSES
from mnist_report.data.messages import one_line
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

DIGITS = tuple("0123456789")
MOST_LENGTH = 100
MOST_FILE_BYTES = 100_000
# Line breaks, what turns the direction of text, and halves of characters would spoil a table.
UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names in a file, one a line.

    Raises:
        DataError: it cannot be read, is not UTF-8, or its names are not 2 to 100 different ones.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
        if len(content) > MOST_FILE_BYTES:
            raise DataError(f"{path}: longer than {MOST_FILE_BYTES:,} bytes, expected a class name a line")
        lines = content.decode("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as class names ({one_line(error)})") from error
    names = tuple(line.strip() for line in lines)
    while names and not names[-1]:
        names = names[:-1]
    check_names(names, str(path))
    return names


def check_names(names: Sequence[str], where: str) -> None:
    """See that class names are 2 to 100, different and printable.

    Raises:
        DataError: they are not.
    """
    if not 2 <= len(names) <= MOST_CLASSES:
        raise DataError(f"{where}: found {len(names):,} classes, expected 2 to {MOST_CLASSES}")
    for k, name in enumerate(names):
        if not name.strip() or len(name) > MOST_LENGTH or UNFIT.search(name):
            raise DataError(f"{where}: class name {k} is {name[:50]!r}, expected 1 to {MOST_LENGTH} plain characters")
    twin = next((name for k, name in enumerate(names) if name in names[:k]), None)
    if twin is not None:
        raise DataError(f"{where}: class name {twin!r} occurs twice, expected different ones")


def name_classes(data: Labelled, wanted: tuple[str, ...] | None, where: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """The labels as indices of the classes, and the classes' names.

    Names in the data are kept unless others are wanted: those then stand for the same names where they contain them,
    else for the classes in their order. Mere numbers are numbered from 0, or from 1 where no label is 0 and either all
    numbers from 1 to ten or more occur (EMNIST's letters) or the highest is the number of the wanted names. Without
    names there are as many classes as the labels need, but ten at least: a few digits are still digits.

    Raises:
        DataError: there are more labels than names, or more than 100 classes.
    """
    labels = data.labels
    if data.names is not None:
        check_names(data.names, where)
        return renamed(labels, data.names, wanted, where)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer) or len(labels) == 0 or labels.min() < 0:
        return labels, wanted or DIGITS  # for `make_dataset` to refuse
    if wanted is None and labels.max() > MOST_CLASSES:
        k = int(np.flatnonzero(labels > MOST_CLASSES)[0])
        raise DataError(f"{where}: label {labels[k]} at index {k}, expected at most {MOST_CLASSES} classes")
    first, names = name_numbers(occurring([labels]), wanted, where)
    return labels.astype(np.int64) - first, names


def name_numbers(labels: Sequence[int], wanted: tuple[str, ...] | None, where: str) -> tuple[int, tuple[str, ...]]:
    """The label of the first class, and the classes' names, of labels that are mere numbers; see `name_classes`.

    Args:
        labels: those that occur, rising, none below 0; where the first is 0, the last is all that matters besides.
        wanted: names, or None.
        where: whose they are.

    Raises:
        DataError: there would be more than 100 classes.
    """
    highest = labels[-1]
    if wanted is not None:
        return (1 if highest == len(wanted) and labels[0] > 0 else 0), wanted
    if highest > MOST_CLASSES:
        raise DataError(f"{where}: found label {highest}, expected at most {MOST_CLASSES} classes")
    first = 1 if highest >= len(DIGITS) and is_gapless(labels) else 0
    names = tuple(str(k) for k in range(first, max(highest + 1, len(DIGITS))))
    check_names(names, where)
    return first, names


def is_gapless(labels: Sequence[int]) -> bool:
    """Whether labels, which rise, are all numbers from 1 on."""
    return list(labels) == list(range(1, len(labels) + 1))


def occurring(parts: Iterable[NDArray[Any]]) -> tuple[int, ...]:
    """Which labels occur in the parts of a set, rising; of those that no class can have, some.

    Args:
        parts: whole numbers, shape (k,) each.
    """
    found: set[int] = set()
    for labels in parts:
        if len(labels):
            ends = int(labels.min()), int(labels.max())
            found.update(ends)
            if ends[0] >= 0 and ends[1] <= MOST_CLASSES:
                found.update(np.flatnonzero(np.bincount(labels.astype(np.int64))).tolist())
    return tuple(sorted(found))


def renamed(
    labels: NDArray[Any], names: tuple[str, ...], wanted: tuple[str, ...] | None, where: str
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Labels of named classes as indices of the wanted names, or as they are where none are wanted.

    Raises:
        DataError: the wanted names contain some of the classes' and lack others, or are fewer.
    """
    if wanted is None:
        return labels, names
    missing = [name for name in names if name not in wanted]
    if not missing:
        place = np.array([wanted.index(name) for name in names])
        within = ((labels >= 0) & (labels < len(names))).all()
        return (place[labels] if within else labels), wanted
    if len(missing) < len(names) or len(wanted) < len(names):
        raise DataError(
            f"{where}: class {missing[0]!r} is not among the {len(wanted)} names of --class-names; name every class of "
            "the data as it is called there, or all of them anew in their order"
        )
    return labels, wanted
