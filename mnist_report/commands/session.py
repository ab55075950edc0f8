"""The circumstances of a command that writes run folders: its lock, its time, and what monitors are told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mnist_report.errors import ConfigError, NoRoomError, OutputError

if TYPE_CHECKING:
    from mnist_report.jobs import Job, Surroundings
    from mnist_report.operating import Operation

Wait = Annotated[
    float, Parameter(help="So many seconds to wait for another run that holds the folder; else status 5 at once.")
]


@contextmanager
def session(job: "Job", wait: float, models: int = 1) -> Iterator[tuple["Operation", "Surroundings"]]:
    """Hold the lock of a job's folder for as long as the context lasts.

    Args:
        job: what is to be done.
        wait: seconds to wait for another run.
        models: how many there are; each run of several has a run-id of its own, and what is between them has another.

    Yields:
        What to say of how it ends, and the circumstances of the job.
    """
    from mnist_report.commands.surroundings import look_around, now
    from mnist_report.jobs import run_id_of
    from mnist_report.operating import operating

    check_wait(wait)
    named = job if models == 1 else replace(job, model=Path(f"{models}_models.all"))
    name = partial(run_id_of, named)
    surroundings = look_around()
    with operating(job.reports, name=name, surroundings=surroundings, wait_seconds=wait, clock=now) as operation:
        yield operation, operation.surroundings


@contextmanager
def mended(reports: Path, wait: float) -> Iterator[datetime]:
    """Hold the lock of a folder of run folders, in which what a killed run left is mended, as far as there is room.

    Args:
        reports: the folder.
        wait: seconds to wait for a run.

    Yields:
        The time.

    Raises:
        LockedError: a run holds it.
        OutputError: there is no such folder, or it cannot be written.
    """
    import logging
    import platform
    import shlex
    import sys

    from mnist_report.commands.surroundings import now
    from mnist_report.runs.lock import locked
    from mnist_report.runs.recovery import recover

    check_wait(wait)
    folder_of(reports)
    began = now()
    command = shlex.join(["mnist-report", *sys.argv[1:]])
    holder = {"host": platform.node(), "since": f"{began:%Y-%m-%dT%H:%M:%SZ}", "command": command}
    # On a full disk, too, old runs can be removed.
    with locked(reports, holder, wait, needs_room=False):
        try:
            recover(reports, began)
        except NoRoomError as error:
            logging.getLogger("mnist_report").warning("%s; what a run that was cut off has left is not mended", error)
        yield began


def folder_of(reports: Path) -> Path:
    """See that a folder of run folders is there.

    Raises:
        OutputError: it is not.
    """
    if not reports.is_dir():
        raise OutputError(f"{reports}: there is no such folder of run folders; give the one that runs were written to")
    return reports


def check_wait(wait: float) -> None:
    """See that --wait is a number of seconds.

    Raises:
        ConfigError: it is not.
    """
    if not 0 <= wait < float("inf"):
        raise ConfigError(f"wait is {wait}, expected a number of seconds from 0")
