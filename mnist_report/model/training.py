"""Training, in a process of its own."""

import csv
import importlib.metadata
import io
import json
import math
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_report.data.dataset import Dataset
from mnist_report.errors import DataError, ModelError
from mnist_report.model.adapter import unit_scale
from mnist_report.model.backend import Backend, find_backend
from mnist_report.model.cnn import build_cnn
from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.recipes import Recipe
from mnist_report.model.store import CARD_FORMAT, card_path, check_can_write, file_sha256, save_model, write_text

if TYPE_CHECKING:
    import keras

STOP = "stop"
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Epoch:
    """One finished epoch.

    `loss` and `accuracy` are the running means over the epoch, with dropout; `val_loss` and `val_accuracy` are taken
    at its end on the held-out images, without dropout. Losses are cross-entropies in nats.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float


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


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands within an epoch: `step` of `steps`."""

    epoch: int
    step: int
    steps: int


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
    held_out = _held_out(len(dataset), recipe.validation_share)
    check_can_write(output)
    history: list[Epoch] = []
    asked_to_stop = False
    began = time.perf_counter()
    with ModelProcess(_train_here, recipe, held_out, output, device, environment=device_environment(device)) as child:
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
            if kind == "epoch":
                history.append(value)
            show(value)
    if value is None:
        return None
    trained = Trained(output, tuple(history), min(history, key=lambda epoch: epoch.val_loss), asked_to_stop)
    card = _make_card(
        trained=trained,
        recipe=recipe,
        dataset=dataset,
        held_out=held_out,
        created=created,
        seconds=time.perf_counter() - began,
        **value,
    )
    write_text(card_path(output), json.dumps(card, indent=1, allow_nan=False) + "\n")
    write_text(output.with_suffix(".history.csv"), _history_csv(trained.history))
    return trained


def _held_out(n: int, share: float) -> int:
    held_out = round(n * share)
    if not 0 < held_out < n:
        raise DataError(f"a validation share of {share} leaves {n - held_out} of {n} images to train on")
    return held_out


def _make_card(
    *,
    trained: Trained,
    recipe: Recipe,
    dataset: Dataset,
    held_out: int,
    created: str,
    seconds: float,
    backend: Backend,
    parameters: int,
    trainable_parameters: int,
) -> dict[str, Any]:
    return {
        "format": CARD_FORMAT,
        "name": trained.model.stem,
        "created": created,
        "model": {
            "sha256": file_sha256(trained.model),
            "parameters": parameters,
            "trainable_parameters": trainable_parameters,
        },
        "recipe": asdict(recipe),
        "data": {
            "source": dataset.source,
            "split": dataset.split,
            "sha256": dataset.sha256,
            "n_trained_on": len(dataset) - held_out,
            "n_held_out": held_out,
        },
        "training": {
            "best_epoch": trained.best.epoch,
            "interrupted": trained.interrupted,
            "duration_s": round(seconds, 1),
            "history": [asdict(epoch) for epoch in trained.history],
        },
        "device": {"kind": backend.device, "name": backend.device_name, "backend": backend.name},
        "versions": {
            "mnist-report": importlib.metadata.version("mnist-report"),
            "python": platform.python_version(),
            "numpy": importlib.metadata.version("numpy"),
            **backend.versions,
        },
    }


def _history_csv(history: tuple[Epoch, ...]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    return text.getvalue()


def _train_here(connection: Connection, recipe: Recipe, held_out: int, output: Path, device: str) -> None:
    """The child's side of `train`."""
    images, labels, num_classes = connection.recv()
    backend = find_backend(device)
    import keras

    keras.utils.set_random_seed(recipe.seed)
    model = build_cnn((*images.shape[1:], 1), num_classes)
    model.compile(
        optimizer=keras.optimizers.Adam(recipe.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    pixels = unit_scale(images)[..., np.newaxis]
    early_stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=recipe.stop_patience, restore_best_weights=True
    )
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss",
        factor=recipe.plateau_factor,
        patience=recipe.plateau_patience,
        min_lr=recipe.min_learning_rate,
    )
    try:
        model.fit(
            pixels[:-held_out],
            labels[:-held_out],
            validation_data=(pixels[-held_out:], labels[-held_out:]),
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            callbacks=[early_stopping, plateau, _reporter(connection)],
            verbose=0,
        )
    except _StoppedError:
        if not _has_good_weights(early_stopping):
            connection.send(("done", None))
            return
        model.set_weights(early_stopping.best_weights)
    except _DivergedError as error:
        if not _has_good_weights(early_stopping):
            raise ModelError(
                "training diverged in its first epoch: the loss is not a number; lower --learning-rate"
            ) from error
        model.set_weights(early_stopping.best_weights)
    save_model(model, output)
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    facts = {"backend": backend, "parameters": model.count_params(), "trainable_parameters": trainable}
    connection.send(("done", facts))


def _has_good_weights(early_stopping: Any) -> bool:
    """Whether an epoch was finished, with a loss that is a number."""
    return early_stopping.best is not None and math.isfinite(early_stopping.best)


class _StoppedError(Exception):
    """The parent asked for training to end."""


class _DivergedError(Exception):
    """The loss is infinite or not a number."""


def _reporter(connection: Connection) -> "keras.callbacks.Callback":
    """A callback that tells the parent of each epoch and obeys its wish to stop."""
    import keras

    class Reporter(keras.callbacks.Callback):  # type: ignore[misc]  # keras is not typed
        epoch_began = reported = 0.0
        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  keras's signature
            self.epoch = epoch + 1
            self.epoch_began = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002  keras's signature
            if connection.poll() and connection.recv() == STOP:
                raise _StoppedError
            now = time.perf_counter()
            if now - self.reported > POLL_SECONDS:
                self.reported = now
                connection.send(("progress", Progress(self.epoch, batch + 1, self.params["steps"])))

        def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            names = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
            values = {name: float((logs or {})[name]) for name in names}
            seconds = round(time.perf_counter() - self.epoch_began, 2)
            if not all(map(math.isfinite, values.values())):
                raise _DivergedError
            connection.send(("epoch", Epoch(epoch=epoch + 1, seconds=seconds, **values)))

    return Reporter()
