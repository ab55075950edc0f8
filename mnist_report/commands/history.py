"""`mnist-report history`: the finished runs of a folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from mnist_report.commands.console import ConsoleOptions, console, log
from mnist_report.commands.options import Reports
from mnist_report.commands.session import Wait, check_wait, mended
from mnist_report.errors import ConfigError

if TYPE_CHECKING:
    from mnist_report.runs.history import PastRun


def history(
    *,
    reports: Reports = Path("reports"),
    last: int | None = None,
    format: Literal["table", "csv", "json"] = "table",  # noqa: A002  the option's name
    rebuild: Annotated[bool, Parameter(negative=())] = False,
    wait: Wait = 0.0,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """List the finished runs of a folder, the newest last; also those whose run folders are gone.

    It reads reports/history.sqlite, which every run adds to. A history that is damaged is set aside and made anew.

    Args:
        last: Only so many, the newest.
        format: A table for people, CSV for spreadsheets, or JSON.
        rebuild: First write the row of every run folder anew; rows of runs whose folders are gone stay.
    """
    with console(console_options):
        from mnist_report.report.history_text import history_csv, history_json, history_table

        check_wait(wait)
        if last is not None and last < 1:
            raise ConfigError(f"last is {last}, expected at least 1")
        if rebuild:
            _rebuild(reports, wait)
        runs = _read(reports, last, wait)
        if not runs:
            log.warning("%s: no finished run in its history; mnist-report run makes one", reports)
        if runs or format != "table":
            draw = {"table": history_table, "csv": history_csv, "json": history_json}[format]
            print(draw(runs), end="", flush=True)
    return 0


def _read(reports: Path, last: int | None, wait: float) -> "list[PastRun]":
    from mnist_report.runs.history import read_history
    from mnist_report.runs.history_schema import DamagedHistoryError

    try:
        return read_history(reports, last=last)
    except DamagedHistoryError:
        _rebuild(reports, wait)
        return read_history(reports, last=last)


def _rebuild(reports: Path, wait: float) -> None:
    """Mend the folder and write the history anew; see `mended`."""
    from mnist_report.runs.recovery import rebuild

    with mended(reports, wait) as began:
        written, others = rebuild(reports, began)
    log.info("%s: wrote the rows of %d run folders; %d other rows stay", reports / "history.sqlite", written, others)
