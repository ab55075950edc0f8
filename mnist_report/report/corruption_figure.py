"""The figure of worse images: accuracy against severity, a panel for each kind."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.robustness import CorruptedSet
from mnist_report.report import text
from mnist_report.report.canvas import INK, QUIET, RIGHT, RULE, blank, style
from mnist_report.report.glyphs import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

COLUMNS = 3
MOST_LETTERS = 25


def curves_figure(kinds: Mapping[str, Sequence[CorruptedSet]], clean: Metric) -> "Figure":
    """Accuracy by severity with its 95 % interval, the other kinds' curves in grey behind.

    Args:
        kinds: the sets of each kind, severities rising from 1.
        clean: the accuracy on the images as they are, which is severity 0.
    """
    rows = math.ceil(len(kinds) / COLUMNS)
    with style():
        figure, grid = blank(6.4, 0.5 + 1.55 * rows, rows=rows, columns=COLUMNS)
        panels = list(grid.flat)
        curves = {kind: [clean, *(one.accuracy for one in sets)] for kind, sets in kinds.items()}
        lowest = min(metric.ci_low for curve in curves.values() for metric in curve)
        for place, (axes, kind) in enumerate(zip(panels, curves, strict=False)):
            for curve in curves.values():
                axes.plot([metric.value for metric in curve], color=RULE, linewidth=0.8)
            _curve(axes, curves[kind])
            axes.set_title(
                drawable(text.short(kind, MOST_LETTERS)), loc="left", fontsize=9, fontweight="bold", color=INK
            )
            axes.set_ylim(max(0.0, lowest - 0.12), 1.02)
            axes.set_xticks(range(len(curves[kind])))
            axes.yaxis.set_major_formatter(_percent())
            axes.grid(visible=True)
            if place % COLUMNS:
                axes.set_yticklabels([])
        for axes in panels[len(curves) :]:
            axes.set_visible(False)
        figure.supxlabel("severity; 0: the images as they are", fontsize=9, color=QUIET)
    return figure


def _curve(axes: "Axes", curve: Sequence[Metric]) -> None:
    """One kind's, over those of all."""
    places = range(len(curve))
    low, high = ([getattr(metric, end) for metric in curve] for end in ("ci_low", "ci_high"))
    axes.fill_between(places, low, high, color=RIGHT, alpha=0.2, linewidth=0)
    axes.plot(places, [metric.value for metric in curve], "o-", color=RIGHT, linewidth=1.6, markersize=3.5)
    worst, last = curve[-1], len(curve) - 1
    # A falling curve leaves room to the left below its end.
    spot: dict[str, Any] = {"xytext": (-5, -1), "textcoords": "offset points", "ha": "right", "va": "top"}
    axes.annotate(text.share(worst.value, 0), (last, worst.value), fontsize=8, color=INK, **spot)


def sets_figure(sets: Sequence[CorruptedSet], clean: Metric) -> "Figure":
    """The accuracy on each set with its 95 % interval, worst first, beside that on the images as they are.

    Args:
        sets: the only one of its kind each.
        clean: the accuracy on the images as they are.
    """
    ranked = sorted(sets, key=lambda one: one.accuracy.value)
    with style():
        figure, axes = blank(6.4, 0.7 + 0.26 * len(ranked))
        accuracies = [one.accuracy for one in ranked]
        values = [metric.value for metric in accuracies]
        spread = [[m.value - m.ci_low for m in accuracies], [m.ci_high - m.value for m in accuracies]]
        axes.axvline(clean.value, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.errorbar(values, range(len(ranked)), xerr=spread, fmt="o", color=RIGHT, markersize=5, elinewidth=1.4)
        names = [drawable(text.short(one.kind, MOST_LETTERS)) for one in ranked]
        axes.set_yticks(range(len(ranked)), names, color=INK)
        axes.invert_yaxis()
        axes.grid(visible=True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("accuracy on the corrupted images, with its 95 % interval; dashed: as they are")
        axes.xaxis.set_major_formatter(_percent())
    return figure


def _percent() -> "FuncFormatter":
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{100 * value:g} %")
