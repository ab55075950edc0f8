"""The learning rate and the end of a training; with_keras/test_fitting.py holds them against keras itself."""

import pytest

from mnist_report.model.pacing import best_epoch, ends_early, plateau_rate
from mnist_report.model.recipes import Recipe


def test_the_first_rate_is_the_recipes():
    """Before any epoch."""
    assert plateau_rate(Recipe(learning_rate=0.25), []) == 0.25


def test_the_rate_falls_where_the_losses_cease_to():
    """By the factor, each time the patience is over."""
    assert plateau_rate(Recipe(plateau_patience=2, plateau_factor=0.1), [0.1, 0.2, 0.2, 0.2, 0.2]) == 1e-5


def test_the_rate_falls_no_further_than_its_floor():
    """However long nothing gets better."""
    assert plateau_rate(Recipe(plateau_patience=1, min_learning_rate=3e-4), [0.1] * 9) == 3e-4


def test_a_loss_that_is_hardly_lower_does_not_keep_the_rate_up():
    """Keras's least improvement is 1e-4."""
    losses = [0.1, 0.09999, 0.09998]
    assert plateau_rate(Recipe(plateau_patience=2), losses) == pytest.approx(0.0005)


def test_the_best_epoch_is_the_first_of_the_lowest():
    """As keras has it: an equal is no better."""
    assert best_epoch([0.3, 0.1, 0.2, 0.1]) == 1


@pytest.mark.parametrize(
    ("losses", "ends"),
    [([0.3], False), ([0.1, 0.2, 0.2], False), ([0.1, 0.2, 0.2, 0.1], True), ([0.3, 0.2, 0.2, 0.1, 0.2], False)],
)
def test_training_ends_after_its_patience(losses, ends):
    """Three epochs that are no better than the best."""
    assert ends_early(Recipe(stop_patience=3), losses) is ends


def test_without_patience_training_never_ends_early():
    """0 means: all epochs."""
    assert not ends_early(Recipe(stop_patience=0), [0.1] + [0.2] * 50)
