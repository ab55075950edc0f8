"""The report's tables, as strings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from mnist_report.evaluation.calibration import noise_floor
from mnist_report.evaluation.evaluation import CHANGED_BY_TEMPERATURE, Evaluation
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.mistakes import MOST_LISTED
from mnist_report.evaluation.quartiles import STEP
from mnist_report.report import text


class Link(str):
    """Text that leads to an id of the same page."""

    __slots__ = ("target",)
    target: str

    def __new__(cls, shown: str, target: str) -> Self:
        """The text `shown`, which leads to `target`."""
        link = super().__new__(cls, shown)
        link.target = target
        return link

    def with_text(self, shown: str) -> "Link":
        """Another text that leads there."""
        return Link(shown, self.target)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of strings; the first column is each row's heading, the columns in `numeric` are right-aligned.

    Where there are `ids`, they are the rows', by which a reader or another page can point at one.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int]
    ids: tuple[str, ...] = ()


MOST_PAIRS = 10
COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1)

METRIC_NAMES = {
    "accuracy": ("Accuracy", "share of images whose most probable class is the label"),
    "errors": ("Errors", "images whose most probable class is not the label"),
    "balanced_accuracy": ("Balanced accuracy", "mean of the classes' recalls"),
    "macro_precision": ("Macro precision", "mean of the classes' precisions"),
    "macro_recall": ("Macro recall", "mean of the classes' recalls"),
    "macro_f1": ("Macro F1", "mean of the classes' F1 scores"),
    "mcc": ("Matthews correlation", "1 is perfect, 0 is chance"),
    "cohen_kappa": ("Cohen's kappa", "agreement beyond chance; 1 is perfect"),
    "top2_accuracy": ("Top-2 accuracy", "the label is among the two most probable classes"),
    "log_loss": ("Log loss", "mean of -ln(probability of the label), in nats; lower is better"),
    "ece": (
        "Calibration error (ECE)",
        "mean distance of confidence and accuracy over 15 equal-width bins; lower is better",
    ),
    "ece_equal_mass": (
        "Calibration error, equal-mass",
        "mean distance of confidence and accuracy over 15 bins of equally many images",
    ),
    "overconfidence": ("Over-confidence", "mean confidence less accuracy; 0 is best"),
    "aurc": ("Area under risk-coverage", "mean error rate over all shares of surest answers; lower is better"),
    "coverage_at_999": (
        "Coverage at 99.9 % accuracy",
        "share of the images, surest first, with at least that accuracy",
    ),
    "brier": ("Brier score", "mean squared distance between probabilities and truth, 0 to 2; lower is better"),
    "mean_confidence": ("Mean confidence", "mean probability of the predicted class"),
}
SHARES = {
    "accuracy",
    "balanced_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "top2_accuracy",
    "mean_confidence",
    "coverage_at_999",
}


def overall_table(metrics: Mapping[str, Metric]) -> Table:
    """Every metric of the whole set."""
    rows = []
    for name, metric in metrics.items():
        title, meaning = METRIC_NAMES[name]
        if name == "errors":
            value, spread = text.count(int(metric.value)), text.DASH
        elif name in SHARES:
            value, spread = text.percent(metric), text.percent_interval(metric)
        else:
            value, spread = text.number(metric.value, 4), text.interval(metric, 4)
        rows.append((title, value, spread, meaning))
    ids = tuple(f"metric-{name}" for name in metrics)
    return Table(("Metric", "Value", "95 % interval", "Meaning"), tuple(rows), frozenset({1, 2}), ids)


def counted_note(evaluation: Evaluation) -> str:
    """What is not there where the rows were not kept, else ""."""
    if not evaluation.counted:
        return ""
    return (
        "The images were counted part by part. What needs every row at once was left out: equal-mass calibration "
        "error, risk-coverage, ROC AUC, average precision, the percentiles of confidence and the number of suspected "
        f"labels. Slants were rounded to {STEP:g} before they were cut into quarters, so an image on the boundary may "
        "stand in the next one. Of mistakes and hard images those are listed that matter most, at least the "
        f"{text.count(MOST_LISTED)} worst mistakes."
    )


def _known(table: Table, evaluation: Evaluation) -> Table:
    """A table without the columns that images counted part by part have nothing for."""
    if not evaluation.counted or not table.rows:
        return table
    kept = [k for k in range(len(table.columns)) if any(row[k] != text.DASH for row in table.rows)]
    return Table(
        tuple(table.columns[k] for k in kept),
        tuple(tuple(row[k] for k in kept) for row in table.rows),
        frozenset(new for new, k in enumerate(kept) if k in table.numeric),
        table.ids,
    )


def per_class_table(evaluation: Evaluation, class_names: Sequence[str]) -> Table:
    """Every class's rates."""
    rows = []
    for k, (name, metrics) in enumerate(zip(class_names, evaluation.per_class, strict=True)):
        support, right = int(evaluation.tally.confusion[k].sum()), int(evaluation.tally.confusion[k, k])
        recall = metrics["recall"]
        row = (name, text.count(support), text.count(support - right), text.percent(recall))
        rest = (text.percent_interval(recall), text.percent(metrics["precision"]), text.percent(metrics["f1"]))
        ranked = (text.number(metrics["roc_auc"].value, 4), text.number(metrics["average_precision"].value, 4))
        rows.append((*row, *rest, *ranked))
    columns = (
        *("Class", "Support", "Errors", "Accuracy (recall)", "95 % interval", "Precision", "F1"),
        *("ROC AUC", "Average precision"),
    )
    ids = tuple(f"class-{k}" for k in range(len(rows)))
    return _known(Table(columns, tuple(rows), frozenset(range(1, len(columns))), ids), evaluation)


