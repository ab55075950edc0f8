"""The machine itself: Python, disk, write access, clock."""

import getpass
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mnist_report.doctoring.check import Check
from mnist_report.runs.publishing import LATEST
from mnist_report.runs.recording import RUN_ID

# Those on which the tests run.
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
# A run of 10,000 images with both reports takes 2 MB, and with the worst of models 10; the model is copied to the
# temporary folder, and matplotlib and fontconfig keep caches there or in the home folder.
NEEDED, COMFORTABLE = 50 * 10**6, 500 * 10**6
# No copy of this program is older.
RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
CLOCK_SLACK = timedelta(minutes=2)


def look_at_python() -> Check:
    """The interpreter that runs this."""
    found = f"{'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})"
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return Check("Python", "ok", found)
    tested = " to ".join(".".join(map(str, version)) for version in (OLDEST_PYTHON, NEWEST_PYTHON))
    return Check("Python", "warn", found, f"use one that is tested: Python {tested}")


def look_at_disk(reports: Path) -> Check:
    """The room for the next runs."""
    folder = _nearest(reports)
    try:
        free, nodes = shutil.disk_usage(folder).free, os.statvfs(folder)
    except OSError as error:
        return Check("disk", "fail", f"{folder}: {error.strerror or error}", "choose another folder with --reports")
    found = f"{free / 1e9:,.2f} GB free for {folder}"
    prune = "remove old runs, as with mnist-report prune --keep 30 --keep-monthly 12, or other files"
    if nodes.f_files and not nodes.f_favail:
        return Check("disk", "fail", f"{found}, but no inode: no file can be made", prune)
    if free < NEEDED:
        return Check("disk", "fail", f"{found}, a run needs {NEEDED / 1e6:.0f} MB", prune)
    if free < COMFORTABLE:
        return Check("disk", "warn", f"{found}, below {COMFORTABLE / 1e6:.0f} MB, which is many runs", prune)
    return Check("disk", "ok", found)


def look_at_write_access(reports: Path) -> Check:
    """Whether a run folder can be made: a file is written, renamed and linked to there, and removed again."""
    if reports.is_symlink() and not reports.exists():
        return _unwritable(f"{reports} is a link to {reports.readlink()}, which is not there")
    folder = _nearest(reports)
    if not folder.is_dir():
        return _unwritable(f"{folder} is a file, expected a folder")
    pointer = reports / LATEST
    if pointer.exists() and not pointer.is_symlink():
        return Check(
            *("write access", "fail", f"{pointer} is no link, and runs make it one to the newest", "move it away")
        )
    try:
        _try_to_write(folder)
    except OSError as error:
        return _unwritable(f"{folder}: {error.strerror or error}")
    missing = "" if reports.exists() else f"; {reports} will be made"
    return Check("write access", "ok", f"{folder}: write, sync, rename and link work{missing}")


def look_at_temporary_folder() -> Check:
    """Where the private copy of a model goes."""
    try:
        folder = Path(tempfile.gettempdir())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        fix = "make /tmp writable, or name a folder in TMPDIR"
        return Check("temporary", "fail", f"no folder that can be written to: {error.strerror or error}", fix)
    state = f"{folder}, {free / 1e9:,.2f} GB free"
    if free < NEEDED:
        return Check("temporary", "fail", f"{state}, a run needs {NEEDED / 1e6:.0f} MB", "name another in TMPDIR")
    return Check("temporary", "ok", state)


def look_at_clock(reports: Path, now: datetime, epoch: str | None) -> Iterator[Check]:
    """Whether run-ids will be right: they begin with the time.

    Args:
        reports: the folder of the run folders.
        now: by the machine's clock, in UTC.
        epoch: SOURCE_DATE_EPOCH, or None.
    """
    found, set_it = f"{now:%Y-%m-%d %H:%M:%S} UTC", "set the clock, as with timedatectl set-ntp true"
    future = [name for name in _run_names(reports) if _moment(name) > now + CLOCK_SLACK]
    if now < RELEASED:
        yield Check("clock", "fail", f"{found} is before this program was written", set_it)
    elif future:
        fix = f"{set_it}; if it is right now, remove that run, or latest and prune take it for the newest"
        yield Check("clock", "warn", f"{found}, and the run {max(future)} lies in the future", fix)
    else:
        yield Check("clock", "ok", found)
    if epoch is not None:
        usable = epoch.strip().lstrip("+-").isdigit()
        state = f"SOURCE_DATE_EPOCH is {epoch[:40]!r}" + ("" if usable else ", expected seconds since 1970")
        fix = "unset it where reports are made every night: it stands in for the time, so run-ids repeat"
        yield Check("clock", "warn" if usable else "fail", state, fix)


def _run_names(reports: Path) -> list[str]:
    try:
        return [path.name for path in reports.iterdir() if RUN_ID.fullmatch(path.name)]
    except OSError:
        return []


def _moment(name: str) -> datetime:
    try:
        return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:  # the 99th of a month
        return RELEASED


def _nearest(path: Path) -> Path:
    """The path, or its nearest parent that is there."""
    path = path.absolute()
    return next((folder for folder in (path, *path.parents) if folder.exists()), path)


def _try_to_write(folder: Path) -> None:
    token = secrets.token_hex(6)
    probes = [folder / f".doctor-{token}-{what}" for what in ("written", "renamed", "link")]
    written, renamed, link = probes
    try:
        with written.open("xb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        written.rename(renamed)
        link.symlink_to(renamed.name)
    finally:
        for probe in probes:
            with suppress(OSError):
                probe.unlink(missing_ok=True)


def _unwritable(found: str) -> Check:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = f"number {os.geteuid()}"
    return Check("write access", "fail", found, f"let the user {user} write there, or choose another with --reports")
