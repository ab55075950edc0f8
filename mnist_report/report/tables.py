"""The report's tables, as strings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mnist_report.evaluation.calibration import noise_floor
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.metrics import Metric
from mnist_report.report import text


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of strings; the first column is each row's heading, the columns in `numeric` are right-aligned."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int]


MOST_PAIRS = 10

METRIC_NAMES = {
    "accuracy": ("Accuracy", "share of images whose most probable class is the label"),
    "errors": ("Errors", "images that were not"),
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
    "ece_equal_mass": ("Calibration error, equal-mass", "the same over 15 bins of equally many images"),
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
    return Table(("Metric", "Value", "95 % interval", "Meaning"), tuple(rows), frozenset({1, 2}))


def per_class_table(evaluation: Evaluation, class_names: Sequence[str]) -> Table:
    """Every class's rates."""
    rows = []
    for k, (name, metrics) in enumerate(zip(class_names, evaluation.per_class, strict=True)):
        support, right = int(evaluation.tally.confusion[k].sum()), int(evaluation.tally.confusion[k, k])
        recall = metrics["recall"]
        row = (name, text.count(support), text.count(support - right), text.percent(recall))
        rest = (text.percent_interval(recall), text.percent(metrics["precision"]), text.percent(metrics["f1"]))
        rows.append(row + rest)
    columns = ("Class", "Support", "Errors", "Accuracy (recall)", "95 % interval", "Precision", "F1")
    return Table(columns, tuple(rows), frozenset(range(1, len(columns))))


def pairs_caption(evaluation: Evaluation) -> str:
    """What `pairs_table` shows of how many."""
    pairs = len(evaluation.frames.confused_pairs)
    rest = f" ({MOST_PAIRS} of {pairs}; frames/confused_pairs.csv has all)" if pairs > MOST_PAIRS else ""
    return f"Most confused pairs{rest}"


def pairs_table(evaluation: Evaluation) -> Table:
    """The most confused pairs."""
    pairs = evaluation.frames.confused_pairs.head(MOST_PAIRS)
    rows = tuple(
        (
            f"{row['actual']} taken for {row['predicted']}",
            text.count(row["count"]),
            text.share(row["share_of_actual"], 2),
            f"#{row['worst_index']}",
        )
        for row in pairs.to_dict("records")
    )
    return Table(("Pair", "Images", "Share of the class", "Worst example"), rows, frozenset({1, 2, 3}))


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
    return Table(columns, rows, frozenset(range(1, len(columns))))


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


def calibration_note(evaluation: Evaluation) -> str:
    """The ECE beside what chance alone would show."""
    ece, floor = evaluation.overall["ece"].value, noise_floor(evaluation.tally.bins)
    return (
        f"The calibration error (ECE) is {text.number(ece, 4)}; a perfectly calibrated model with these confidences "
        f"would show about {text.number(floor, 4)} on so many images, by chance alone."
    )


def near_misses_table(evaluation: Evaluation) -> Table:
    """The right predictions with the smallest margin."""
    rows = tuple(
        (
            f"#{row['index']}",
            row["label"],
            row["runner_up"],
            text.share(row["confidence"], 1),
            text.share(row["margin"], 1),
        )
        for row in evaluation.frames.near_misses.head(MOST_PAIRS).to_dict("records")
    )
    return Table(("Image", "Class", "Runner-up", "Confidence", "Margin"), rows, frozenset({3, 4}))


def label_issues_table(evaluation: Evaluation) -> Table:
    """The labels that should be looked at first."""
    rows = tuple(
        (f"#{row['index']}", row["label"], "suspected" if row["suspected"] else text.DASH, row["reason"])
        for row in evaluation.frames.label_issues.head(MOST_PAIRS).to_dict("records")
    )
    return Table(("Image", "Label", "", "Why"), rows, frozenset())


def label_issues_note(evaluation: Evaluation) -> str:
    """How many are suspected, and the accuracy without them."""
    suspected = int(evaluation.label_issues.suspected.sum())
    if suspected == 0:
        return "No label is suspected; these are the ones that the model believes in least."
    without = evaluation.accuracy_without_suspects
    return (
        f"{text.plural(suspected, 'label')} {'is' if suspected == 1 else 'are'} suspected, never more than that. With "
        f"them set aside the accuracy would be {text.percent(without)} ({text.percent_interval(without)}); every "
        "number elsewhere in this report includes them."
    )


def layers_table(layers: Iterable[Mapping[str, Any]]) -> Table:
    """The model's layers."""
    rows = tuple(
        (layer["name"], layer["kind"], layer["output_shape"] or text.DASH, text.count(layer["parameters"]))
        for layer in layers
    )
    return Table(("Layer", "Kind", "Output", "Parameters"), rows, frozenset({3}))


def history_table(history: Iterable[Mapping[str, Any]]) -> Table:
    """The epochs of the model's training."""
    rows = tuple(
        (
            str(epoch["epoch"]),
            text.number(epoch["loss"], 4),
            text.share(epoch["accuracy"], 2),
            text.number(epoch["val_loss"], 4),
            text.share(epoch["val_accuracy"], 2),
            f"{epoch['learning_rate']:.2g}",
            text.duration(epoch["seconds"]),
        )
        for epoch in history
    )
    columns = ("Epoch", "Loss", "Accuracy", "Held-out loss", "Held-out accuracy", "Learning rate", "Time")
    return Table(columns, rows, frozenset(range(1, len(columns))))


def provenance_rows(facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What exactly was run, as terms and their values."""
    model, data, device, host = facts["model"], facts["data"], facts["device"], facts["host"]
    card = model["card"] or {}
    rows = {
        "Run": facts["run_id"],
        "Created": moment(facts["created"]),
        "Command": facts["command"],
        "Git commit (of the folder it ran in)": facts["git_commit"] or text.DASH,
        "Model file": ", ".join(
            [
                model["path"],
                *(["shipped with mnist-report"] if model["shipped"] else []),
                f"{model['format']}, {text.size(model['size_bytes'])}",
            ]
        ),
        "Model sha256": model["sha256"],
        "Parameters": f"{text.count(model['parameters'])}, {text.count(model['trainable_parameters'])} trainable",
        "Trained with": _recipe(card) if card else "no model card",
        "Data": data_name(data),
        "Data sha256": data["sha256"],
        "Device": f"{device['name']} ({device['kind']}), {device['backend']} backend",
        "Inference": (
            f"{text.duration(device['inference_s'])}, {text.count(round(device['images_per_second']))} images/s "
            f"in batches of {device['batch_size']}, compilation included"
        ),
        "Seed": str(facts["seed"]),
        "Host": f"{host['name']}, {host['system']}",
        "Versions": ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
    }
    return tuple(rows.items())


def data_name(data: Mapping[str, Any]) -> str:
    """Like "mnist, test split, 10,000 images"."""
    return f"{data['source']}, {data['split']} split, {text.plural(data['n'], 'image')}"


def moment(iso: str) -> str:
    """Like "22 November 2026, 16:30 UTC"."""
    time = datetime.fromisoformat(iso)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def _recipe(card: Mapping[str, Any]) -> str:
    recipe = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in card["recipe"].items())
    data = card["data"]
    return (
        f"{recipe}; {text.count(data['n_trained_on'])} images of {data['source']} ({data['split']} split), "
        f"{text.count(data['n_held_out'])} held out"
    )