def pairs_caption(evaluation: Evaluation) -> str:
    """What `pairs_table` shows of how many."""
    pairs = len(evaluation.frames.confused_pairs)
    rest = f" ({MOST_PAIRS} of {pairs}; frames/confused_pairs.csv has all)" if pairs > MOST_PAIRS else ""
    return f"Most confused pairs{rest}"


def pairs_table(evaluation: Evaluation, shown: Collection[int] = ()) -> Table:
    """The most confused pairs; the first of their worst examples (without probabilities, of their first ones) leads to
    its image where that is shown.
    """
    pairs = evaluation.frames.confused_pairs.head(MOST_PAIRS)
    rows = tuple(
        (
            _pair(row, shown),
            text.count(row["count"]),
            text.share(row["share_of_actual"], 2),
            ", ".join(f"#{index}" for index in row["examples"].split()),
        )
        for row in pairs.to_dict("records")
    )
    examples = "Worst examples" if evaluation.tally.graded else "First examples"
    return Table(("Pair", "Images", "Share of the class", examples), rows, frozenset({1, 2, 3}))


def _pair(row: Mapping[Any, Any], shown: Collection[int]) -> str:
    said, worst = f"{row['actual']} taken for {row['predicted']}", int(row["examples"].split()[0])
    return Link(said, f"image-{worst}") if worst in shown else said


def confidence_table(evaluation: Evaluation) -> Table:
    """How the confidence is distributed."""
    rows = tuple(
        (
            row["group"],
            text.count(row["n"]),
            *(text.share(row[name], 2) for name in ("mean", "median", "p05", "p95")),
            text.share(row["share_over_099"], 1),
        )
        for row in evaluation.frames.confidence.to_dict("records")
    )
    columns = ("Group", "Images", "Mean", "Median", "5th percentile", "95th percentile", "At 0.99 or above")
    return _known(Table(columns, rows, frozenset(range(1, len(columns)))), evaluation)


def calibration_table(evaluation: Evaluation) -> Table:
    """The bins of the reliability diagram that hold images."""
    rows = []
    for row in evaluation.frames.calibration.to_dict("records"):
        accuracy = Metric(row["accuracy"], row["ci_low"], row["ci_high"], row["n"])
        bounds = f"{row['low']:.3f} {text.DASH} {row['high']:.3f}"
        shares = (text.share(row["mean_confidence"], 2), text.share(accuracy.value, 2), text.percent_interval(accuracy))
        rows.append((bounds, text.count(row["n"]), *shares))
    columns = ("Confidence", "Images", "Mean confidence", "Accuracy", "95 % interval")
    return Table(columns, tuple(rows), frozenset(range(1, len(columns))))


