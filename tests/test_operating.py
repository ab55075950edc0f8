"""What stands around a command that writes run folders."""

import json
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from test_history import past
from test_monitoring import samples
from tiny_run import RUN_ID, finished_run

from mnist_report.errors import ConfigError, DataError, LockedError
from mnist_report.jobs import Surroundings
from mnist_report.model.scratch import PREFIX
from mnist_report.operating import FAILURE, METRICS, operating
from mnist_report.runs.history import read_history
from mnist_report.runs.lock import LOCK
from mnist_report.runs.recording import record

NOW = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
HERE = Surroundings(NOW, "mnist-report run", None, "zoo", "Linux")


def around(reports):
    return operating(reports, name=lambda _: RUN_ID, surroundings=HERE, wait_seconds=0, clock=lambda: NOW)


def fail(reports, error):
    """Let a command end with an error."""
    with pytest.raises(type(error)), around(reports):
        raise error


def names(reports):
    return {path.name for path in reports.iterdir()}


def failure(reports):
    return json.loads((reports / FAILURE).read_text("utf-8"))


def test_after_a_success_there_are_metrics_and_no_failure(tmp_path):
    """And nothing but the lock is hidden."""
    with around(tmp_path):
        finished_run(tmp_path)
    assert names(tmp_path) == {LOCK, RUN_ID, "history.sqlite", "latest", METRICS}
    found = samples((tmp_path / METRICS).read_text("utf-8"))
    assert found["last_run_exit_status",] == 0
    assert found["metric", "accuracy", "pets_cnn"] == 0.75


def test_what_killed_runs_left_in_the_temporary_folder_is_one_line(tmp_path, monkeypatch, caplog):
    """With a count, however many there were."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for number in range(3):
        (temporary / f"{PREFIX}{number}").mkdir()
    with caplog.at_level("INFO"), around(tmp_path / "reports"):
        finished_run(tmp_path / "reports")
    said = [record.getMessage() for record in caplog.records if "killed" in record.getMessage()]
    assert said == [f"{temporary}: removed 3 folders that killed runs had left"]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DataError("a.csv: two\nlines"), 3, "a.csv: two lines"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("a bug"), 70, "ZeroDivisionError: a bug"),
        (OSError(28, "No space left", "a.csv"), 3, "[Errno 28] No space left: 'a.csv'"),
    ],
    ids=["3", "130", "70", "os"],
)
def test_a_failure_is_told_with_its_status(tmp_path, error, status, message):
    """And one line."""
    fail(tmp_path, error)
    found = failure(tmp_path)
    assert (found["exit_status"], found["message"], found["run_id"]) == (status, message, RUN_ID)
    assert samples((tmp_path / METRICS).read_text("utf-8"))["last_run_exit_status",] == status


@pytest.mark.parametrize("status", [1, 4])
def test_gates_that_fail_are_a_failure_too(tmp_path, status):
    """As the command says itself."""
    with around(tmp_path) as operation:
        operation.exit_status, operation.message = status, "FAIL: of 1 gate, 1 failed"
    assert (failure(tmp_path)["exit_status"], failure(tmp_path)["message"]) == (status, "FAIL: of 1 gate, 1 failed")


def test_a_run_begins_when_it_has_the_lock(tmp_path):
    """Else one that waited would be older than one that ended before it."""
    later, named = NOW + timedelta(minutes=9), []

    def name(surroundings):
        named.append(surroundings)
        return RUN_ID

    with operating(tmp_path, name=name, surroundings=HERE, wait_seconds=0, clock=lambda: later) as operation:
        assert operation.surroundings == replace(HERE, created=later)
    assert named == [replace(HERE, created=later)]


def test_a_wrong_option_is_nobodys_failure(tmp_path):
    """Nothing ran; whoever typed it is told."""
    fail(tmp_path, ConfigError("no"))
    assert names(tmp_path) == {LOCK}


def test_who_does_not_get_the_lock_writes_nothing(tmp_path):
    """The files are those of the run that has it."""
    with around(tmp_path):
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        with pytest.raises(LockedError), around(tmp_path):
            pass
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_failure_leaves_the_last_success_as_it_was(tmp_path):
    """With the metrics of the last run."""
    with around(tmp_path):
        finished_run(tmp_path)
    before = samples((tmp_path / METRICS).read_text("utf-8"))
    fail(tmp_path, DataError("no"))
    found = samples((tmp_path / METRICS).read_text("utf-8"))
    assert found["metric", "accuracy", "pets_cnn"] == 0.75
    assert found["last_run_exit_status",] == 3
    assert success_of(found) == success_of(before)


def test_a_good_run_beside_a_failed_one_is_no_success(tmp_path):
    """Of one command with two models, whose status says that one failed."""
    with around(tmp_path):
        finished_run(tmp_path)
    before = samples((tmp_path / METRICS).read_text("utf-8"))
    with around(tmp_path) as operation:
        record(tmp_path, [past(3)])
        operation.exit_status, operation.message = 3, "b.keras: broken"
        operation.runs = [read_history(tmp_path, exit_status=0)[0].run_id]
    found = samples((tmp_path / METRICS).read_text("utf-8"))
    assert found["metric", "accuracy", "pets"] == 0.9
    assert success_of(found) == success_of(before)


def test_the_last_success_is_looked_up_where_nothing_tells_of_it(tmp_path):
    """In the history."""
    record(tmp_path, [past(1, duration_s=2.0), past(2, exit_status=1)])
    fail(tmp_path, DataError("no"))
    found = samples((tmp_path / METRICS).read_text("utf-8"))
    assert found["last_success_timestamp_seconds",] == datetime(2026, 1, 1, 3, 4, 7, tzinfo=UTC).timestamp()
    assert found["last_success_duration_seconds",] == 2


def success_of(found):
    return {key: value for key, value in found.items() if key[0].startswith("last_success")}


def test_where_nothing_can_be_written_the_first_error_is_the_only_one(tmp_path):
    """A full disk is told of once."""
    (tmp_path / FAILURE).mkdir()
    (tmp_path / METRICS).mkdir()
    fail(tmp_path, DataError("no"))
    assert names(tmp_path) == {LOCK, FAILURE, METRICS}


def test_what_a_killed_run_left_is_removed_before_anything_begins(tmp_path):
    """And every line of the log has the run-id."""
    (tmp_path / ".unfinished-0123456789ab").mkdir()
    with around(tmp_path):
        assert names(tmp_path) == {LOCK, f"{LOCK}.json"}
