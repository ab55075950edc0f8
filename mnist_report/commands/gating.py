"""The options of the commands that gate, and what they tell the CI that called them."""

import os
import sys
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from mnist_report.commands.console import log
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
    """The rules that somebody wrote down, or None; where only `inconclusive` is written, the default ones with it.

    Raises:
        ConfigError: a rule is at fault.
        DataError: the file cannot be read.
    """
    from mnist_report.gates.rules import default_gates, parse_gates

    if options.gates is None and options.rules_of is None:
        return None
    configured = _rules_in_configuration(options.rules_of) if options.rules_of else {}
    path, document = options.rules_of, configured
    if options.gates is not None:
        path, document = options.gates, _read_rules(options.gates)
        if not document:
            raise ConfigError(f"{path}: has no [[gates]]; write some, or leave --gates out for the default ones")
        # The policy of the configuration holds where the file of rules says nothing of it.
        document = {key: value for key, value in configured.items() if key == "inconclusive"} | document
    parsed = parse_gates(document, str(path))
    if "gates" in document:
        return parsed
    return replace(default_gates(with_baseline=options.baseline is not None), inconclusive=parsed.inconclusive)


def warn_of_unused_baseline(verdict: "Verdict | None", options: GateOptions) -> None:
    """Say so where a baseline was given and no rule is about it."""
    if options.baseline is not None and verdict and not any(result.gate.needs_baseline for result in verdict.results):
        log.warning("no gate is about the baseline %s: add one with max_drop or max_increase", options.baseline)


def tell_ci(verdict: "Verdict | None", summary: str, model: str = "") -> None:
    """On GitHub Actions, annotate the log and write the job's summary; of several models each note names its own.

    Raises:
        OutputError: the summary cannot be written.
    """
    from mnist_report.ci.github import annotations

    if verdict is None or os.environ.get("GITHUB_ACTIONS") != "true":
        return
    sys.stderr.write(annotations(verdict, model))
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(summary)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _rules_in_configuration(path: Path) -> dict[str, Any]:
    values = read_config(path).values
    # As text, `gates` is the option: the path of another file.
    return {key: values[key] for key in RULES if key in values and (key != "gates" or not isinstance(values[key], str))}


def _read_rules(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); --gates takes a TOML file") from error
    except ValueError as error:  # also a number of too many digits
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    return _rules_in_configuration(path) if path.name in {FILE, PYPROJECT} else document
