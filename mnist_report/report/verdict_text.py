"""The verdict in words."""

import math

from mnist_report.evaluation.metrics import Metric
from mnist_report.gates.rules import OVERALL_RANGES, SHARE, Gate
from mnist_report.gates.verdict import OUTCOMES, Finding, Result, Verdict
from mnist_report.report import text
from mnist_report.report.plain import plain
from mnist_report.report.tables import Table

SAID = {
    "PASS": "passed",
    "WARN": "warned",
    "FAIL": "failed",
    "INCONCLUSIVE": "left open",
    "WAIVED": "waived",
    "ERROR": "could not be decided",
}


def verdict_sentence(verdict: Verdict) -> str:
    """The whole verdict in one sentence."""
    if not verdict.results:
        return "PASS: there are no gates, so nothing was asked of this run"
    n = len(verdict.results)
    counts = [(outcome, verdict.count(outcome)) for outcome in OUTCOMES if verdict.count(outcome)]
    said = ", ".join(f"{count} {SAID[outcome]}" for outcome, count in counts)
    worst = next(result for result in verdict.results if result.outcome == verdict.outcome)
    if verdict.outcome == "PASS":
        return f"PASS: {text.plural(n, 'gate')} passed"
    blocking = verdict.outcome == "INCONCLUSIVE" and verdict.exit_status
    blocks = "; this blocks" if blocking else ""
    sentence = result_sentence(worst)
    return f"{verdict.outcome}: of {text.plural(n, 'gate')}, {said}{blocks}. {sentence[:1].upper()}{sentence[1:]}"


def result_sentence(result: Result) -> str:
    """What one gate found."""
    gate, finding = result.gate, result.deciding
    notes = "".join(f"; {note}" for note in result.notes)
    if finding.outcome == "ERROR":
        who = f"{text.class_name(finding.subject)}: " if gate.is_family else ""
        said = f"{gate.name}: {who}{finding.reason}"
    elif finding.observed.n == 0:
        said = gate.name
    else:
        said = f"{_subject(result, finding)} {_observed(gate, finding.observed)}, {_judgement(gate, finding)}"
    if result.outcome == "WAIVED" and gate.waiver:
        said += f"; waived by {gate.waiver.owner} until {gate.waiver.expires.isoformat()}: {gate.waiver.reason}"
    return plain(said + notes)


def gates_table(verdict: Verdict) -> Table:
    """A row for each gate."""
    rows = []
    for result in verdict.results:
        gate, finding = result.gate, result.deciding
        observed = spread = text.DASH
        if finding.observed.n:
            subject = f"{text.class_name(finding.subject)}: " if len(result.findings) > 1 else ""
            observed, spread = subject + value(gate, finding.observed), interval(gate, finding.observed)
        numbers = (points(gate, finding.margin), size(gate, finding.shortfall), size(gate, finding.twin))
        rows.append((result.outcome, plain(gate.name), plain(observed), spread, threshold(gate), *numbers))
    columns = (
        "Outcome",
        "Gate",
        "Observed",
        "95 % interval",
        "Threshold",
        "Margin",
        "Detectable shortfall",
        "Detectable margin",
    )
    return Table(columns, tuple(rows), frozenset(range(2, len(columns))))


def value(gate: Gate, metric: Metric) -> str:
    """The observed value or change."""
    if gate.is_change:
        return points(gate, metric.value)
    if gate.metric == "errors":
        return f"{metric.value:,.0f}"
    return text.percent(metric) if is_share(gate) else text.number(metric.value, 4)


def interval(gate: Gate, metric: Metric) -> str:
    """Its 95 % interval."""
    if math.isnan(metric.ci_low):
        return text.DASH
    if gate.is_change:
        unit = " pp" if is_share(gate) else ""
        return f"{points(gate, metric.ci_low).removesuffix(unit)} to {points(gate, metric.ci_high)}"
    return text.percent_interval(metric) if is_share(gate) else text.interval(metric, 4)


def threshold(gate: Gate) -> str:
    """The threshold with its unit."""
    if gate.is_change:
        return f"{100 * gate.threshold:.10g} pp" if is_share(gate) else f"{gate.threshold:.10g}"
    return f"{100 * gate.threshold:.10g} %" if is_share(gate) else f"{gate.threshold:.10g}"


def points(gate: Gate, number: float) -> str:
    """A signed difference: in percentage points for shares."""
    if math.isnan(number):
        return text.DASH
    factor, unit, places = (100, " pp", 2) if is_share(gate) else (1, "", 0 if gate.metric == "errors" else 4)
    if number and abs(factor * number) < 10.0**-places:
        return f"{factor * number:+.1e}{unit}"
    return f"{round(factor * number, places) + 0.0:+.{places}f}{unit}"


def size(gate: Gate, number: float) -> str:
    """An unsigned difference."""
    return points(gate, number).lstrip("+")


def is_share(gate: Gate) -> bool:
    """Whether the metric is shown in percent."""
    shown_as_numbers = {"ece", "ece_equal_mass", "aurc", "roc_auc", "average_precision"}
    return OVERALL_RANGES.get(gate.metric, SHARE) == SHARE and gate.metric not in shown_as_numbers


def _subject(result: Result, finding: Finding) -> str:
    gate = result.gate
    metric = "accuracy" if gate.metric == "recall" else gate.metric.replace("_", " ")
    if gate.is_family:
        which = "lowest" if gate.sense == "min" else "worst"
        return f"{metric} of {text.class_name(finding.subject)} (the {which} of {len(result.findings)})"
    if gate.class_name:
        return f"{metric} of {text.class_name(gate.class_name)}"
    return f"{metric} where {gate.slice_name}" if gate.slice_name else metric


def _observed(gate: Gate, metric: Metric) -> str:
    spread = f" ({interval(gate, metric)})" if not math.isnan(metric.ci_low) else ""
    said = f"{value(gate, metric)}{spread}"
    return f"changed by {said}" if gate.is_change else said


def _judgement(gate: Gate, finding: Finding) -> str:
    bound = {
        "min": f"at least {threshold(gate)}",
        "max": f"at most {threshold(gate)}",
        "max_drop": f"a drop of at most {threshold(gate)}",
        "max_drop_over": f"a drop of at most {threshold(gate)}",
        "max_increase": f"an increase of at most {threshold(gate)}",
    }[gate.sense]
    if finding.outcome == "PASS":
        return f"which is {bound}"
    if finding.outcome == "FAIL":
        broken = {
            "min": f"below {threshold(gate)}",
            "max": f"above {threshold(gate)}",
            "max_drop": f"a drop of more than {threshold(gate)}",
            "max_drop_over": f"a drop of more than {threshold(gate)}",
            "max_increase": f"an increase of more than {threshold(gate)}",
        }[gate.sense]
        return f"which is {broken}"
    whose = f" of {finding.subject} ({finding.observed.n:,} are here)" if finding.subject else ""
    more = f"about {finding.images:,.0f} images{whose}"
    if math.isinf(finding.images):
        more = f"more than ten times these images{f' of {finding.subject}' if finding.subject else ''}"
    return f"which may or may not be {bound}: it would take {more} to tell"
