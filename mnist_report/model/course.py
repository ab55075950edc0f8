"""The course of a training: what happens between its steps and its epochs."""

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.model.checkpoint import Checkpoint, assign
from mnist_report.model.epochs import Epoch, Progress
from mnist_report.model.pacing import best_epoch, ends_early, plateau_rate
from mnist_report.model.recipes import Recipe
from mnist_report.model.training_images import TrainingImages

if TYPE_CHECKING:
    import keras

PROGRESS_SECONDS = 0.2


class StoppedError(Exception):
    """Training was asked to end."""


class DivergedError(Exception):
    """The loss is infinite or not a number."""


class Course:
    """Writes each finished epoch down, sets the learning rate of the next, and ends training in time.

    Attributes:
        history: the finished epochs.
        best: the weights of the best of them.
    """

    def __init__(
        self,
        model: "keras.Model",
        recipe: Recipe,
        images: TrainingImages,
        *,
        keep: Callable[[Checkpoint], None],
        show: Callable[[Progress | Epoch], None],
        stopped: Callable[[], bool],
    ) -> None:
        """The model is compiled; see `fitting.fit` for the rest."""
        self._model, self._recipe, self._images = model, recipe, images
        self._keep, self._show, self._stopped = keep, show, stopped
        self._earlier, self._began = 0.0, time.perf_counter()
        self.history: list[Epoch] = []
        self.best: list[NDArray[Any]] = []

    @property
    def losses(self) -> list[float]:
        """The validation loss of each finished epoch, in nats."""
        return [epoch.val_loss for epoch in self.history]

    @property
    def seconds(self) -> float:
        """Wall time so far, that of the sessions before included."""
        return self._earlier + time.perf_counter() - self._began

    @property
    def is_over(self) -> bool:
        """Whether no epoch is left to train."""
        over = bool(self.history) and ends_early(self._recipe, self.losses)
        return over or len(self.history) >= self._recipe.epochs

    def resume(self, state: Checkpoint) -> None:
        """Put everything where it was after an epoch.

        Raises:
            ModelError: the state is another model's.
        """
        self._model.optimizer.build(self._model.trainable_variables)
        assign(self._model.variables, state.model, "model")
        assign(self._model.optimizer.variables, state.optimizer, "optimizer")
        self.history, self.best, self._earlier = list(state.history), list(state.best), state.seconds

    def callbacks(self) -> "list[keras.callbacks.Callback]":
        """What keras is to call."""
        import keras

        course = self

        class Between(keras.callbacks.Callback):  # type: ignore[misc]  # keras is not typed
            def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002  keras's signature
                course.begin_epoch(epoch)

            def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002  keras's signature
                course.end_step(batch, len(course._images))

            def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
                course.end_epoch(epoch, logs or {})

        validated = [keras.callbacks.SwapEMAWeights()] if self._recipe.weight_averaging else []
        return [*validated, Between()]

    def begin_epoch(self, epoch: int) -> None:
        """Before the first step of an epoch, from 0."""
        self._epoch_began = self._shown = time.perf_counter()
        self._images.start(epoch)
        if self._recipe.schedule == "plateau":
            self._model.optimizer.learning_rate = plateau_rate(self._recipe, self.losses)
        self._first_rate = float(self._model.optimizer.learning_rate)
        if self._recipe.weight_averaging and epoch * len(self._images) < 1 / (1 - self._recipe.weight_averaging):
            self._average_anew()

    def end_step(self, step: int, steps: int) -> None:
        """After each step.

        Raises:
            StoppedError: somebody wants to end it.
        """
        if self._stopped():
            raise StoppedError
        now = time.perf_counter()
        if now - self._shown > PROGRESS_SECONDS:
            self._shown = now
            self._show(Progress(self._images.epoch + 1, step + 1, steps))

    def end_epoch(self, epoch: int, logs: dict[str, Any]) -> None:
        """After an epoch's validation.

        Raises:
            DivergedError: a loss is not a number.
        """
        done = Epoch(
            epoch=epoch + 1,
            loss=float(logs["log_loss"]),
            accuracy=float(logs["accuracy"]),
            val_loss=float(logs["val_log_loss"]),
            val_accuracy=float(logs["val_accuracy"]),
            learning_rate=(self._first_rate + float(self._model.optimizer.learning_rate)) / 2,
            seconds=round(time.perf_counter() - self._epoch_began, 2),
        )
        if not all(map(math.isfinite, (done.loss, done.val_loss))):
            raise DivergedError
        self.history.append(done)
        if best_epoch(self.losses) == epoch:
            self.best = self._validated_weights()
        self._keep(self._state())
        self._show(done)
        self._model.stop_training = self.is_over

    def _average_anew(self) -> None:
        """Let the average begin with the weights as they are: those of the first steps would burden it for long."""
        optimizer = self._model.optimizer
        optimizer.build(self._model.trainable_variables)
        averages = optimizer._model_variables_moving_average  # noqa: SLF001  as keras's SwapEMAWeights does
        for average, weight in zip(averages, self._model.trainable_variables, strict=True):
            average.assign(weight)

    def _validated_weights(self) -> list[NDArray[Any]]:
        """The weights that were validated: the model's own, or their average."""
        if not self._recipe.weight_averaging:
            return [np.array(weight) for weight in self._model.get_weights()]
        own = self._model.get_weights()
        self._model.optimizer.finalize_variable_values(self._model.trainable_variables)
        averaged = [np.array(weight) for weight in self._model.get_weights()]
        self._model.set_weights(own)
        return averaged

    def _state(self) -> Checkpoint:
        variables = [np.asarray(variable) for variable in self._model.variables]
        optimizer = [np.asarray(variable) for variable in self._model.optimizer.variables]
        return Checkpoint(tuple(self.history), self.seconds, tuple(variables), tuple(optimizer), tuple(self.best))
