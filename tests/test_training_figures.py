"""The figures of a training."""

import numpy as np
import pytest
from tiny_run import HOSTILE, epochs

from mnist_report.report.canvas import to_svg
from mnist_report.report.training_figures import learning_figure, seconds_figure, split_figure


def split(names=("cat", "dog", "eel"), trained_on=(30, 20, 40), held_out=(3, 4, 3)):
    return split_figure(names, np.array(trained_on), np.array(held_out))


def line(axes, place):
    """The values of a line in an axes."""
    return np.asarray(axes.lines[place].get_ydata()).tolist()


def test_the_curves_are_those_of_the_history():
    """Loss, errors and learning rate, epoch by epoch."""
    history = epochs(4)
    loss, accuracy, rate = learning_figure(history, 4, "trained on").axes
    assert line(loss, 0) == [row["loss"] for row in history]
    assert line(loss, 1) == [row["val_loss"] for row in history]
    assert line(accuracy, 0) == pytest.approx([1 - row["accuracy"] for row in history])
    assert line(accuracy, 1) == pytest.approx([1 - row["val_accuracy"] for row in history])
    assert line(rate, 0) == [row["learning_rate"] for row in history]


def test_the_panels_share_their_epochs():
    """One can look straight down."""
    figure = learning_figure(epochs(4), 4, "trained on")
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    assert [axes.get_position().x0 for axes in figure.axes] == pytest.approx([figure.axes[0].get_position().x0] * 3)


def test_the_kept_epoch_is_marked_in_every_panel():
    """A dashed line."""
    for axes in learning_figure(epochs(4), 3, "trained on").axes:
        assert list(axes.lines[-1].get_xdata()) == [3, 3]


def test_accuracy_grows_upwards_and_is_written_as_such():
    """Although the errors are what is drawn."""
    figure = learning_figure(epochs(4), 4, "trained on")
    to_svg(figure)
    axes = figure.axes[1]
    bottom, top = axes.get_ylim()
    assert bottom > top
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert "90 %" in shown


@pytest.mark.parametrize("accuracies", [(1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.9, 1.0)])
def test_no_error_and_nothing_but_errors_can_be_drawn(accuracies):
    """A few images are learnt by heart; without a warning."""
    history = [{**row, "accuracy": a, "val_accuracy": a} for row, a in zip(epochs(2), accuracies, strict=True)]
    assert to_svg(learning_figure(history, 2, "trained on")).endswith("</svg>\n")


@pytest.mark.parametrize("n", [1, 200])
def test_one_epoch_and_very_many_can_be_drawn(n):
    """A single point has no line."""
    assert to_svg(learning_figure(epochs(n), n, "trained on")).endswith("</svg>\n")
    assert to_svg(seconds_figure(epochs(n))).endswith("</svg>\n")


def test_every_epoch_has_its_time():
    """A bar each."""
    axes = seconds_figure(epochs(3)).axes[0]
    assert [bar.get_height() for bar in axes.patches] == [1.5] * 3


def test_the_shares_of_each_side_add_up_to_one():
    """Sides of different sizes can be compared."""
    axes = split().axes[0]
    assert [bar.get_height() for bar in axes.patches] == pytest.approx([30 / 90, 20 / 90, 40 / 90])
    assert line(axes, 0) == pytest.approx([0.3, 0.4, 0.3])


def test_a_hundred_classes_can_be_drawn():
    """Their names upright."""
    names = [f"kind {k}" for k in range(100)]
    assert to_svg(split(names, range(1, 101), range(100, 0, -1))).endswith("</svg>\n")


@pytest.mark.parametrize("name", [*HOSTILE, r"$\nosuch$", ""])
def test_a_class_name_is_drawn_as_it_is(name):
    """No markup of anybody's is taken for markup."""
    assert to_svg(split((name, "dog", "eel"))).endswith("</svg>\n")


def test_a_drawing_is_the_same_bytes_each_time():
    """The page too, then."""
    for draw in (lambda: learning_figure(epochs(), 3, "trained on"), lambda: seconds_figure(epochs()), split):
        assert to_svg(draw()) == to_svg(draw())
