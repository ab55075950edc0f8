"""Fitting a network's weights; only a process that holds the model may call this."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DataError, ModelError
from mnist_report.model.recipes import Recipe
from mnist_report.model.temperature import fit_temperature

if TYPE_CHECKING:
    import keras

PROGRESS_SECONDS = 0.2


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

    @property
    def line(self) -> str:
        """The epoch as one line of text."""
        return (
            f"epoch {self.epoch:2d}  loss {self.loss:.4f}  accuracy {self.accuracy:.2%}  "
            f"held out: loss {self.val_loss:.4f}  accuracy {self.val_accuracy:.2%}  "
            f"rate {self.learning_rate:.1e}  {self.seconds:.0f} s"
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training stands within an epoch: `step` of `steps`."""

    epoch: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Fit:
    """What fitting did to a model.

    Attributes:
        history: the finished epochs.
        best: the epoch whose weights the model now has.
        temperature: see `temperature`; fitted on the held-out images, never on a test set.
        n_held_out: how many those are.
        parameters: all weights of the model.
        trainable_parameters: those that fitting changed.
        seconds: how long it took.
    """

    history: tuple[Epoch, ...]
    best: Epoch
    temperature: float
    n_held_out: int
    parameters: int
    trainable_parameters: int
    seconds: float


def held_out(n: int, share: float) -> int:
    """How many of n images, taken from their end, are held out for validation.

    Raises:
        DataError: none is left on one of the two sides.
    """
    count = round(n * share)
    if not 0 < count < n:
        raise DataError(f"a validation share of {share} leaves {n - count} of {n} images to train on")
    return count


def fit(
    model: "keras.Model",
    pixels: NDArray[np.float32],
    labels: NDArray[np.int64],
    recipe: Recipe,
    *,
    show: Callable[[Progress | Epoch], None],
    stopped: Callable[[], bool],
) -> Fit | None:
    """Train a model in place; it ends with the weights of the epoch with the lowest held-out loss.

    Args:
        model: to be trained.
        pixels: float32, shape (n, height, width, 1), in [0, 1].
        labels: shape (n,).
        recipe: how to train.
        show: told of progress and of each finished epoch.
        stopped: asked after each step; once it says True, training ends.

    Returns:
        What was done, or None when it was stopped before an epoch was finished.

    Raises:
        DataError: see `held_out`.
        ModelError: the loss ceased to be a number before an epoch was finished.
    """
    import keras

    began = time.perf_counter()
    count = held_out(len(labels), recipe.validation_share)
    model.compile(
        optimizer=keras.optimizers.Adam(recipe.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    early_stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=recipe.stop_patience, restore_best_weights=True
    )
    plateau = keras.callbacks.ReduceLROnPlateau(
        monitor="val_loss",
        factor=recipe.plateau_factor,
        patience=recipe.plateau_patience,
        min_lr=recipe.min_learning_rate,
    )
    history: list[Epoch] = []
    try:
        model.fit(
            pixels[:-count],
            labels[:-count],
            validation_data=(pixels[-count:], labels[-count:]),
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            callbacks=[early_stopping, plateau, _reporter(history, show, stopped)],
            verbose=0,
        )
    except _StoppedError:
        if not history:
            return None
        model.set_weights(early_stopping.best_weights)
    except _DivergedError as error:
        if not history:
            raise ModelError(
                "training diverged in its first epoch: the loss is not a number; lower --learning-rate"
            ) from error
        model.set_weights(early_stopping.best_weights)
    return Fit(
        history=tuple(history),
        best=min(history, key=lambda epoch: epoch.val_loss),
        temperature=held_out_temperature(model, pixels[-count:], labels[-count:]),
        n_held_out=count,
        parameters=model.count_params(),
        trainable_parameters=sum(math.prod(weight.shape) for weight in model.trainable_weights),
        seconds=time.perf_counter() - began,
    )


def held_out_temperature(model: "keras.Model", pixels: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature that suits a model best on images that its weights were not fitted to."""
    return fit_temperature(np.asarray(model.predict(pixels, batch_size=500, verbose=0)), labels)


class _StoppedError(Exception):
    """Training was asked to end."""


class _DivergedError(Exception):
    """The loss is infinite or not a number."""


def _reporter(
    history: list[Epoch], show: Callable[[Progress | Epoch], None], stopped: Callable[[], bool]
) -> "keras.callbacks.Callback":
    """A callback that writes each finished epoch down, tells of it, and ends training when asked to."""
    import keras

    class Reporter(keras.callbacks.Callback):  # type: ignore[misc]  # keras is not typed
        epoch_began = reported = 0.0
        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  keras's signature
            self.epoch = epoch + 1
            self.epoch_began = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002  keras's signature
            if stopped():
                raise _StoppedError
            now = time.perf_counter()
            if now - self.reported > PROGRESS_SECONDS:
                self.reported = now
                show(Progress(self.epoch, batch + 1, self.params["steps"]))

        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            names = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
            values = {name: float((logs or {})[name]) for name in names}
            seconds = round(time.perf_counter() - self.epoch_began, 2)
            if not all(map(math.isfinite, values.values())):
                raise _DivergedError
            history.append(Epoch(epoch=epoch + 1, seconds=seconds, **values))
            show(history[-1])

    return Reporter()
