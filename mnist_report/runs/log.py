"""run.log: what happened, as JSON lines."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def json_formatter() -> logging.Formatter:
    """One JSON object a line: time (UTC), level, message and what else the record carries."""
    from pythonjsonlogger.json import JsonFormatter

    formatter = JsonFormatter(
        "{asctime}{levelname}{message}",
        style="{",
        datefmt="%Y-%m-%dT%H:%M:%SZ",
        rename_fields={"asctime": "time", "levelname": "level"},
    )
    formatter.converter = time.gmtime
    return formatter


# The run-ids that lines carry; the last one counts.
_running: list[str] = []


def with_run_id(record: logging.LogRecord) -> bool:
    """A filter for a handler: it lets every line pass, with the run-id of the run that is going on."""
    if _running and not hasattr(record, "run_id"):
        record.run_id = _running[-1]
    return True


@contextmanager
def running(run_id: str) -> Iterator[None]:
    """Let every line that is logged meanwhile carry a run-id, whichever thread logs it."""
    _running.append(run_id)
    try:
        yield
    finally:
        _running.pop()


@contextmanager
def recorded(run_id: str) -> Iterator[list[str]]:
    """Collect the lines of the program's log for run.log, each with the run-id.

    They are kept in memory until the folder is complete, so that logging itself can never fail on a full disk.
    """
    handler = _Lines()
    log = logging.getLogger("mnist_report")
    log.addHandler(handler)
    try:
        with running(run_id):
            yield handler.lines
    finally:
        log.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(json_formatter())
        self.addFilter(with_run_id)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def write_log(folder: Path, lines: list[str]) -> None:
    """Write run.log."""
    (folder / "run.log").write_text("".join(f"{line}\n" for line in lines), "utf-8")
