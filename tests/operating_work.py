"""What the tests of locks, kills and faults share: runs in processes of their own, and what must hold of a folder."""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

import numpy as np

from mnist_report.runs.recording import RUN_ID

PREDICTED = ("run", "--predictions", "pets.npz", "--data", "none", "--format", "html")
QUICK = ("evaluate", "--predictions", "pets.npz", "--data", "none")
# Of a folder in which nothing is left over.
BELONGS = re.compile(r"\.lock|history\.sqlite|index\.html|latest|metrics\.prom|last-failure\.json")


def write_pets(folder: Path, n: int = 600) -> Path:
    """Answers to images that nobody has; all are right, so that the run ends with 0."""
    random, labels = np.random.default_rng(4), np.arange(n) % 3
    rows = 0.9 * random.random((n, 3)) + np.eye(3)[labels]
    names = ["cat", "dog", "eel"]
    path = folder / "pets.npz"
    np.savez(path, probabilities=rows / rows.sum(axis=1, keepdims=True), labels=labels, class_names=names)
    return path


def start(
    place: Path, *arguments: str, through: Sequence[str] = (), stdout: int | IO[bytes] = subprocess.PIPE
) -> subprocess.Popen:
    """The command in a process of its own, with temporary files below the place; `through` is what calls it."""
    (place / "tmp").mkdir(exist_ok=True)
    command = [*through, sys.executable, "-m", "mnist_report", *arguments]
    environment = {**os.environ, "TMPDIR": str(place / "tmp")}
    environment.pop("PYTHONUNBUFFERED", None)
    return subprocess.Popen(command, cwd=place, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True)


def finish(place: Path, *arguments: str, through: Sequence[str] = ()) -> tuple[int, str, str]:
    """Its status, and what it said on stdout and stderr."""
    with start(place, *arguments, through=through) as process:
        out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def runs_in(reports: Path) -> set[str]:
    """The run folders that can be seen."""
    if not reports.is_dir():
        return set()
    return {path.name for path in reports.iterdir() if RUN_ID.fullmatch(path.name)}


def is_whole(run: Path) -> bool:
    """Whether a run folder has every file, as its manifest says."""
    digests = json.loads((run / "manifest.json").read_text("utf-8"))["sha256"]
    found = {path.relative_to(run).as_posix(): path for path in run.rglob("*") if path.is_file()}
    named = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items() if name in digests}
    facts = json.loads((run / "run.json").read_text("utf-8"))
    drawn = "report.html" in found or "gates.toml" not in found  # `evaluate` gates and draws nothing
    return named == digests and facts["status"] == "finished" and drawn


def history_of(reports: Path) -> set[str]:
    """The run-ids in the history, whose file is sound; by SQLite alone."""
    path = reports / "history.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name for (name,) in connection.execute("SELECT run_id FROM runs")}


def strangers(place: Path) -> set[str]:
    """What lies in the folder of the reports, and that of temporary files, and belongs in neither."""
    found = {path.name for path in (place / "reports").iterdir()}
    return {name for name in found if not RUN_ID.fullmatch(name) and not BELONGS.fullmatch(name)} | {
        path.name for path in (place / "tmp").iterdir()
    }


def left_in(reports: Path) -> list[str]:
    """What a run that failed has left in a folder, but for its lock and what it tells the monitors."""
    return sorted(path.name for path in reports.iterdir() if not BELONGS.fullmatch(path.name))
