"""Classes as other programs write them: whole numbers from 0, or names."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DataError
from mnist_report.runs.foreign_files import MOST_CLASSES

MOST_NAMED = 10


def class_indices(values: NDArray[Any], names: tuple[str, ...], what: str, path: Path) -> NDArray[np.int64]:
    """Classes as indices of their names.

    Args:
        values: shape (n,), whole numbers, which are indices already, or text.
        names: of the classes.
        what: that they are, for messages.
        path: of their file, likewise.

    Raises:
        DataError: one is no class.
    """
    if values.dtype.kind in "iu":
        outside = np.flatnonzero((values < 0) | (values >= len(names)))
        _refuse(outside, values, f"a class from 0 to {len(names) - 1}", what, path)
        return values.astype(np.int64, copy=False)
    place = {name: k for k, name in enumerate(names)}
    found = np.fromiter((place.get(name, -1) for name in values.tolist()), dtype=np.int64, count=len(values))
    some = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
    _refuse(np.flatnonzero(found < 0), values, f"a class's name ({some}), or whole numbers throughout", what, path)
    return found


def _refuse(rows: NDArray[np.int64], values: NDArray[Any], expected: str, what: str, path: Path) -> None:
    if len(rows):
        value = repr(values.tolist()[rows[0]])[:100]
        raise DataError(f"{path}: {what} of row {rows[0]} is {value}, expected {expected} ({len(rows):,} such rows)")


def names_of(labels: NDArray[Any], predicted: NDArray[Any], path: Path) -> tuple[str, ...]:
    """What the classes of a file are called that nobody else names: the numbers up to the highest, or each name.

    Raises:
        DataError: one side is numbers and the other names, or there are too few or too many classes.
    """
    numbers = [values.dtype.kind in "iu" for values in (labels, predicted)]
    if numbers[0] != numbers[1]:
        raise DataError(
            f"{path}: labels are {'whole numbers' if numbers[0] else 'names'}, predicted classes are not; write both "
            "alike, or name the data set with --data"
        )
    if numbers[0]:
        highest = max(int(labels.max()), int(predicted.max()), 1)
        count = highest + 1
        names = tuple(map(str, range(count))) if count <= MOST_CLASSES else ()
    else:
        names = tuple(sorted({*labels.tolist(), *predicted.tolist()}))
        count = len(names)
    if not 2 <= count <= MOST_CLASSES:
        raise DataError(f"{path}: found {count:,} classes, expected 2 to {MOST_CLASSES:,}")
    return names


def renamed(own: tuple[str, ...], wanted: tuple[str, ...], path: Path, *, named: bool) -> tuple[str, ...]:
    """The names that a user wants for the classes of a file, in their order.

    Args:
        own: what the file calls them.
        wanted: the names of --class-names.
        path: of the file.
        named: whether the file itself says what its classes are called.

    Raises:
        DataError: there are more or fewer, or the file gives some of the same names to other places.
    """
    if len(wanted) != len(own):
        raise DataError(f"{path}: has {len(own)} classes, but --class-names names {len(wanted)}; give a name each")
    if named and own != wanted and not set(own).isdisjoint(wanted):
        k = next(k for k, name in enumerate(own) if name != wanted[k])
        raise DataError(
            f"{path}: class {k} is called {own[k]!r}, but --class-names calls it {wanted[k]!r} and has some of the "
            "file's names; give these in the file's order, or all of them anew"
        )
    return wanted
