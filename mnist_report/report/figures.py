"""The figures of a report, as matplotlib drawings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_report.evaluation.confidences import EDGES, Confidences
from mnist_report.evaluation.frames import Frames
from mnist_report.report import text
from mnist_report.report.canvas import INK, PALE, QUIET, RIGHT, RULE, WRONG, blank, style
from mnist_report.report.glyphs import drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ANNOTATED = 25
MOST_LETTERS = 25


def make_figures(
    frames: Frames, confidences: Confidences | None, history: Sequence[Mapping[str, Any]]
) -> dict[str, "Figure"]:
    """Every figure of the report by name; the training curves only where the model has a history, those of confidence
    only where there are probabilities, and the curve of risk and coverage only where every row was kept.

    Args:
        frames: of the evaluation.
        confidences: how they are distributed, or None without probabilities.
        history: one mapping per epoch, as on a model card; may be empty.
    """
    with style():
        figures = {
            "confusion": confusion_matrix(frames.confusion),
            "per_class": per_class_accuracy(frames.per_class, frames.overall),
        }
        if confidences is not None:
            figures["confidence"] = confidence_distributions(confidences)
            figures["reliability"] = reliability_diagram(frames.calibration)
        if len(frames.risk_coverage):
            figures["risk_coverage"] = risk_coverage_curve(frames.risk_coverage)
        figures["class_distribution"] = class_distribution(frames.per_class)
    if history:
        figures["training"] = training_figure(history)
    return figures


def training_figure(history: Sequence[Mapping[str, Any]]) -> "Figure":
    """The training curves, which need nothing but one mapping per epoch, as on a model card."""
    with style():
        return training_curves(history)


def confusion_matrix(confusion: "pd.DataFrame") -> "Figure":
    """Shares of each actual class by predicted class; colour is for errors alone, zeros are left blank."""
    import seaborn as sns

    names = [_label(name) for name in confusion.columns[1:]]
    counts = confusion.iloc[:, 1:].to_numpy()
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    right = np.eye(len(names), dtype=bool)
    annotated = len(names) <= MOST_ANNOTATED
    figure, axes = blank(5.2, 4.6)
    axes.set_facecolor(PALE)
    sns.heatmap(
        np.where(right, 0, shares),
        mask=right,
        annot=np.array([[_cell(share) for share in row] for row in shares]) if annotated else False,
        annot_kws={"fontsize": 7.5},
        fmt="",
        cmap=sns.blend_palette(["white", WRONG], as_cmap=True),
        vmin=0,
        vmax=max(1e-9, np.where(right, 0, shares).max()),
        cbar=False,
        linewidths=0.5,
        linecolor=RULE,
        square=True,
        # A drawn square for each of ten thousand cells would weigh megabytes.
        rasterized=not annotated,
        xticklabels=names,
        yticklabels=names,
        ax=axes,
    )
    for k, share in enumerate(np.diagonal(shares) if annotated else ()):
        axes.text(k + 0.5, k + 0.5, _cell(share), ha="center", va="center", color=QUIET, fontsize=7.5)
    axes.set_xlabel("predicted; in percent of the actual class")
    axes.set_ylabel("actual")
    axes.tick_params(axis="y", rotation=0, colors=INK)
    axes.tick_params(axis="x", colors=INK)
    return figure


def _cell(share: float) -> str:
    """In percent; blank for none, and never 100 or 0 that is not exactly that."""
    return text.share(share, 1 if share < 1 else 0).removesuffix(" %") if share else ""


def per_class_accuracy(per_class: "pd.DataFrame", overall: "pd.DataFrame") -> "Figure":
    """Each class's accuracy (recall) with its 95 % interval beside the accuracy of the whole set."""
    figure, axes = blank(6.4, 0.6 + 0.28 * len(per_class))
    places = np.arange(len(per_class))
    recall = per_class["recall"]
    spread = [recall - per_class["recall_ci_low"], per_class["recall_ci_high"] - recall]
    accuracy = overall.set_index("metric")["value"].to_dict()["accuracy"]
    axes.axvline(accuracy, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.errorbar(recall, places, xerr=spread, fmt="o", color=RIGHT, markersize=5, elinewidth=1.4)
    axes.set_yticks(places, per_class["class"].map(_label), color=INK)
    axes.invert_yaxis()
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("accuracy of the class, with its 95 % interval; dashed: all images")
    axes.xaxis.set_major_formatter(_percent())
    return figure


def confidence_distributions(confidences: Confidences) -> "Figure":
    """How sure the model was where it was right and where it was wrong."""
    figure, (above, below) = blank(6.4, 3.6, rows=2)
    parts: tuple[tuple[Axes, int, str, str], ...] = ((above, 1, RIGHT, "right"), (below, 0, WRONG, "wrong"))
    for axes, side, colour, name in parts:
        counts = confidences.histogram[:, side]
        n = int(counts.sum())
        look: dict[str, Any] = {"color": colour, "edgecolor": "white", "linewidth": 0.5}
        axes.hist(EDGES[:-1], bins=list(EDGES), weights=counts, log=name == "right" and n > 0, **look)
        axes.set_title(f"{name}: {n:,} images", loc="left", color=colour, fontsize=9, fontweight="bold")
        axes.set_ylabel("images")
        axes.set_xlim(0, 1)
        axes.grid(visible=True)
    above.set_ylabel("images (log)")
    _plain_numbers(above)
    below.set_xlabel("confidence (probability of the predicted class)")
    return figure


def reliability_diagram(calibration: "pd.DataFrame") -> "Figure":
    """Each bin's accuracy with its 95 % interval beside its mean confidence; on the diagonal, it deserves its trust."""
    figure, axes = blank(4.6, 3.8)
    confidence, accuracy = calibration["mean_confidence"], calibration["accuracy"]
    spread = [accuracy - calibration["ci_low"], calibration["ci_high"] - accuracy]
    axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.errorbar(confidence, accuracy, yerr=spread, fmt="o", color=RIGHT, markersize=4, elinewidth=1.2)
    for row in calibration.itertuples():
        axes.annotate(
            f"{row.n:,}",
            (row.mean_confidence, row.ci_low),
            xytext=(0, -3),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=6.5,
            color=QUIET,
        )
    axes.set_xlim(min(0.5, *confidence) - 0.05, 1.03)
    axes.set_ylim(-0.08, 1.03)
    axes.set_xlabel("mean confidence of the bin; dashed: as it should be")
    axes.set_ylabel("accuracy; below: images")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_percent())
    axes.grid(visible=True)
    return figure


