"""The figures of worse images."""

import numpy as np
import pytest

from mnist_report.evaluation.metrics import proportion
from mnist_report.evaluation.robustness import CorruptedSet
from mnist_report.report.canvas import to_svg
from mnist_report.report.corruption_figure import curves_figure, sets_figure

CLEAN = proportion(990, 1000)
FALLING = (980, 900, 700)


def made(kind, severity, right, n=1000):
    """A set of one class."""
    return CorruptedSet(kind, severity, np.array([n]), np.array([right]), np.zeros(1), np.zeros(1))


def kinds(*names):
    """Each at three severities."""
    return {name: [made(name, k, right) for k, right in enumerate(FALLING, 1)] for name in names}


def drawn_by(axes):
    """Panels that are shown."""
    return [panel for panel in axes if panel.get_visible()]


@pytest.mark.parametrize("n", [1, 3, 4, 6, 7])
def test_every_kind_has_a_panel(n):
    """With its name."""
    names = [f"kind {k}" for k in range(n)]
    panels = drawn_by(curves_figure(kinds(*names), CLEAN).axes)
    assert [panel.get_title(loc="left") for panel in panels] == names


def test_a_curve_begins_with_the_images_as_they_are():
    """At severity 0, and goes on with each severity's accuracy."""
    panel = curves_figure(kinds("fog", "rain"), CLEAN).axes[0]
    own = panel.lines[-1]
    assert own.get_xdata().tolist() == [0, 1, 2, 3]
    assert own.get_ydata().tolist() == [0.99, 0.98, 0.9, 0.7]
    assert [text.get_text() for text in panel.texts] == ["70 %"]


def test_the_band_is_the_interval():
    """Of each severity."""
    band = curves_figure(kinds("fog"), CLEAN).axes[0].collections[0].get_paths()[0].vertices.tolist()
    for place, right in enumerate(FALLING, 1):
        metric = proportion(right, 1000)
        assert [place, metric.ci_low] in band
        assert [place, metric.ci_high] in band


def test_the_panels_have_one_scale():
    """So that they can be compared by eye."""
    limits = {panel.get_ylim() for panel in drawn_by(curves_figure(kinds("a", "b", "c", "d"), CLEAN).axes)}
    assert len(limits) == 1


def test_sets_stand_worst_first():
    """By name, with the dashed line where the images as they are stand."""
    axes = sets_figure([made("fog", 1, 900), made("rain", 1, 500), made("snow", 1, 950)], CLEAN).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["rain", "fog", "snow"]
    assert axes.lines[0].get_xdata() == [0.99, 0.99]
    assert axes.yaxis_inverted()


@pytest.mark.parametrize("right", [0, 1000])
def test_all_and_none_can_be_drawn(right):
    """The intervals end there."""
    for figure in (curves_figure({"fog": [made("fog", 1, right), made("fog", 2, right)]}, CLEAN),):
        assert to_svg(figure).startswith("<?xml")
    assert to_svg(sets_figure([made("fog", 1, right)], CLEAN)).startswith("<?xml")


def test_a_drawing_is_the_same_bytes_each_time():
    """As every figure."""
    first, second = (to_svg(curves_figure(kinds("fog", "rain"), CLEAN)) for _ in range(2))
    assert first == second
