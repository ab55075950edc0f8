"""Training, in a process of its own."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_report.data.dataset import Dataset
from mnist_report.model.adapter import Layer, list_layers, unit_scale
from mnist_report.model.backend import find_backend
from mnist_report.model.building import build_network
from mnist_report.model.card import make_card
from mnist_report.model.checkpoint import Checkpoint, Plan, checkpoint_path, write_checkpoint
from mnist_report.model.epochs import Epoch, Progress
from mnist_report.model.fitting import Fit, fit, held_out
from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.recipes import Recipe
from mnist_report.model.store import file_sha256, save_model, write_card
from mnist_report.model.writing import check_can_write

if TYPE_CHECKING:
    import keras

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
        diverged: whether the loss ceased to be a number after the last of these epochs.
        card: what stands on its card.
        layers: of the network; empty where keras cannot tell them.
    """

    model: Path
    history: tuple[Epoch, ...]
    best: Epoch
    interrupted: bool
    diverged: bool
    card: dict[str, Any]
    layers: tuple[Layer, ...]


def train(
    dataset: Dataset,
    recipe: Recipe,
    output: Path,
    *,
    device: str,
    created: str,
    show: Callable[[Progress | Epoch], None],
    stopped: Callable[[], bool],
    git_commit: str | None = None,
    resumed: Checkpoint | None = None,
) -> Trained | None:
    """Train a network and write `output`, its card and its history.

    After each epoch its state is written beside `output` (`checkpoint_path`); a training that comes to its end takes
    that file away, one that is interrupted leaves it.

    Args:
        dataset: the training split; the recipe's share of it is held out for validation.
        recipe: how to train.
        output: the `.keras` file to write; its card and history go beside it.
        device: "auto", "cpu" or "gpu".
        created: the time to put on the card, ISO 8601.
        show: told of progress and of each finished epoch.
        stopped: asked several times a second; once it says True, training ends with the best model so far.
        git_commit: of the code, for the card.
        resumed: the state to go on from.

    Returns:
        What was written, or None when it was stopped before an epoch was finished.

    Raises:
        DataError: the held-out share leaves no image on one of the two sides.
        ModelError: it diverged before an epoch was finished, its network cannot be built, or its process died.
        DeviceError, OutputError: as their names say.
    """
    held_out(len(dataset), recipe.validation_share)
    check_can_write(output)
    asked_to_stop = False
    plan = Plan(recipe, dataset.sha256, output.name)
    with ModelProcess(_train_here, plan, output, device, resumed, environment=_environment(device, recipe)) as child:
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
    backend, layers = value[1:]
    card = make_card(
        output,
        sha256=file_sha256(output),
        created=created,
        recipe=recipe,
        data={"source": dataset.source, "split": dataset.split, "sha256": dataset.sha256, "n": len(dataset)},
        fit=done,
        interrupted=asked_to_stop,
        backend=backend,
        git_commit=git_commit,
    )
    write_card(output, card, done.history)
    if not asked_to_stop:
        checkpoint_path(output).unlink(missing_ok=True)
    return Trained(output, done.history, done.best, asked_to_stop, done.diverged, card, layers)


def _train_here(connection: Connection, plan: Plan, output: Path, device: str, resumed: Checkpoint | None) -> None:
    """The child's side of `train`."""
    images, labels, num_classes = connection.recv()
    recipe, backend = plan.recipe, find_backend(device)
    import keras

    keras.utils.set_random_seed(recipe.seed)
    if recipe.deterministic:
        _insist_on_the_same_bytes()
    shape = (*images.shape[1:], 1)
    model = build_network(recipe, shape, num_classes)
    done = fit(
        model,
        unit_scale(images)[..., np.newaxis],
        labels,
        recipe,
        show=lambda news: connection.send(("epoch" if isinstance(news, Epoch) else "progress", news)),
        stopped=lambda: connection.poll() and connection.recv() == STOP,
        keep=lambda state: write_checkpoint(checkpoint_path(output), plan, state),
        resumed=resumed,
    )
    if done is not None:
        save_model(_in_full_precision(model, recipe, shape, num_classes), output)
    connection.send(("done", done and (done, backend, _layers(model))))


def _layers(model: "keras.Model") -> tuple[Layer, ...]:
    """The layers for the report, which is not worth a training: a network of the user's own may not tell them."""
    try:
        return list_layers(model)
    except Exception:
        return ()


def _environment(device: str, recipe: Recipe) -> dict[str, str]:
    """The child's variables; JAX reads its own before it is imported."""
    variables = device_environment(device)
    if recipe.deterministic:
        variables["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_gpu_deterministic_ops=true".strip()
    return variables


def _insist_on_the_same_bytes() -> None:
    """Let TensorFlow run only such operations as give the same bytes again; JAX does so by a variable."""
    import keras

    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def _in_full_precision(
    model: "keras.Model", recipe: Recipe, shape: tuple[int, int, int], num_classes: int
) -> "keras.Model":
    """The same weights in a network that computes in float32."""
    if not recipe.mixed_precision:
        return model
    full = build_network(replace(recipe, mixed_precision=False), shape, num_classes)
    full.set_weights(model.get_weights())
    return full
