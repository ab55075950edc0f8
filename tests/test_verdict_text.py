"""The verdict in words."""

import math
from dataclasses import replace

import pytest
from gate_work import (
    TODAY,
    classes_right,
    flipped,
    gate,
    gate_set,
    made_result,
    made_verdict,
    result_of,
    right_ones,
)
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation.metrics import Metric
from mnist_report.gates.rules import CLASS_RANGES, OVERALL_RANGES
from mnist_report.gates.verdict import OUTCOMES, Verdict, judge
from mnist_report.report import text
from mnist_report.report.verdict_text import (
    gates_table,
    is_share,
    points,
    result_sentence,
    threshold,
    value,
    verdict_sentence,
)


def said(evidence, **table):
    """The sentence about one rule."""
    return result_sentence(result_of(evidence, TODAY, **table))


@pytest.mark.parametrize(
    ("count", "parts"),
    [
        (9_950, ["accuracy 99.50 % (99.34", "), which is at least 99 %"]),
        (9_800, ["accuracy 98.00 % (97.71", "), which is below 99 %"]),
        (9_910, ["which may or may not be at least 99 %: it would take about 37,584 images to tell"]),
        (9_900, ["it would take more than ten times these images to tell"]),
    ],
)
def test_a_level_in_words(count, parts):
    """Value, interval, threshold, and what would settle it."""
    sentence = said(right_ones(count, 10_000), metric="accuracy", min=0.99)
    assert [part for part in parts if part not in sentence] == []


@pytest.mark.parametrize(
    ("fixed", "regressed", "drop", "parts"),
    [
        (40, 40, 0.01, ["accuracy changed by +0.00 pp (", "which is a drop of at most 1 pp"]),
        (10, 100, 0.0, ["changed by -0.90 pp (", "which is a drop of more than 0 pp"]),
        (40, 50, 0.0, ["changed by -0.10 pp (", "which may or may not be a drop of at most 0 pp"]),
    ],
)
def test_a_change_in_words(fixed, regressed, drop, parts):
    """In percentage points."""
    sentence = said(flipped(fixed, regressed, 10_000), metric="accuracy", max_drop=drop)
    assert [part for part in parts if part not in sentence] == []


@pytest.mark.parametrize(
    ("counts", "table", "part"),
    [
        ([(990, 1_000), (930, 1_000)], {"class_": "each", "min": 0.96}, "accuracy of class 1 (the lowest of 2) 93.0 %"),
        ([(990, 1_000), (930, 1_000)], {"class_": "each", "max": 0.5}, "accuracy of class 0 (the worst of 2) 99.0"),
        ([(990, 1_000), (930, 1_000)], {"class_": "class 0", "min": 0.96}, "accuracy of class 0 99.0"),
    ],
)
def test_a_class_in_words(counts, table, part):
    """A family is told by the member that decided."""
    assert said(classes_right(counts), metric="recall", **table).startswith(part)


def test_what_could_not_be_decided_is_told_with_its_reason():
    """And the gate's name."""
    assert said(right_ones(9, 10), metric="acuracy", min=0.9, name="mine").startswith("mine: unknown metric 'acuracy'")


def test_an_allowed_baseline_is_told():
    """There is nothing else to tell."""
    rule = {"metric": "accuracy", "max_drop": 0.1, "baseline_missing": "allow", "name": "mine"}
    assert said(right_ones(9, 10), **rule) == "mine; no baseline was given, which this gate allows"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_a_sentence(outcome):
    """In the verdict it comes first."""
    verdict = made_verdict("PASS", outcome)
    sentence = verdict_sentence(verdict)
    assert sentence.startswith(f"{outcome}: ")
    assert "nan" not in sentence
    if outcome != "PASS":
        told = result_sentence(verdict.results[1])
        assert sentence.endswith(f". {told[0].upper()}{told[1:]}")
        assert "of 2 gates" in sentence


def test_the_counts_of_the_verdict_add_up():
    """From the worst on."""
    verdict = made_verdict(*OUTCOMES, "FAIL")
    expected = "of 7 gates, 1 could not be decided, 2 failed, 1 left open, 1 warned, 1 waived, 1 passed. "
    assert expected in verdict_sentence(verdict)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict((), "warn"), "PASS: there are no gates, so nothing was asked of this run"),
        (made_verdict("PASS"), "PASS: 1 gate passed"),
        (made_verdict("PASS", "PASS"), "PASS: 2 gates passed"),
    ],
)
def test_a_pass_is_short(verdict, expected):
    """Nobody needs more."""
    assert verdict_sentence(verdict) == expected


