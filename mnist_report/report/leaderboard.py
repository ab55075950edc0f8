"""leaderboard.html and leaderboard.csv: several models on the same images, the most accurate first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mnist_report.evaluation.contest import Ranked
from mnist_report.evaluation.paired import Difference
from mnist_report.report import text
from mnist_report.report.change import spoken_difference
from mnist_report.report.comparison_text import p_value
from mnist_report.report.html import set_template
from mnist_report.report.plain import harmless
from mnist_report.report.provenance import data_name, moment
from mnist_report.report.shorten import shortened

NAME, TABLE = "leaderboard.html", "leaderboard.csv"
REPORTS = ("report.html", "report.pdf")
COLUMNS = (
    *("place", "model", "verdict", "n", "accuracy", "ci_low", "ci_high"),
    *("difference", "difference_ci_low", "difference_ci_high", "p_value", "regressed", "fixed"),
    *("log_loss", "ece", "parameters", "size_bytes", "images_per_second", "scale", "doubt"),
    *("path", "sha256", "run_id", "problem"),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A model without a result, and why."""

    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class LeaderboardCell:
    """A number, and what stands small below it."""

    main: str
    small: str = ""


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """A model in its place.

    Attributes:
        place: 1 is the best.
        name: of the model.
        scale: that of its pixels, and whether it is in doubt.
        address: of its report, empty where there is none.
        outcome: of its gates.
        cells: the numbers.
    """

    place: str
    name: str
    scale: str
    address: str
    outcome: str
    cells: tuple[LeaderboardCell, ...]


@dataclass(frozen=True, slots=True)
class LeaderboardView:
    """A leaderboard, ready to be set.

    Attributes:
        title: of the reports.
        headline: how many models there are.
        summary: on what, when, and how many failed.
        rows: of those with a result, the best first.
        failures: those without.
        table: the file with the same numbers, unrounded.
    """

    title: str
    headline: str
    summary: str
    rows: tuple[LeaderboardRow, ...]
    failures: tuple[Failure, ...]
    table: str


def draw_leaderboard(
    reports: Path, title: str, ranked: Sequence[Ranked], failures: Sequence[Failure]
) -> dict[str, bytes]:
    """The leaderboard by file name: a page, and a table of the same numbers.

    Args:
        reports: the folder that it will stand in, beside the run folders.
        title: of the reports.
        ranked: the models with a result.
        failures: those without.
    """
    view = LeaderboardView(
        title=title,
        headline=f"Leaderboard of {text.plural(len(ranked) + len(failures), 'model')}",
        summary=_summary(ranked, failures),
        rows=tuple(_row(reports, one) for one in ranked),
        failures=tuple(failures),
        table=TABLE,
    )
    files = {NAME: set_template("leaderboard.html.j2", view=shortened(view)), TABLE: _csv(ranked, failures)}
    # Names of files and messages can hold what UTF-8 cannot.
    return {name: content.encode("utf-8", "backslashreplace") for name, content in files.items()}


def _summary(ranked: Sequence[Ranked], failures: Sequence[Failure]) -> str:
    """On what and when, and how many failed."""
    sentences = []
    if ranked:
        facts = min((one.result.facts for one in ranked), key=lambda facts: str(facts["created"]))
        sentences.append(f"On {data_name(facts['data'])}, {moment(facts['created'])}, the most accurate first.")
    if failures:
        sentences.append(f"{len(failures)} of {len(ranked) + len(failures)} could not be evaluated.")
    return " ".join(sentences)


def _row(reports: Path, ranked: Ranked) -> LeaderboardRow:
    result, facts = ranked.result, ranked.result.facts
    accuracy, model = result.overall["accuracy"], facts["model"]
    return LeaderboardRow(
        place=str(ranked.place),
        name=result.name,
        scale=_scale(model["input"]),
        address=_address(reports, facts["run_id"]),
        outcome=str(facts.get("verdict") or text.DASH),
        cells=(
            LeaderboardCell(text.percent(accuracy), text.percent_interval(accuracy)),
            *_change(ranked.difference),
            LeaderboardCell(text.number(result.overall["log_loss"].value, 4)),
            LeaderboardCell(text.number(result.overall["ece"].value, 4)),
            LeaderboardCell(text.count(model["parameters"]), text.size(model["size_bytes"])),
            LeaderboardCell(text.count(round(facts["device"]["images_per_second"]))),
        ),
    )


def _scale(given: Mapping[str, Any]) -> str:
    """What the pixels were brought to, and whether anything spoke for it."""
    return f"{given['scale']}, in doubt" if given["doubt"] else str(given["scale"])


def _change(difference: Difference | None) -> tuple[LeaderboardCell, LeaderboardCell, LeaderboardCell]:
    """The difference to the best, its p-value, and the images that flipped; dashes for the best itself."""
    if difference is None:
        return LeaderboardCell(text.DASH), LeaderboardCell(text.DASH), LeaderboardCell(text.DASH)
    return (
        LeaderboardCell(*spoken_difference(difference, share=True)),
        LeaderboardCell(p_value(difference.p_value).removeprefix("p").removeprefix(" = ").strip()),
        LeaderboardCell(text.count(difference.regressed or 0), f"{text.count(difference.fixed or 0)} fixed"),
    )


def _address(reports: Path, run_id: str) -> str:
    """Of the run's report, HTML rather than PDF; empty where it has none."""
    found = (f"./{quote(run_id)}/{name}" for name in REPORTS if (reports / run_id / name).is_file())
    return next(found, "")


def _csv(ranked: Sequence[Ranked], failures: Sequence[Failure]) -> str:
    """A row a model; what is not defined is empty."""
    import pandas as pd

    rows = [_cells(one) for one in ranked]
    rows += [{"model": harmless(failure.name), "problem": harmless(failure.problem)} for failure in failures]
    # As objects, numbers keep their type beside gaps.
    table: str = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object).to_csv(index=False, lineterminator="\n")
    return table


def _cells(ranked: Ranked) -> dict[str, Any]:
    result, facts = ranked.result, ranked.result.facts
    model, accuracy = facts["model"], result.overall["accuracy"]
    cells = {
        "place": ranked.place,
        "model": harmless(result.name),
        "verdict": facts.get("verdict"),
        "n": accuracy.n,
        "accuracy": accuracy.value,
        "ci_low": accuracy.ci_low,
        "ci_high": accuracy.ci_high,
        "log_loss": result.overall["log_loss"].value,
        "ece": result.overall["ece"].value,
        "parameters": model["parameters"],
        "size_bytes": model["size_bytes"],
        "images_per_second": facts["device"]["images_per_second"],
        "scale": model["input"]["scale"],
        "doubt": model["input"]["doubt"],
        "path": harmless(model["path"]),
        "sha256": model["sha256"],
        "run_id": facts["run_id"],
    }
    if ranked.difference is None:
        return cells
    found = ranked.difference
    spread = {"difference": found.value, "difference_ci_low": found.ci_low, "difference_ci_high": found.ci_high}
    return cells | spread | {"p_value": found.p_value, "regressed": found.regressed, "fixed": found.fixed}
