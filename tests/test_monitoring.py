"""What a monitor sees: OpenMetrics as Prometheus' own client reads it, and one JSON of the last failure."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from test_history import past
from tiny_run import HOSTILE

from mnist_report.ci.monitoring import Ending, failure_json, monitoring_text
from mnist_report.evaluation.metrics import Metric
from mnist_report.gates.verdict import OUTCOMES
from mnist_report.runs.history import PastGate, read_history
from mnist_report.runs.recording import record

ENDING = Ending(
    run_id="20260102T030405Z-pets-0123ab",
    command="mnist-report run",
    host="zoo",
    version="0.1.0",
    ended=datetime(2026, 1, 2, 3, 5, 0, tzinfo=UTC),
    seconds=12.5,
    exit_status=3,
    message="a.csv: no such file",
)
GATE = PastGate("good", "FAIL", "error", "", "FAIL", "accuracy", "min", 0.9, Metric(0.8, 0.7, 0.9, 9))


@pytest.fixture
def finished(tmp_path):
    """A run of the history."""
    record(tmp_path, [past(1, duration_s=2.0)])
    return read_history(tmp_path)[0]


def samples(text):
    """Value by family and labels."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            found[(family.name.removeprefix("mnist_report_"), *sorted(sample.labels.values()))] = sample.value
    return found


def test_the_last_run_and_the_last_success_are_told_apart(finished):
    """A run that failed does not move the time of the last success."""
    found = samples(monitoring_text(ENDING, finished, [], finished))
    assert found["last_run_timestamp_seconds",] == ENDING.ended.timestamp()
    assert found["last_run_duration_seconds",] == 12.5
    assert found["last_run_exit_status",] == 3
    assert found["last_success_timestamp_seconds",] == datetime(2026, 1, 1, 3, 4, 7, tzinfo=UTC).timestamp()
    assert found["last_success_duration_seconds",] == 2


@pytest.mark.parametrize("known", [True, False])
def test_a_success_is_the_last_one(finished, known):
    """Whatever the history has, or where it cannot be read."""
    ending = replace(ENDING, exit_status=0, message="")
    found = samples(monitoring_text(ending, None, [], finished if known else None))
    for what in ("timestamp", "duration"):
        assert found[f"last_success_{what}_seconds",] == found[f"last_run_{what}_seconds",]


def test_accuracy_has_its_bounds_and_each_gate_its_state(finished):
    """Of the last finished run."""
    found = samples(monitoring_text(ENDING, finished, [GATE], finished))
    assert [found[kind, "accuracy", "pets"] for kind in ("metric", "metric_ci_low", "metric_ci_high")] == [0.9, 0.8, 1]
    assert {outcome: found["gate", *sorted(("good", outcome, "pets"))] for outcome in OUTCOMES} == {
        outcome: float(outcome == "FAIL") for outcome in OUTCOMES
    }


def test_before_the_first_success_there_is_none():
    """Nor an invented one."""
    assert {name for name, *_ in samples(monitoring_text(ENDING, None, [], None))} == {
        *("last_run_timestamp_seconds", "last_run_duration_seconds", "last_run_exit_status")
    }


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_names_stay_labels(finished, text):
    """Of a model and of a gate."""
    run = replace(finished, model=text)
    found = samples(monitoring_text(ENDING, run, [replace(GATE, name=f"{text}\n")], run))
    assert len([key for key in found if key[0] == "gate"]) == len(OUTCOMES)


def test_a_failure_says_what_went_wrong():
    """In fields that a program can read."""
    assert json.loads(failure_json(ENDING)) == {
        "when": "2026-01-02T03:05:00+00:00",
        "run_id": "20260102T030405Z-pets-0123ab",
        "command": "mnist-report run",
        "exit_status": 3,
        "message": "a.csv: no such file",
        "version": "0.1.0",
        "host": "zoo",
    }


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[31mred", "\udcff", "x" * 10_000])
def test_a_hostile_message_is_one_short_line(text):
    """Of UTF-8."""
    failure_json(replace(ENDING, message=text, command=text)).encode()
    message = json.loads(failure_json(replace(ENDING, message=text)))["message"]
    assert message.isprintable()
    assert len(message) <= 1000
