"""The view: everything that the templates show, as ready strings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mnist_report.evaluation.comparison import Comparison
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.mistakes import worst_first
from mnist_report.gates.verdict import Verdict
from mnist_report.report import provenance, tables, text
from mnist_report.report.comparison_text import change_lines
from mnist_report.report.notes import notes_html
from mnist_report.report.pictures import Digit, Picture, make_digit, make_pictures
from mnist_report.report.tables import Table
from mnist_report.report.verdict_text import gates_table, result_sentence, verdict_sentence
from mnist_report.runs.folder import StoredRun


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate: its outcome, the section with its evidence, its name, the table's other cells, and its sentence."""

    outcome: str
    section: str
    name: str
    cells: tuple[str, ...]
    sentence: str


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
    verdict: str
    outcome: str
    gates: tuple[GateRow, ...]
    gate_columns: tuple[str, ...]
    changes: tuple[str, ...]
    overall: Table
    per_class: Table
    confused_pairs: Table
    confused_pairs_caption: str
    confidence: Table
    calibration: Table
    calibration_note: str
    temperature: Table
    temperature_note: str
    slices: Table
    power: Table
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
    notes: Markup


def make_view(
    run: StoredRun,
    evaluation: Evaluation,
    figures: Mapping[str, str],
    verdict: Verdict | None = None,
    comparison: Comparison | None = None,
) -> View:
    """Say a run in words and tables.

    Args:
        run: as stored.
        evaluation: of its predictions.
        figures: the SVG text of each figure by name.
        verdict: of its gates, or None.
        comparison: with its baseline, or None.
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
        created=provenance.moment(facts["created"]),
        headline=f"{text.percent(accuracy)} of {text.plural(n, 'image')} right, {text.count(errors)} wrong",
        summary=f"{facts['model']['name']} on {provenance.data_name(facts['data'])}. {_scope(facts, accuracy)}",
        key_figures=_key_figures(metrics, facts, training),
        findings=evaluation.findings,
        verdict=verdict_sentence(verdict) if verdict else "",
        outcome=verdict.outcome if verdict else "",
        gates=_gate_rows(verdict) if verdict else (),
        changes=change_lines(comparison) if comparison else (),
        gate_columns=gates_table(verdict).columns if verdict else (),
        overall=tables.overall_table(metrics),
        per_class=tables.per_class_table(evaluation, predictions.class_names),
        confused_pairs=tables.pairs_table(evaluation),
        confused_pairs_caption=tables.pairs_caption(evaluation),
        confidence=tables.confidence_table(evaluation),
        calibration=tables.calibration_table(evaluation),
        calibration_note=tables.calibration_note(evaluation),
        temperature=tables.temperature_table(evaluation),
        temperature_note=tables.temperature_note(evaluation),
        slices=tables.slices_table(evaluation),
        power=tables.power_table(evaluation),
        near_misses=tables.near_misses_table(evaluation),
        label_issues=tables.label_issues_table(evaluation),
        label_issues_note=tables.label_issues_note(evaluation),
        layers=provenance.layers_table(facts["model"]["layers"]),
        history=provenance.history_table(training["history"]) if training else None,
        pictures=make_pictures(evaluation, predictions.class_names, training, figures),
        mistakes=tuple(make_digit(predictions, run.images, index) for index in mistakes),
        mistakes_omitted=text.count(errors - len(mistakes)) if errors > len(mistakes) else "",
        samples=tuple(make_digit(predictions, run.images, index) for index in samples),
        provenance=provenance.provenance_rows(facts),
        notes=Markup(notes_html(run.notes)),  # noqa: S704  cleaned
    )


def _gate_rows(verdict: Verdict) -> tuple[GateRow, ...]:
    rows = []
    for result, cells in zip(verdict.results, gates_table(verdict).rows, strict=True):
        gate = result.gate
        section = "classes" if gate.class_name or gate.slice_name else "overall"
        rows.append(GateRow(result.outcome, section, cells[1], cells[2:], result_sentence(result)))
    return tuple(rows)


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
