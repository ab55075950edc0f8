"""The earlier runs of the same images, from the history."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_report.errors import OutputError
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.past import EarlierRun
from mnist_report.runs.history_schema import NAME, connected

QUERY = """
SELECT run_id, created, model, verdict, value, ci_low, ci_high, runs.n, "right"
FROM runs JOIN metrics ON run = id AND class = '' AND metric = 'accuracy'
    AND value IS NOT NULL AND ci_low IS NOT NULL AND ci_high IS NOT NULL
WHERE data_sha256 = :data AND (:model IS NULL OR model = :model) ORDER BY created DESC, id DESC LIMIT :last
"""

# The columns that are not grouped by are those of the newest run: SQLite's rule for max().
SERIES = """
SELECT data_sha256, data, split FROM (
    SELECT data_sha256, data, split, count(*) AS runs, max(created) AS newest FROM runs GROUP BY data_sha256
) WHERE runs > 1 ORDER BY newest DESC LIMIT ?
"""

log = logging.getLogger("mnist_report")


def earlier_runs(
    reports: Path, data_sha256: str, last: int, *, model: str | None = None, needed: bool = False
) -> tuple[EarlierRun, ...]:
    """The last runs of a folder on some data, the oldest first; none where the history cannot be read, which is said.

    Args:
        reports: the folder of the run folders.
        data_sha256: digest of the data: the same images in the same order, and their labels.
        last: so many at most.
        model: only those of models with this name.
        needed: whether a gate looks at them: then a history that cannot be read is an error.

    Raises:
        OutputError: they are needed, and the history cannot be read.
    """
    if not (reports / NAME).exists():
        return ()
    wanted = {"data": data_sha256, "last": last, "model": model}
    try:
        with connected(reports / NAME) as connection:
            rows = connection.execute(QUERY, wanted).fetchall()
    except OutputError as error:
        if needed:
            # Without them the gate would pass, as it does in the first run of all.
            raise OutputError(f"{error}; a gate with max_drop_over needs the earlier runs in it") from error
        log.warning("%s; the earlier runs are left out", error)
        return ()
    return tuple(
        EarlierRun(
            run_id=run_id,
            created=created,
            model=model,
            outcome=verdict or "",
            accuracy=Metric(value, low, high, n),
            right=None if right is None else np.unpackbits(np.frombuffer(right, np.uint8), count=n).astype(np.bool_),
        )
        for run_id, created, model, verdict, value, low, high, n, right in reversed(rows)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The last runs on some data.

    Attributes:
        data: its name.
        split: "test" or "train", or None.
        runs: the oldest first, at least two.
    """

    data: str
    split: str | None
    runs: tuple[EarlierRun, ...]


def series_of(reports: Path, last: int, most: int) -> tuple[Series, ...]:
    """The series of a folder, the one with the newest run first; none where the history cannot be read, which is said.

    Args:
        reports: the folder of the run folders.
        last: so many runs of each at most.
        most: so many series at most.
    """
    if not (reports / NAME).exists():
        return ()
    try:
        with connected(reports / NAME) as connection:
            found = connection.execute(SERIES, [most]).fetchall()
    except OutputError as error:
        log.warning("%s; the list of runs is made without trends", error)
        return ()
    return tuple(Series(data or "", split, earlier_runs(reports, sha256, last)) for sha256, data, split in found)
