"""Training, in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from mnist_report.data.dataset import Dataset
from mnist_report.model.adapter import unit_scale
from mnist_report.model.backend import find_backend
from mnist_report.model.card import make_card
from mnist_report.model.cnn import build_cnn
from mnist_report.model.fitting import Epoch, Fit, Progress, fit, held_out
from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.recipes import Recipe
from mnist_report.model.store import check_can_write, file_sha256, save_model, write_card

STOP = "stop"
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Trained:
    """What training left behind.

    Attributes:
        model: the file with the best weights by validation loss.
        history: the finished epochs.
        best: the epoch whose weights were kept.
        interrupted: whether the user ended it early.
    """

    model: Path
    history: tuple[Epoch, ...]
    best: Epoch
    interrupted: bool


def train(
    dataset: Dataset,
    recipe: Recipe,
    output: Path,
    *,
    device: str,
    created: str,
    show: Callable[[Progress | Epoch], None],
    stopped: Callable[[], bool],
) -> Trained | None:
    """Train the CNN and write `output`, its card and its history.

    Args:
        dataset: the training split; the recipe's share of it is held out for validation.
        recipe: how to train.
        output: the `.keras` file to write; its card and history go beside it.
        device: "auto", "cpu" or "gpu".
        created: the time to put on the card, ISO 8601.
        show: told of progress and of each finished epoch.
        stopped: asked several times a second; once it says True, training ends with the best model so far.

    Returns:
        What was written, or None when it was stopped before an epoch was finished.

    Raises:
        DataError: the held-out share leaves no image on one of the two sides.
        ModelError: it diverged before an epoch was finished, or its process died.
        DeviceError, OutputError: as their names say.
    """
    held_out(len(dataset), recipe.validation_share)
    check_can_write(output)
    asked_to_stop = False
    with ModelProcess(_train_here, recipe, output, device, environment=device_environment(device)) as child:
        child.send((dataset.images, dataset.labels, len(dataset.class_names)), "receiving the images")
        while True:
            if stopped() and not asked_to_stop:
                asked_to_stop = True
                child.send(STOP, "stopping")
            if not child.connection.poll(POLL_SECONDS):
                continue
            kind, value = child.receive("training")
            if kind == "done":
                break
            show(value)
    if value is None:
        return None
    done: Fit = value[0]
    card = make_card(
        output,
        sha256=file_sha256(output),
        created=created,
        recipe=recipe,
        data={"source": dataset.source, "split": dataset.split, "sha256": dataset.sha256, "n": len(dataset)},
        fit=done,
        interrupted=asked_to_stop,
        backend=value[1],
    )
    write_card(output, card, done.history)
    return Trained(output, done.history, done.best, asked_to_stop)


def _train_here(connection: Connection, recipe: Recipe, output: Path, device: str) -> None:
    """The child's side of `train`."""
    images, labels, num_classes = connection.recv()
    backend = find_backend(device)
    import keras

    keras.utils.set_random_seed(recipe.seed)
    model = build_cnn((*images.shape[1:], 1), num_classes)
    done = fit(
        model,
        unit_scale(images)[..., np.newaxis],
        labels,
        recipe,
        show=lambda news: connection.send(("epoch" if isinstance(news, Epoch) else "progress", news)),
        stopped=lambda: connection.poll() and connection.recv() == STOP,
    )
    if done is not None:
        save_model(model, output)
    connection.send(("done", done and (done, backend)))
