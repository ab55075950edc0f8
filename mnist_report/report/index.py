"""index.html: the runs of a folder, the newest first."""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mnist_report.errors import UNREADABLE, OutputError
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.past import SHOWN
from mnist_report.report import text
from mnist_report.report.html import set_template
from mnist_report.report.leaderboard import NAME as LEADERBOARD
from mnist_report.report.provenance import data_name, moment
from mnist_report.report.sparkline import make_sparkline
from mnist_report.report.write import write_reports
from mnist_report.runs.earlier import Series, series_of

NAME = "index.html"
# A year of nights; the history has them all.
MOST_ROWS = 365
MOST_SERIES = 5

log = logging.getLogger("mnist_report")


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A run: its outcome, when it was, what was tested, how good it was, and its files."""

    run_id: str
    address: str
    outcome: str
    created: str
    title: str
    subject: str
    accuracy: str
    interval: str
    errors: str
    files: tuple[str, ...]


def index_html(reports: Path) -> str:
    """The page that lists the runs of a folder; one that cannot be read is left out and counted."""
    rows, baseline = [], None
    # A run whose run.json is gone is still to be told of.
    unreadable = sum(
        1 for folder in reports.glob("[!.]*Z-*-*") if folder.is_dir() and not (folder / "run.json").exists()
    )
    folders = [path.parent for path in reports.glob("[!.]*/run.json") if not path.parent.is_symlink()]
    folders.sort(key=lambda path: path.name, reverse=True)
    for folder in folders[:MOST_ROWS]:
        try:
            facts = json.loads((folder / "run.json").read_text("utf-8"))
            rows.append(_row(folder, facts))
            baseline = baseline or (facts.get("baseline") or {}).get("run_id")
        except (*UNREADABLE, AttributeError, RecursionError):
            unreadable += 1
    series = series_of(reports, SHOWN, MOST_SERIES)
    page = set_template(
        "index.html.j2",
        rows=rows,
        older=text.plural(len(folders) - MOST_ROWS, "older run") if len(folders) > MOST_ROWS else "",
        trends=[make_sparkline(_series_name(one), one.runs, baseline) for one in series],
        unreadable=text.plural(unreadable, "folder") if unreadable else "",
        leaderboard=LEADERBOARD if (reports / LEADERBOARD).is_file() else "",
    )
    # Names of folders and JSON can hold what UTF-8 cannot.
    return page.encode("utf-8", "backslashreplace").decode()


def write_index(reports: Path) -> None:
    """Write the list of the runs of a folder; where that fails, warn: the runs are there and complete all the same."""
    try:
        write_reports(reports, {NAME: index_html(reports).encode()})
    except OutputError as error:
        log.warning("the list of runs is not up to date: %s", error)


def _series_name(series: Series) -> str:
    """As the rows have it."""
    return data_name({"source": series.data, "split": series.split, "n": series.runs[-1].accuracy.n})


def _row(folder: Path, facts: dict[str, Any]) -> IndexRow:
    overall = json.loads((folder / "metrics.json").read_text("utf-8"))["overall"]
    accuracy = _metric(overall["accuracy"])
    return IndexRow(
        run_id=folder.name,
        address=f"./{quote(os.fsencode(folder.name))}/",
        outcome=str(facts.get("verdict") or text.DASH),
        created=moment(facts["created"]),
        title=str(facts["title"]),
        subject=f"{facts['model']['name']} on {data_name(facts['data'])}",
        accuracy=text.percent(accuracy),
        interval=text.percent_interval(accuracy),
        errors=text.count(int(overall["errors"]["value"])),
        files=tuple(name for name in ("report.html", "report.pdf", "metrics.json") if (folder / name).exists()),
    )


def _metric(values: dict[str, Any]) -> Metric:
    return Metric(float(values["value"]), float(values["ci_low"]), float(values["ci_high"]), int(values["n"]))
