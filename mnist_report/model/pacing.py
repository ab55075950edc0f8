"""How fast a network learns and when it stops, as functions of what its validation losses were.

They hold no state, so a training that is resumed goes on exactly as one that was never interrupted.
"""

import math
from collections.abc import Sequence

from mnist_report.model.recipes import Recipe

# A validation loss lower by less than this does not keep the learning rate of a plateau schedule up; keras's default.
PLATEAU_LEAST = 1e-4


def plateau_rate(recipe: Recipe, losses: Sequence[float]) -> float:
    """The learning rate of the next epoch on a plateau schedule, as `keras.callbacks.ReduceLROnPlateau` has it.

    Args:
        recipe: its learning rate, patience, factor and floor.
        losses: the validation losses so far, in nats.
    """
    rate, best, waited = recipe.learning_rate, math.inf, 0
    for loss in losses:
        if loss < best - PLATEAU_LEAST:
            best, waited = loss, 0
            continue
        waited += 1
        if waited >= recipe.plateau_patience and rate > recipe.min_learning_rate:
            rate, waited = max(rate * recipe.plateau_factor, recipe.min_learning_rate), 0
    return rate


def best_epoch(losses: Sequence[float]) -> int:
    """The index of the lowest validation loss, the first of equals."""
    return losses.index(min(losses))


def ends_early(recipe: Recipe, losses: Sequence[float]) -> bool:
    """Whether so many epochs brought no better validation loss that training ends."""
    return bool(recipe.stop_patience) and len(losses) - 1 - best_epoch(losses) >= recipe.stop_patience
