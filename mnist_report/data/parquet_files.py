"""A data set in many Parquet files, as Hugging Face and Spark write them: a folder of them, or a pattern."""

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mnist_report.data.limits import check_size
from mnist_report.data.parquet_images import Sight, look_at_images, read_parquet_images
from mnist_report.data.parquet_process import Found, file_size, read_apart, read_parquet
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

SUFFIX = ".parquet"
WILD = re.compile(r"[*?\[]")
# Hugging Face writes all splits into one folder.
SPLIT = re.compile(r"(test|train|validation|valid|val|dev)(?![a-z])", re.IGNORECASE)
# A child takes a moment to start, and has half a minute for so many files' last pages.
AT_ONCE = 50


class LookedAt(NamedTuple):
    """A file that has rows.

    Attributes:
        path: of the file.
        sight: what it says of itself.
    """

    path: Path
    sight: Sight


def match_files(pattern: Path) -> list[Path]:
    """The files that a pattern names, whose last part alone has * or ? or [, sorted by their names.

    Raises:
        DataError: there are none, or it names others than Parquet files.
    """
    if pattern.suffix.lower() != SUFFIX:
        raise DataError(f"{pattern}: a pattern names Parquet files alone, expected one that ends in {SUFFIX}")
    names = fnmatch.filter(_names(pattern.parent), pattern.name)
    if not names:
        raise DataError(f"{pattern}: no file in {pattern.parent} fits this pattern")
    return [pattern.parent / name for name in names]


def folder_files(folder: Path) -> list[Path]:
    """The Parquet files of a folder, sorted by their names; none where it holds none.

    Raises:
        DataError: they are called after several splits.
    """
    # What begins with an underscore is a remark of Spark's.
    names = [name for name in _names(folder) if name.lower().endswith(SUFFIX) and not name.startswith("_")]
    splits: dict[str, str] = {}
    for name in names:
        match = SPLIT.match(name)
        splits.setdefault(match[0] if match else "", name)
    if len(splits) > 1:
        example = folder / f"{min(split for split in splits if split)}*{SUFFIX}"
        raise DataError(
            f"{folder}: holds Parquet files of several splits ({', '.join(splits.values())}); name those of one, as in "
            f"{example}"
        )
    return [folder / name for name in names]


def _names(folder: Path) -> list[str]:
    """The names in a folder that are not hidden, sorted."""
    try:
        return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error


def read_parquet_files(paths: tuple[Path, ...], *, center: bool) -> Labelled:
    """All the images of some Parquet files, one file after another.

    Args:
        paths: of the files.
        center: whether the images are centred the MNIST way; else they must have one size.

    Raises:
        DataError: one of them cannot be read, or differs from the first in its classes or its images' size; or there
            are more than the limits allow.
    """
    if len(paths) == 1:
        return read_parquet(paths[0], center=center)
    files, shape = look_at_files(paths, center=center)
    counts = tuple(file.sight.n for file in files)
    check_size((sum(counts), *shape), f"{len(files)} Parquet files from {paths[0]}")
    images = np.empty((sum(counts), *shape), np.uint8)
    labels = np.empty(len(images), np.int64)
    first = 0
    for file in files:
        data = read_parquet(file.path, center=center)
        check_shape(data.images.shape[1:], shape, str(file.path))
        if len(data.labels) != file.sight.n:
            raise DataError(f"{file.path}: has changed from {file.sight.n:,} rows to {len(data.labels):,} meanwhile")
        images[first : first + file.sight.n] = data.images
        labels[first : first + file.sight.n] = data.labels
        first += file.sight.n
    return Labelled(images, labels, files[0].sight.names, center, counts)


def check_shape(found: tuple[int, ...], expected: tuple[int, ...], where: str) -> None:
    """See that images have the size of the first one.

    Raises:
        DataError: they have not.
    """
    if found != expected:
        raise DataError(
            f"{where}: images of {' x '.join(map(str, found))} pixels, expected {' x '.join(map(str, expected))} as in "
            "the first image; --center brings all to 28 x 28"
        )


def look_at_files(paths: tuple[Path, ...], *, center: bool) -> tuple[list[LookedAt], tuple[int, int]]:
    """What each file says of itself, without its images, and the height and width of the first image.

    Files without rows, as Spark writes them, are passed over.

    Raises:
        DataError: one of them cannot be read, or has other classes than the first, or no file has a row.
    """
    how = "center" if center else "as it is"
    looks = [look for k in range(0, len(paths), AT_ONCE) for look in _look(paths[k : k + AT_ONCE], how)]
    files = [file for found, _ in looks for file in found]
    for file in files:
        if file.sight.names != files[0].sight.names:
            raise DataError(
                f"{file.path}: its metadata name the classes {_listed(file.sight.names)}, those of "
                f"{files[0].path.name} {_listed(files[0].sight.names)}"
            )
    files = [file for file in files if file.sight.n]
    if not files:
        raise DataError(f"{paths[0]}: found 0 images" + (f", as in {len(paths) - 1} more files" * (len(paths) > 1)))
    return files, next(size for _, size in looks if size is not None)


def _look(paths: tuple[Path, ...], how: str) -> Iterator[tuple[list[LookedAt], tuple[int, int] | None]]:
    """Some files' sights and the size of their first image, if they have one.

    They are looked at in one child; if one of them ends it, each in its own, which tells which it was.
    """
    try:
        # The first image of one of them is read, and with it all that is compressed together with it.
        stored = max(file_size(path) for path in paths)
        facts = read_apart(find_sights, paths[0].parent, how, *(path.name for path in paths), stored=stored).facts
    except DataError:
        if len(paths) == 1:
            raise
        for path in paths:
            yield from _look((path,), how)
        return
    sights = [
        Sight(n, [(rows, size) for rows, size in groups], names and tuple(names), tuple(labels))
        for n, groups, names, labels in facts["sights"]
    ]
    yield list(map(LookedAt, paths, sights)), facts["size"] and tuple(facts["size"])


def find_sights(folder: Path, how: str, *names: str) -> Found:
    """What `look_at_files` gets from the child that looks at some files of a folder."""
    sights = [look_at_images(folder / name) for name in names]
    first = next((name for name, sight in zip(names, sights, strict=True) if sight.n), None)
    size = None
    if first is not None:
        size = read_parquet_images(folder / first, center=how == "center", rows=range(1)).images.shape[1:]
    return Found({"sights": sights, "size": size}, ())


def _listed(names: tuple[str, ...] | None) -> str:
    return ", ".join(names) if names else "by no names"
