"""A complete folder becomes a run, in an order that a crash cannot spoil."""

import os

import pytest
from tiny_run import RUN_ID, finished_run

from mnist_report.errors import OutputError
from mnist_report.runs import publishing, recording
from mnist_report.runs.history import read_history
from mnist_report.runs.history_schema import NAME


@pytest.fixture
def steps(monkeypatch, tmp_path):
    """What was done in which order: names of what was synced, and what of the rest there was by then."""
    seen = []
    fsync = os.fsync

    def note(descriptor):
        name = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115
        there = [what for what in (RUN_ID, NAME, "latest") if os.path.lexists(tmp_path / what)]
        seen.append((os.path.relpath(name, tmp_path), there))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return seen


def test_the_order_of_the_steps(tmp_path, steps):
    """Files, folders, the name, the row, `latest`."""
    finished_run(tmp_path)
    hidden = [name for name, there in steps if not there]
    assert {"/".join(name.split("/")[1:]) for name in hidden} >= {"run.json", "frames/overall.csv", "frames", ""}
    assert [step for step in steps if step[1]] == [(".", [RUN_ID]), (".", [RUN_ID, NAME, "latest"])]


def test_a_history_that_cannot_be_written_costs_no_run(tmp_path):
    """It is there, `latest` leads to it, and the error names the file."""
    (tmp_path / NAME).mkdir()
    with pytest.raises(OutputError, match=r"history\.sqlite: cannot be used: unable to open"):
        finished_run(tmp_path)
    assert (tmp_path / RUN_ID / "run.json").exists()
    assert str((tmp_path / "latest").readlink()) == RUN_ID


def test_a_signal_waits_until_the_run_is_published(tmp_path, monkeypatch):
    """Then it interrupts."""
    import signal

    def record(*arguments):
        signal.raise_signal(signal.SIGINT)
        recording.record(*arguments)

    monkeypatch.setattr(publishing, "record", record)
    # Some callers ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            finished_run(tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert [run.run_id for run in read_history(tmp_path)] == [RUN_ID]
    assert str((tmp_path / "latest").readlink()) == RUN_ID
    assert not list(tmp_path.glob(".*"))


def test_a_name_that_is_taken_is_refused(tmp_path):
    """The run that is there stays."""
    run = finished_run(tmp_path)
    before = (run / "run.json").stat().st_ino
    with pytest.raises(OutputError, match="not empty"):
        finished_run(tmp_path)
    assert (run / "run.json").stat().st_ino == before
    assert not list(tmp_path.glob(".*"))
