"""The view of a comparison of two models."""

from dataclasses import dataclass

import numpy as np

from mnist_report.evaluation.comparison import Comparison
from mnist_report.evaluation.metrics import proportion
from mnist_report.report import text
from mnist_report.report.change import Change, make_change
from mnist_report.report.gallery import said
from mnist_report.report.tables import Table
from mnist_report.runs.images_file import ShownImages
from mnist_report.runs.predictions_file import ScoredImages

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class CompareView:
    """A comparison, ready to be set.

    Attributes:
        title: the two sides.
        headline: what became of the accuracy.
        summary: how many changed and what chance would do.
        sides: how good each one is.
        change: tables and galleries.
        flips: the images that flipped, with or without a picture.
        flips_caption: what `flips` shows of how many.
    """

    title: str
    headline: str
    summary: str
    sides: Table
    change: Change
    flips: Table
    flips_caption: str


def make_compare_view(
    comparison: Comparison, candidate: ScoredImages, baseline: ScoredImages, images: ShownImages
) -> CompareView:
    """Say a comparison in words, tables and galleries.

    Args:
        comparison: of the two.
        candidate: its predictions.
        baseline: those that it is held against.
        images: those that can be shown.
    """
    ours, theirs = candidate.predictions, baseline.predictions
    change = make_change(comparison, ours, theirs, images, baseline.name)
    accuracy = comparison.overall["accuracy"]
    headline = "No change in accuracy that so many images could show"
    if accuracy.ci_low > 0 or accuracy.ci_high < 0:
        headline = "The candidate is more accurate" if accuracy.value > 0 else "The candidate is less accurate"
    sides = (comparison.regressed, comparison.fixed)
    shown = np.concatenate([side[:MOST_LISTED] for side in sides])
    some = ", ".join(
        f"{min(len(side), MOST_LISTED)} of {text.count(len(side))} {kind}"
        for side, kind in zip(sides, ("regressed", "fixed"), strict=True)
    )
    rest = f" ({some}; --frames writes all)" if len(shown) < sum(map(len, sides)) else ""
    return CompareView(
        title=f"{candidate.name} against {baseline.name}",
        headline=headline,
        summary=f"{change.headline}.",
        sides=_sides_table(candidate, baseline),
        change=change,
        flips=_flips_table(shown.tolist(), candidate, baseline),
        flips_caption=f"Images that flipped{rest}",
    )


def _sides_table(candidate: ScoredImages, baseline: ScoredImages) -> Table:
    rows = []
    for role, side in (("candidate", candidate), ("baseline", baseline)):
        right, n = int(side.predictions.right.sum()), len(side.predictions)
        accuracy = proportion(right, n)
        cells = (text.percent(accuracy), text.percent_interval(accuracy), text.count(n - right), text.count(n))
        rows.append((role, side.name, *cells, (side.data_sha256 or text.DASH)[:12]))
    columns = ("Side", "Predictions", "Accuracy", "95 % interval", "Errors", "Images", "Data sha256")
    return Table(columns, tuple(rows), frozenset({2, 3, 4, 5}))


def _flips_table(rows: list[int], candidate: ScoredImages, baseline: ScoredImages) -> Table:
    names = candidate.predictions.class_names
    cells = []
    for row in rows:
        sides = (candidate.predictions, baseline.predictions)
        answers = tuple(said(side, row, names) for side in sides)
        kind = "fixed" if candidate.predictions.right[row] else "regressed"
        cells.append((f"#{candidate.index[row]}", kind, names[candidate.predictions.labels[row]], *answers))
    return Table(("Image", "What happened", "Actual", "Candidate", "Baseline"), tuple(cells), frozenset())
