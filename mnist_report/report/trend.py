"""The trend: this run among the earlier ones of the same images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.paired import paired_proportions
from mnist_report.evaluation.past import SHOWN, EarlierRun
from mnist_report.report import text
from mnist_report.report.change import spoken_difference
from mnist_report.report.provenance import moment
from mnist_report.report.tables import Table

MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class Trend:
    """How this run compares with the earlier ones.

    Attributes:
        sentence: how many there are, and the change since the oldest that is shown.
        table: the last ones, the newest first.
        caption: of the table.
    """

    sentence: str
    table: Table
    caption: str


def shown_runs(past: Sequence[EarlierRun]) -> tuple[EarlierRun, ...]:
    """Those before this one that the report shows; with this one they are `SHOWN`."""
    return tuple(past[-(SHOWN - 1) :])


def make_trend(past: Sequence[EarlierRun], accuracy: Metric, right: NDArray[np.bool_] | None) -> Trend | None:
    """Say the trend in words and a table; None where there are no earlier runs.

    Args:
        past: the earlier runs, the oldest first.
        accuracy: of this run.
        right: shape (n,), which images it gets right; None where that was not kept.
    """
    shown = shown_runs(past)
    if not shown:
        return None
    listed = shown[-MOST_LISTED:][::-1]
    rows = tuple(
        (
            moment(run.created),
            run.model,
            run.outcome or text.DASH,
            text.percent(run.accuracy),
            text.percent_interval(run.accuracy),
            *_since(run, right),
        )
        for run in listed
    )
    columns = ("Run", "Model", "Gates", "Accuracy", "95 % interval", "This run against it", "95 % interval ")
    first = shown[0]
    change, spread = _since(first, right)
    since = f"Since the run of {moment(first.created)}, accuracy went from {text.percent(first.accuracy)} to "
    paired = "" if change == text.DASH else f": {change} on the same images (95 % interval {spread})"
    return Trend(
        sentence=f"{since}{text.percent(accuracy)}{paired}.",
        table=Table(columns, rows, frozenset(range(3, len(columns)))),
        caption=f"The last {text.plural(len(listed), 'earlier run')} of the same images",
    )


def _since(run: EarlierRun, right: NDArray[np.bool_] | None) -> tuple[str, str]:
    """The change in accuracy from an earlier run to this one, with its paired interval."""
    if right is None or run.right is None or len(run.right) != len(right):
        return text.DASH, text.DASH
    return spoken_difference(paired_proportions(right, run.right), share=True)
