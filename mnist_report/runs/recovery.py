"""What a run that was killed has left is mended by the next one, which holds the lock and says what it did."""

import logging
import os
import re
import shutil
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from mnist_report.errors import NewerHistoryError, NoRoomError, OutputError
from mnist_report.runs.durable import FULL, sync
from mnist_report.runs.history_schema import NAME, DamagedHistoryError
from mnist_report.runs.publishing import LATEST, point_latest
from mnist_report.runs.recording import RUN_ID, newest_of, read_record, record, recorded_names, run_folders, salvage

JOURNAL = f"{NAME}-journal"
# Hidden names that only this program gives, and what each of them is.
FOLDER = re.compile(rf"\.unfinished-[0-9a-f]{{12}}|\.pruned-{RUN_ID.pattern}", re.ASCII)
POINTER = re.compile(rf"\.{LATEST}-.+", re.DOTALL)
FILE = re.compile(
    r"\.(index\.html|leaderboard\.(html|csv)|metrics\.prom|last-failure\.json|lock\.json)\.[0-9a-f]{8}\.unfinished"
)
# In a run folder, of `render`, which does not hold the lock: nobody takes so long between writing and renaming.
REPORT = re.compile(r"\.report\.(html|pdf)\.[0-9a-f]{8}\.unfinished")
ABANDONED_SECONDS = 10.0

log = logging.getLogger("mnist_report")


def recover(reports: Path, now: datetime) -> None:
    """Mend the folder of the run folders; whoever calls this holds its lock.

    Args:
        reports: the folder.
        now: for the name of a damaged history.

    Raises:
        NoRoomError: the disk is full; what was left over is gone all the same.
        OutputError: something else cannot be written.
    """
    try:
        _remove_leftovers(reports)
        folders = run_folders(reports)
        _remove_unfinished_reports(reports, folders)
        known = _names(reports, now)
        missed = [folder for folder in folders if folder.name not in known] if known is not None else []
        added = _add(reports, missed)
        if added:
            log.warning(
                "%s: the history had missed %d of the runs; it has them again: %s", reports, len(added), _few(added)
            )
        names = {folder.name for folder in folders}
        newest = newest_of(reports, names) if known or added else max(names, default=None)
        pointer = reports / LATEST
        led_to = _target(pointer)
        if newest is not None and (pointer.is_symlink() or not pointer.exists()) and led_to != newest:
            point_latest(reports, newest)
            log.warning("%s: led to %s; it leads to the newest run again, %s", pointer, led_to, newest)
    except OSError as error:
        kind = NoRoomError if error.errno in FULL else OutputError
        raise kind(f"{error.filename or reports}: cannot be written: {error.strerror or error}") from error


def rebuild(reports: Path, now: datetime) -> tuple[int, int]:
    """Write the row of every run folder anew. Rows of runs whose folders are gone stay: nothing else knows of them.

    Args:
        reports: the folder, whose lock the caller holds.
        now: for the name of a damaged history.

    Returns:
        How many rows were written, and how many others there are.

    Raises:
        NewerHistoryError: a later version of this program wrote the history.
        OutputError: it cannot be written.
    """
    known = mended_names(reports, now)
    written = set(_add(reports, run_folders(reports)))
    return len(written), len(known - written)


def mended_names(reports: Path, now: datetime) -> set[str]:
    """The run-ids in the history; one that is damaged is set aside, and what can be read of it taken over.

    Raises:
        NewerHistoryError: a later version of this program wrote it.
        OutputError: it cannot be read or written.
    """
    try:
        return recorded_names(reports)
    except DamagedHistoryError as error:
        aside = _unused(reports, f"{NAME}.corrupt-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        # The journal goes first: alone it would be taken for that of the next history.
        for name, new in ((JOURNAL, f"{aside}-journal"), (NAME, aside)):
            if (reports / name).exists():
                (reports / name).replace(reports / new)
        sync(reports)
        taken = salvage(reports / aside, reports)
        log.warning(
            "%s; it is kept as %s, and a new one is made of the run folders and %d of its rows", error, aside, taken
        )
        return recorded_names(reports)


def _names(reports: Path, now: datetime) -> set[str] | None:
    """The run-ids in the history, or None where it is not for this version to read."""
    try:
        return mended_names(reports, now)
    except NewerHistoryError as error:
        log.warning("%s", error)
        return None


def _add(reports: Path, folders: list[Path]) -> list[str]:
    """Record those that can be read, say which cannot, and give the names of the others."""
    runs = []
    for folder in folders:
        try:
            runs.append(read_record(folder))
        except OutputError as error:
            log.warning("%s; the history goes without it", error)
    if runs:
        record(reports, runs)
    return [run.row["run_id"] for run in runs]


def _remove_leftovers(reports: Path) -> None:
    """Remove what only this program calls so, and what is what it should be; nothing else, and no link is followed."""
    removed = []
    for path in sorted(reports.iterdir()):
        if path.is_symlink():
            ours = POINTER.fullmatch(path.name) is not None
        elif path.is_dir():
            ours = FOLDER.fullmatch(path.name) is not None
        else:
            ours = FILE.fullmatch(path.name) is not None
        if ours:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
            removed.append(path.name)
    if removed:
        log.warning("%s: removed what a run that was cut off had left: %s", reports, _few(removed))


def _remove_unfinished_reports(reports: Path, folders: list[Path]) -> None:
    """Remove what a `render` that was cut off has left in run folders."""
    removed, before = [], time.time() - ABANDONED_SECONDS
    for folder in folders:
        for name in os.listdir(folder):  # noqa: PTH208  of a thousand folders
            if REPORT.fullmatch(name) and (folder / name).lstat().st_mtime < before:
                with suppress(OSError):  # another user's; it does no harm to this run
                    (folder / name).unlink()
                    removed.append(f"{folder.name}/{name}")
    if removed:
        log.warning("%s: removed what a render that was cut off had left: %s", reports, _few(removed))


def _unused(reports: Path, name: str) -> str:
    """A name, with a number where it is taken."""
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(name for name in names if not (reports / name).exists())


def _target(pointer: Path) -> str:
    return str(pointer.readlink()) if pointer.is_symlink() else "nothing"


def _few(names: list[str]) -> str:
    """The first three of some names."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
