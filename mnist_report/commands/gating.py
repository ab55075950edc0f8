"""The options of the commands that gate, and what they tell the CI that called them."""

import os
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from mnist_report.config import FILE, PYPROJECT, read_config
from mnist_report.errors import ConfigError, DataError, OutputError

if TYPE_CHECKING:
    from mnist_report.gates.rules import GateSet
    from mnist_report.gates.verdict import Verdict

RULES = ("gates", "inconclusive")


@Parameter(name="*", group=Group("Gates", sort_key=6))
@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """What a run is held against.

    Attributes:
        gates: A TOML file of [[gates]]; else those of the configuration file, else accuracy and each class.
        baseline: A run folder, a baseline folder or a predictions file of the same images.
        rules_of: The configuration file, where it has rules.
    """

    gates: Path | None = None
    baseline: Path | None = None
    rules_of: Annotated[Path | None, Parameter(show=False)] = None


def load_gates(options: GateOptions) -> "GateSet | None":
    """The rules that somebody wrote down, or None.

    Raises:
        ConfigError: a rule is at fault.
        DataError: the file cannot be read.
    """
    from mnist_report.gates.rules import parse_gates

    if options.gates is None and options.rules_of is None:
        return None
    if options.gates is None or options.gates.name in {FILE, PYPROJECT}:
        path = options.gates or options.rules_of or Path()
        values = read_config(path).values
        return parse_gates({key: values[key] for key in RULES if key in values}, str(path))
    return parse_gates(_read_rules(options.gates), str(options.gates))


def tell_ci(verdict: "Verdict | None", summary: str) -> None:
    """On GitHub Actions, annotate the log and write the job's summary.

    Raises:
        OutputError: the summary cannot be written.
    """
    from mnist_report.ci.github import annotations

    if verdict is None or os.environ.get("GITHUB_ACTIONS") != "true":
        return
    sys.stderr.write(annotations(verdict))
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(summary)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _read_rules(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); --gates takes a TOML file") from error