def coverage_table(evaluation: Evaluation) -> Table:
    """The error rate among the surest answers, at the points of the curve nearest to some round shares."""
    curve = evaluation.frames.risk_coverage
    nearest = sorted({int((curve["coverage"] - share).abs().argmin()) for share in COVERAGES}) if len(curve) else []
    rows = tuple(
        (text.share(row["coverage"], 1), text.share(row["risk"], 3), text.share(row["threshold"], 2))
        for row in curve.iloc[nearest].to_dict("records")
    )
    return Table(("Share kept, surest first", "Error rate among them", "Least confidence"), rows, frozenset({1, 2}))


def calibration_note(evaluation: Evaluation) -> str:
    """The ECE beside what chance alone would show, or why there is none."""
    if not evaluation.tally.graded:
        return "The predictions came without probabilities, so there is no confidence to be trusted or doubted."
    ece, floor = evaluation.overall["ece"].value, noise_floor(evaluation.tally.bins)
    return (
        f"The calibration error (ECE) is {text.number(ece, 4)}; a perfectly calibrated model with these confidences "
        f"would show about {text.number(floor, 4)} on so many images, by chance alone."
    )


def label_issues_note(evaluation: Evaluation) -> str:
    """How many are suspected, and the accuracy without them; "" where none can be."""
    if not evaluation.tally.graded:
        return ""
    if evaluation.counted:
        return "These are the labels that the model believes in least. How many look wrong to it was not counted."
    suspected = int(evaluation.label_issues.suspected.sum())
    if suspected == 0:
        return "No label is suspected; these are the ones that the model believes in least."
    without = evaluation.accuracy_without_suspects
    return (
        f"{text.plural(suspected, 'label')} {'looks' if suspected == 1 else 'look'} wrong to the model; it may be the "
        f"model that is wrong. With them set aside the accuracy would be {text.percent(without)} "
        f"({text.percent_interval(without)}); every number elsewhere in this report includes them."
    )


def temperature_table(evaluation: Evaluation) -> Table:
    """What temperature scaling would change; dashes where the model's temperature is not known."""
    tempered = evaluation.tempered
    rows = []
    for name in CHANGED_BY_TEMPERATURE:
        after = text.number(tempered.overall[name].value, 4) if tempered else text.DASH
        rows.append((METRIC_NAMES[name][0], text.number(evaluation.overall[name].value, 4), after))
    return Table(("Metric", "As it is", "With temperature"), tuple(rows), frozenset({1, 2}))


def temperature_note(evaluation: Evaluation) -> str:
    """Where the temperature comes from, and that nothing else in the report has it."""
    if not evaluation.tally.graded:
        return ""
    if evaluation.ensemble is not None:
        return "Temperature scaling: no temperature is known for the mean of several models."
    if evaluation.tempered is None:
        return "Temperature scaling: no temperature is known, since the model has no card with one."
    return (
        f"Temperature scaling would divide the logits by {evaluation.tempered.temperature:.3f}, fitted on training "
        "images that were held out, never on these. No prediction would change; every other number in this report is "
        "without it."
    )


def slices_table(evaluation: Evaluation) -> Table:
    """The accuracy of each slice."""
    rows = tuple(
        (
            name,
            text.count(accuracy.n),
            text.count(round(accuracy.n * (1 - accuracy.value))),
            text.percent(accuracy),
            text.percent_interval(accuracy),
        )
        for name, accuracy in evaluation.slices.items()
    )
    ids = tuple(f"slice-{k}" for k in range(len(rows)))
    return Table(("Slice", "Images", "Errors", "Accuracy", "95 % interval"), rows, frozenset({1, 2, 3, 4}), ids)


def power_table(evaluation: Evaluation) -> Table:
    """What the images can show of each threshold; in percentage points."""
    rows = tuple(
        (
            f"{row['class']} (recall)" if row["class"] else "accuracy",
            text.count(row["n"]),
            f"{100 * row['threshold']:g} %",
            text.number(100 * row["shortfall"], 2),
            text.number(100 * row["margin"], 2),
        )
        for row in evaluation.frames.power.to_dict("records")
    )
    columns = ("Of", "Images", "Threshold", "Shortfall found, pp", "Margin found, pp")
    return Table(columns, rows, frozenset({1, 2, 3, 4}))
