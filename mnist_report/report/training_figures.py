"""The figures of a training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.report import text
from mnist_report.report.canvas import INK, QUIET, RIGHT, RULE, drawing
from mnist_report.report.glyphs import drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LETTERS = 25
# More names than these are set upright and small.
MOST_LEVEL = 25
TRAINED_ON: dict[str, Any] = {"color": QUIET, "marker": "o", "markersize": 2}
HELD_OUT: dict[str, Any] = {"color": RIGHT, "marker": "s", "markersize": 3.5}
# Error rates at which the accuracy is written.
RATES = (1e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.9)


def learning_figure(history: Sequence[Mapping[str, Any]], best: int, trained_on: str) -> "Figure":
    """Loss and accuracy by epoch, and below them the learning rate; the kept epoch is marked in all three.

    Args:
        history: one mapping per epoch, as on a model card.
        best: the kept epoch.
        trained_on: what to call the images that are trained on.
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter

    with drawing(6.4, 5.6) as (figure, _):
        figure.clear()
        loss, accuracy, rate = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1.4))
        epochs = [row["epoch"] for row in history]
        loss.plot(epochs, [row["loss"] for row in history], label=trained_on, **TRAINED_ON)
        loss.plot(epochs, [row["val_loss"] for row in history], label="held out", **HELD_OUT)
        errors = [[1 - row[name] for row in history] for name in ("accuracy", "val_accuracy")]
        accuracy.plot(epochs, errors[0], **TRAINED_ON)
        accuracy.plot(epochs, errors[1], **HELD_OUT)
        _scale_by_errors(accuracy, [*errors[0], *errors[1]])
        _head(loss, "loss")
        _head(accuracy, "accuracy, by the logarithm of the error rate")
        rate.plot(epochs, [row["learning_rate"] for row in history], "o-", color=INK, markersize=2)
        rate.set_ylim(bottom=0)
        _head(rate, "learning rate, mean of the epoch's first and last step")
        for axes in (loss, accuracy, rate):
            axes.axvline(best, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        loss.set_yscale("log")
        loss.yaxis.set_minor_formatter(NullFormatter())
        for axes in (loss, rate):
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        rate.xaxis.get_major_locator().set_params(integer=True)
        rate.set_xlabel(f"epoch; dashed: epoch {best}, which was kept")
        loss.legend(fontsize=8)
    return figure


def seconds_figure(history: Sequence[Mapping[str, Any]]) -> "Figure":
    """How long each epoch took."""
    with drawing(6.4, 1.8) as (figure, axes):
        axes.bar([row["epoch"] for row in history], [row["seconds"] for row in history], color=QUIET, width=0.7)
        axes.set_xlim(0.4, len(history) + 0.6)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("epoch")
        axes.set_ylabel("seconds")
        axes.grid(visible=True)
    return figure


def split_figure(names: Sequence[str], trained_on: NDArray[np.int64], held_out: NDArray[np.int64]) -> "Figure":
    """Each class's share of the images that are trained on and of those held out.

    Args:
        names: of the classes.
        trained_on: int64, shape (classes,), the images of each.
        held_out: likewise.
    """
    from matplotlib.ticker import FuncFormatter

    with drawing(6.4, 2.4) as (figure, axes):
        places = np.arange(len(names))
        axes.bar(places, trained_on / trained_on.sum(), width=0.7, color=RULE, label="trained on")
        size = min(16, 160 / len(names))
        shares = held_out / held_out.sum()
        axes.plot(places, shares, "_", color=RIGHT, markersize=size, markeredgewidth=2, label="held out")
        axes.set_xticks(places, [drawable(text.short(name, MOST_LETTERS)) for name in names], color=INK)
        if len(names) > MOST_LEVEL:
            axes.tick_params(axis="x", rotation=90, labelsize=5)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
        axes.set_ylabel("share of the images")
        axes.grid(visible=True)
        axes.margins(y=0.2)
        axes.legend(ncols=2, loc="upper right")
    return figure


def _scale_by_errors(axes: "Axes", errors: Sequence[float]) -> None:
    """Accuracy upwards, by the logarithm of the error rate: on a plain scale one bad epoch would flatten the rest."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    least = min((error for error in errors if error > 0), default=0.01)
    # Below the least error the scale is plain, so that no error at all has its place too.
    axes.set_yscale("symlog", linthresh=least)
    axes.yaxis.set_major_locator(FixedLocator([0, *(rate for rate in RATES if rate >= least / 2)]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{100 * (1 - rate):g} %"))
    axes.set_ylim(max(*errors, least) * 1.15, min(errors) / 1.15)


def _head(axes: "Axes", name: str) -> None:
    axes.set_title(name, loc="left", fontsize=9, fontweight="bold")
    axes.grid(visible=True)
