"""Fitting a network's weights; only a process that holds the model may call this."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DataError, ModelError
from mnist_report.model.checkpoint import Checkpoint
from mnist_report.model.course import Course, DivergedError, StoppedError
from mnist_report.model.epochs import Epoch, Progress
from mnist_report.model.pacing import best_epoch
from mnist_report.model.recipes import Recipe
from mnist_report.model.temperature import fit_temperature
from mnist_report.model.training_images import TrainingImages

if TYPE_CHECKING:
    import keras

VALIDATION_BATCH = 500


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
        seconds: how long it took, all its sessions together.
        diverged: the loss ceased to be a number after the last of these epochs.
    """

    history: tuple[Epoch, ...]
    best: Epoch
    temperature: float
    n_held_out: int
    parameters: int
    trainable_parameters: int
    seconds: float
    diverged: bool = False


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
    keep: Callable[[Checkpoint], None] = lambda _: None,
    resumed: Checkpoint | None = None,
) -> Fit | None:
    """Train a model in place; it ends with the weights of the epoch with the lowest held-out loss.

    Args:
        model: to be trained.
        pixels: float32, shape (n, height, width, channels), in [0, 1].
        labels: shape (n,).
        recipe: how to train.
        show: told of progress and of each finished epoch.
        stopped: asked after each step; once it says True, training ends.
        keep: given the training's state after each epoch, before `show` is told of it.
        resumed: such a state to go on from.

    Returns:
        What was done, or None when it was stopped before an epoch was finished.

    Raises:
        DataError: see `held_out`.
        ModelError: the loss ceased to be a number before an epoch was finished, or the state is another model's.
    """
    import keras

    count = held_out(len(labels), recipe.validation_share)
    one_hot = np.eye(int(model.output_shape[-1]), dtype=np.float32)[labels]
    training = TrainingImages(pixels[:-count], one_hot[:-count], recipe)
    model.compile(
        optimizer=_optimizer(recipe, len(training)),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy("accuracy"), keras.metrics.CategoricalCrossentropy("log_loss")],
    )
    course = Course(model, recipe, training, keep=keep, show=show, stopped=stopped)
    if resumed is not None:
        course.resume(resumed)
    diverged = False
    try:
        if not course.is_over:
            model.fit(
                training.batches(),
                validation_data=(pixels[-count:], one_hot[-count:]),
                validation_batch_size=VALIDATION_BATCH,
                initial_epoch=len(course.history),
                epochs=recipe.epochs,
                callbacks=course.callbacks(),
                shuffle=False,  # they are, by ourselves
                verbose=0,
            )
    except StoppedError:
        if not course.history:
            return None
    except DivergedError as error:
        diverged = True
        if not course.history:
            raise ModelError(
                "training diverged in its first epoch: the loss is not a number; lower --learning-rate"
            ) from error
    model.set_weights(course.best)
    return Fit(
        history=tuple(course.history),
        best=course.history[best_epoch(course.losses)],
        temperature=held_out_temperature(model, pixels[-count:], labels[-count:]),
        n_held_out=count,
        parameters=model.count_params(),
        trainable_parameters=sum(math.prod(weight.shape) for weight in model.trainable_weights),
        seconds=course.seconds,
        diverged=diverged,
    )


def held_out_temperature(model: "keras.Model", pixels: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature that suits a model best on images that its weights were not fitted to."""
    answer = model.predict(pixels, batch_size=VALIDATION_BATCH, verbose=0)
    return fit_temperature(np.asarray(answer, np.float32), labels)


def _optimizer(recipe: Recipe, steps_per_epoch: int) -> "keras.optimizers.Optimizer":
    """Adam on the recipe's schedule, with an average of the weights where the recipe wants one."""
    import keras

    rate: Any = recipe.learning_rate
    if recipe.schedule == "cosine":
        steps = recipe.epochs * steps_per_epoch
        rising = round(recipe.warm_up * steps)
        rate = keras.optimizers.schedules.CosineDecay(
            0.0 if rising else recipe.learning_rate,
            steps - rising,
            warmup_target=recipe.learning_rate if rising else None,
            warmup_steps=rising,
        )
    if recipe.weight_averaging:
        return keras.optimizers.Adam(rate, use_ema=True, ema_momentum=recipe.weight_averaging)
    return keras.optimizers.Adam(rate)