@pytest.mark.parametrize("policy", ["warn", "fail"])
def test_an_open_question_says_whether_it_blocks(policy):
    """It is not a failure, and yet the status may be 4."""
    assert ("this blocks" in verdict_sentence(made_verdict("INCONCLUSIVE", inconclusive=policy))) == (policy == "fail")


def test_an_open_question_that_blocks_is_told_behind_one_that_does_not():
    """The status is 4 and the sentence must say why."""
    results = (made_result("INCONCLUSIVE", "a", severity="warning"), made_result("INCONCLUSIVE", "b"))
    verdict = Verdict(results, "fail")
    assert verdict.exit_status == 4
    assert "this blocks" in verdict_sentence(verdict)


def test_the_table_has_a_row_for_each_gate_and_a_cell_for_each_column():
    """Also where nothing was observed."""
    rules = gate_set(
        {"metric": "accuracy", "min": 0.95},
        {"metric": "recall", "class": "each", "min": 0.96},
        {"metric": "acuracy", "min": 0.5},
        {"metric": "accuracy", "max_drop": 0.1, "baseline_missing": "allow"},
        {"metric": "log_loss", "max": 1.0},
        {"metric": "errors", "max": 100, "decide": "point"},
    )
    table = gates_table(judge(rules, classes_right([(990, 1_000), (930, 1_000)]), TODAY))
    assert [row[0] for row in table.rows] == ["PASS", "FAIL", "ERROR", "PASS", "FAIL", "PASS"]
    assert {len(row) for row in table.rows} == {len(table.columns)}
    assert all(cell and "nan" not in cell for row in table.rows for cell in row)
    assert table.rows[1][2].startswith("class 1: 93.0")
    assert table.rows[2][2:4] == (text.DASH, text.DASH)


@pytest.mark.parametrize("name", [*OVERALL_RANGES, *CLASS_RANGES])
def test_only_shares_are_shown_in_percent(name):
    """The others have no unit."""
    shares = {"accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "top2_accuracy"}
    shares |= {"mean_confidence", "coverage_at_999", "recall", "precision", "f1"}
    of_class = {"class_": "a"} if name in CLASS_RANGES and name not in OVERALL_RANGES else {}
    rule = gate(metric=name, min=0.5, decide="point", **of_class)
    assert is_share(rule) == (name in shares)
    assert ("%" in threshold(rule), "%" in value(rule, Metric(0.5, 0.4, 0.6, 9))) == (name in shares,) * 2


@law
@given(st.floats(0.0001, 1))
def test_a_threshold_is_shown_with_the_digits_that_it_has(number):
    """Up to ten of them."""
    shown = threshold(gate(metric="accuracy", min=number))
    assert float(shown.removesuffix(" %")) == pytest.approx(100 * number, rel=1e-9)


@pytest.mark.parametrize("drop", [0.00255, 0.0012345])
def test_the_threshold_of_a_change_is_shown_with_its_digits(drop):
    """The comparison is unrounded, so the rule is too."""
    shown = threshold(gate(metric="accuracy", max_drop=drop))
    assert float(shown.removesuffix(" pp")) == pytest.approx(100 * drop)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.01, "+1.00 pp"),
        (-0.01, "-1.00 pp"),
        (0.0, "+0.00 pp"),
        (-0.0, "+0.00 pp"),
        (1e-6, "+1.0e-04 pp"),
        (math.nan, text.DASH),
    ],
)
def test_a_difference_has_a_sign(number, shown):
    """And is never 0 unless it is."""
    assert points(gate(metric="accuracy", max_drop=0.1), number) == shown


def test_a_point_that_just_fails_does_not_seem_to_hold():
    """The margin in the table keeps its digits."""
    result = result_of(right_ones(899_999, 1_000_000), metric="accuracy", min=0.9, decide="point")
    assert (result.outcome, gates_table(Verdict((result,), "warn")).rows[0][5]) == ("FAIL", "-1.0e-04 pp")


def test_a_note_follows_the_sentence():
    """Behind a semicolon."""
    result = replace(made_result("FAIL"), notes=("one", "two"))
    assert result_sentence(result).endswith("; one; two")


def test_a_class_that_cannot_be_decided_is_named():
    """Of ten, one would like to know which has too few images."""
    sentence = said(classes_right([(990, 1_000), (9, 10)]), metric="recall", class_="each", min=0.96)
    assert "it can never pass on 10 images" in sentence
    assert "class 1" in sentence


def test_errors_are_whole_images():
    """Nobody counts in hundredths of an image."""
    errors = Metric(1_042.0, math.nan, math.nan, 10_000)
    rule = gate_set({"metric": "errors", "max": 20, "decide": "point"}).gates[0]
    assert (value(rule, errors), points(rule, -1_022.0)) == ("1,042", "-1022")
