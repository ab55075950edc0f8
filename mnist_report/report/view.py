"""The view: everything that the templates show, as ready strings."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from mnist_report.evaluation.comparison import Comparison
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.mistakes import MOST_MISTAKES, choose_galleries
from mnist_report.gates.verdict import Verdict
from mnist_report.report import gallery, provenance, tables, text
from mnist_report.report.change import Change, baseline_name, make_change
from mnist_report.report.gallery import Gallery
from mnist_report.report.glance import Glance, make_glance
from mnist_report.report.matrix import Matrix, make_matrix
from mnist_report.report.members import Members, make_members
from mnist_report.report.notes import notes_html
from mnist_report.report.pictures import Picture, make_pictures
from mnist_report.report.robustness_view import RobustnessView, anchor_of, make_robustness
from mnist_report.report.tables import Table
from mnist_report.report.trend import Trend, make_trend
from mnist_report.report.verdict_text import gates_table, result_sentence, verdict_sentence
from mnist_report.runs.folder import StoredRun


@dataclass(frozen=True, slots=True)
class GateRow:
    """One gate: its outcome, where its evidence is, its name, the table's other cells, and its sentence."""

    outcome: str
    target: str
    name: str
    cells: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class View:
    """The report, ready to be set; where it is not `graded`, there are no probabilities and nothing made of them."""

    title: str
    run_id: str
    created: str
    headline: str
    summary: str
    subject: str
    key_figures: tuple[tuple[str, str, str], ...]
    findings: tuple[str, ...]
    verdict: str
    outcome: str
    gates: tuple[GateRow, ...]
    gate_columns: tuple[str, ...]
    glance: Glance
    change: Change | None
    members: Members | None
    trend: Trend | None
    overall: Table
    counted_note: str
    per_class: Table
    matrix: Matrix | None
    confused_pairs: Table
    confused_pairs_caption: str
    confidence: Table
    calibration: Table
    calibration_note: str
    coverage: Table
    temperature: Table
    temperature_note: str
    slices: Table
    power: Table
    mistakes: Gallery
    near_misses: Gallery
    label_issues: Gallery
    label_issues_note: str
    samples: Gallery
    layers: Table
    history: Table | None
    pictures: Mapping[str, Picture]
    graded: bool
    provenance: tuple[tuple[str, str], ...]
    rows_stored: bool
    notes: Markup
    robustness: RobustnessView | None


def make_view(
    run: StoredRun,
    evaluation: Evaluation,
    figures: Mapping[str, str],
    verdict: Verdict | None = None,
    comparison: Comparison | None = None,
) -> View:
    """Say a run in words, tables and galleries.

    Args:
        run: as stored.
        evaluation: of its predictions.
        figures: the SVG text of each figure by name.
        verdict: of its gates, or None.
        comparison: with its baseline, or None.
    """
    facts, predictions, images = run.provenance, run.predictions, run.images
    metrics, names = evaluation.overall, predictions.class_names
    accuracy, errors = metrics["accuracy"], int(metrics["errors"].value)
    most = facts.get("most_mistakes", MOST_MISTAKES)
    chosen = choose_galleries(predictions, run.baseline, run.members, most_mistakes=most, seed=facts["seed"])
    mistakes = gallery.mistakes_gallery(predictions, images, chosen, errors)
    shown = gallery.stored(chosen.mistakes, predictions, images)
    examples = frozenset(predictions.places(np.array(shown, dtype=np.int64)).tolist())
    training = (facts["model"]["card"] or {}).get("training", {})
    corrupted = [one.name for one in run.corruptions.sets] if run.corruptions else []
    return View(
        title=facts["title"],
        run_id=facts["run_id"],
        created=provenance.moment(facts["created"]),
        headline=f"{text.percent(accuracy)} of {text.plural(accuracy.n, 'image')} right",
        summary=f"{text.count(errors)} wrong. {_scope(facts, accuracy)}",
        subject=f"{facts['model']['name']} on {provenance.data_name(facts['data'])}",
        key_figures=_key_figures(metrics, facts, training),
        findings=(*provenance.doubts(facts), *evaluation.findings),
        verdict=verdict_sentence(verdict).partition(": ")[2] if verdict else "",
        outcome=verdict.outcome if verdict else "",
        gates=_gate_rows(verdict, evaluation, names, corrupted) if verdict else (),
        gate_columns=gates_table(verdict).columns if verdict else (),
        glance=make_glance(evaluation, names),
        change=(
            make_change(comparison, predictions, run.baseline, images, baseline_name(facts.get("baseline") or {}))
            if comparison is not None and run.baseline is not None
            else None
        ),
        members=make_members(evaluation, predictions, run.members, images) if run.members else None,
        trend=make_trend(run.past, accuracy, None if evaluation.counted else predictions.right),
        overall=tables.overall_table(metrics),
        counted_note=tables.counted_note(evaluation),
        per_class=tables.per_class_table(evaluation, names),
        matrix=make_matrix(evaluation.tally.confusion, predictions, shown),
        confused_pairs=tables.pairs_table(evaluation, examples),
        confused_pairs_caption=tables.pairs_caption(evaluation),
        confidence=tables.confidence_table(evaluation),
        calibration=tables.calibration_table(evaluation),
        coverage=tables.coverage_table(evaluation),
        calibration_note=tables.calibration_note(evaluation),
        temperature=tables.temperature_table(evaluation),
        temperature_note=tables.temperature_note(evaluation),
        slices=tables.slices_table(evaluation),
        power=tables.power_table(evaluation),
        mistakes=mistakes,
        near_misses=gallery.near_misses_gallery(predictions, images, chosen.near_misses.tolist()),
        label_issues=gallery.label_issues_gallery(
            predictions, images, chosen.label_issues.tolist(), evaluation.label_issues, run.members
        ),
        label_issues_note=tables.label_issues_note(evaluation),
        samples=gallery.plain_gallery(predictions, images, chosen.samples.tolist(), "sample"),
        layers=provenance.layers_table(facts["model"].get("layers", ())),
        history=provenance.history_table(training["history"]) if training else None,
        pictures=make_pictures(evaluation, names, training, figures),
        graded=predictions.graded,
        provenance=provenance.provenance_rows(facts),
        rows_stored=(facts.get("engine") or {}).get("predictions", True),
        notes=Markup(notes_html(run.notes)),  # noqa: S704  cleaned
        robustness=(
            make_robustness(run.corruptions, accuracy, names, facts.get("corruptions") or {}, figures)
            if run.corruptions is not None
            else None
        ),
    )


