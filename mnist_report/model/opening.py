"""A model file, copied before anything looks at it: what was measured, and nothing else, is what is loaded."""

import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mnist_report.errors import ModelError
from mnist_report.model.keras_archive import MOST_BYTES
from mnist_report.model.process import SEES_MEMORY
from mnist_report.model.scratch import scratch_folder
from mnist_report.model.store import ModelFile, identify_model


@contextmanager
def opened_model(path: Path, *, trusted: bool = False, sha256: str | None = None) -> Iterator[ModelFile]:
    """Copy a model into a folder of its own and look at the copy; it goes with the context.

    Args:
        path: a model file, or the folder of a SavedModel.
        trusted: whether it may bring code along.
        sha256: what its digest must be, or None.

    Raises:
        ModelError: it cannot be read, is not a model that can be taken, or is not the one that was pinned.
    """
    with scratch_folder() as folder:
        copy = folder / f"model{path.suffix}"
        if _can_be_copied(path):
            try:
                # A link in a folder is copied as a link, which leads nowhere from there.
                shutil.copytree(path, copy, symlinks=True) if path.is_dir() else shutil.copyfile(path, copy)
            except (OSError, shutil.Error) as error:
                raise ModelError(f"{path}: cannot be copied to {folder} ({error})") from error
            model = identify_model(path, trusted=trusted, copy=copy)
        else:  # too large, or no file: the message says so
            model = replace(identify_model(path, trusted=trusted), copy=None)
        if sha256 is not None and model.sha256 != sha256.lower():
            raise ModelError(
                f"{path}: its sha256 is {model.sha256}, and --model-sha256 says {sha256.lower()}; this is another file"
            )
        yield model


def protections(model: ModelFile, *, offline: bool = False) -> list[str]:
    """What stood between a model file and the machine, for run.json.

    Args:
        model: the file.
        offline: whether its process was cut off from the network.
    """
    always = ["own process", "private copy", "limits on sizes"]
    code = [] if model.trusted else ["no code of the file's"]
    limits = ["limit on time", *(["limit on memory"] if SEES_MEMORY else [])] if model.limited else []
    return [*always, *code, *limits, *(["no network"] if offline else [])]


def _can_be_copied(path: Path) -> bool:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISDIR(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_size <= MOST_BYTES)
