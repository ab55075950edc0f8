"""A stored run is decided about again; nothing in its folder changes."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from mnist_report.errors import OutputError
from mnist_report.gates.rules import GateSet, default_gates
from mnist_report.gates.verdict import Verdict
from mnist_report.judging import ci_files, judge_run, last_line
from mnist_report.report.verdict_text import result_sentence
from mnist_report.runs.baseline import match, read_baseline
from mnist_report.runs.folder import StoredRun, read_run


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A run that was decided about again.

    Attributes:
        verdict: the outcome.
        lines: a line for each gate.
        sentence: the verdict in one sentence.
        files: junit.xml, summary.md and metrics.prom.
    """

    verdict: Verdict
    lines: tuple[str, ...]
    sentence: str
    files: Mapping[str, str]

    @property
    def log_level(self) -> int:
        """An error where the exit status is not 0."""
        return logging.ERROR if self.verdict.exit_status else logging.INFO


def check_run(folder: Path, gates: GateSet | None, baseline: Path | None, today: date) -> Checked:
    """Decide about a run folder.

    Args:
        folder: of the run.
        gates: the rules; None for those that the run has, or else the default ones.
        baseline: another baseline than the run's own, or None.
        today: for the waivers.

    Raises:
        OutputError: the run or the baseline is damaged.
    """
    run = read_run(folder)
    if baseline is not None:
        run = with_baseline(run, baseline)
    rules = gates or run.gates or default_gates(with_baseline=run.baseline is not None)
    run = replace(run, gates=rules)
    judged = judge_run(run, today)
    assert judged.verdict is not None  # noqa: S101  there are rules
    lines = tuple(f"{result.outcome:13}{result_sentence(result)}" for result in judged.verdict.results)
    return Checked(judged.verdict, lines, last_line(judged), ci_files(run, judged))


def with_baseline(run: StoredRun, path: Path) -> StoredRun:
    """The run held against the baseline at `path`.

    Raises:
        OutputError: that is damaged.
    """
    found = read_baseline(path, run.predictions.class_names)
    matched = match(found, run.predictions, run.provenance["data"]["sha256"])
    problem = matched if isinstance(matched, str) else ""
    facts = {"path": str(path), "problem": problem, **found.facts}
    scores = None if isinstance(matched, str) else matched
    return replace(run, provenance={**run.provenance, "baseline": facts}, baseline=scores)


def write_files(files: Mapping[Path, str]) -> None:
    """Write each text where it is wanted.

    Raises:
        OutputError: it cannot be written.
    """
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