def _gate_rows(
    verdict: Verdict, evaluation: Evaluation, names: tuple[str, ...], corrupted: Sequence[str]
) -> tuple[GateRow, ...]:
    rows = []
    for result, cells in zip(verdict.results, gates_table(verdict).rows, strict=True):
        gate, subject = result.gate, result.deciding.subject
        target = f"metric-{gate.metric}" if gate.metric in evaluation.overall else "overall"
        if gate.runs is not None:
            target = "trend" if result.deciding.observed.n else "overall"
        elif gate.needs_baseline:
            target = "change"
        elif gate.slice_name in corrupted:
            target = anchor_of(corrupted.index(subject))
        elif gate.slice_name is not None:
            slices = list(evaluation.slices)
            target = f"slice-{slices.index(subject)}" if subject in slices else "classes"
        elif gate.class_name is not None:
            target = f"class-{names.index(subject)}" if subject in names else "classes"
        rows.append(GateRow(result.outcome, target, cells[1], cells[2:], result_sentence(result)))
    return tuple(rows)


def _scope(facts: Mapping[str, Any], accuracy: Metric) -> str:
    """What the accuracy says about images that nobody has seen yet."""
    cards = [model["card"] for model in (facts["model"], *provenance.members_of(facts))]
    if any(card and card["data"]["sha256"] == facts["data"]["sha256"] for card in cards):
        return "It was trained on these very images, so this says nothing about others."
    return f"With 95 % confidence, its accuracy on images like these lies within {text.percent_interval(accuracy)}."


def _key_figures(
    metrics: Mapping[str, Metric], facts: Mapping[str, Any], training: Mapping[str, Any]
) -> tuple[tuple[str, str, str], ...]:
    """(value, what it is, what to know about it) of the figures that a reader looks for first."""
    model, device = facts["model"], facts["device"]
    accuracy, loss = metrics["accuracy"], metrics["log_loss"]
    known = (
        (text.percent(accuracy), "accuracy", f"95 % interval {text.percent_interval(accuracy)}"),
        (text.count(int(metrics["errors"].value)), "errors", f"among {text.plural(accuracy.n, 'image')}"),
        (
            text.number(loss.value, 4),
            "log loss",
            "no probabilities" if math.isnan(loss.value) else f"95 % interval {text.interval(loss, 4)}",
        ),
    )
    if provenance.without_model(facts):
        return (*known, (text.size(model["size_bytes"]), "predictions file", model["format"]))
    members = provenance.members_of(facts)
    made = (
        (text.count(len(members)), "members", "the mean of their probabilities")
        if members
        else (
            text.duration(training["duration_s"]) if training else text.DASH,
            "training time",
            f"{text.plural(len(training['history']), 'epoch')}" if training else "no model card",
        )
    )
    return (
        *known,
        (text.size(model["size_bytes"]), "model size", f"{text.count(model['parameters'])} parameters"),
        made,
        (
            text.duration(device["inference_s"]),
            "inference",
            f"{text.count(round(device['images_per_second']))} images/s on {device['kind']}, with compilation",
        ),
    )
