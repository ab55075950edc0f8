"""Faults wherever something is written: status 3, one line, earlier reports as they were, nothing left over."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from operating_work import PREDICTED, finish, history_of, is_whole, runs_in, start, strangers, write_pets

pytestmark = pytest.mark.slow
NOBODY = 65534


@pytest.fixture
def place(tmp_path):
    """A folder with predictions and one finished run."""
    write_pets(tmp_path)
    assert finish(tmp_path, *PREDICTED)[0] == 0
    return tmp_path


def digests(folder):
    """Of every file in it."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def check_refused(answer, path, cause):
    """Status 3 and one line that names the path and the cause."""
    status, out, err = answer
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (status, out, len(lines)) == (3, "", 1), err
    assert "Traceback" not in err
    assert str(path) in lines[0], err
    assert cause in lines[0], err


@contextmanager
def mounted(folder, *options):
    """A mount for as long as the context lasts."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    if subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("free_kb", [0, 8, 100, 300, 360, 420])
def test_a_full_disk(tmp_path, free_kb):
    """Wherever in a run the disk becomes full; once there is room again, the next run finds nothing amiss."""
    write_pets(tmp_path)
    reports = tmp_path / "reports"
    reports.mkdir()
    with mounted(reports, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        assert finish(tmp_path, *PREDICTED)[0] == 0
        (first,) = runs_in(reports)
        before = digests(reports / first)
        found = os.statvfs(reports)
        with (reports / "full").open("wb") as file:
            file.write(bytes(max(0, found.f_bavail * found.f_frsize - 1024 * free_kb)))
        status, _, err = answer = finish(tmp_path, *PREDICTED)
        print(f"{free_kb} kB free: status {status}: {err.splitlines()[-1]}")
        if status:
            check_refused(answer, "reports", "full" if "history" in err else "No space left")
        assert digests(reports / first) == before
        assert all(is_whole(reports / run) for run in runs_in(reports))
        assert strangers(tmp_path) == {"full"}
        (reports / "full").unlink()
        assert finish(tmp_path, *PREDICTED)[0] == 0
        assert history_of(reports) == runs_in(reports)
        assert strangers(tmp_path) == set()


def test_a_full_disk_is_pruned(tmp_path):
    """Although there is no room for the row of a run that the history has missed; that run stays, and gets it then."""
    write_pets(tmp_path)
    reports = tmp_path / "reports"
    reports.mkdir()
    with mounted(reports, "-t", "tmpfs", "-o", "size=8m", "tmpfs"):
        for _ in range(4):
            assert finish(tmp_path, *PREDICTED)[0] == 0
        first, second, third, fourth = sorted(runs_in(reports))
        with closing(sqlite3.connect(reports / "history.sqlite")) as history, history:
            history.execute("PRAGMA foreign_keys = ON")
            history.execute("DELETE FROM runs WHERE run_id = ?", [second])
        with suppress(OSError), (reports / "full").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        status, out, err = finish(tmp_path, "prune", "--keep", "1")
        print(err)
        assert (status, out.count("not in the history")) == (0, 1), err
        assert "warning: reports/history.sqlite: cannot be used: database or disk is full" in err
        assert runs_in(reports) == {second, fourth}
        assert first not in (reports / "index.html").read_text("utf-8")
        status, _, err = finish(tmp_path, "prune", "--keep", "1")
        assert (status, runs_in(reports)) == (0, {fourth}), err
        assert history_of(reports) == {first, second, third, fourth}


@pytest.mark.parametrize("what", ["reports", "reports/history.sqlite", "reports/.lock"])
def test_no_permission(place, what):
    """The folder, its history or its lock belongs to somebody else."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can drop root's privileges, with setpriv")
    os.chown(place / what, NOBODY, NOBODY)
    (place / what).chmod(0o755 if (place / what).is_dir() else 0o600)
    before, runs = digests(place / "reports"), runs_in(place / "reports")
    answer = finish(place, *PREDICTED, through=("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner"))
    print(f"{what} is somebody else's: {answer[2].splitlines()[-1]}")
    check_refused(answer, what, "unable to open" if "history" in what else "Permission denied")
    assert runs_in(place / "reports") == runs
    changed = {path for path, digest in before.items() if digests(place / "reports").get(path) != digest}
    # Where the lock can be had, the monitors are told.
    assert {Path(path).name for path in changed} <= {"metrics.prom"}
    assert strangers(place) == set()


def test_a_read_only_mount(place):
    """Nothing can be written, and nothing is."""
    reports = place / "reports"
    with mounted(reports, "--bind", str(reports)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(reports)], check=True)
        before = digests(reports)
        check_refused(finish(place, *PREDICTED), "reports", "Read-only file system")
        assert digests(reports) == before
        status, out, err = finish(place, "history")
        assert (status, out.count("\n")) == (0, 2), err


def test_a_folder_that_is_deleted_meanwhile(place):
    """Nobody makes it anew."""
    reports = place / "reports"
    with start(place, *PREDICTED) as process:
        while not any(reports.glob(".unfinished-*")):
            assert process.poll() is None
            time.sleep(0.005)
        shutil.rmtree(reports)
        out, err = process.communicate(timeout=120)
    check_refused((process.returncode, out, err), "reports", "No such file or directory")
    assert not reports.exists()


def test_output_that_cannot_be_written_is_a_fault_too(place):
    """The run is there and recorded all the same."""
    with Path("/dev/full").open("wb") as full, start(place, *PREDICTED, stdout=full) as process:
        _, err = process.communicate(timeout=300)
    assert process.returncode == 3, err
    assert len(runs_in(place / "reports")) == 2
    assert history_of(place / "reports") == runs_in(place / "reports")
