"""The history as it is written: a run folder's own files become its row, so that recording a run that has just been
finished, finding one that was missed and rebuilding the whole history are one function.
"""

import json
import math
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_report.errors import OutputError
from mnist_report.runs.columns import whole_numbers
from mnist_report.runs.history import FIELDS
from mnist_report.runs.history_schema import NAME, STEPS, TABLES, connected
from mnist_report.runs.run_document import read_provenance

RUN_ID = re.compile(r"\d{8}T\d{6}Z-[\w.]{0,60}-[0-9a-f]{6}", re.ASCII)
# Of more images than this nobody stores which were right: it would be more than a megabyte a run.
MOST_RIGHT = 10_000_000
BOUNDS = ("value", "ci_low", "ci_high")
FINDING = ("subject", "finding", "metric", "sense", "threshold", *BOUNDS, "n")
DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Record:
    """What the history holds of a run.

    Attributes:
        row: of the run, by column.
        metrics: class (empty for the whole set), metric, value, bounds and n of each.
        gates: the finding of each gate about each of its subjects.
    """

    row: Mapping[str, Any]
    metrics: tuple[tuple[Any, ...], ...]
    gates: tuple[tuple[Any, ...], ...]


def record(reports: Path, runs: Iterable[Record]) -> None:
    """Write finished runs into the history, in one transaction; one that is there is replaced.

    Args:
        reports: the folder of the run folders.
        runs: the oldest first.

    Raises:
        NewerHistoryError: a later version of this program wrote the history.
        DamagedHistoryError: it is damaged.
        OutputError: it cannot be written; nothing is recorded.
    """
    with connected(reports / NAME, writing=True) as connection:
        for run in runs:
            _insert(connection, run)


def recorded_names(reports: Path) -> set[str]:
    """The run-ids in the history, which is looked through for damage.

    Raises:
        NewerHistoryError: a later version of this program wrote it.
        DamagedHistoryError: it is damaged.
        OutputError: it cannot be read or written.
    """
    if not (reports / NAME).exists():
        return set()
    with connected(reports / NAME, writing=True) as connection:
        for table in TABLES:
            connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone()  # noqa: S608  our own word
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(" ".join(str(found).split()))
        return {str(name) for (name,) in connection.execute("SELECT run_id FROM runs")}


def is_recorded(reports: Path, run_id: str) -> bool:
    """Whether the history has a run; a history that cannot be read has none."""
    with suppress(OutputError):
        if (reports / NAME).exists():
            with connected(reports / NAME) as connection:
                return connection.execute("SELECT 1 FROM runs WHERE run_id = ?", [run_id]).fetchone() is not None
    return False


def newest_of(reports: Path, names: set[str]) -> str | None:
    """The newest of some runs by the history, or None where it has none of them."""
    with connected(reports / NAME) as connection:
        rows = connection.execute("SELECT run_id FROM runs ORDER BY created DESC, id DESC")
        return next((name for (name,) in rows if name in names), None)


def run_folders(reports: Path) -> list[Path]:
    """The folders that are called like runs and have a run.json, the oldest first; links are not followed."""
    found = (path for path in reports.iterdir() if RUN_ID.fullmatch(path.name) and not path.is_symlink())
    return sorted((path for path in found if (path / "run.json").is_file()), key=lambda path: path.name)


def salvage(damaged: Path, reports: Path) -> int:
    """Take what can still be read of a damaged history over into the present one.

    Args:
        damaged: the file; it may be anything.
        reports: the folder of the run folders; rows that its history has stay as they are.

    Returns:
        How many runs it gave.
    """
    with (
        suppress(sqlite3.Error, OSError),
        closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)) as old,
    ):
        if old.execute("PRAGMA user_version").fetchone()[0] != len(STEPS):
            return 0
        tables = {table: list(_rows_still_there(old, table)) for table in TABLES}
        return _take_over(tables, reports)
    return 0


