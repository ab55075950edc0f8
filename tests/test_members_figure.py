"""The figure of an ensemble and its members."""

import pytest
from ensemble_work import MEMBERS, ensemble_run, named, random_answers, tiny_ensemble

from mnist_report.evaluation.ensemble import average, evaluate_members
from mnist_report.report.canvas import RIGHT, WRONG, to_svg
from mnist_report.report.members_figure import members_figure, members_finding
from mnist_report.report.write import draw_figures


@pytest.fixture(scope="module")
def ensemble():
    """Of four models."""
    predictions, scores = average(random_answers(4))
    return evaluate_members(predictions, named(scores))


def dots(axes):
    """The values of the dots, from top to bottom, with their colours and whether they are filled."""
    lines = [line for line in axes.lines if line.get_marker() == "o"]
    return [(line.get_xdata()[0], line.get_color(), line.get_markerfacecolor() != "white") for line in lines]


@pytest.mark.parametrize(("panel", "metric", "factor", "better"), [(0, "accuracy", 100, 1), (1, "log_loss", 1, -1)])
def test_every_member_has_its_difference(ensemble, panel, metric, factor, better):
    """Blue is better, filled is clear of zero."""
    found = [member.differences[metric] for member in ensemble.members]
    expected = [
        (factor * d.value, RIGHT if better * d.value >= 0 else WRONG, not d.ci_low <= 0 <= d.ci_high) for d in found
    ]
    assert dots(members_figure(ensemble).axes[panel]) == expected


def test_the_bars_are_the_intervals(ensemble):
    """Of the log loss, in nats."""
    lines = [line for line in members_figure(ensemble).axes[1].lines if len(line.get_xdata()) == 2]
    bars = [tuple(line.get_xdata()) for line in lines[1:]]  # the first one is zero
    assert bars == [(m.differences["log_loss"].ci_low, m.differences["log_loss"].ci_high) for m in ensemble.members]


def test_members_stand_from_top_to_bottom(ensemble):
    """In the order of the tables."""
    axes = members_figure(ensemble).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"m{k}" for k in range(4)]
    assert axes.yaxis_inverted()


def test_the_finding_counts_the_members():
    """By a plain loop."""
    predictions, members = tiny_ensemble()
    below = sum(predictions.loss.mean() < member.scores.loss.mean() for member in members)
    finding = members_finding(evaluate_members(predictions, members))
    whose = f"{below} of the 3" if below < len(MEMBERS) else "each of the 3"
    assert finding == f"The log loss is below that of {whose} members"


def test_the_same_figure_is_the_same_bytes(ensemble):
    """As all of them."""
    assert to_svg(members_figure(ensemble)) == to_svg(members_figure(ensemble))


def test_an_ensemble_has_the_figure_and_one_model_has_not():
    """Also among those of `render --figures`."""
    run = ensemble_run()
    assert "members" in draw_figures(run.stored, run.evaluation)
