"""Baselines: what an earlier model said about the same images, in a small folder that is fit to be committed."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.limits import MOST_ROWS
from mnist_report.errors import ConfigError, DataError, MnistReportError, OutputError
from mnist_report.evaluation.paired import Difference, paired_proportions
from mnist_report.evaluation.predictions import Predictions, Scores
from mnist_report.runs.folder import COUNTED, StoredRun, read_run
from mnist_report.runs.metrics_document import FORMAT
from mnist_report.runs.predictions_file import read_predictions, read_scored_images
from mnist_report.runs.scores_file import FIELDS, read_scores, write_scores

FACTS, SCORES = "baseline.json", "scores.parquet"


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """An earlier model's answers.

    Attributes:
        path: as it was given.
        scores: a row per image, or None where there are none to be had.
        index: int64, shape (n,), each row's place in the data set.
        data_sha256: digest of the data set, or None where only a predictions file is known.
        facts: for people: which model, and who accepted it when and why.
        problem: why there are no scores; else empty.
        missing: whether there is nothing at that path.
    """

    path: str
    scores: Scores | None
    index: NDArray[np.int64]
    data_sha256: str | None
    facts: Mapping[str, Any]
    problem: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """A run became the baseline.

    Attributes:
        change: in accuracy from the last baseline, or None where there was none of the same images.
        verdict: of the run, or None where nothing was gated.
    """

    change: Difference | None
    verdict: str | None


def read_baseline(path: Path, class_names: tuple[str, ...]) -> Baseline:
    """Read a run folder, a baseline folder or a predictions file.

    Args:
        path: of one of them. One that is not there, or a metrics.json, is a baseline without scores.
        class_names: of the candidate, for a predictions file, which has none.

    Raises:
        OutputError: it is there and damaged, or a link that leads nowhere.
    """
    if path.is_symlink() and not path.exists():
        raise OutputError(f"{path}: is a link to {path.readlink()}, which is not there")
    if not path.exists():
        if path.name and _old(path).exists():
            raise OutputError(f"{path}: its last acceptance was cut off; run mnist-report baseline accept once more")
        return _without_scores(path, f"there is no baseline at {path}", missing=True)
    if path.suffix == ".json":
        return _without_scores(path, f"{path} has no row per image; give its run folder or a baseline folder")
    if path.is_file():
        return _from_predictions(path, class_names)
    if (path / FACTS).exists():
        return _from_folder(path)
    run = read_run(path)
    rows = _rows(path, run)
    if isinstance(rows, str):
        return _without_scores(path, f"{path} {rows}")
    model, data = run.provenance["model"], run.provenance["data"]
    facts = {"run_id": run.provenance["run_id"], "model": {key: model[key] for key in ("name", "sha256")}}
    return Baseline(str(path), rows, np.arange(len(rows)), data["sha256"], facts)


def match(baseline: Baseline, candidate: Predictions, data_sha256: str) -> Scores | str:
    """The baseline's scores, row by row of the candidate's images; or why they are not of the same images."""
    if baseline.scores is None:
        return baseline.problem
    if baseline.data_sha256 not in {None, data_sha256}:
        return (
            f"the baseline {baseline.path} is of other data: sha256 {str(baseline.data_sha256)[:12]}... instead of "
            f"{data_sha256[:12]}..."
        )
    theirs = baseline.scores.class_names
    if theirs != candidate.class_names:
        return f"the baseline {baseline.path} has the classes {', '.join(theirs)}"
    if not np.array_equal(baseline.index, np.arange(len(candidate))):
        return f"the baseline {baseline.path} has {len(baseline.index)} rows that are not those of the candidate"
    if not np.array_equal(baseline.scores.labels, candidate.labels):
        return f"the baseline {baseline.path} has other labels"
    return baseline.scores


def accept(run: Path, to: Path, *, by: str, why: str, when: str) -> Accepted:
    """Make a run the baseline.

    Args:
        run: its folder.
        to: the baseline folder, made or replaced as a whole.
        by: who accepts it.
        why: the reason.
        when: ISO 8601.

    Returns:
        What to tell of it.

    Raises:
        ConfigError: nobody accepts it, or for no reason.
        OutputError: the run cannot be read, the folder is something else or cannot be written.
    """
    if not by.strip() or not why.strip():
        raise ConfigError("--by and --why must say who accepts the baseline, and why")
    stored = read_run(run)
    rows = _rows(run, stored)
    if isinstance(rows, str):
        raise OutputError(f"{run}: {rows}")
    to = to.resolve()  # a link stays, and leads to the new one
    old, last = _old(to), None
    if old.exists() and not to.exists():
        # The last time was cut off between taking the old one away and putting the new one in its place.
        old.rename(to)
    if to.exists():
        if not (to / FACTS).exists() and (not to.is_dir() or any(to.iterdir())):
            raise OutputError(f"{to}: is there and not a baseline, it has no {FACTS}; choose another folder")
        last = _last_accepted(to, rows, stored.provenance["data"]["sha256"])
    model, data = stored.provenance["model"], stored.provenance["data"]
    facts = {
        "format": FORMAT,
        "accepted": {"by": by, "why": why, "when": when},
        "run_id": stored.provenance["run_id"],
        "model": {key: model[key] for key in ("name", "sha256")},
        "data": {key: data[key] for key in ("source", "split", "n", "sha256", "class_names")},
        "accuracy": float(rows.right.mean()),
    }
    _replace_folder(to, facts, rows)
    change = None if last is None else paired_proportions(rows.right, last.right)
    return Accepted(change, stored.provenance.get("verdict"))


def _rows(folder: Path, run: StoredRun) -> Predictions | str:
    """A row per image, which a run that was counted part by part may have stored, too; or why there is none.

    Raises:
        OutputError: what it stored is damaged.
    """
    if run.summary is None:
        return run.predictions
    if run.n > MOST_ROWS:
        return f"has {run.n:,} rows, and of so many none is held against another (at most {MOST_ROWS:,}); leave it out"
    if not (folder / "predictions.parquet").exists():
        return f"{COUNTED}; run it again without --no-predictions"
    stored = read_scored_images(folder)
    if not np.array_equal(stored.index, np.arange(run.n)):
        raise OutputError(f"{folder / 'predictions.parquet'}: damaged (its rows are not those of the images)")
    return stored.predictions


def _without_scores(path: Path, problem: str, *, missing: bool = False) -> Baseline:
    return Baseline(str(path), None, np.empty(0, dtype=np.int64), None, {}, problem, missing)


def _from_predictions(path: Path, class_names: tuple[str, ...]) -> Baseline:
    try:
        predictions, index = read_predictions(path)
    except MnistReportError:
        raise
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise OutputError(f"{path}: not readable as predictions ({type(error).__name__}: {error})") from error
    if len(predictions.class_names) != len(class_names):
        return _without_scores(path, f"the baseline {path} has {len(predictions.class_names)} classes")
    named = Scores(class_names, *(getattr(predictions, name) for name in FIELDS))
    return Baseline(str(path), named, index, None, {})


def _from_folder(path: Path) -> Baseline:
    file = path / FACTS
    try:
        facts = json.loads(file.read_text("utf-8"))
        if facts.get("format") != FORMAT:
            raise OutputError(f"{file}: format is {facts.get('format')!r}, this version reads {FORMAT}")
        class_names, sha256 = tuple(facts["data"]["class_names"]), facts["data"]["sha256"]
        if not isinstance(facts["data"]["class_names"], list) or not all(
            isinstance(text, str) for text in (sha256, *class_names)
        ):
            raise ValueError("data.sha256 and data.class_names must be text")
        file = path / SCORES
        scores, index = read_scores(file, class_names)
    except FileNotFoundError as error:
        raise OutputError(f"{file}: missing from the baseline") from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise OutputError(f"{file}: damaged ({type(error).__name__}: {error})") from error
    return Baseline(str(path), scores, index, sha256, facts)


def _last_accepted(folder: Path, candidate: Predictions, data_sha256: str) -> Scores | None:
    """The scores that are about to be replaced, where they can be compared."""
    try:
        found = match(read_baseline(folder, candidate.class_names), candidate, data_sha256)
    except (OutputError, DataError):
        return None
    return None if isinstance(found, str) else found


def _replace_folder(to: Path, facts: Mapping[str, Any], scores: Scores) -> None:
    unfinished, old = to.with_name(f".{to.name}.unfinished"), _old(to)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        for rest in (unfinished, old):
            shutil.rmtree(rest, ignore_errors=True)
        unfinished.mkdir()
        write_scores(unfinished / SCORES, scores)
        (unfinished / FACTS).write_text(json.dumps(facts, indent=1, allow_nan=False) + "\n", "utf-8")
        if to.exists():
            to.rename(old)
        unfinished.rename(to)
    except OSError as error:
        raise OutputError(f"{to}: cannot be written: {error.strerror or error}") from error
    finally:
        if old.exists() and not to.exists():
            old.rename(to)
        for rest in (unfinished, old):
            shutil.rmtree(rest, ignore_errors=True)


def _old(to: Path) -> Path:
    """Where the old baseline is while the new one takes its place."""
    if not to.name:
        raise OutputError(f"{to}: cannot be a baseline; choose a folder with a name")
    return to.with_name(f".{to.name}.old")
