"""What a monitor sees: OpenMetrics as Prometheus' own client reads it, and one JSON of the last failure."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from test_history import past
from tiny_run import HOSTILE

from mnist_report.ci.monitoring import Ending, Success, failure_json, monitoring_text, success_in
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
BEFORE = Success(1_767_000_000.5, 2.25)
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
    found = samples(monitoring_text(ENDING, [(finished, [])], BEFORE))
    assert found["last_run_timestamp_seconds",] == ENDING.ended.timestamp()
    assert found["last_run_duration_seconds",] == 12.5
    assert found["last_run_exit_status",] == 3
    assert found["last_success_timestamp_seconds",] == 1_767_000_000.5
    assert found["last_success_duration_seconds",] == 2.25


@pytest.mark.parametrize("before", [None, BEFORE])
def test_a_success_is_the_last_one(before):
    """Whatever was before."""
    ending = replace(ENDING, exit_status=0, message="")
    found = samples(monitoring_text(ending, [], before))
    for what in ("timestamp", "duration"):
        assert found[f"last_success_{what}_seconds",] == found[f"last_run_{what}_seconds",]


def test_accuracy_has_its_bounds_and_each_gate_its_state(finished):
    """Of the last finished run."""
    found = samples(monitoring_text(ENDING, [(finished, [GATE])], None))
    assert [found[kind, "accuracy", "pets"] for kind in ("metric", "metric_ci_low", "metric_ci_high")] == [0.9, 0.8, 1]
    assert {outcome: found["gate", *sorted(("good", outcome, "pets"))] for outcome in OUTCOMES} == {
        outcome: float(outcome == "FAIL") for outcome in OUTCOMES
    }


def test_each_model_has_its_metrics_and_gates(finished):
    """Of a name that occurs twice the later one: a label has one value."""
    runs = [(finished, [GATE]), (replace(finished, model="cat"), []), (finished, [replace(GATE, outcome="PASS")])]
    found = samples(monitoring_text(ENDING, runs, None))
    assert (found["metric", "accuracy", "pets"], found["metric", "accuracy", "cat"]) == (0.9, 0.9)
    assert (found["gate", "PASS", "good", "pets"], found["gate", "FAIL", "good", "pets"]) == (1, 0)


@pytest.mark.parametrize("success", [BEFORE, Success(0.0, 1e-05), Success(1e17, 12.0)])
def test_a_success_is_read_back_as_it_was_written(success):
    """The next command that fails hands it on."""
    assert success_in(monitoring_text(ENDING, [], success)) == replace(success, seconds=round(success.seconds, 3))


@pytest.mark.parametrize("text", ["", "# EOF\n", "mnist_report_last_success_timestamp_seconds 12.5\n", "\x00\n"])
def test_another_text_tells_of_no_success(text):
    """Nor half of one."""
    assert success_in(text) is None


def test_before_the_first_success_there_is_none():
    """Nor an invented one."""
    assert {name for name, *_ in samples(monitoring_text(ENDING, [], None))} == {
        *("last_run_timestamp_seconds", "last_run_duration_seconds", "last_run_exit_status")
    }


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_names_stay_labels(finished, text):
    """Of a model and of a gate."""
    run = replace(finished, model=text)
    found = samples(monitoring_text(ENDING, [(run, [replace(GATE, name=f"{text}\n")])], None))
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
