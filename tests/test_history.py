"""The history as it is read."""

import math
from datetime import UTC, datetime

import pytest
from tiny_run import RUN_ID, tiny_run

from mnist_report.runs.folder import write_provenance
from mnist_report.runs.history import PastRun, read_gates, read_history, read_right
from mnist_report.runs.history_schema import NAME, DamagedHistoryError
from mnist_report.runs.recording import Record, read_record, record


def past(number, **row):
    """A row that was written by hand."""
    values = {
        "run_id": f"2026010{number}T030405Z-pets-00000{number}",
        "created": f"2026-01-0{number}T03:04:05+00:00",
        "title": "t",
        "model": "pets",
        "data_sha256": "a",
        "n": 3,
        "exit_status": 0,
    }
    return Record(values | row, (("", "accuracy", 0.9, 0.8, 1.0, 3), ("cat", "recall", None, None, None, 0)), ())


def names(runs):
    return [run.run_id[:8] for run in runs]


@pytest.fixture
def reports(tmp_path):
    """Four runs, which were not recorded in their order."""
    rows = [past(2), past(1, data_sha256="b"), past(4, exit_status=1), past(3, data_sha256="b")]
    record(tmp_path, rows)
    return tmp_path


def test_runs_come_in_the_order_of_time(reports):
    """The newest last."""
    assert names(read_history(reports)) == ["20260101", "20260102", "20260103", "20260104"]


def test_the_last_ones_are_the_newest(reports):
    """Of those that are wanted."""
    assert names(read_history(reports, last=2)) == ["20260103", "20260104"]
    assert names(read_history(reports, last=1, exit_status=0)) == ["20260103"]
    assert names(read_history(reports, data_sha256="b")) == ["20260101", "20260103"]


def test_metrics_of_classes_are_not_those_of_the_whole(reports):
    """And what is not defined is NaN."""
    (run,) = read_history(reports, last=1)
    assert run.overall.keys() == {"accuracy"}
    assert run.overall["accuracy"].ci_low == 0.8


def test_a_folder_without_a_history_has_none(tmp_path):
    """Nor does looking make one."""
    assert read_history(tmp_path) == []
    assert read_gates(tmp_path, RUN_ID) == []
    assert read_right(tmp_path, RUN_ID) is None
    assert read_history(tmp_path / "gone") == []
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_history_without_runs(tmp_path):
    """The first run has only just begun to write."""
    (tmp_path / NAME).touch()
    assert read_history(tmp_path) == []
    assert read_right(tmp_path, RUN_ID) is None


def test_a_run_that_is_not_there_has_nothing(reports):
    """Rather than somebody else's."""
    assert read_right(reports, "gone") is None
    assert read_gates(reports, "gone") == []


def test_a_damaged_history_says_so(tmp_path):
    """`history` then makes it anew."""
    (tmp_path / NAME).write_bytes(b"no database" * 100)
    with pytest.raises(DamagedHistoryError, match="damaged"):
        read_history(tmp_path)


def test_a_run_ended_when_its_time_was_over(tmp_path):
    """Begin and duration, both of run.json, so that rebuilding gives the same."""
    run = tiny_run().write(tmp_path / RUN_ID)
    write_provenance(run, tiny_run().provenance | {"durations_s": {"model": 1.5, "report": 2.5}})
    record(tmp_path, [read_record(run)])
    (found,) = read_history(tmp_path)
    assert isinstance(found, PastRun)
    assert found.duration_s == 4
    assert found.ended == datetime(2026, 1, 2, 3, 4, 9, 678901, UTC)


def test_a_run_of_an_earlier_version_has_gaps(tmp_path):
    """It has no durations."""
    record(tmp_path, [past(1)])
    (run,) = read_history(tmp_path)
    assert (run.duration_s, run.device, run.parameters) == (None, None, None)
    assert math.isclose(run.ended.timestamp(), datetime(2026, 1, 1, 3, 4, 5, tzinfo=UTC).timestamp())
