"""What stands around a command that writes run folders: the lock, mending, and what monitors are told at the end."""

import importlib.metadata
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from mnist_report.ci.monitoring import Ending, Success, failure_json, monitoring_text, success_in
from mnist_report.errors import MnistReportError, OutputError
from mnist_report.jobs import Surroundings
from mnist_report.model.scratch import remove_leftovers
from mnist_report.report import text
from mnist_report.runs.durable import write_durably
from mnist_report.runs.folder import open_folder, writing_to
from mnist_report.runs.history import PastRun, read_gates, read_history
from mnist_report.runs.lock import locked
from mnist_report.runs.log import running
from mnist_report.runs.recovery import recover
from mnist_report.runs.shield import shielded
from mnist_report.stopwatch import Stopwatch

log = logging.getLogger("mnist_report")

METRICS, FAILURE = "metrics.prom", "last-failure.json"
USAGE, ENVIRONMENT, BUG, INTERRUPTED = 2, 3, 70, 130


@dataclass(slots=True)
class Operation:
    """How a command ends, as far as it knows.

    Attributes:
        surroundings: of the command; it begins when it has the lock.
        exit_status: that it ends with.
        message: what went wrong, else empty.
        runs: the names of the runs that it has finished.
    """

    surroundings: Surroundings
    exit_status: int = 0
    message: str = ""
    runs: list[str] = field(default_factory=list)


@contextmanager
def operating(
    reports: Path,
    *,
    name: Callable[[Surroundings], str],
    surroundings: Surroundings,
    wait_seconds: float,
    clock: Callable[[], datetime],
) -> Iterator[Operation]:
    """Hold the lock of a folder, mend what a killed run has left there, and tell the monitors how all this ends.

    Args:
        reports: the folder of the run folders, which is made if need be.
        name: gives the run-id that every line of the log carries.
        surroundings: of the command, as it was called.
        wait_seconds: so long to wait for another run.
        clock: the time in UTC.

    Yields:
        What the command fills in where it ends with another status than 0 and without an exception.

    Raises:
        LockedError: another run holds the folder.
        OutputError: something cannot be written.
    """
    since = f"{surroundings.created:%Y-%m-%dT%H:%M:%SZ}"
    holder = {"host": surroundings.host, "since": since, "command": surroundings.command}
    open_folder(reports)
    with ExitStack() as stack:
        stack.enter_context(locked(reports, holder, wait_seconds))
        # Not while it waited: the run that ends later would be the older one.
        watch, operation = Stopwatch(), Operation(replace(surroundings, created=clock()))
        run_id = name(operation.surroundings)
        stack.enter_context(running(run_id))

        def ending(status: int, message: str) -> Ending:
            watch.lap("all")
            return Ending(
                run_id=run_id,
                command=surroundings.command,
                host=surroundings.host,
                version=importlib.metadata.version("mnist-report"),
                ended=clock(),
                seconds=watch.laps["all"],
                exit_status=status,
                message=message,
            )

        try:
            recover(reports, operation.surroundings.created)
            if left := remove_leftovers():
                log.info("%s: removed %s that killed runs had left", left[0].parent, text.plural(len(left), "folder"))
            yield operation
        except BrokenPipeError:  # whoever read our output has had enough of it
            raise
        except BaseException as error:
            status = _status(error)
            if status != USAGE:
                with shielded(), suppress(OSError, MnistReportError):  # of one failure there is one line
                    _tell(reports, ending(status, _message(error)), operation.runs)
            raise
        with shielded(), writing_to(reports):
            _tell(reports, ending(operation.exit_status, operation.message), operation.runs)


def _tell(reports: Path, ending: Ending, runs: Sequence[str]) -> None:
    """Write last-failure.json where it is one, and metrics.prom.

    Args:
        reports: the folder.
        ending: of the command.
        runs: that it has finished.

    Raises:
        OSError: one of them cannot be written.
    """
    if ending.exit_status:
        write_durably(reports / FAILURE, failure_json(ending).encode())
    success, finished = None, []
    with suppress(OSError, ValueError):
        success = success_in((reports / METRICS).read_text("utf-8"))
    # Where the history cannot be read, the monitors learn at least how this run ended.
    with suppress(OutputError):
        if success is None:
            success = next((Success(*_span(run)) for run in read_history(reports, last=1, exit_status=0)), None)
        past = read_history(reports, run_ids=runs) if runs else read_history(reports, last=1)
        finished = [(run, read_gates(reports, run.run_id)) for run in past]
    write_durably(reports / METRICS, monitoring_text(ending, finished, success).encode())


def _span(run: PastRun) -> tuple[float, float]:
    return run.ended.timestamp(), run.duration_s or math.nan


def _status(error: BaseException) -> int:
    """The exit status that the command line makes of it."""
    if isinstance(error, MnistReportError):
        return error.exit_status
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return ENVIRONMENT if isinstance(error, OSError) else BUG


def _message(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) if isinstance(error, MnistReportError | OSError) else f"{type(error).__name__}: {error}"
