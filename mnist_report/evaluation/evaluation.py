"""From predictions to numbers, in one step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation import findings
from mnist_report.evaluation.ensemble import Ensemble, Member, evaluate_members, member_findings
from mnist_report.evaluation.frames import Frames, make_frames
from mnist_report.evaluation.label_issues import LabelIssues, accuracy_without, find_label_issues
from mnist_report.evaluation.metrics import Metric, class_metrics, overall_metrics, undefined
from mnist_report.evaluation.parts import parts_of
from mnist_report.evaluation.predictions import Predictions, Scores, brier_score, log_loss
from mnist_report.evaluation.ranking import class_ranking, overall_ranking
from mnist_report.evaluation.slices import slice_accuracies
from mnist_report.evaluation.tally import Tally
from mnist_report.model.temperature import with_temperature

# Which class is the most probable does not depend on the temperature, so accuracy and its kin stay the same.
CHANGED_BY_TEMPERATURE = ("log_loss", "brier", "ece", "mean_confidence", "overconfidence")
NO_COLUMNS: Mapping[str, NDArray[Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tempered:
    """The metrics that temperature scaling changes, as they would be with it.

    Attributes:
        temperature: fitted on held-out training images, never on the images that are evaluated.
        overall: log loss, Brier score, ECE, mean confidence and over-confidence, by their fixed names.
    """

    temperature: float
    overall: dict[str, Metric]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What is known about a set of predictions.

    Attributes:
        tally: the counts.
        seed: of the resampled intervals.
        overall: every metric of the whole set, by its fixed name.
        per_class: every metric of each class, in label order.
        label_issues: the labels that should be looked at.
        accuracy_without_suspects: the accuracy with the suspected label errors set aside; shown, never gated. NaN where
            none can be suspected, without probabilities, or they were not counted.
        slices: the accuracy of each slice, by its name "column=value".
        tempered: what the model's temperature would change, or None where it has none.
        findings: sentences about what is structurally wrong.
        frames: all tables.
        counted: whether the rows were counted part by part and not kept, so that what needs all of them is not there.
        ensemble: how it does beside its members, or None where one model answered.
    """

    tally: Tally
    seed: int
    overall: dict[str, Metric]
    per_class: tuple[dict[str, Metric], ...]
    label_issues: LabelIssues
    accuracy_without_suspects: Metric
    slices: dict[str, Metric]
    tempered: Tempered | None
    findings: tuple[str, ...]
    frames: Frames
    counted: bool = False
    ensemble: Ensemble | None = None


def evaluate(
    predictions: Predictions,
    seed: int = 0,
    slice_columns: Mapping[str, NDArray[Any]] = NO_COLUMNS,
    temperature: float | None = None,
    members: Sequence[Member] = (),
) -> Evaluation:
    """Count the predictions, derive every metric and make every frame.

    Args:
        predictions: of one model, or of an ensemble, on the whole set.
        seed: of the resampled intervals.
        slice_columns: by name, each image's value as text of shape (n,); see `slices`.
        temperature: that the model's training found, or None.
        members: of the ensemble, if it is one.
    """
    tally = Tally.of(predictions)
    overall = overall_metrics(tally, seed) | overall_ranking(predictions)
    per_class = tuple(
        own | ranked for own, ranked in zip(class_metrics(tally), class_ranking(predictions), strict=True)
    )
    slices = slice_accuracies(predictions.right, slice_columns)
    graded = predictions.graded
    issues = find_label_issues(predictions.labels, predictions.in_parts if graded else None)
    without = accuracy_without(issues.suspected, predictions.right) if graded else undefined(len(predictions))
    return Evaluation(
        tally=tally,
        seed=seed,
        overall=overall,
        per_class=per_class,
        label_issues=issues,
        accuracy_without_suspects=without,
        slices=slices,
        tempered=tempered(tally_at(predictions, temperature), temperature) if graded and temperature else None,
        findings=(*member_findings(members), *findings.find(tally, predictions.class_names)),
        frames=make_frames(predictions, tally, overall=overall, per_class=per_class, issues=issues, slices=slices),
        ensemble=evaluate_members(predictions, members, seed) if members else None,
    )


def tally_at(predictions: Predictions, temperature: float) -> Tally:
    """Count predictions as they would be with temperature scaling."""
    n, rows = len(predictions), predictions.in_parts
    confidence, of_truth, brier = np.empty(n), np.empty(n), np.empty(n)
    for part in parts_of(n):
        warmer = with_temperature(rows[part], temperature)
        every = np.arange(len(warmer))
        confidence[part] = warmer[every, predictions.predicted[part]]
        of_truth[part] = warmer[every, predictions.labels[part]]
        brier[part] = brier_score(warmer, of_truth[part])
    # The predicted class stays, whatever rounding makes of a close call.
    scaled = Scores(
        class_names=predictions.class_names,
        labels=predictions.labels,
        predicted=predictions.predicted,
        runner_up=predictions.runner_up,
        confidence=confidence,
        loss=log_loss(of_truth),
        brier=brier,
    )
    return Tally.of(scaled)


def tempered(tally: Tally, temperature: float) -> Tempered:
    """The metrics of a tally with temperature scaling."""
    overall = overall_metrics(tally)
    return Tempered(temperature, {name: overall[name] for name in CHANGED_BY_TEMPERATURE})
