"""Figures as the templates show them: a data URI, a sentence, a text alternative."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_report.evaluation.calibration import noise_floor
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.report import text
from mnist_report.report.gallery import data_uri
from mnist_report.report.members_figure import members_finding


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure: its source as a data URI, the sentence above it that states the finding, and its text alternative."""

    source: str
    finding: str
    alternative: str


def make_pictures(
    evaluation: Evaluation, class_names: Sequence[str], training: Mapping[str, Any], figures: Mapping[str, str]
) -> dict[str, Picture]:
    """The figures with what they say.

    Args:
        evaluation: that they show.
        class_names: in label order.
        training: of the model's card, or empty.
        figures: the SVG text of each figure by name.
    """
    findings = {
        "confusion": _confusion_finding(evaluation),
        "per_class": _weakest_finding(evaluation, class_names),
        "class_distribution": _support_finding(evaluation),
        "trend": "Accuracy from run to run on the same images",
        "training": f"The held-out loss was lowest after epoch {training.get('best_epoch')}",
    }
    if evaluation.tally.graded:
        findings["confidence"] = _confidence_finding(evaluation)
        findings["reliability"] = _reliability_finding(evaluation)
    if evaluation.ensemble is not None:
        findings["members"] = members_finding(evaluation.ensemble)
    if "risk_coverage" in figures:
        findings["risk_coverage"] = _coverage_finding(evaluation)
    kinds = {
        "confusion": "Heat map of the shares of each actual class by predicted class.",
        "per_class": "Accuracy of each class with its 95 % interval.",
        "confidence": "Histograms of the confidence of right and of wrong answers.",
        "reliability": "Accuracy by confidence, in bins, with 95 % intervals and the diagonal where the two are equal.",
        "risk_coverage": "Curve of the error rate among the surest answers by the share of answers kept.",
        "class_distribution": "Bars of the images of each class, actual and predicted.",
        "members": "Differences of the ensemble to each member in accuracy and log loss, with paired 95 % intervals.",
        "trend": "Line of the accuracy of each run with its 95 % interval, this run last.",
        "training": "Curves of loss and accuracy by epoch.",
    }
    return {
        name: Picture(data_uri("image/svg+xml", svg.encode()), findings[name], f"{kinds[name]} {findings[name]}.")
        for name, svg in figures.items()
        if name in findings
    }


def _confusion_finding(evaluation: Evaluation) -> str:
    pairs = evaluation.frames.confused_pairs.to_dict("records")
    if not pairs:
        return "No class is taken for another"
    first = pairs[0]
    if len(pairs) > 1 and pairs[1]["count"] == first["count"]:
        return f"No pair of classes is confused more than {text.plural(first['count'], 'time')}"
    return f"Most often, {first['actual']} is taken for {first['predicted']} ({text.plural(first['count'], 'time')})"


def _weakest_finding(evaluation: Evaluation, class_names: Sequence[str]) -> str:
    recalls = [(metrics["recall"], name) for metrics, name in zip(evaluation.per_class, class_names, strict=True)]
    present = sorted(((m.value, m, name) for m, name in recalls if m.n), key=lambda row: row[0])
    lowest, metric, name = present[0]
    if lowest == 1:
        return "Every class is right throughout"
    if present[-1][0] == 0:
        return "Every class is wrong throughout"
    if len(present) > 1 and present[1][0] == lowest:
        return f"The weakest classes are at {text.percent(metric)}"
    return f"{text.class_name(name)} is the weakest class, at {text.percent(metric)}"


def _confidence_finding(evaluation: Evaluation) -> str:
    wrong = evaluation.frames.confidence.set_index("group").to_dict("index")["wrong"]
    if wrong["n"] == 0:
        return "No answer is wrong"
    sure = round(wrong["n"] * wrong["share_over_099"])
    return f"{text.count(sure)} of {text.plural(wrong['n'], 'wrong answer')} came with a confidence of 0.99 or more"


def _reliability_finding(evaluation: Evaluation) -> str:
    ece, floor = evaluation.overall["ece"].value, noise_floor(evaluation.tally.bins)
    gap = evaluation.overall["overconfidence"]
    if not gap.ci_low <= 0 <= gap.ci_high:
        return f"On the whole it is {'more' if gap.value > 0 else 'less'} confident than right"
    # The floor is what chance shows in the mean; twice as much is rarely chance.
    if ece > 2 * floor:
        return "Right on the whole, but over-confident in some bins and under-confident in others"
    return "Confidence and accuracy agree, as far as so many images can tell"


def _coverage_finding(evaluation: Evaluation) -> str:
    coverage = evaluation.overall["coverage_at_999"].value
    if coverage == 0:
        return "No share of the surest answers is right 99.9 % of the time"
    return f"The surest {text.share(coverage, 1)} of the answers are right at least 99.9 % of the time"


def _support_finding(evaluation: Evaluation) -> str:
    support = evaluation.frames.per_class["support"]
    low, high = int(support.min()), int(support.max())
    return (
        f"The classes have {text.plural(high, 'image')} each"
        if low == high
        else (f"The classes have {text.count(low)} to {text.plural(high, 'image')}")
    )
