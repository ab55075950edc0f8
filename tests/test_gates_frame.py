"""The verdict as a table and as part of metrics.json."""

import json
import math
from io import StringIO

import pytest
from gate_work import HOSTILE_TEXTS, TODAY, classes_right, gate_set, made_verdict, right_ones

from mnist_report.gates.frame import gates_document, gates_frame
from mnist_report.gates.rules import GateSet
from mnist_report.gates.verdict import Verdict, judge

COLUMNS = ["gate", "outcome", "subject", "finding", "metric", "sense", "threshold", "value", "ci_low", "ci_high", "n"]
COLUMNS += ["margin", "detectable_shortfall", "detectable_margin", "images", "reason"]
RULES = gate_set(
    {"metric": "accuracy", "min": 0.95, "name": "all"},
    {"metric": "recall", "class": "each", "min": 0.96, "severity": "warning"},
    {"metric": "acuracy", "min": 0.5},
    {"metric": "accuracy", "max_drop": 0.1, "baseline_missing": "allow"},
    inconclusive="fail",
)


@pytest.fixture(scope="module")
def verdict():
    """Of a rule of each kind about two classes."""
    return judge(RULES, classes_right([(990, 1_000), (930, 1_000)]), TODAY)


def test_the_frame_has_a_row_for_each_gate_and_subject(verdict):
    """With the outcome of the gate and that of the subject."""
    frame = gates_frame(verdict)
    assert list(frame.columns) == COLUMNS
    assert list(frame[["gate", "outcome", "subject", "finding"]].itertuples(index=False, name=None)) == [
        ("all", "PASS", "", "PASS"),
        ("recall of each class min 0.96", "WARN", "class 0", "PASS"),
        ("recall of each class min 0.96", "WARN", "class 1", "FAIL"),
        ("acuracy min 0.5", "ERROR", "", "ERROR"),
        ("accuracy max drop 0.1", "PASS", "", "PASS"),
    ]


def test_the_numbers_of_the_frame_are_those_of_the_findings(verdict):
    """Unrounded."""
    row = gates_frame(verdict).iloc[0]
    finding = verdict.results[0].findings[0]
    assert (row["value"], row["n"], row["threshold"]) == (0.96, 2_000, 0.95)
    assert row["margin"] == finding.margin
    assert (row["detectable_shortfall"], row["detectable_margin"]) == (finding.shortfall, finding.twin)
    assert row["margin"] == pytest.approx(0.01)


def test_the_document_has_the_numbers_of_the_frame(verdict):
    """What is unknown is null, and all is JSON."""
    document = json.loads(json.dumps(gates_document(verdict), allow_nan=False))
    assert [gate["name"] for gate in document] == [result.gate.name for result in verdict.results]
    found = [finding for gate in document for finding in gate["findings"]]
    for row, finding in zip(gates_frame(verdict).to_dict("records"), found, strict=True):
        assert list(finding) == COLUMNS[2:]
        for name, value in finding.items():
            if value is None:
                assert not math.isfinite(row[name])
            else:
                assert row[name] == value


@pytest.mark.parametrize("outcome", ["PASS", "WARN", "FAIL", "INCONCLUSIVE", "WAIVED", "ERROR"])
@pytest.mark.parametrize("policy", ["warn", "fail"])
def test_the_document_says_what_blocks(outcome, policy):
    """As the exit status does."""
    verdict = made_verdict(outcome, inconclusive=policy)
    assert gates_document(verdict)[0]["blocks"] == (verdict.exit_status != 0)


def test_more_than_ten_times_the_images_is_null():
    """JSON has no infinity."""
    verdict = judge(gate_set({"metric": "accuracy", "min": 0.9}), right_ones(90, 100), TODAY)
    assert verdict.results[0].findings[0].images == math.inf
    assert gates_document(verdict)[0]["findings"][0]["images"] is None


def test_no_gates_are_an_empty_table_with_its_columns():
    """For programs that read it."""
    verdict = judge(GateSet(()), right_ones(9, 10), TODAY)
    assert list(gates_frame(verdict).columns) == COLUMNS
    assert (len(gates_frame(verdict)), gates_document(verdict)) == (0, [])


def test_hostile_names_come_back_from_csv():
    """Quoted by the rules of CSV; what cannot be written as UTF-8 is left out here."""
    import pandas as pd

    names = tuple(name for name in HOSTILE_TEXTS if "\ud800" not in name and "\r" not in name)
    verdict: Verdict = made_verdict(*["FAIL"] * len(names), names=names)
    text = gates_frame(verdict).to_csv(index=False, lineterminator="\n")
    assert pd.read_csv(StringIO(text), keep_default_na=False)["gate"].tolist() == list(names)
