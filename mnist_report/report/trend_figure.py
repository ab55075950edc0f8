"""The figure of the trend."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_report.evaluation.past import EarlierRun
from mnist_report.report.canvas import INK, RIGHT, WRONG, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DATES = 6
FAILED = frozenset({"FAIL", "ERROR"})


def trend_figure(runs: Sequence[EarlierRun], baseline: str | None) -> "Figure":
    """Accuracy from run to run with its 95 % interval; the last one is this run.

    Args:
        runs: the oldest first.
        baseline: the run-id of the accepted baseline, which is marked where it is among them.
    """
    from matplotlib.ticker import FuncFormatter

    with drawing(6.4, 2.6) as (figure, axes):
        places = np.arange(len(runs))
        value, low, high = np.array([(run.accuracy.value, run.accuracy.ci_low, run.accuracy.ci_high) for run in runs]).T
        failed = np.array([run.outcome in FAILED for run in runs])
        # What its gates say of this run stands at the head of the report.
        held = ~failed & (places < len(runs) - 1)
        axes.fill_between(places, low, high, color=RIGHT, alpha=0.15, linewidth=0, label="95 % interval")
        axes.plot(places, value, color=RIGHT, linewidth=1)
        axes.plot(places[held], value[held], "o", color=RIGHT, markersize=4, label="gates held, or none")
        if failed.any():
            axes.plot(places[failed], value[failed], "X", color=WRONG, markersize=7, label="a gate failed")
        marked = [place for place, run in enumerate(runs) if run.run_id == baseline]
        if marked:
            style = {"markersize": 10, "markerfacecolor": "none", "markeredgecolor": INK, "linestyle": "none"}
            axes.plot(marked, value[marked], "D", label="baseline", **style)
        axes.plot(places[-1:], value[-1:], "s", color=INK, markersize=6, label="this run")
        dated = np.unique(np.linspace(0, len(runs) - 1, min(MOST_DATES, len(runs))).round().astype(int))
        axes.set_xticks(dated, [runs[place].created[:10] for place in dated])
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
        axes.margins(x=0.03, y=0.12)
        axes.grid(visible=True)
        figure.legend(loc="outside lower center", ncols=5, fontsize=8)
    return figure
