"""`mnist-report run`: the main job."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mnist_report.commands.console import Console, ConsoleOptions, console
from mnist_report.commands.evaluate import run_job
from mnist_report.commands.options import (
    BatchSize,
    Data,
    Device,
    Format,
    Model,
    Reports,
    Seed,
    Split,
    Title,
    parse_formats,
)
from mnist_report.commands.train import INTERRUPTED, train_model
from mnist_report.errors import ConfigError
from mnist_report.model.recipes import Recipe


def run(
    *,
    model: Model = None,
    data: Data = "mnist",
    split: Split = "test",
    train: Annotated[bool, Parameter(negative=())] = False,
    epochs: int | None = None,
    reports: Reports = Path("reports"),
    format: Format = None,  # noqa: A002  the option's name
    title: Title = "Digit classifier evaluation",
    device: Device = "auto",
    batch_size: BatchSize = 500,
    seed: Seed = 42,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Evaluate a model on a test set and write the HTML and PDF report.

    Without arguments it takes the shipped model and the embedded MNIST test set. It prints the new run folder,
    reports/<run-id>/; reports/latest points at it.

    Args:
        train: Train a model first, as `mnist-report train` does, and evaluate that one.
        epochs: With --train: at most so many epochs.
    """
    with console(console_options) as terminal:
        formats = parse_formats(format)
        if train and model is not None:
            raise ConfigError("--train trains a new model, so --model cannot name one; give only one of the two")
        if epochs is not None and not train:
            raise ConfigError("--epochs is for training; give --train with it")
        recipe = Recipe(seed=seed) if epochs is None else Recipe(seed=seed, epochs=epochs)
        if train:
            model = _train_first(data, device, recipe, terminal)
            if model is None:
                return INTERRUPTED
        folder = run_job(
            terminal,
            model=model,
            data=data,
            split=split,
            device=device,
            batch_size=batch_size,
            seed=seed,
            reports=reports,
            title=title,
            formats=formats,
        )
        print(folder)
    return 0


def _train_first(data: str, device: str, recipe: Recipe, terminal: Console) -> Path | None:
    trained = train_model(data, None, device, recipe, terminal)
    return None if trained is None or trained.interrupted else trained.model
