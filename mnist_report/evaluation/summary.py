"""Predictions that are counted part by part: what can be added is added, and a few rows are kept to be looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DataError
from mnist_report.evaluation import findings, frames
from mnist_report.evaluation.confidences import Confidences
from mnist_report.evaluation.evaluation import Evaluation, tally_at, tempered
from mnist_report.evaluation.kept import Kept, Wanted
from mnist_report.evaluation.label_issues import LabelIssues, nothing_known, rank_labels
from mnist_report.evaluation.metrics import class_metrics, overall_metrics, undefined
from mnist_report.evaluation.parts import picked
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.quartiles import Column, count_columns, quartile_slices
from mnist_report.evaluation.ranking import no_class_ranking, no_overall_ranking
from mnist_report.evaluation.tally import Tally

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What is known of predictions whose rows are not kept. The parts of a data set give, in any grouping, the counts
    of the whole; sums of floating point numbers to the last bits.

    Attributes:
        tally: the counts.
        tempered: the counts with temperature scaling, or None where there is no temperature or are no probabilities.
        belief: float64, shape (classes,), the sum of the probability of their label over the images of each class.
        columns: the built-in slices.
        kept: the rows that the report shows.
    """

    tally: Tally
    tempered: Tally | None
    belief: NDArray[np.float64]
    columns: Mapping[str, Column]
    kept: Kept

    @classmethod
    def of(
        cls, predictions: Predictions, images: NDArray[np.uint8], wanted: Wanted, temperature: float | None = None
    ) -> "Summary":
        """Count one part.

        Args:
            predictions: with their places in the whole data set.
            images: uint8, shape (n, height, width).
            wanted: what decides which rows are kept.
            temperature: that the model's training found, or None.
        """
        graded, classes = predictions.graded, len(predictions.class_names)
        believed = picked(predictions.in_parts, predictions.labels) if graded else np.zeros(len(predictions))
        return cls(
            tally=Tally.of(predictions),
            tempered=tally_at(predictions, temperature) if graded and temperature is not None else None,
            belief=np.bincount(predictions.labels, believed, classes).astype(np.float64),
            columns=count_columns(images, predictions.right),
            kept=Kept.of(predictions, images, wanted),
        )

    def __add__(self, other: "Summary") -> "Summary":
        return Summary(
            tally=self.tally + other.tally,
            tempered=self.tempered + other.tempered if self.tempered and other.tempered else None,
            belief=self.belief + other.belief,
            columns={name: column + other.columns[name] for name, column in self.columns.items()},
            kept=self.kept + other.kept,
        )


def add_up(parts: Iterable[Summary]) -> Summary:
    """The whole.

    Raises:
        DataError: there is no part, or only some have probabilities.
    """
    whole = None
    for whole in accumulate(_alike(parts)):  # noqa: B007  the last one counts
        pass
    if whole is None:
        raise DataError("there are no predictions to evaluate")
    return whole


def _alike(parts: Iterable[Summary]) -> Iterable[Summary]:
    first = None
    for part in parts:
        first = first or part
        if part.tally.graded != first.tally.graded:
            raise DataError("some parts have probabilities and others have none; evaluate them apart")
        yield part


def evaluate_summary(summary: Summary, seed: int = 0, temperature: float | None = None) -> Evaluation:
    """Every number and frame that needs no row; those that do are undefined, or have the rows that were kept.

    Args:
        summary: of the whole set.
        seed: of the resampled intervals.
        temperature: with which the summary was made, or None.
    """
    tally, predictions = summary.tally, summary.kept.predictions
    names, support = predictions.class_names, tally.confusion.sum(axis=1)
    overall = overall_metrics(tally, seed) | no_overall_ranking(tally.n)
    per_class = tuple(
        own | unranked for own, unranked in zip(class_metrics(tally), no_class_ranking(support), strict=True)
    )
    slices = quartile_slices(summary.columns)
    issues = _label_issues(summary)
    every_row = frames.make_frames(
        predictions, tally, overall=overall, per_class=per_class, issues=issues, slices=slices
    )
    return Evaluation(
        tally=tally,
        seed=seed,
        overall=overall,
        per_class=per_class,
        label_issues=issues,
        accuracy_without_suspects=undefined(tally.n),
        slices=slices,
        tempered=tempered(summary.tempered, temperature) if summary.tempered and temperature is not None else None,
        findings=findings.find(tally, names),
        frames=replace(
            every_row,
            confidence=confidence_frame(tally.confidences if tally.graded else None, names),
            risk_coverage=every_row.risk_coverage.iloc[:0],
        ),
        counted=True,
    )


def _label_issues(summary: Summary) -> LabelIssues:
    """The images of the lowest self-confidence are among those that were kept; who is suspected is known of these."""
    predictions = summary.kept.predictions
    if not summary.tally.graded:
        return nothing_known(len(predictions))
    with np.errstate(invalid="ignore"):
        threshold = summary.belief / summary.tally.confusion.sum(axis=1)
    rows = predictions.in_parts
    return rank_labels(predictions.labels, rows, picked(rows, predictions.labels), threshold)


def confidence_frame(counts: Confidences | None, class_names: tuple[str, ...]) -> "pd.DataFrame":
    """See `Frames.confidence`; no rows without counts."""
    import pandas as pd

    unknown, rows = float("nan"), []
    if counts is not None:
        groups: dict[str, Any] = {"all": ..., "right": np.s_[:, 1], "wrong": np.s_[:, 0]}
        groups |= {f"class {name}": k for k, name in enumerate(class_names)}
        for name, cells in groups.items():
            n, total, sure = (float(part[cells].sum()) for part in (counts.n, counts.total, counts.sure))
            mean, share = (total / n, sure / n) if n else (unknown, unknown)
            rows.append((name, int(n), mean, unknown, unknown, unknown, share))
    return pd.DataFrame(rows, columns=["group", "n", "mean", "median", "p05", "p95", "share_over_099"])
