"""Rows of a single 1: classes in other clothes."""

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ModelError

# A softmax can saturate on some images, not on all of so many: rows of a single 1 are then classes, not probabilities.
LEAST_ONE_HOT = 100


def is_one_hot(rows: NDArray[np.floating]) -> bool:
    """Whether every row, of at least 100, is exactly one 1 and else 0: a class in other clothes.

    Fewer rows are not judged: a softmax that has saturated on a handful of images looks the same.
    """
    return (
        len(rows) >= LEAST_ONE_HOT
        # Mostly the first rows tell.
        and all(
            bool((np.count_nonzero(part, axis=1) == 1).all() and (part.max(axis=1) == 1).all())
            for part in (rows[:LEAST_ONE_HOT], rows)
        )
    )


def one_hot_classes(rows: NDArray[np.floating], where: str) -> NDArray[np.int64]:
    """The class of each row that is a single 1 and else 0.

    Raises:
        ModelError: a row is something else.
    """
    other = np.flatnonzero((np.count_nonzero(rows, axis=1) != 1) | (rows.max(axis=1, initial=0) != 1))
    if len(other):
        row = ", ".join(f"{value:.4g}" for value in rows[other[0]][:10])
        raise ModelError(
            f"{where}: row {other[0]} is not a 1 and else 0, as those before were ({len(other)} such rows; this one is "
            f"{row}); end the model with a softmax"
        )
    classes: NDArray[np.int64] = rows.argmax(axis=1)
    return classes
