"""The curve of a terminal."""

import pytest

from mnist_report.commands.curve import curve


@pytest.mark.parametrize(
    ("losses", "drawn"),
    [
        ([], ""),
        ([0.5], "▁"),
        ([0.5, 0.5], "▁▁"),
        ([1.0, 0.1], "█▁"),
        ([1.1, 0.1, 10.0], "▅▁█"),
        ([128.0, 64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0], "█▇▆▅▄▃▂▁"),
    ],
)
def test_losses_are_blocks_by_their_logarithm(losses, drawn):
    """The lowest is the lowest block, the highest the highest."""
    assert curve(losses) == drawn


def test_a_long_training_shows_its_last_epochs():
    """It stays a word."""
    assert curve([9.0] * 50 + [1.0]) == "█" * 23 + "▁"


def test_what_is_no_loss_is_left_out():
    """A loss of exactly 0 has no logarithm."""
    assert curve([1.0, 0.0, 0.1]) == "█▁"
