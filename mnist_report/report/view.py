"""The view: everything that the templates show, as ready strings."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.mistakes import worst_first
from mnist_report.report import tables, text
from mnist_report.report.digits import png
from mnist_report.report.tables import Table
from mnist_report.runs.folder import StoredRun


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure: its source as a data URI, the sentence above it that states the finding, and its text alternative."""

    source: str
    finding: str
    alternative: str


@dataclass(frozen=True, slots=True)
class Digit:
    """One image of the data set with what was said about it."""

    anchor: str
    source: str
    alternative: str
    index: str
    actual: str
    predicted: str
    confidence: str
    right: bool


@dataclass(frozen=True, slots=True)
class View:
    """The report, ready to be set."""

    title: str
    run_id: str
    created: str
    headline: str
    summary: str
    key_figures: tuple[tuple[str, str, str], ...]
    findings: tuple[str, ...]
    overall: Table
    per_class: Table
    confused_pairs: Table
    confused_pairs_caption: str
    confidence: Table
    calibration: Table
    calibration_note: str
    near_misses: Table
    label_issues: Table
    label_issues_note: str
    layers: Table
    history: Table | None
    pictures: Mapping[str, Picture]
    mistakes: tuple[Digit, ...]
    mistakes_omitted: str
    samples: tuple[Digit, ...]
    provenance: tuple[tuple[str, str], ...]


def make_view(run: StoredRun, evaluation: Evaluation, figures: Mapping[str, str]) -> View:
    """Say a run in words and tables.

    Args:
        run: as stored.
        evaluation: of its predictions.
        figures: the SVG text of each figure by name.
    """
    facts, predictions = run.provenance, run.predictions
    metrics = evaluation.overall
    accuracy, errors = metrics["accuracy"], int(metrics["errors"].value)
    n = len(predictions)
    stored = set(run.images.index.tolist())
    mistakes = [index for index in worst_first(predictions).tolist() if index in stored]
    samples = [index for index in run.images.index.tolist() if predictions.right[index]]
    training = (facts["model"]["card"] or {}).get("training", {})
    return View(
        title=facts["title"],
        run_id=facts["run_id"],
        created=tables.moment(facts["created"]),
        headline=f"{text.percent(accuracy)} of {text.plural(n, 'image')} right, {text.count(errors)} wrong",
        summary=f"{facts['model']['name']} on {tables.data_name(facts['data'])}. {_scope(facts, accuracy)}",
        key_figures=_key_figures(metrics, facts, training),
        findings=evaluation.findings,
        overall=tables.overall_table(metrics),
        per_class=tables.per_class_table(evaluation, predictions.class_names),
        confused_pairs=tables.pairs_table(evaluation),
        confused_pairs_caption=tables.pairs_caption(evaluation),
        confidence=tables.confidence_table(evaluation),
        calibration=tables.calibration_table(evaluation),
        calibration_note=tables.calibration_note(evaluation),
        near_misses=tables.near_misses_table(evaluation),
        label_issues=tables.label_issues_table(evaluation),
        label_issues_note=tables.label_issues_note(evaluation),
        layers=tables.layers_table(facts["model"]["layers"]),
        history=tables.history_table(training["history"]) if training else None,
        pictures=_pictures(evaluation, predictions.class_names, training, figures),
        mistakes=tuple(_digit(run, index) for index in mistakes),
        mistakes_omitted=text.count(errors - len(mistakes)) if errors > len(mistakes) else "",
        samples=tuple(_digit(run, index) for index in samples),
        provenance=tables.provenance_rows(facts),
    )


def _scope(facts: Mapping[str, Any], accuracy: Metric) -> str:
    """What the accuracy says about images that nobody has seen yet."""
    card = facts["model"]["card"]
    if card and card["data"]["sha256"] == facts["data"]["sha256"]:
        return "It was trained on these very images, so this says nothing about others."
    return f"With 95 % confidence its accuracy on images like these lies within {text.percent_interval(accuracy)}."


def _key_figures(
    metrics: Mapping[str, Metric], facts: Mapping[str, Any], training: Mapping[str, Any]
) -> tuple[tuple[str, str, str], ...]:
    """(value, what it is, what to know about it) of the figures that a reader looks for first."""
    model, device = facts["model"], facts["device"]
    accuracy, loss = metrics["accuracy"], metrics["log_loss"]
    return (
        (text.percent(accuracy), "accuracy", f"95 % interval {text.percent_interval(accuracy)}"),
        (text.count(int(metrics["errors"].value)), "errors", f"among {text.plural(accuracy.n, 'image')}"),
        (text.number(loss.value, 4), "log loss", f"95 % interval {text.interval(loss, 4)}"),
        (text.size(model["size_bytes"]), "model size", f"{text.count(model['parameters'])} parameters"),
        (
            text.duration(training["duration_s"]) if training else text.DASH,
            "training time",
            f"{text.plural(len(training['history']), 'epoch')}" if training else "no model card",
        ),
        (
            text.duration(device["inference_s"]),
            "inference",
            f"{text.count(round(device['images_per_second']))} images/s on {device['kind']}, with compilation",
        ),
    )


def _pictures(
    evaluation: Evaluation, class_names: Sequence[str], training: Mapping[str, Any], figures: Mapping[str, str]
) -> dict[str, Picture]:
    findings = {
        "confusion": _confusion_finding(evaluation),
        "per_class": _weakest_finding(evaluation, class_names),
        "confidence": _confidence_finding(evaluation),
        "class_distribution": _support_finding(evaluation),
        "training": f"The held-out loss was lowest after epoch {training.get('best_epoch')}",
    }
    kinds = {
        "confusion": "Heat map of counts by actual and predicted class.",
        "per_class": "Accuracy of each class with its 95 % interval.",
        "confidence": "Histograms of the confidence of right and of wrong answers.",
        "class_distribution": "Bars of the images of each class, actual and predicted.",
        "training": "Curves of loss and accuracy by epoch.",
    }
    return {
        name: Picture(_data_uri("image/svg+xml", svg.encode()), findings[name], f"{kinds[name]} {findings[name]}.")
        for name, svg in figures.items()
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
    if len(present) > 1 and present[1][0] == lowest:
        return f"The weakest classes are at {text.percent(metric)}"
    return f"{name} is the weakest class, at {text.percent(metric)}"


def _confidence_finding(evaluation: Evaluation) -> str:
    wrong = evaluation.frames.confidence.set_index("group").to_dict("index")["wrong"]
    if wrong["n"] == 0:
        return "No answer is wrong"
    sure = round(wrong["n"] * wrong["share_over_099"])
    return f"{text.count(sure)} of {text.plural(wrong['n'], 'wrong answer')} came with a confidence of 0.99 or more"


def _support_finding(evaluation: Evaluation) -> str:
    support = evaluation.frames.per_class["support"]
    low, high = int(support.min()), int(support.max())
    return (
        f"The classes have {text.plural(high, 'image')} each"
        if low == high
        else (f"The classes have {text.count(low)} to {text.plural(high, 'image')}")
    )


def _digit(run: StoredRun, index: int) -> Digit:
    predictions = run.predictions
    actual, predicted = (predictions.class_names[k[index]] for k in (predictions.labels, predictions.predicted))
    confidence = text.share(predictions.confidence[index], 1)
    return Digit(
        anchor=f"image-{index}",
        source=_data_uri("image/png", png(run.images.of(index))),
        alternative=f"Image {index}: {actual}, predicted {predicted} with {confidence}",
        index=f"#{index}",
        actual=actual,
        predicted=predicted,
        confidence=confidence,
        right=bool(predictions.right[index]),
    )


def _data_uri(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
