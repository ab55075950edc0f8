"""Earlier runs of the same images, as far as they are remembered."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.metrics import Metric

# So many the report shows; a gate may look further back.
SHOWN = 30


@dataclass(frozen=True, slots=True, eq=False)
class EarlierRun:
    """A run of the same images.

    Attributes:
        run_id: of it.
        created: ISO 8601.
        model: its name.
        outcome: of its gates, empty where nothing was gated.
        accuracy: with its interval.
        right: shape (n,), which images were right; None where that was not kept.
    """

    run_id: str
    created: str
    model: str
    outcome: str
    accuracy: Metric
    right: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The run that a drift is measured from.

    Attributes:
        run_id: of it.
        right: shape (n,), which images were right.
        back: how many runs back it is; 1 is the one before.
    """

    run_id: str
    right: NDArray[np.bool_]
    back: int


def oldest_of(past: Sequence[EarlierRun], runs: int, n: int) -> Reference | None:
    """The oldest of the last `runs`; None where there is none whose images are known.

    Args:
        past: the runs before this one, the oldest first.
        runs: the window.
        n: how many images there are.
    """
    window = past[-runs:]
    for back, run in zip(range(len(window), 0, -1), window, strict=True):
        if run.right is not None and len(run.right) == n:
            return Reference(run.run_id, run.right, back)
    return None
