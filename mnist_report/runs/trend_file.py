"""frames/trend.csv and trend.npz: the earlier runs of the same images, as they were known when a run was made.

Drawing a report again, or deciding again, so gives what it gave the first time.
"""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.past import EarlierRun

TABLE, IMAGES = "frames/trend.csv", "trend.npz"
COLUMNS = ("run_id", "created", "model", "outcome", "accuracy", "ci_low", "ci_high", "n")


def trend_files(past: Sequence[EarlierRun]) -> dict[str, bytes]:
    """The two files by name; none where there are no earlier runs.

    Args:
        past: the oldest first.
    """
    if not past:
        return {}
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run in past:
        metric = run.accuracy
        numbers = [float(number) for number in (metric.value, metric.ci_low, metric.ci_high)]
        cells = ["" if math.isnan(number) else repr(number) for number in numbers]
        writer.writerow((run.run_id, run.created, run.model, run.outcome, *cells, metric.n))
    known = {str(place): run.right for place, run in enumerate(past) if run.right is not None}
    archive = io.BytesIO()
    sizes = np.array([-1 if run.right is None else len(run.right) for run in past], np.int64)
    packed: dict[str, NDArray[np.uint8]] = {place: np.packbits(right) for place, right in known.items()}
    np.savez_compressed(archive, sizes=sizes, **packed)  # type: ignore[arg-type]  # its other keywords are no arrays
    return {TABLE: table.getvalue().encode("utf-8", "backslashreplace"), IMAGES: archive.getvalue()}


def read_trend(folder: Path) -> tuple[EarlierRun, ...]:
    """What `trend_files` made, from a run folder; empty where it has none.

    Raises:
        OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile, zlib.error: one is damaged or missing.
    """
    if not (folder / TABLE).exists():
        return ()
    with (folder / TABLE).open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    with (folder / IMAGES).open("rb") as file, np.load(file, allow_pickle=False) as archive:
        sizes = archive["sizes"]
        if sizes.shape != (len(rows),) or sizes.dtype != np.int64:
            raise ValueError(f"{IMAGES} is of {sizes.shape} runs, and {TABLE} of {len(rows)}")
        rights = [_unpacked(archive, place, size) for place, size in enumerate(sizes.tolist())]
    return tuple(_run(row, right) for row, right in zip(rows, rights, strict=True))


def _run(row: dict[str, str], right: NDArray[np.bool_] | None) -> EarlierRun:
    value, low, high = (float(row[name] or "nan") for name in COLUMNS[4:7])
    metric = Metric(value, low, high, int(row["n"]))
    return EarlierRun(row["run_id"], row["created"], row["model"], row["outcome"], metric, right)


def _unpacked(archive: "np.lib.npyio.NpzFile", place: int, size: int) -> NDArray[np.bool_] | None:
    if size < 0:
        return None
    packed = archive[str(place)]
    if packed.dtype != np.uint8 or packed.shape != ((size + 7) // 8,):
        raise ValueError(f"{IMAGES}: {packed.dtype} of shape {packed.shape} for {size} images")
    return np.unpackbits(packed, count=size).astype(np.bool_)
