"""The machine itself: real folders, real permissions, a real full disk."""

import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta

import pytest
from privileges import humble

from mnist_report.doctoring import machine
from mnist_report.doctoring.machine import (
    look_at_clock,
    look_at_disk,
    look_at_python,
    look_at_temporary_folder,
    look_at_write_access,
)

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_this_python_is_tested():
    """And named with its place."""
    check = look_at_python()
    assert (check.state, check.found) == ("ok", f"{sys.version.split()[0]} ({sys.executable})")


def test_another_python_is_a_warning(monkeypatch):
    """It may work."""
    monkeypatch.setattr(machine, "NEWEST_PYTHON", (3, 10))
    assert look_at_python().state == "warn"


def test_there_is_room(tmp_path):
    """For a folder that is not there yet, its nearest parent counts."""
    check = look_at_disk(tmp_path / "a" / "b")
    assert check.state in {"ok", "warn"}
    assert str(tmp_path) in check.found


def test_a_full_disk_fails(small_disk):
    """64 kB are less than a run."""
    check = look_at_disk(small_disk / "reports")
    assert (check.state, check.found.endswith("a run needs 50 MB")) == ("fail", True)
    assert "mnist-report prune" in check.fix


def test_a_disk_that_fills_up_is_a_warning(tmp_path, monkeypatch):
    """Before it is full."""
    monkeypatch.setattr(machine, "COMFORTABLE", 10**18)
    assert look_at_disk(tmp_path).state == "warn"


def test_a_folder_that_can_be_written_to_is_left_as_it_was(tmp_path):
    """The probe is gone."""
    assert look_at_write_access(tmp_path).state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    """It is said that it will be."""
    check = look_at_write_access(tmp_path / "a" / "reports")
    assert (check.state, check.found.endswith("reports will be made")) == ("ok", True)
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_folder_fails(tmp_path):
    """For a user without root's powers; the message says who that is."""
    tmp_path.chmod(0o555)
    script = (
        "import sys; from pathlib import Path\n"
        "from mnist_report.doctoring.machine import look_at_write_access as look\n"
        "check = look(Path(sys.argv[1])); print(check.state, check.found, check.fix, sep='|')"
    )
    command = humble(sys.executable, "-c", script, str(tmp_path))
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    tmp_path.chmod(0o755)
    state, found, fix = answer.stdout.strip().split("|")
    assert (state, found) == ("fail", f"{tmp_path}: Permission denied")
    assert fix.startswith("let the user ")


def test_a_full_disk_cannot_be_written_to(small_disk):
    """Not even by root."""
    with pytest.raises(OSError, match="No space"):
        (small_disk / "fill").write_bytes(bytes(10**6))
    check = look_at_write_access(small_disk)
    assert (check.state, check.found) == ("fail", f"{small_disk}: No space left on device")
    assert [path.name for path in small_disk.iterdir()] == ["fill"]


def test_reports_that_are_a_file_fail(tmp_path):
    """Expected a folder."""
    (tmp_path / "reports").write_text("x", "utf-8")
    assert look_at_write_access(tmp_path / "reports").state == "fail"


def test_a_link_that_leads_nowhere_fails(tmp_path):
    """As where a disk is not mounted."""
    (tmp_path / "reports").symlink_to(tmp_path / "nowhere")
    check = look_at_write_access(tmp_path / "reports")
    assert (check.state, "is a link to" in check.found) == ("fail", True)


def test_a_latest_that_is_no_link_fails(tmp_path):
    """A run would refuse it."""
    (tmp_path / "latest").mkdir()
    assert look_at_write_access(tmp_path).state == "fail"


def test_the_temporary_folder_is_looked_at(monkeypatch, tmp_path):
    """A model is copied there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert look_at_temporary_folder().found.startswith(f"{tmp_path}, ")


def test_no_temporary_folder_fails(monkeypatch):
    """Where none can be written to."""

    def none():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    check = look_at_temporary_folder()
    assert (check.state, "TMPDIR" in check.fix) == ("fail", True)


def test_a_full_temporary_folder_fails(monkeypatch, small_disk):
    """The model does not fit."""
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    assert look_at_temporary_folder().state == "fail"


def clock(reports, now=NOW, epoch=None):
    """The state and words of each check of the clock."""
    return [(check.state, check.found) for check in look_at_clock(reports, now, epoch)]


def test_the_clock_is_shown(tmp_path):
    """In UTC."""
    assert clock(tmp_path) == [("ok", "2027-03-04 05:06:07 UTC")]


def test_a_clock_before_the_program_was_written_fails(tmp_path):
    """As on a board without a battery."""
    assert clock(tmp_path, datetime(1970, 1, 1, 0, 0, 9, tzinfo=UTC))[0][0] == "fail"


def test_a_run_of_the_future_is_a_warning(tmp_path):
    """The clock is wrong now, or was."""
    (tmp_path / "20270304T060000Z-pets-abcdef").mkdir()
    ((state, found),) = clock(tmp_path)
    assert (state, "20270304T060000Z-pets-abcdef lies in the future" in found) == ("warn", True)


@pytest.mark.parametrize("name", ["20270304T050600Z-pets-abcdef", "20270399T050600Z-pets-abcdef", "example"])
def test_a_run_of_the_past_is_none(tmp_path, name):
    """Nor what has no time."""
    (tmp_path / name).mkdir()
    assert [state for state, _ in clock(tmp_path)] == ["ok"]


def test_a_run_of_this_minute_is_not_of_the_future(tmp_path):
    """Two machines that share a folder may differ a little."""
    (tmp_path / f"{NOW + timedelta(minutes=1):%Y%m%dT%H%M%SZ}-pets-abcdef").mkdir()
    assert [state for state, _ in clock(tmp_path)] == ["ok"]


@pytest.mark.parametrize(("epoch", "state"), [("1767312000", "warn"), ("yesterday", "fail"), ("", "fail")])
def test_a_time_that_stands_in_is_told(tmp_path, epoch, state):
    """Every run would have the same time."""
    assert [each for each, _ in clock(tmp_path, epoch=epoch)] == ["ok", state]
