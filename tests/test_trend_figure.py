"""The figure of the trend."""

import pytest
from past_runs import nights, past_run

from mnist_report.report.canvas import to_svg
from mnist_report.report.trend_figure import trend_figure


def labels_of(figure):
    """What the legend names."""
    return [text.get_text() for text in figure.legends[0].get_texts()]


def points_of(figure, label):
    """The places and values of the marks with that label."""
    line = next(line for line in figure.axes[0].lines if line.get_label() == label)
    return list(zip(line.get_xdata().tolist(), line.get_ydata().tolist(), strict=True))


def test_every_run_is_at_its_accuracy():
    """In the order of the runs."""
    runs = nights(5, 200)
    figure = trend_figure(runs, None)
    expected = [(k, run.right.mean()) for k, run in enumerate(runs)]
    assert points_of(figure, "gates held, or none") == expected[:-1]
    assert points_of(figure, "this run") == expected[-1:]


def test_the_band_is_the_interval():
    """Of each run."""
    runs = nights(3, 200)
    band = trend_figure(runs, None).axes[0].collections[0].get_paths()[0].vertices.tolist()
    for place, run in enumerate(runs):
        assert [place, run.accuracy.ci_low] in band
        assert [place, run.accuracy.ci_high] in band


def test_a_run_that_failed_has_a_mark_of_its_own():
    """By its form too, for who sees no colours."""
    runs = (*nights(2, 200), past_run("bad", nights(1, 200)[0].right, outcome="FAIL"), *nights(1, 200))
    figure = trend_figure(runs, None)
    assert [place for place, _ in points_of(figure, "a gate failed")] == [2]
    assert "baseline" not in labels_of(figure)


def test_the_baseline_is_marked():
    """Where it is among them."""
    figure = trend_figure(nights(4, 200), "night-1")
    assert [place for place, _ in points_of(figure, "baseline")] == [1]


@pytest.mark.parametrize("count", [2, 7, 30])
def test_dates_do_not_run_into_each_other(count):
    """At most six."""
    axes = trend_figure(nights(count, 50), None).axes[0]
    assert len(axes.get_xticks()) == min(6, count)
    assert axes.get_xticklabels()[0].get_text() == "2026-01-01"


def test_the_same_runs_give_the_same_bytes():
    """As every figure does."""
    assert to_svg(trend_figure(nights(4, 200), None)) == to_svg(trend_figure(nights(4, 200), None))
