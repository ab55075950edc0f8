"""What is drawn before there are predictions is what would be drawn after."""

import pytest
from tiny_run import epochs, tiny_card, tiny_run

from mnist_report.report.ahead import draw_ahead
from mnist_report.report.canvas import to_svg
from mnist_report.report.write import NOTHING, draw_figures, draw_reports

FORMATS = ("html", "pdf")


@pytest.fixture(scope="module")
def run():
    """With a training history."""
    return tiny_run(card=tiny_card(epochs()))


@pytest.fixture(scope="module")
def drawn():
    return draw_ahead(tiny_card(epochs()), ("html",))


def test_a_figure_drawn_ahead_is_the_same_bytes(run, drawn):
    """Nobody can tell when it was drawn."""
    later = draw_figures(run.stored, run.evaluation)
    assert drawn == {name: to_svg(later[name]) for name in drawn}
    assert list(drawn) == ["training"]


def test_the_reports_are_the_same_bytes(run, drawn):
    """Both of them, with all the figures."""
    ahead, later = (draw_reports(run.stored, run.evaluation, FORMATS, drawn=figures) for figures in (drawn, NOTHING))
    assert ahead == later


def test_what_is_there_is_not_drawn_again(run, drawn):
    """That is what it is for."""
    assert "training" in draw_figures(run.stored, run.evaluation)
    assert "training" not in draw_figures(run.stored, run.evaluation, drawn)


@pytest.mark.parametrize("card", [None, {}, {"training": None}, {"training": {"history": []}}])
def test_without_a_history_nothing_is_drawn_ahead(card):
    """A model that came without a card, or with a short one."""
    assert draw_ahead(card, FORMATS) == {}


def test_without_a_report_nothing_is_drawn_ahead():
    """`evaluate` shows none."""
    assert draw_ahead(tiny_card(epochs()), ()) == {}
