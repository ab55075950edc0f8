"""run.log: what happened, as JSON lines."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager


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


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Collect the lines of the program's log for run.log.

    They are kept in memory until the folder is complete, so that logging itself can never fail on a full disk.
    """
    handler = _Lines()
    log = logging.getLogger("mnist_report")
    log.addHandler(handler)
    try:
        yield handler.lines
    finally:
        log.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(json_formatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
