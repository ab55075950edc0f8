"""The confusion matrix as a table."""

import numpy as np
import pytest
from tiny_run import NAMES, OUTCOMES, tiny_predictions, tiny_run, tiny_view

from mnist_report.evaluation.predictions import make_predictions
from mnist_report.report.matrix import make_matrix


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_every_count_stands_in_its_cell_and_no_zero_beside_the_diagonal(predictions):
    """Rows are actual, columns predicted."""
    outcome = predictions()
    confusion, matrix = tiny_run(outcome).evaluation.tally.confusion, tiny_view(outcome).matrix
    for i, row in enumerate(matrix.rows):
        for j, cell in enumerate(row):
            assert cell.count == (str(confusion[i, j]) if i == j or confusion[i, j] else "")


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_every_cell_of_mistakes_leads_to_the_worst_of_its_images(predictions):
    """Which is on the page."""
    outcome = predictions()
    view = tiny_view(outcome)
    worst = {}
    for image in view.mistakes.digits:
        worst.setdefault((image.actual, image.predicted), image.anchor)
    for name, row in zip(view.matrix.names, view.matrix.rows, strict=True):
        for other, cell in zip(view.matrix.names, row, strict=True):
            assert cell.target == worst.get((name, other), "")


def test_a_link_says_where_it_leads():
    """Its number alone would say little."""
    cell = tiny_view().matrix.rows[0][1]
    assert (cell.count, cell.label) == ("2", "2 images of cat taken for dog")


def test_the_largest_cell_is_the_darkest():
    """By the square root; zeros have no colour, the diagonal its own."""
    confusion = np.array([[5, 25, 1], [9, 5, 0], [4, 16, 5]])
    rows = make_matrix(confusion, tiny_predictions(), []).rows
    assert [[cell.level for cell in row] for row in rows] == [
        ["right", "w5", "w1"],
        ["w3", "right", ""],
        ["w2", "w4", "right"],
    ]


def test_a_matrix_of_many_classes_is_left_out():
    """Nobody could read it."""
    names = tuple(map(str, range(26)))
    predictions = make_predictions(np.eye(26), np.arange(26), names)
    assert make_matrix(np.eye(26, dtype=np.int64), predictions, []) is None
    assert make_matrix(np.eye(3, dtype=np.int64), tiny_predictions(), []).names == NAMES
