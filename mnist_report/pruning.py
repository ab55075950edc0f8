"""Old run folders go: what is there, what the policy says of it, and the removal itself.

A folder is renamed to a hidden name first and removed then, so that a run is there as a whole or not at all; whatever
a crash leaves of hidden folders, the next call removes. The history is no run, and stays.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mnist_report.errors import OutputError
from mnist_report.report.index import NAME as INDEX
from mnist_report.report.index import write_index
from mnist_report.runs.baseline import FACTS
from mnist_report.runs.publishing import LATEST
from mnist_report.runs.recording import RUN_ID
from mnist_report.runs.retention import Candidate, Decision, Policy, decide
from mnist_report.runs.run_document import read_provenance

PRUNED = ".pruned-"
NONE: frozenset[str] = frozenset()
DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, OutputError)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A folder that is named like a run and cannot be read as one; it stays.

    Attributes:
        name: of the folder.
        size: of its files, in bytes.
        problem: what is the matter.
    """

    name: str
    size: int
    problem: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in a folder of runs.

    Attributes:
        runs: all that can be read.
        damaged: those that cannot.
    """

    runs: tuple[Candidate, ...]
    damaged: tuple[Damaged, ...]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What became of a folder of runs.

    Attributes:
        decisions: about every run, the newest first.
        damaged: folders that nothing was decided about.
    """

    decisions: tuple[Decision, ...]
    damaged: tuple[Damaged, ...]

    @property
    def removed(self) -> tuple[Candidate, ...]:
        """The runs that go."""
        return tuple(decision.run for decision in self.decisions if not decision.kept)


def prune(
    reports: Path, policy: Policy, baseline: Path | None, *, dry_run: bool, recorded: frozenset[str] | None = None
) -> Pruned:
    """Decide about every run of a folder, and remove those that no rule keeps.

    One process at a time may do this to a folder: whoever calls it holds the folder's lock meanwhile.

    Args:
        reports: the folder of the run folders.
        policy: what is to be kept.
        baseline: what runs are held against: a run folder, its predictions.parquet or a baseline folder; None or one
            that is not there protects nothing.
        dry_run: decide alone.
        recorded: the runs that the history has; the others stay. None where it has all.

    Raises:
        OutputError: there is no such folder, the baseline cannot be read, or something cannot be removed.
    """
    found = survey(reports, baseline_runs(reports, baseline) if baseline else frozenset(), recorded)
    decisions = decide(found.runs, policy, besides=sum(folder.size for folder in found.damaged))
    pruned = Pruned(decisions, found.damaged)
    if not dry_run:
        remove(reports, [run.run_id for run in pruned.removed])
    return pruned


def survey(reports: Path, baselines: frozenset[str] = NONE, recorded: frozenset[str] | None = None) -> Survey:
    """Look at every folder that is named like a run; links are none.

    Args:
        reports: the folder of the run folders.
        baselines: the run-ids that others are held against.
        recorded: those in the history; None for all.

    Raises:
        OutputError: there is no such folder.
    """
    try:
        folders = sorted(
            path
            for path in reports.iterdir()
            if RUN_ID.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
        )
        latest = (reports / LATEST).resolve()
    except OSError as error:
        raise OutputError(f"{reports}: cannot be read: {error.strerror or error}") from error
    runs, damaged = [], []
    for folder in folders:
        size = _size(folder)
        try:
            facts = read_provenance(folder / "run.json")
            if facts["run_id"] != folder.name:
                raise ValueError("its run.json is of another run")
            if not isinstance(facts.get("verdict"), str | None):
                raise TypeError("its verdict is no text")
        except DAMAGE as error:
            damaged.append(Damaged(folder.name, size, _problem(error)))
            continue
        runs.append(
            Candidate(
                run_id=folder.name,
                created=datetime.fromisoformat(facts["created"]),
                size=size,
                verdict=facts.get("verdict"),
                status=str(facts.get("status", "finished")),
                latest=folder.resolve() == latest,
                baseline=folder.name in baselines,
                recorded=recorded is None or folder.name in recorded,
            )
        )
    return Survey(tuple(runs), tuple(damaged))


def baseline_runs(reports: Path, baseline: Path) -> frozenset[str]:
    """The run-ids of the folder that a baseline stands for.

    Raises:
        OutputError: it is a baseline folder that cannot be read, so that nobody knows which run it is.
    """
    real = baseline.resolve()
    names = {path.name for path in (real, real.parent) if path.parent == reports.resolve()}
    document = real / FACTS
    if document.exists():
        try:
            run_id = json.loads(document.read_text("utf-8"))["run_id"]
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise OutputError(f"{document}: cannot be read ({_problem(error)}), and its run must stay") from error
        names.add(str(run_id))
    return frozenset(names)


def remove(reports: Path, run_ids: Sequence[str]) -> None:
    """Remove runs, and what an earlier removal left; the list of the runs is written anew where there is room again.

    Raises:
        OutputError: something cannot be removed; all that were to go are hidden by then, or untouched.
    """
    try:
        for run_id in run_ids:
            (reports / run_id).rename(reports / f"{PRUNED}{run_id}")
        listed = bool(run_ids) and (reports / INDEX).exists()
        for rest in sorted(reports.glob(f"{PRUNED}*")):
            if RUN_ID.fullmatch(rest.name.removeprefix(PRUNED)) and not rest.is_symlink():
                shutil.rmtree(rest)
        if listed:
            write_index(reports)
    except OSError as error:
        raise OutputError(f"{error.filename or reports}: cannot be removed: {error.strerror or error}") from error


def _size(folder: Path) -> int:
    """The bytes of a folder's files; what goes meanwhile, or may not be looked at, does not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += 0 if path.is_dir() else path.lstat().st_size
        except OSError:
            continue
    return total


def _problem(error: Exception) -> str:
    text = error.strerror or str(error) if isinstance(error, OSError) else str(error)
    return " ".join(text.split())[:200] or type(error).__name__
