"""One at a time: the lock of a folder."""

import errno
import json
import os
import platform
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest

from mnist_report.errors import LockedError, OutputError
from mnist_report.runs.lock import HOLDER, LOCK, locked

ME = {"host": platform.node(), "since": "2026-01-02T03:04:05Z", "command": "mnist-report run"}
HOLD = """
import sys, time
from pathlib import Path
from mnist_report.runs.lock import locked
with locked(Path(sys.argv[1]), {"host": sys.argv[2], "since": "2026-01-02T03:04:05Z", "command": "mnist-report run"}):
    CHILD
    print("held", flush=True)
    time.sleep(60)
"""
SPAWN = "import subprocess; subprocess.Popen(['sleep', '30'], stdout=subprocess.DEVNULL)"


@pytest.fixture
def hold(tmp_path):
    """A function that starts another process that holds the folder."""
    started = []

    def start(child="pass", host=ME["host"]):
        command = [sys.executable, "-c", HOLD.replace("CHILD", child), str(tmp_path), host]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        started.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def take(folder, wait=0):
    """Get the lock and give it back."""
    with locked(folder, ME, wait):
        return json.loads((folder / HOLDER).read_text("utf-8"))


def test_the_holder_says_who_it_is_for_as_long_as_it_holds(tmp_path):
    """Process, machine, since when and what."""
    assert take(tmp_path) == {"pid": os.getpid(), **ME}
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_another_process_is_told_who_holds_it(tmp_path, hold):
    """With status 5, and what to do."""
    process = hold()
    with pytest.raises(LockedError) as caught:
        take(tmp_path)
    assert caught.value.exit_status == 5
    assert str(caught.value) == (
        f"{tmp_path}: another run holds it: process {process.pid} on {ME['host']} since 2026-01-02T03:04:05Z "
        "(mnist-report run); wait for it with --wait SECONDS, or give another --reports"
    )


def test_the_lock_of_a_killed_process_is_free(tmp_path, hold):
    """What it had written of itself does not matter."""
    process = hold()
    process.kill()
    process.wait()
    assert json.loads((tmp_path / HOLDER).read_text("utf-8"))["pid"] == process.pid
    assert take(tmp_path)["pid"] == os.getpid()
    assert [path.name for path in tmp_path.iterdir()] == [LOCK]


def test_a_child_of_a_killed_process_does_not_keep_its_lock(tmp_path, hold):
    """The model's process may take a moment to end."""
    process = hold(SPAWN)
    process.kill()
    process.wait()
    assert take(tmp_path)["pid"] == os.getpid()


def test_waiting_ends_when_the_lock_is_free(tmp_path, hold):
    """And not before."""
    process = hold()
    began = time.monotonic()
    threading.Timer(0.5, process.kill).start()
    take(tmp_path, wait=30)
    assert 0.4 < time.monotonic() - began < 20


def test_waiting_ends_after_its_seconds(tmp_path, hold):
    """With the same words."""
    hold()
    began = time.monotonic()
    with pytest.raises(LockedError, match="another run holds it: process"):
        take(tmp_path, wait=0.3)
    assert 0.25 < time.monotonic() - began < 10


@pytest.mark.parametrize("words", ["", "{", "[]", "{}", '{"pid": "x", "host": 1}', '{"pid": null}'])
def test_a_holder_that_says_nothing_sensible_is_one_that_does_not_say_who_it_is(tmp_path, hold, words):
    """Somebody else's file is no bug of ours."""
    hold()
    (tmp_path / HOLDER).write_text(words)
    with pytest.raises(LockedError, match="one that does not say who it is"):
        take(tmp_path)


def test_a_hostile_command_is_cut(tmp_path, hold):
    """The message stays one that can be read."""
    process = hold()
    said = {"pid": process.pid, "host": "h", "since": "s", "command": "x" * 100_000}
    (tmp_path / HOLDER).write_text(json.dumps(said))
    with pytest.raises(LockedError) as caught:
        take(tmp_path)
    assert re.search(r"\(x{97}\.\.\.\)", str(caught.value))


def test_a_lock_that_is_a_link_is_not_followed(tmp_path):
    """It could lead anywhere."""
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / LOCK).symlink_to("elsewhere")
    with pytest.raises(OutputError):
        take(tmp_path)
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_an_exception_frees_the_lock(tmp_path):
    """Whatever it was."""

    def fail():
        with locked(tmp_path, ME):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert take(tmp_path)["pid"] == os.getpid()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_on_a_full_disk_whoever_makes_room_gets_the_lock(tmp_path, monkeypatch, number):
    """It cannot say who it is; a run ends at once."""

    def refuse(path, _):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("mnist_report.runs.lock.write_durably", refuse)
    with locked(tmp_path, ME, needs_room=False):
        assert [path.name for path in tmp_path.iterdir()] == [LOCK]
    with pytest.raises(OutputError, match="cannot be written"), locked(tmp_path, ME):
        pass
