"""A stored run is decided about again; nothing in its folder changes."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from mnist_report.errors import OutputError
from mnist_report.gates.document import read_document
from mnist_report.gates.rules import GateSet, default_gates
from mnist_report.gates.verdict import Verdict
from mnist_report.judging import Judged, ci_files, judge_document, judge_run, last_line
from mnist_report.report.text import DASH
from mnist_report.report.verdict_text import result_sentence
from mnist_report.runs.baseline import match, read_baseline
from mnist_report.runs.folder import StoredRun, read_run
from mnist_report.runs.metrics_document import FORMAT


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
    has_baseline = baseline is not None or bool(run.provenance.get("baseline"))
    run = replace(run, gates=_rules(gates, run, has_baseline=has_baseline))
    return _checked(judge_run(run, today), run.provenance)


def check_document(path: Path, gates: GateSet | None, today: date, *, has_baseline: bool = False) -> Checked:
    """Decide by a metrics.json alone; what needs a row per image is an ERROR.

    Args:
        path: of the file.
        gates: the rules; None for the default ones.
        today: for the waivers.
        has_baseline: whether somebody wants it held against a baseline, which it cannot be.

    Raises:
        OutputError: it is not there, or damaged.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        if document.get("format") != FORMAT:
            raise OutputError(f"{path}: format is {document.get('format')!r}, this version reads {FORMAT}")
        evidence = read_document(document)
    except FileNotFoundError as error:
        raise OutputError(f"{path}: no such file; give a run folder or its metrics.json") from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise OutputError(f"{path}: not a metrics.json ({type(error).__name__}: {error})") from error
    judged = judge_document(evidence, gates or default_gates(with_baseline=has_baseline), today)
    facts = {"title": str(path), "created": f"{today.isoformat()}T00:00:00", "run_id": DASH, "model": {"name": DASH}}
    return _checked(judged, facts)


def _checked(judged: Judged, facts: Mapping[str, Any]) -> Checked:
    assert judged.verdict is not None  # noqa: S101  there are rules
    lines = tuple(f"{result.outcome:13}{result_sentence(result)}" for result in judged.verdict.results)
    return Checked(judged.verdict, lines, last_line(judged), ci_files(facts, judged))


def _rules(given: GateSet | None, run: StoredRun, *, has_baseline: bool) -> GateSet:
    """The rules that were given; else the run's own, of which the default ones follow the baseline."""
    if given is not None and not given.default:
        return given
    own = run.gates or default_gates(with_baseline=has_baseline)
    if own.gates == default_gates(with_baseline=False).gates:
        own = replace(own, gates=default_gates(with_baseline=has_baseline).gates)
    return own if given is None else replace(own, inconclusive=given.inconclusive)


def with_baseline(run: StoredRun, path: Path) -> StoredRun:
    """The run held against the baseline at `path`.

    Raises:
        OutputError: that is damaged.
    """
    found = read_baseline(path, run.predictions.class_names)
    matched = match(found, run.predictions, run.provenance["data"]["sha256"])
    problem = matched if isinstance(matched, str) else ""
    facts = {**found.facts, "path": str(path), "problem": problem, "missing": found.missing}
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
