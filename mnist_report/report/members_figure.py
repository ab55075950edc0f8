"""The figure of an ensemble and its members."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_report.evaluation.ensemble import Ensemble
from mnist_report.evaluation.paired import Difference
from mnist_report.report import text
from mnist_report.report.canvas import INK, QUIET, RIGHT, WRONG, blank, style
from mnist_report.report.glyphs import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LETTERS = 25


def members_figure(ensemble: Ensemble) -> "Figure":
    """The ensemble less each member in accuracy and in log loss, with paired 95 % intervals; better is blue."""
    members = ensemble.members
    with style():
        figure, (left, right) = blank(6.4, 0.8 + 0.28 * len(members), columns=2)
        _draw(left, [member.differences["accuracy"] for member in members], factor=100, better=1)
        _draw(right, [member.differences["log_loss"] for member in members], factor=1, better=-1)
        names = [drawable(text.short(member.name, MOST_LETTERS)) for member in members]
        left.set_yticks(np.arange(len(members)), names, color=INK)
        right.set_yticks(np.arange(len(members)), [""] * len(members))
        left.set_xlabel("accuracy of the ensemble less theirs,\nin points")
        right.set_xlabel("log loss of the ensemble less theirs,\nin nats")
    return figure


def _draw(axes: "Axes", differences: Sequence[Difference], *, factor: float, better: int) -> None:
    """Each with its interval; what is not clear of zero is hollow."""
    from matplotlib.ticker import MaxNLocator

    axes.axvline(0, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, found in enumerate(differences):
        value, low, high = (factor * bound for bound in (found.value, found.ci_low, found.ci_high))
        colour = RIGHT if better * value >= 0 else WRONG
        clear = low > 0 or high < 0
        axes.plot([low, high], [place, place], color=colour, linewidth=1.4)
        axes.plot([value], [place], "o", color=colour, markersize=5, markerfacecolor=colour if clear else "white")
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.margins(y=0.5 / max(1, len(differences)))
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)


def members_finding(ensemble: Ensemble) -> str:
    """What the figure shows."""
    n = len(ensemble.members)
    below = sum(member.differences["log_loss"].value < 0 for member in ensemble.members)
    if below == n:
        return f"The log loss is below that of each of the {n} members"
    return f"The log loss is below that of {below} of the {n} members"
