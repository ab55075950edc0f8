"""The confusion matrix as a table in which each count of mistakes leads to its images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.mistakes import MATRIX_CLASSES, pairs_of
from mnist_report.evaluation.predictions import Predictions
from mnist_report.report import text

LEVELS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A count, blank where it is 0; how dark its background is ("" to "w5", "right" on the diagonal); and where its
    images are, with what a reader hears of that link.
    """

    count: str
    level: str
    target: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The class names, and a row of cells for each of them; rows are actual, columns predicted."""

    names: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def linked(self) -> bool:
        """Whether any number leads to its images."""
        return any(cell.target for row in self.rows for cell in row)


def make_matrix(confusion: NDArray[np.int64], predictions: Predictions, shown: Sequence[int]) -> Matrix | None:
    """The matrix, or None where it has too many classes to be read.

    Args:
        confusion: shape (classes, classes), rows = actual.
        predictions: what it counts.
        shown: rows of the mistakes on the page, worst-first.
    """
    names = predictions.class_names
    if len(names) > MATRIX_CLASSES:
        return None
    targets: dict[int, str] = {}
    rows = np.array(shown, dtype=np.int64)
    for pair, place in zip(pairs_of(predictions, rows).tolist(), predictions.places(rows).tolist(), strict=True):
        targets.setdefault(pair, f"image-{place}")
    most = int(np.where(np.eye(len(names), dtype=bool), 0, confusion).max())
    return Matrix(
        names,
        tuple(
            tuple(
                Cell(text.count(confusion[i, i]), "right")
                if i == j
                else _cell(int(confusion[i, j]), most, targets.get(i * len(names) + j, ""), (names[i], names[j]))
                for j in range(len(names))
            )
            for i in range(len(names))
        ),
    )


def _cell(count: int, most: int, target: str, pair: tuple[str, str]) -> Cell:
    if count == 0:
        return Cell("", "")
    # By the square root, so that one large cell does not leave all others pale.
    level = max(1, round(LEVELS * (count / most) ** 0.5))
    return Cell(
        text.count(count), f"w{level}", target, f"{text.plural(count, 'image')} of {pair[0]} taken for {pair[1]}"
    )