def risk_coverage_curve(curve: "pd.DataFrame") -> "Figure":
    """The error rate among the surest answers, by how many of them are kept."""
    figure, axes = blank(4.6, 2.6)
    axes.plot(curve["coverage"], curve["risk"], color=WRONG, linewidth=1.4)
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("share of the images that is kept, surest first")
    axes.set_ylabel("error rate among them")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(_percent())
    axes.grid(visible=True)
    return figure


def class_distribution(per_class: "pd.DataFrame") -> "Figure":
    """How many images each class has, and how often it was predicted."""
    figure, axes = blank(6.4, 2.4)
    places = np.arange(len(per_class))
    axes.bar(places, per_class["support"], width=0.7, color=RULE, label="actual")
    axes.plot(places, per_class["predicted"], "_", color=RIGHT, markersize=16, markeredgewidth=2, label="predicted")
    axes.set_xticks(places, per_class["class"].map(_label), color=INK)
    axes.set_ylabel("images")
    axes.grid(visible=True)
    axes.margins(y=0.15)
    axes.legend(ncols=2, loc="upper right")
    return figure


def training_curves(history: Sequence[Mapping[str, Any]]) -> "Figure":
    """Loss and accuracy by epoch, on the images trained on and on those held out; the kept epoch is marked."""
    figure, both = blank(6.4, 2.6, columns=2)
    epochs = [row["epoch"] for row in history]
    best = min(history, key=lambda row: row["val_loss"])["epoch"]
    for axes, name in zip(both, ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [row[name] for row in history], color=QUIET, label="trained on (with dropout)")
        axes.plot(epochs, [row[f"val_{name}"] for row in history], "o-", color=RIGHT, markersize=3, label="held out")
        axes.axvline(best, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set_title(name, loc="left", fontsize=9, fontweight="bold")
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(visible=True)
    both[0].set_yscale("log")
    _plain_numbers(both[0])
    both[0].legend(fontsize=8)
    both[1].yaxis.set_major_formatter(_percent())
    return figure


def _label(name: str) -> str:
    """A class's name at an axis."""
    return drawable(text.short(name, MOST_LETTERS))


def _plain_numbers(axes: "Axes") -> None:
    """Write a logarithmic axis's numbers out, not as powers."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _percent() -> Any:
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: f"{100 * value:g} %")
