"""Rules, evidence and verdicts made by hand, for the tests of gates and of what they tell CI."""

import tomllib
from datetime import date
from typing import Any

import numpy as np

from mnist_report.evaluation.metrics import Metric, proportion
from mnist_report.evaluation.predictions import Predictions, make_predictions
from mnist_report.gates.evidence import Evidence, gather
from mnist_report.gates.rules import Gate, GateSet, parse_gates
from mnist_report.gates.verdict import Finding, Result, Verdict, judge

TODAY = date(2026, 1, 2)
# What must never become markup, a command or a new line, wherever it is shown.
HOSTILE_TEXTS = (
    "a|b",
    "`code`",
    "<img src=x onerror=alert(1)>",
    "<!-- hidden",
    "@user",
    "#1",
    "[x](https://example.org/y)",
    "![x](y)",
    "*bold* _it_ ~~gone~~",
    "two\nlines",
    "two\r\nlines\r",
    "\x1b[2J\x1b[31mred\x07",
    "\x9b31m",
    "\N{RIGHT-TO-LEFT OVERRIDE}desrever\N{POP DIRECTIONAL FORMATTING}",
    "\N{RIGHT-TO-LEFT ISOLATE}x\N{POP DIRECTIONAL ISOLATE}",
    "zero\N{ZERO WIDTH SPACE}width\N{ZERO WIDTH NO-BREAK SPACE}",
    "next\u0085line\u2028and\u2029paragraph",
    "::error::made up",
    "\n::error file=a::made up",
    "a%0A::error::b",
    "a%250Ab",
    "=cmd|' /C calc'!A0",
    "\\",
    "\\|",
    "\\\\<b>",
    "&lt;b&gt; &amp;",
    "\"quotes\" and 'more'",
    "]]>",
    "\x00\x01\x1f\x7f",
    "\ud800 alone",
    "\ufffe\uffff",
    "# head",
    "- item",
    "1. item",
    "> said",
    "    code",
    "\tcode",
    "$x^2$",
    "www.example.org",
    "https://example.org",
    "a@example.org",
    "{{ 7 * 7 }}",
    "\N{PILE OF POO} emoji",
    "---",
    "x" * 300,
)


def gate_set(*tables: dict[str, Any], inconclusive: str = "warn") -> GateSet:
    """Rules from their tables."""
    return parse_gates({"gates": list(tables), "inconclusive": inconclusive}, "rules.toml")


def gate(**table: Any) -> Gate:
    """One rule; `class_` stands for class."""
    return gate_set({key.rstrip("_"): value for key, value in table.items()}).gates[0]


def read_rules(text: str) -> GateSet:
    """Rules as they stand in rules.toml."""
    return parse_gates(tomllib.loads(text), "rules.toml")


def yes_or_no(right: np.ndarray, labels: np.ndarray | None = None) -> Predictions:
    """Two classes; the images that are right, with a confidence of 0.9."""
    right = np.asarray(right, dtype=bool)
    labels = np.zeros(len(right), dtype=np.int64) if labels is None else labels
    said = np.where(right, labels, 1 - labels)
    return make_predictions(np.where(np.eye(2)[said] == 1, 0.9, 0.1), labels, ("no", "yes"))


def right_ones(count: int, n: int) -> Evidence:
    """So many of n images right, and nothing to know but the accuracy."""
    predictions = yes_or_no(np.arange(n) < count)
    return Evidence(predictions, {}, 0, {"accuracy": proportion(count, n)}, (), None, "no baseline was given", True)


def pair(fixed: int, regressed: int, n: int) -> tuple[Predictions, Predictions]:
    """Candidate and baseline, both right but for these."""
    place = np.arange(n)
    ours = yes_or_no(~((place >= fixed) & (place < fixed + regressed)))
    return ours, yes_or_no(place >= fixed)


def flipped(fixed: int, regressed: int, n: int) -> Evidence:
    """A candidate beside its baseline, and nothing to know but the accuracy."""
    ours, theirs = pair(fixed, regressed, n)
    return Evidence(ours, {}, 0, {"accuracy": proportion(n - regressed, n)}, (), theirs, "", False)


def classes_right(counts: list[tuple[int, int]]) -> Evidence:
    """A class for each (right, n); what is not right is said to be the next class."""
    labels = np.repeat(np.arange(len(counts)), [n for _, n in counts])
    right = np.concatenate([np.arange(n) < count for count, n in counts])
    said = np.where(right, labels, (labels + 1) % len(counts))
    names = tuple(f"class {k}" for k in range(len(counts)))
    return gather(make_predictions(np.eye(len(counts))[said], labels, names), {}, 0, None)


def outcome_of(evidence: Evidence, today: date = TODAY, **table: Any) -> str:
    """What becomes of one rule."""
    return result_of(evidence, today, **table).outcome


def result_of(evidence: Evidence, today: date = TODAY, **table: Any) -> Result:
    """What becomes of one rule, with its reasons."""
    return judge(GateSet((gate(**table),)), evidence, today).results[0]


def made_result(outcome: str, name: str = "mine", *, severity: str = "error", **finding: Any) -> Result:
    """A result that no data had to give."""
    waiver = {"reason": "new data", "owner": "ann", "expires": date(2026, 2, 3)}
    rule = gate(name=name, metric="accuracy", min=0.99, severity=severity, waiver=waiver)
    inner = {"WARN": "FAIL", "WAIVED": "FAIL"}.get(outcome, outcome)
    facts = {"margin": -0.01, "shortfall": 0.003, "twin": 0.002, "images": 20_000.0} | finding
    if outcome == "ERROR":
        facts.setdefault("reason", "there is no such thing")
    return Result(rule, outcome, (Finding("", inner, Metric(0.98, 0.97, 0.985, 1_000), **facts),))


def made_verdict(*outcomes: str, inconclusive: str = "warn", names: tuple[str, ...] = ()) -> Verdict:
    """A verdict with a gate for each outcome."""
    names = names or tuple(f"gate {k}" for k in range(len(outcomes)))
    return Verdict(
        tuple(made_result(outcome, name) for outcome, name in zip(outcomes, names, strict=True)), inconclusive
    )


def some_right(counts: tuple[int, ...] = (990, 990, 990), each: int = 1_000) -> Predictions:
    """Three classes with so many images each, so many of them right; the first ones are wrong."""
    labels = np.repeat(np.arange(3), each)
    right = np.concatenate([np.arange(each) >= each - count for count in counts])
    said = np.where(right, labels, (labels + 1) % 3)
    rows = np.where(np.eye(3)[said] == 1, 0.8, 0.1) + np.where(np.eye(3)[(said + 1) % 3] == 1, 0.05, -0.025)
    rows /= rows.sum(axis=1, keepdims=True)
    return make_predictions(rows, labels, ("cat", "dog", "eel"))
