"""Training recipes as data."""

import math
from dataclasses import dataclass

from mnist_report.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained; the defaults are the seed project's own.

    Attributes:
        epochs: at most so many passes over the training images.
        batch_size: images per gradient step.
        learning_rate: Adam's, at the start.
        validation_share: the share of the training images, taken from their end, that is held out.
        seed: of weight initialisation, shuffling and dropout.
        stop_patience: epochs without a better validation loss before training stops with the best weights.
        plateau_patience: epochs without a better validation loss before the learning rate is multiplied
            by `plateau_factor`, down to `min_learning_rate`.
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
        for name in ("epochs", "batch_size"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        _require(
            math.isfinite(self.learning_rate) and self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0"
        )
        _require(0 < self.validation_share < 1, "validation_share", self.validation_share, "between 0 and 1")
        _require(0 <= self.seed < 2**32, "seed", self.seed, "within 0 and 4294967295")


def _require(holds: bool, name: str, found: object, expected: str) -> None:
    if not holds:
        raise ConfigError(f"{name.replace('_', '-')} is {found}, expected {expected}")
