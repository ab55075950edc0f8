"""A complete folder becomes a run. The order is such that a crash between any two steps loses nothing:

1. every file of the hidden folder is written, then synced to the disk, then its folders;
2. the folder gets its name, and the folder of the reports is synced: from here on the run exists, whole;
3. its row goes into the history, in one transaction;
4. `latest` points at it, and the folder of the reports is synced again;
5. `index.html`, and at the command's end `metrics.prom`, are written beside their places, synced and renamed.

What a crash leaves, the next command that holds the lock mends before it begins, see `recovery`: a hidden folder or
file is removed, a run without a row gets it, and `latest` points at the newest run.
"""

import json
import logging
from pathlib import Path
from typing import Any

from mnist_report.errors import NewerHistoryError
from mnist_report.model.store import file_sha256
from mnist_report.runs.durable import sync, sync_tree
from mnist_report.runs.metrics_document import FORMAT
from mnist_report.runs.recording import read_record, record
from mnist_report.runs.shield import shielded

REPORTS = frozenset({"report.html", "report.pdf"})
LATEST = "latest"

log = logging.getLogger("mnist_report")


def publish(unfinished: Path, run_id: str) -> Path:
    """Give a complete folder its name, write its row into the history, and point `latest` at it.

    Raises:
        OSError: the folder cannot be written or named; it is still hidden.
        OutputError: the history cannot be written; the run is there all the same, and the next one adds its row.
    """
    reports = unfinished.parent
    finished = reports / run_id
    (unfinished / "manifest.json").write_text(json.dumps(_manifest(unfinished), indent=1) + "\n", "utf-8")
    sync_tree(unfinished)
    with shielded():
        unfinished.rename(finished)
        sync(reports)
        try:
            record(reports, [read_record(finished)])
        except NewerHistoryError as error:
            log.warning("%s; this run is not in it", error)
        finally:
            point_latest(reports, run_id)
    return finished


def point_latest(reports: Path, run_id: str) -> None:
    """Let `latest` lead to a run.

    Raises:
        OSError: the folder cannot be written to.
    """
    pointer = reports / f".{LATEST}-{run_id}"
    pointer.symlink_to(run_id)
    pointer.replace(reports / LATEST)
    sync(reports)


def _manifest(folder: Path) -> dict[str, Any]:
    """sha256 of every data file; the two reports may be rendered again and are left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in REPORTS)
    digests = {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
    return {"format": FORMAT, "sha256": digests}
