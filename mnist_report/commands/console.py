"""What a command tells the terminal: log lines and progress on stderr, results on stdout."""

import logging
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

from cyclopts import Group, Parameter

from mnist_report.errors import MnistReportError
from mnist_report.runs.log import json_formatter, with_run_id

log = logging.getLogger("mnist_report")


@Parameter(name="*", group=Group("Console", sort_key=9))
@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions:
    """The options of every command.

    Attributes:
        quiet: Only warnings and errors.
        verbose: Every step with its details.
        log_format: How lines on stderr look: text for people, json for machines.
        config: The configuration file; else mnist-report.toml or [tool.mnist-report] of pyproject.toml in this folder.
        where: Of each option that is not on the command line, its name and where it stands.
    """

    quiet: Annotated[bool, Parameter(alias="-q", negative=())] = False
    verbose: Annotated[bool, Parameter(alias="-v", negative=())] = False
    log_format: Literal["text", "json"] = "text"
    config: Path | None = None
    where: Annotated[list[str] | None, Parameter(show=False, negative=())] = None


class ReportedError(Exception):
    """An expected error that stderr has been told of."""

    def __init__(self, exit_status: int) -> None:
        super().__init__(exit_status)
        self.exit_status = exit_status


class _StderrHandler(logging.Handler):
    """Writes to whatever stderr is at the moment: while a progress bar is shown, rich puts lines above it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


class _TextFormatter(logging.Formatter):
    """Plain sentences; a warning or an error says that it is one."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno <= logging.INFO else f"{record.levelname.lower()}: {text}"


@contextmanager
def console(options: ConsoleOptions) -> Iterator["Console"]:
    """Send the program's log to stderr as the options say, for as long as the context lasts."""
    handler = _StderrHandler()
    handler.setFormatter(json_formatter() if options.log_format == "json" else _TextFormatter())
    handler.addFilter(with_run_id)
    handler.setLevel(logging.WARNING if options.quiet else logging.DEBUG if options.verbose else logging.INFO)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield Console(bars=sys.stderr.isatty() and options.log_format == "text" and not options.quiet)
    except MnistReportError as error:
        said = one_line(error) + _origins(str(error), options.where or [])
        log.error(said, extra={"exit_status": error.exit_status})  # noqa: TRY400  a line, not a traceback
        raise ReportedError(error.exit_status) from error
    finally:
        log.removeHandler(handler)


def _origins(message: str, where: list[str]) -> str:
    """Where the options stand that a message names, for who looks for them on the command line in vain."""
    named = [one for one in where if re.search(rf"(?<!\S){re.escape(one.split()[0])}(?![\w-])", message)]
    return f" ({'; '.join(named)})" if named else ""


def one_line(error: Exception) -> str:
    """An error's message without line breaks."""
    return " ".join(str(error).split())


@dataclass(frozen=True, slots=True)
class Console:
    """Progress bars where a person watches, nothing elsewhere."""

    bars: bool

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int, str], None]]:
        """A function of (done, total, note) that moves a bar labelled `what`."""
        if not self.bars:
            yield _show_nothing
            return
        from rich.console import Console as RichConsole
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=RichConsole(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=None, note="")

            def move(done: int, total: int, note: str) -> None:
                bar.update(task, completed=done, total=total, note=note)

            yield move


def _show_nothing(done: int, total: int, note: str) -> None:
    """Progress where nobody watches."""


@contextmanager
def interrupt_flag() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl-C into a flag; the second one interrupts as usual."""
    pressed: list[int] = []

    def remember(number: int, _: FrameType | None) -> None:
        pressed.append(number)
        signal.signal(signal.SIGINT, previous)

    previous = signal.signal(signal.SIGINT, remember)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, previous)
