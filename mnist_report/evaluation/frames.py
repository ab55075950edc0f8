"""The frames: every table of the report as a pandas DataFrame, written to frames/<name>.csv."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.calibration import risk_coverage
from mnist_report.evaluation.label_issues import LabelIssues
from mnist_report.evaluation.metrics import INTERVALS, NOT_MERGEABLE, Metric, proportion
from mnist_report.evaluation.mistakes import EXAMPLES, near_misses, worst_first
from mnist_report.evaluation.power import THRESHOLDS, detectable
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.tally import BINS, Bins, Tally

if TYPE_CHECKING:
    import pandas as pd

CONFIDENT = 0.99
POINTS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The tables of one evaluation; proportions in [0, 1], a value that is not defined is NaN.

    Of predictions without probabilities, confidence, calibration, risk_coverage, near_misses and label_issues have no
    rows.

    Attributes:
        overall: a row per metric: metric, value, ci_low, ci_high (95 %), n, interval (exact, resampled, normal or none)
            and mergeable (whether parts of the data can be added up to it).
        per_class: a row per class: class, support, predicted (how often it was), and for recall (the class's
            accuracy), precision, f1, mean_confidence, roc_auc and average_precision (both one-vs-rest) the value and
            its ci_low and ci_high.
        confusion: a row per true class: actual, then a column of counts per predicted class.
        confidence: a row per group (all, right, wrong, class <name>): group, n, mean, median, p05, p95 and
            share_over_099 of the predicted class's probability; without every row the middle three are NaN.
        confused_pairs: a row per pair of true and predicted class that occurs, most frequent first: actual,
            predicted, count, share_of_actual, examples (the indices of up to five of the pair's images, those with the
            highest loss first, separated by spaces; without probabilities the first five).
        calibration: a row per equal-width bin of confidence that has images: low, high, n, mean_confidence, accuracy,
            ci_low and ci_high of the accuracy (exact 95 %).
        risk_coverage: at most 200 points of the curve: coverage (share of images kept, surest first), risk (share of
            errors among them), threshold (the lowest confidence among them).
        near_misses: the 20 right predictions with the smallest margin: index, label, runner_up, confidence, margin.
        label_issues: the 50 images whose labels should be looked at first: rank, index, label, predicted,
            self_confidence (the label's probability), alternative, alternative_probability, suspected, reason.
        mistakes: a row per wrong prediction, worst-first by loss (without probabilities by index): index, actual,
            predicted, confidence, margin, actual_probability, loss (nats).
        slices: a row per slice: slice (column=value), n, errors, accuracy, ci_low and ci_high (exact 95 %).
        power: a row for the whole set (class empty) and for each class: metric, class, n, threshold (the default
            gate's), shortfall and margin (see `power.Detectable`).
    """

    overall: "pd.DataFrame"
    per_class: "pd.DataFrame"
    confusion: "pd.DataFrame"
    confidence: "pd.DataFrame"
    confused_pairs: "pd.DataFrame"
    calibration: "pd.DataFrame"
    risk_coverage: "pd.DataFrame"
    near_misses: "pd.DataFrame"
    label_issues: "pd.DataFrame"
    mistakes: "pd.DataFrame"
    slices: "pd.DataFrame"
    power: "pd.DataFrame"

    def items(self) -> list[tuple[str, "pd.DataFrame"]]:
        """Each frame with its name."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


def make_frames(
    predictions: Predictions,
    tally: Tally,
    *,
    overall: Mapping[str, Metric],
    per_class: Sequence[Mapping[str, Metric]],
    issues: LabelIssues,
    slices: Mapping[str, Metric],
) -> Frames:
    """All frames of one set of predictions and of what was derived from it."""
    return Frames(
        overall=overall_frame(overall),
        per_class=per_class_frame(tally, per_class, predictions.class_names),
        confusion=confusion_frame(tally, predictions.class_names),
        confidence=confidence_frame(predictions),
        confused_pairs=confused_pairs_frame(predictions, tally),
        calibration=calibration_frame(tally.bins),
        risk_coverage=risk_coverage_frame(predictions),
        near_misses=near_misses_frame(predictions),
        label_issues=label_issues_frame(predictions, issues),
        mistakes=mistakes_frame(predictions),
        slices=slices_frame(slices),
        power=power_frame(tally, predictions.class_names),
    )


def overall_frame(overall: Mapping[str, Metric]) -> "pd.DataFrame":
    """See `Frames.overall`."""
    import pandas as pd

    rows = [
        (name, m.value, m.ci_low, m.ci_high, m.n, INTERVALS.get(name, "none"), name not in NOT_MERGEABLE)
        for name, m in overall.items()
    ]
    return pd.DataFrame(rows, columns=["metric", "value", "ci_low", "ci_high", "n", "interval", "mergeable"])


def per_class_frame(
    tally: Tally, per_class: Sequence[Mapping[str, Metric]], class_names: tuple[str, ...]
) -> "pd.DataFrame":
    """See `Frames.per_class`."""
    import pandas as pd

    rows = []
    for k, (name, metrics) in enumerate(zip(class_names, per_class, strict=True)):
        row: dict[str, object] = {
            "class": name,
            "support": int(tally.confusion[k].sum()),
            "predicted": int(tally.confusion[:, k].sum()),
        }
        for metric, m in metrics.items():
            row |= {metric: m.value, f"{metric}_ci_low": m.ci_low, f"{metric}_ci_high": m.ci_high}
        rows.append(row)
    return pd.DataFrame(rows)


def confusion_frame(tally: Tally, class_names: tuple[str, ...]) -> "pd.DataFrame":
    """See `Frames.confusion`."""
    import pandas as pd

    frame = pd.DataFrame(tally.confusion, columns=list(class_names))
    frame.insert(0, "actual", list(class_names), allow_duplicates=True)  # a class may be called like that
    return frame


def confidence_frame(predictions: Predictions) -> "pd.DataFrame":
    """See `Frames.confidence`."""
    import pandas as pd

    everyone = np.ones(len(predictions), dtype=bool)
    groups = {"all": everyone, "right": predictions.right, "wrong": ~predictions.right}
    groups |= {f"class {name}": predictions.labels == k for k, name in enumerate(predictions.class_names)}
    if not predictions.graded:
        groups = {}
    rows = [(group, *_distribution(predictions.confidence[chosen])) for group, chosen in groups.items()]
    return pd.DataFrame(rows, columns=["group", "n", "mean", "median", "p05", "p95", "share_over_099"])


def confused_pairs_frame(predictions: Predictions, tally: Tally) -> "pd.DataFrame":
    """See `Frames.confused_pairs`."""
    import pandas as pd

    examples: dict[tuple[int, int], list[int]] = {}
    worst = worst_first(predictions)
    pairs = zip(predictions.labels[worst].tolist(), predictions.predicted[worst].tolist(), strict=True)
    for pair, index in zip(pairs, predictions.places(worst).tolist(), strict=True):
        examples.setdefault(pair, []).append(index)
    count, support = tally.confusion, tally.confusion.sum(axis=1)
    names = predictions.class_names
    rows = [
        (names[a], names[p], int(count[a, p]), count[a, p] / support[a], " ".join(map(str, found[:EXAMPLES])))
        for (a, p), found in examples.items()
    ]
    columns = ["actual", "predicted", "count", "share_of_actual", "examples"]
    frame = pd.DataFrame(rows, columns=columns)
    # Stable: among equal counts, the pair with the worse example stays first.
    return frame.sort_values("count", ascending=False, kind="stable", ignore_index=True)


def calibration_frame(bins: Bins) -> "pd.DataFrame":
    """See `Frames.calibration`."""
    import pandas as pd

    rows = []
    for k in np.flatnonzero(bins.n):
        accuracy = proportion(int(bins.right[k]), int(bins.n[k]))
        mean_confidence = bins.confidence[k] / bins.n[k]
        row = (k / BINS, (k + 1) / BINS, accuracy.n, mean_confidence)
        rows.append((*row, accuracy.value, accuracy.ci_low, accuracy.ci_high))
    return pd.DataFrame(rows, columns=["low", "high", "n", "mean_confidence", "accuracy", "ci_low", "ci_high"])


def risk_coverage_frame(predictions: Predictions) -> "pd.DataFrame":
    """See `Frames.risk_coverage`."""
    import pandas as pd

    if not predictions.graded:
        return pd.DataFrame({name: np.empty(0) for name in ("coverage", "risk", "threshold")})
    curve = risk_coverage(predictions.confidence, predictions.right)
    points = np.unique(np.linspace(0, len(predictions) - 1, POINTS).round().astype(int))
    return pd.DataFrame(
        {"coverage": curve.coverage[points], "risk": curve.risk[points], "threshold": curve.threshold[points]}
    )


def near_misses_frame(predictions: Predictions) -> "pd.DataFrame":
    """See `Frames.near_misses`."""
    import pandas as pd

    index = near_misses(predictions)
    names = np.array(predictions.class_names, dtype=object)
    return pd.DataFrame(
        {
            "index": predictions.places(index),
            "label": names[predictions.labels[index]],
            "runner_up": names[predictions.runner_up[index]],
            "confidence": predictions.confidence[index],
            "margin": predictions.margins(index),
        }
    )


def label_issues_frame(predictions: Predictions, issues: LabelIssues) -> "pd.DataFrame":
    """See `Frames.label_issues`."""
    import pandas as pd

    names = predictions.class_names
    rows = [
        (
            place + 1,
            int(predictions.places(index)),
            names[predictions.labels[index]],
            names[predictions.predicted[index]],
            issues.self_confidence[place],
            names[issues.alternative[place]],
            issues.alternative_probability[place],
            bool(issues.suspected[index]),
            issues.reason(place, predictions.labels, names),
        )
        for place, index in enumerate(issues.index)
    ]
    columns = ["rank", "index", "label", "predicted", "self_confidence", "alternative", "alternative_probability"]
    return pd.DataFrame(rows, columns=[*columns, "suspected", "reason"])


def mistakes_frame(predictions: Predictions) -> "pd.DataFrame":
    """See `Frames.mistakes`."""
    import pandas as pd

    index = worst_first(predictions)
    names = np.array(predictions.class_names, dtype=object)
    return pd.DataFrame(
        {
            "index": predictions.places(index),
            "actual": names[predictions.labels[index]],
            "predicted": names[predictions.predicted[index]],
            "confidence": predictions.confidence[index],
            "margin": predictions.margins(index),
            "actual_probability": np.exp(-predictions.loss[index]),
            "loss": predictions.loss[index],
        }
    )


def slices_frame(slices: Mapping[str, Metric]) -> "pd.DataFrame":
    """See `Frames.slices`."""
    import pandas as pd

    rows = [(name, m.n, round(m.n * (1 - m.value)), m.value, m.ci_low, m.ci_high) for name, m in slices.items()]
    return pd.DataFrame(rows, columns=["slice", "n", "errors", "accuracy", "ci_low", "ci_high"])


def power_frame(tally: Tally, class_names: tuple[str, ...]) -> "pd.DataFrame":
    """See `Frames.power`."""
    import pandas as pd

    groups = [("accuracy", "", tally.n)]
    groups += [("recall", name, int(n)) for name, n in zip(class_names, tally.confusion.sum(axis=1), strict=True)]
    rows = []
    for metric, name, n in groups:
        found = detectable(THRESHOLDS[metric], n)
        rows.append((metric, name, n, THRESHOLDS[metric], found.shortfall, found.margin))
    return pd.DataFrame(rows, columns=["metric", "class", "n", "threshold", "shortfall", "margin"])


def _distribution(values: NDArray[np.float64]) -> tuple[float, ...]:
    """n, mean, median, 5th and 95th percentile (linear interpolation), share at or over 0.99."""
    if len(values) == 0:
        return (0, *[float("nan")] * 5)
    p05, median, p95 = np.percentile(values, [5, 50, 95])
    return len(values), float(values.mean()), float(median), float(p05), float(p95), float((values >= CONFIDENT).mean())
