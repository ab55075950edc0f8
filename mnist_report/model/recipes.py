"""Training recipes as data."""

import math
from dataclasses import dataclass, fields, replace
from numbers import Integral, Real
from typing import Any

from mnist_report.errors import ConfigError

SCHEDULES = ("plateau", "cosine")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained; the defaults are the seed project's own.

    Attributes:
        epochs: At most so many passes over the training images.
        batch_size: Images per gradient step.
        learning_rate: Adam's, at its highest.
        schedule: plateau: the learning rate falls when the validation loss ceases to; cosine: it rises over the warm-up
            and then falls along a cosine, to 0 at the last step.
        warm_up: The share of the steps over which the learning rate of a cosine schedule rises.
        validation_share: The share of the training images, taken from their end, that is held out.
        seed: Of weight initialisation, shuffling, distortion and dropout.
        stop_patience: Epochs without a better validation loss before training ends with the best weights; 0: it never
            ends early.
        plateau_patience: Epochs without a better validation loss before the learning rate falls.
        plateau_factor: What the learning rate is then multiplied by.
        min_learning_rate: The learning rate of a plateau schedule falls no further than this.
        label_smoothing: The share of each label that is spread over all classes.
        weight_averaging: The decay of the moving average of the weights that is validated and kept; 0: no average.
        rotation: Images are rotated by at most so many degrees.
        scaling: Height and width are scaled by at most this share.
        shear: Images are sheared by at most so many pixels a row.
        shift: Images are moved by at most so many pixels along each axis.
        elastic: Pixels are moved by a smooth random displacement of this standard deviation, in pixels.
        mixed_precision: Compute in bfloat16, with float32 weights; the model that is kept is a float32 one.
        deterministic: Use only operations that give the same bytes again on the same machine; slower.
        architecture: A function of yours, as package.module:function, from (input_shape, num_classes) to a Keras model;
            empty: the seed project's network.
    """

    epochs: int = 15
    batch_size: int = 128
    learning_rate: float = 1e-3
    schedule: str = "plateau"
    warm_up: float = 0.0
    validation_share: float = 0.1
    seed: int = 42
    stop_patience: int = 3
    plateau_patience: int = 2
    plateau_factor: float = 0.5
    min_learning_rate: float = 1e-6
    label_smoothing: float = 0.0
    weight_averaging: float = 0.0
    rotation: float = 0.0
    scaling: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    mixed_precision: bool = False
    deterministic: bool = False
    architecture: str = ""

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _of_kind(field.name, getattr(self, field.name), field.default))
        limits = {
            "epochs": (self.epochs >= 1, "at least 1"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "learning_rate": (0 < self.learning_rate < math.inf, "above 0"),
            "schedule": (self.schedule in SCHEDULES, " or ".join(SCHEDULES)),
            "warm_up": (0 <= self.warm_up < 1, "from 0 to below 1"),
            "validation_share": (0 < self.validation_share < 1, "between 0 and 1"),
            "seed": (0 <= self.seed < 2**32, "from 0 to 4294967295"),
            "stop_patience": (self.stop_patience >= 0, "at least 0"),
            "plateau_patience": (self.plateau_patience >= 1, "at least 1"),
            "plateau_factor": (0 < self.plateau_factor < 1, "between 0 and 1"),
            "min_learning_rate": (0 <= self.min_learning_rate < math.inf, "at least 0"),
            "label_smoothing": (0 <= self.label_smoothing < 1, "from 0 to below 1"),
            "weight_averaging": (0 <= self.weight_averaging < 1, "from 0 to below 1"),
            "rotation": (0 <= self.rotation <= 180, "from 0 to 180 degrees"),
            "scaling": (0 <= self.scaling < 1, "from 0 to below 1"),
            "shear": (0 <= self.shear < math.inf, "at least 0"),
            "shift": (0 <= self.shift < math.inf, "at least 0"),
            "elastic": (0 <= self.elastic < math.inf, "at least 0"),
            "architecture": (_is_architecture(self.architecture), "package.module:function, or nothing"),
        }
        for name, (holds, expected) in limits.items():
            if not holds:
                raise ConfigError(f"{name.replace('_', '-')} is {getattr(self, name)!r}, expected {expected}")


def _is_architecture(name: str) -> bool:
    module, colon, function = name.partition(":")
    parts = (*module.split("."), function)
    return not name or (colon == ":" and all(part.isidentifier() for part in parts))


def _of_kind(name: str, value: Any, default: Any) -> int | float | bool | str:
    """The value as Python's own, of the kind that the default is."""
    shown = name.replace("_", "-")
    if isinstance(default, bool | str):
        if not isinstance(value, type(default)):
            raise ConfigError(
                f"{shown} is {value!r}, expected {'true or false' if isinstance(default, bool) else 'text'}"
            )
        return value
    if isinstance(default, int):
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise ConfigError(f"{shown} is {value!r}, expected a whole number")
        return int(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigError(f"{shown} is {value!r}, expected a number")
    return float(value)


SEED = Recipe()
# Where its numbers come from: docs/from-the-seed-project.md. None was chosen by a test set.
STRONG = replace(
    SEED,
    epochs=22,
    learning_rate=2e-3,
    schedule="cosine",
    warm_up=0.1,
    stop_patience=0,
    weight_averaging=0.999,
    rotation=11.5,
    scaling=0.12,
    shear=0.2,
    shift=2.5,
)
RECIPES = {"seed": SEED, "strong": STRONG}
