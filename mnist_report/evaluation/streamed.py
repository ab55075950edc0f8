"""Evaluation of more predictions than memory holds: part by part, through the tally."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_report.errors import DataError
from mnist_report.evaluation.frames import calibration_frame, confusion_frame, overall_frame, per_class_frame
from mnist_report.evaluation.metrics import Metric, class_metrics, overall_metrics
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.tally import Tally

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StreamedEvaluation:
    """What can be known without having every row at once; the frames are those of `Frames`.

    The metrics that need all rows at once are left out: equal-mass ECE, AURC, coverage at 99.9 % accuracy, ROC AUC and
    average precision.

    Attributes:
        tally: the counts.
        overall: every mergeable metric of the whole set, by its fixed name.
        per_class: every mergeable metric of each class, in label order.
        class_names: in label order.
    """

    tally: Tally
    overall: dict[str, Metric]
    per_class: tuple[dict[str, Metric], ...]
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.tally.n:,} predictions>"

    @property
    def frames(self) -> dict[str, "pd.DataFrame"]:
        """The tables overall, per_class, confusion and calibration."""
        return {
            "overall": overall_frame(self.overall),
            "per_class": per_class_frame(self.tally, self.per_class, self.class_names),
            "confusion": confusion_frame(self.tally, self.class_names),
            "calibration": calibration_frame(self.tally.bins),
        }


def evaluate_parts(parts: Iterable[Predictions], seed: int = 0) -> StreamedEvaluation:
    """Evaluate predictions that come in parts; only one of them is in memory at a time.

    Args:
        parts: of one model, with the same classes.
        seed: of the resampled intervals.

    Raises:
        DataError: there is no row, or the parts have different classes, or only some have probabilities.
    """
    rest = iter(parts)
    first = next(rest, None)
    if first is None:
        raise DataError("there are no predictions to evaluate")
    tally = sum((_tally(part, first) for part in rest), start=Tally.of(first))
    if tally.n == 0:
        raise DataError("there are no predictions to evaluate")
    return StreamedEvaluation(tally, overall_metrics(tally, seed), class_metrics(tally), first.class_names)


def _tally(part: Predictions, first: Predictions) -> Tally:
    if part.class_names != first.class_names:
        raise DataError(
            f"a part has the classes {', '.join(part.class_names)}, the first {', '.join(first.class_names)}"
        )
    if len(part) and len(first) and part.graded != first.graded:
        raise DataError("some parts have probabilities and others have none; evaluate them apart")
    return Tally.of(part)
