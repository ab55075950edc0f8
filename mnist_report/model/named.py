"""Which models are meant: paths, and patterns as a shell has them."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from mnist_report.errors import ConfigError

MAGIC = frozenset("*?[")


def find_models(named: Sequence[Path]) -> tuple[Path, ...]:
    """The models that are meant, in the order in which they are named; those of a pattern in alphabetical order.

    Args:
        named: paths, there or not. One that is not there and has a `*`, `?` or `[` is a pattern; `**` is any depth.

    Raises:
        ConfigError: nothing fits a pattern, or two of them are one file.
    """
    models: dict[object, Path] = {}
    for path in named:
        for model in _meant(path):
            other = models.setdefault(_identity(model), model)
            if other is not model:
                which = "is named twice" if other == model else f"is the same file as {other}"
                raise ConfigError(f"--model: {model} {which}; name each model once")
    return tuple(models.values())


def _meant(path: Path) -> list[Path]:
    """The path itself, or what fits the pattern that it is."""
    if os.path.lexists(path) or MAGIC.isdisjoint(str(path)):
        return [path]
    try:
        found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  pathlib takes no pattern from the root
    except ValueError:  # a null byte
        found = []
    if not found:
        raise ConfigError(
            f"--model {path}: nothing fits this pattern; give a path, or a pattern such as models/*.keras"
        )
    return [Path(name) for name in found]


def _identity(path: Path) -> object:
    """What two names of one file have in common."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return str(path)
    return found.st_dev, found.st_ino
