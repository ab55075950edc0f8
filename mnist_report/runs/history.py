"""The history as it is read: the runs of a folder, also those whose run folders are gone."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import TYPE_CHECKING

from mnist_report.evaluation.metrics import Metric
from mnist_report.runs.history_schema import NAME, connected

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIELDS = (
    *("run_id", "created", "duration_s", "title", "version", "git_commit", "host", "device", "images_per_second"),
    *("model", "model_format", "model_sha256", "parameters", "data", "split", "data_sha256", "n", "seed"),
    *("verdict", "exit_status"),
)


@dataclass(frozen=True, slots=True)
class PastRun:
    """A finished run.

    Attributes:
        run_id: its name, and that of its folder.
        created: when it began, in ISO 8601.
        duration_s: how long it took, or None.
        title: of its report.
        version: of this program.
        git_commit: of the folder it was called in, or None.
        host: the machine.
        device: what the model ran on, or None.
        images_per_second: or None.
        model: its name.
        model_format: its format, or that of the file of predictions.
        model_sha256: its digest.
        parameters: so many it has, or None.
        data: what it was tested on.
        split: "test" or "train", or None.
        data_sha256: digest of the data.
        n: so many images.
        seed: of everything drawn.
        verdict: of its gates, or None where nothing was gated.
        exit_status: that it ended with.
        overall: the metrics of the whole set.
    """

    run_id: str
    created: str
    duration_s: float | None
    title: str
    version: str | None
    git_commit: str | None
    host: str | None
    device: str | None
    images_per_second: float | None
    model: str
    model_format: str | None
    model_sha256: str | None
    parameters: int | None
    data: str | None
    split: str | None
    data_sha256: str
    n: int
    seed: int | None
    verdict: str | None
    exit_status: int | None
    overall: Mapping[str, Metric]

    @property
    def ended(self) -> datetime:
        """When it was finished."""
        return datetime.fromisoformat(self.created) + timedelta(seconds=self.duration_s or 0)


@dataclass(frozen=True, slots=True)
class PastGate:
    """What a gate of a run found.

    Attributes:
        name: of the gate.
        outcome: of the gate.
        severity: "error" or "warning".
        subject: the class or slice, empty for the whole set.
        finding: the outcome for that subject.
        metric: that it looks at.
        sense: "min", "max", "max_drop" or "max_increase".
        threshold: what it demands.
        observed: the value, or the change.
    """

    name: str
    outcome: str
    severity: str | None
    subject: str
    finding: str | None
    metric: str | None
    sense: str | None
    threshold: float
    observed: Metric


def read_history(
    reports: Path,
    *,
    data_sha256: str | None = None,
    last: int | None = None,
    exit_status: int | None = None,
    run_ids: Sequence[str] | None = None,
) -> list[PastRun]:
    """The finished runs of a folder, the oldest first; none where there is no history.

    Args:
        reports: the folder of the run folders.
        data_sha256: only those on this data.
        last: only so many, the newest.
        exit_status: only those that ended with it.
        run_ids: only these.

    Raises:
        NewerHistoryError: a later version of this program wrote the history.
        DamagedHistoryError: it is damaged.
        OutputError: it cannot be read.
    """
    if _absent(reports):
        return []
    wishes = {"data_sha256": data_sha256, "exit_status": exit_status}
    wishes = {column: value for column, value in wishes.items() if value is not None}
    conditions = [f"{column} = ?" for column in wishes]
    if run_ids is not None:
        conditions.append(f"run_id IN ({', '.join('?' * len(run_ids))})")
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    wanted = ", ".join(FIELDS)
    chosen = f"SELECT id, {wanted} FROM runs {where} ORDER BY created DESC, id DESC LIMIT ?"  # noqa: S608  our own words
    with connected(reports / NAME) as connection:
        if _is_new(connection):
            return []
        rows = connection.execute(chosen, [*wishes.values(), *(run_ids or ()), -1 if last is None else last]).fetchall()
        overall = _overall(connection, [row[0] for row in rows])
    return [
        PastRun(**dict(zip(FIELDS, row[1:], strict=True)), overall=overall.get(row[0], {})) for row in reversed(rows)
    ]


def read_gates(reports: Path, run_id: str) -> list[PastGate]:
    """What the gates of a run found, in their order; a row for each gate and subject.

    Raises:
        OutputError: the history cannot be read.
    """
    if _absent(reports):
        return []
    query = (
        "SELECT gates.name, outcome, severity, subject, finding, metric, sense, threshold, value, ci_low, ci_high, "
        "gates.n FROM gates JOIN runs ON runs.id = run WHERE run_id = ? ORDER BY place, member"
    )
    with connected(reports / NAME) as connection:
        rows = [] if _is_new(connection) else connection.execute(query, [run_id]).fetchall()
    return [
        PastGate(
            name=row[0],
            outcome=row[1],
            severity=row[2],
            subject=row[3],
            finding=row[4],
            metric=row[5],
            sense=row[6],
            threshold=_number(row[7]),
            observed=_metric(*row[8:]),
        )
        for row in rows
    ]


def read_right(reports: Path, run_id: str) -> "NDArray[np.bool_] | None":
    """Which images a run got right: bool, shape (n,); None where the history does not have it.

    Raises:
        OutputError: the history cannot be read.
    """
    import numpy as np

    if _absent(reports):
        return None
    query = 'SELECT "right", n FROM runs WHERE run_id = ?'
    with connected(reports / NAME) as connection:
        found = None if _is_new(connection) else connection.execute(query, [run_id]).fetchone()
    if found is None or found[0] is None:
        return None
    return np.unpackbits(np.frombuffer(found[0], np.uint8), count=found[1]).astype(bool)


def _absent(reports: Path) -> bool:
    return not (reports / NAME).exists()


def _is_new(connection: Connection) -> bool:
    """Whether nothing has been written yet: the first run has only just begun to."""
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _overall(connection: Connection, runs: list[int]) -> dict[int, dict[str, Metric]]:
    """The metrics of the whole set, by run."""
    query = "SELECT run, metric, value, ci_low, ci_high, n FROM metrics WHERE class = '' AND run = ?"
    found: dict[int, dict[str, Metric]] = {}
    for run in runs:
        found[run] = {name: _metric(*values) for _, name, *values in connection.execute(query, [run])}
    return found


def _metric(value: float | None, low: float | None, high: float | None, n: int | None) -> Metric:
    return Metric(_number(value), _number(low), _number(high), n or 0)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
