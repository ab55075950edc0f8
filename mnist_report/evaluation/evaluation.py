"""From predictions to numbers, in one step."""

from dataclasses import dataclass

from mnist_report.evaluation import findings
from mnist_report.evaluation.frames import Frames, make_frames
from mnist_report.evaluation.label_issues import LabelIssues, accuracy_without, find_label_issues
from mnist_report.evaluation.metrics import Metric, class_metrics, overall_metrics
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.ranking import class_ranking, overall_ranking
from mnist_report.evaluation.tally import Tally


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What is known about a set of predictions.

    Attributes:
        tally: the counts.
        overall: every metric of the whole set, by its fixed name.
        per_class: every metric of each class, in label order.
        label_issues: the labels that should be looked at.
        accuracy_without_suspects: the accuracy with the suspected label errors set aside; shown, never gated.
        findings: sentences about what is structurally wrong.
        frames: all tables.
    """

    tally: Tally
    overall: dict[str, Metric]
    per_class: tuple[dict[str, Metric], ...]
    label_issues: LabelIssues
    accuracy_without_suspects: Metric
    findings: tuple[str, ...]
    frames: Frames


def evaluate(predictions: Predictions, seed: int = 0) -> Evaluation:
    """Count the predictions, derive every metric and make every frame.

    Args:
        predictions: of one model on the whole set.
        seed: of the resampled intervals.
    """
    tally = Tally.of(predictions)
    overall = overall_metrics(tally, seed) | overall_ranking(predictions)
    per_class = tuple(
        own | ranked for own, ranked in zip(class_metrics(tally, seed), class_ranking(predictions), strict=True)
    )
    issues = find_label_issues(predictions.labels, predictions.rows)
    return Evaluation(
        tally=tally,
        overall=overall,
        per_class=per_class,
        label_issues=issues,
        accuracy_without_suspects=accuracy_without(issues.suspected, predictions.right),
        findings=findings.find(predictions, tally),
        frames=make_frames(predictions, tally, overall, per_class, issues),
    )
