"""Training recipes as data."""

import math
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

from mnist_report.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained; the defaults are the seed project's own.

    Attributes:
        epochs: At most so many passes over the training images.
        batch_size: Images per gradient step.
        learning_rate: Adam's, at the start.
        validation_share: The share of the training images, taken from their end, that is held out.
        seed: Of weight initialisation, shuffling and dropout.
        stop_patience: Epochs without a better validation loss before training ends with the best weights.
        plateau_patience: Epochs without a better validation loss before the learning rate falls.
        plateau_factor: What the learning rate is then multiplied by.
        min_learning_rate: The learning rate falls no further than this.
    """

    epochs: int = 15
    batch_size: int = 128
    learning_rate: float = 1e-3
    validation_share: float = 0.1
    seed: int = 42
    stop_patience: int = 3
    plateau_patience: int = 2
    plateau_factor: float = 0.5
    min_learning_rate: float = 1e-6

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _number(field.name, getattr(self, field.name), field.default))
        limits = {
            "epochs": (self.epochs >= 1, "at least 1"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "learning_rate": (0 < self.learning_rate < math.inf, "above 0"),
            "validation_share": (0 < self.validation_share < 1, "between 0 and 1"),
            "seed": (0 <= self.seed < 2**32, "from 0 to 4294967295"),
            "stop_patience": (self.stop_patience >= 1, "at least 1"),
            "plateau_patience": (self.plateau_patience >= 1, "at least 1"),
            "plateau_factor": (0 < self.plateau_factor < 1, "between 0 and 1"),
            "min_learning_rate": (0 <= self.min_learning_rate < math.inf, "at least 0"),
        }
        for name, (holds, expected) in limits.items():
            if not holds:
                raise ConfigError(f"{name.replace('_', '-')} is {getattr(self, name)}, expected {expected}")


def _number(name: str, value: Any, default: Any) -> int | float:
    """The value as Python's own number, of the kind that the default is."""
    if isinstance(default, int):
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise ConfigError(f"{name.replace('_', '-')} is {value!r}, expected a whole number")
        return int(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigError(f"{name.replace('_', '-')} is {value!r}, expected a number")
    return float(value)
