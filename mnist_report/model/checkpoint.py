"""A training between two epochs, on disk: what it takes to go on as if it had never been interrupted."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ConfigError, ModelError
from mnist_report.model.epochs import Epoch
from mnist_report.model.recipes import Recipe
from mnist_report.model.writing import written_beside

FORMAT = 1
GROUPS = ("model", "optimizer", "best")


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A training after some of its epochs.

    Attributes:
        history: the finished epochs, at least one.
        seconds: of wall time so far.
        model: the model's variables, those of its random generators too.
        optimizer: the optimizer's variables.
        best: the weights of the best epoch.
    """

    history: tuple[Epoch, ...]
    seconds: float
    model: tuple[NDArray[Any], ...]
    optimizer: tuple[NDArray[Any], ...]
    best: tuple[NDArray[Any], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a training set out to do; a checkpoint belongs to one.

    Attributes:
        recipe: how to train.
        data_sha256: of the images and labels.
        output: the model file's name, without its folder.
    """

    recipe: Recipe
    data_sha256: str
    output: str


def checkpoint_path(output: Path) -> Path:
    """Where the checkpoint of a training lies that is to write `output`."""
    return output.with_suffix(".checkpoint.npz")


def write_checkpoint(path: Path, plan: Plan, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all, in the place of the one before it.

    Raises:
        OutputError: it cannot be written.
    """
    head = {
        "format": FORMAT,
        **asdict(plan),
        "history": [asdict(epoch) for epoch in checkpoint.history],
        "seconds": checkpoint.seconds,
    }
    arrays = {
        f"{group}.{index:06d}": array for group in GROUPS for index, array in enumerate(getattr(checkpoint, group))
    }
    with written_beside(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, head=np.array(json.dumps(head)), **arrays)


def read_checkpoint(path: Path) -> tuple[Plan, Checkpoint]:
    """The checkpoint in a file, and what the training had set out to do.

    Raises:
        ModelError: there is none, or it is not one of ours.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            head = json.loads(str(file["head"]))
            if head["format"] != FORMAT:
                raise ModelError(
                    f"{path}: a checkpoint of format {head['format']}, expected {FORMAT}; train from the start"
                )
            names = sorted(file.files)
            groups = {group: tuple(file[name] for name in names if name.startswith(f"{group}.")) for group in GROUPS}
        plan = Plan(Recipe(**head["recipe"]), head["data_sha256"], head["output"])
        history = tuple(Epoch(**epoch) for epoch in head["history"])
        if not history:
            raise ModelError(f"{path}: a checkpoint without an epoch; train from the start")
        return plan, Checkpoint(history, head["seconds"], groups["model"], groups["optimizer"], groups["best"])
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such checkpoint; a training writes one after each epoch") from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, ConfigError) as error:
        raise ModelError(f"{path}: not a checkpoint that can be read ({error}); train from the start") from error


def assign(variables: Sequence[Any], values: Sequence[NDArray[Any]], what: str) -> None:
    """Give keras variables the values of a checkpoint.

    Raises:
        ModelError: they are not of the same shapes.
    """
    expected, found = [tuple(variable.shape) for variable in variables], [value.shape for value in values]
    if expected != found:
        raise ModelError(
            f"the checkpoint's {what} has {len(found)} arrays of other shapes than the {len(expected)} expected; was "
            "the architecture changed since? train from the start"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
