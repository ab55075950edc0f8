"""Temporary folders that no killed process leaves behind for good."""

import subprocess
import sys
import tempfile

import pytest

from mnist_report.model.scratch import PREFIX, remove_leftovers, scratch_folder

HOLD = "from mnist_report.model.scratch import scratch_folder as f; c = f(); print(c.__enter__(), flush=True); input()"


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A folder of temporary files of our own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture
def other():
    """Another process that holds a folder."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=pipe, stdout=pipe, text=True) as process:
        process.stdout.readline()
        yield process
        process.kill()


def test_a_folder_goes_with_its_context(temporary):
    """With all that is in it; it is for this user alone."""
    with scratch_folder() as folder:
        (folder / "model.keras").write_bytes(b"x")
        assert folder.parent == temporary
        assert folder.stat().st_mode & 0o777 == 0o700
        assert remove_leftovers() == []
    assert list(temporary.iterdir()) == []


def test_a_folder_in_use_is_left_alone(temporary, other):
    """Its process lives."""
    assert other.poll() is None
    assert remove_leftovers() == []
    assert len(list(temporary.iterdir())) == 1


def test_the_folder_of_a_killed_process_is_removed(temporary, other):
    """By whoever comes next, and only once."""
    other.kill()
    other.wait()
    left = list(temporary.iterdir())
    assert remove_leftovers() == left
    assert list(temporary.iterdir()) == []
    assert remove_leftovers() == []


def test_nothing_else_is_removed(temporary):
    """No link, no file, no folder of another name."""
    (temporary / "mine").mkdir()
    (temporary / f"{PREFIX}link").symlink_to("mine")
    (temporary / f"{PREFIX}file").write_bytes(b"")
    (temporary / "mnist-report").mkdir()
    assert remove_leftovers() == []
    assert len(list(temporary.iterdir())) == 4