def _rows_still_there(old: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table up to the first damage."""
    with suppress(sqlite3.Error):
        yield from old.execute(f"SELECT * FROM {table}")  # noqa: S608  our own word


def _take_over(tables: dict[str, list[tuple[Any, ...]]], reports: Path) -> int:
    taken: dict[Any, int] = {}
    with connected(reports / NAME, writing=True) as connection:
        for number, *values in tables["runs"]:
            marks = ", ".join("?" * len(values))
            # A row that breaks the rules of its table is damaged too.
            with suppress(sqlite3.Error):
                cursor = connection.execute(f"INSERT INTO runs VALUES (NULL, {marks})", values)  # noqa: S608
                taken[number] = cursor.lastrowid or 0
        for table in TABLES[1:]:
            for number, *values in tables[table]:
                if number in taken:
                    marks = ", ".join("?" * len(values))
                    with suppress(sqlite3.Error):
                        connection.execute(f"INSERT INTO {table} VALUES (?, {marks})", [taken[number], *values])  # noqa: S608
    return len(taken)


def read_record(folder: Path) -> Record:
    """What a run folder's own files give the history.

    Raises:
        OutputError: one of them is missing or damaged.
    """
    path = folder / "run.json"
    try:
        facts = read_provenance(path)
        row = _row(folder.name, facts)
        path = folder / "metrics.json"
        document = json.loads(path.read_text("utf-8"))
        metrics, gates = tuple(_metrics(document)), tuple(_gates(document))
        path = folder / "predictions.parquet"
        stored = path.exists() or not (folder / "summary.npz").exists()
        row["right"] = _right(path) if stored and row["n"] <= MOST_RIGHT else None
    except FileNotFoundError as error:
        raise OutputError(f"{path}: missing from the run folder") from error
    except DAMAGE as error:
        raise OutputError(f"{path}: damaged ({type(error).__name__}: {error})") from error
    return Record(row, metrics, gates)


def _row(run_id: str, facts: dict[str, Any]) -> dict[str, Any]:
    model, data, device = facts["model"], facts["data"], facts["device"] or {}
    values = (
        *(run_id, facts["created"], _seconds(facts.get("durations_s")), facts["title"]),
        *(facts["versions"].get("mnist-report"), facts["git_commit"], facts["host"].get("name")),
        *(device.get("name"), device.get("images_per_second")),
        *(model["name"], model.get("format"), model.get("sha256"), model.get("parameters")),
        *(data["source"], data["split"], data["sha256"], int(data["n"]), facts["seed"]),
        *(facts.get("verdict"), facts.get("exit_status")),
    )
    return {name: _writable(value) for name, value in zip(FIELDS, values, strict=True)} | {
        "command": _writable(facts["command"])
    }


def _seconds(laps: dict[str, float] | None) -> float | None:
    return None if laps is None else math.fsum(laps.values())


def _writable(value: Any) -> Any:
    """JSON can hold what UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if not isinstance(value, int | float | None):
        raise TypeError(f"{value!r} is neither text nor a number")
    return value


def _metrics(document: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    rows = [("", document["overall"]), *((str(row["class"]), row) for row in document["per_class"])]
    for name, row in rows:
        for metric, found in row.items():
            if isinstance(found, dict):
                yield _writable(name), metric, *(found[key] for key in BOUNDS), found["n"]


def _gates(document: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for place, gate in enumerate(document.get("gates", ())):
        for member, found in enumerate(gate["findings"]):
            subject, *rest = (_writable(found[key]) for key in FINDING)
            yield place, member, subject, _writable(gate["name"]), gate["outcome"], gate["severity"], *rest


def _right(path: Path) -> bytes:
    """A bit an image, the first in the highest bit of the first byte: 1 where the answer was right."""
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        parts = file.iter_batches(columns=["label", "predicted"])
        right = [whole_numbers(part["label"]) == whole_numbers(part["predicted"]) for part in parts]
    return np.packbits(np.concatenate(right)).tobytes()


def _insert(connection: sqlite3.Connection, run: Record) -> None:
    names = ", ".join(f'"{name}"' for name in run.row)
    marks = ", ".join("?" * len(run.row))
    updates = ", ".join(f'"{name}" = excluded."{name}"' for name in run.row)
    # Replaced in its place: the order of the ids is the order in which runs were finished.
    (number,) = connection.execute(
        f"INSERT INTO runs ({names}) VALUES ({marks}) ON CONFLICT (run_id) DO UPDATE SET {updates} RETURNING id",  # noqa: S608
        list(run.row.values()),
    ).fetchone()
    for table, rows in (("metrics", run.metrics), ("gates", run.gates)):
        connection.execute(f"DELETE FROM {table} WHERE run = ?", [number])  # noqa: S608
        if rows:
            marks = ", ".join("?" * (1 + len(rows[0])))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", [(number, *row) for row in rows])  # noqa: S608
