"""Whether a run folder is what it was: its digests, and every number computed again from its predictions."""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from mnist_report.errors import OutputError
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.streamed import evaluate_parts
from mnist_report.evaluation.summary import Summary
from mnist_report.judging import ci_files, evaluate_run, judge_run
from mnist_report.model.store import file_sha256
from mnist_report.runs.folder import DAMAGE, StoredRun, derive_results, read_run
from mnist_report.runs.metrics_document import FORMAT
from mnist_report.runs.predictions_file import stream_predictions
from mnist_report.runs.publishing import REPORTS
from mnist_report.runs.run_document import make_run_id
from mnist_report.runs.summary_file import NAME as SUMMARY
from mnist_report.runs.summary_file import ROWS as KEPT

MANIFEST = "manifest.json"
# Sums may be added up in another order on another machine; counts and text are held to be the same.
TOLERANCE = 1e-12
# Of one file, so that a damaged table does not fill the screen.
MOST_TOLD = 10
UNREADABLE = (*DAMAGE, csv.Error, RecursionError)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not what it was.

    Attributes:
        file: its path below the run folder; empty for the folder itself.
        problem: what was found and what was expected.
    """

    file: str
    problem: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found out about a run folder.

    Attributes:
        folder: as it was given.
        files: the files that the manifest lists.
        images: the predictions from which the numbers were computed again; None where they cannot be read.
        differences: none where the folder is what it was.
        version: of mnist-report that made the run.
        stored: whether there is a row for each of the predictions, not their counts alone.
    """

    folder: Path
    files: int
    images: int | None
    differences: tuple[Difference, ...]
    version: str = ""
    stored: bool = True


def verify_run(folder: Path) -> Verified:
    """Hold a run folder against its manifest, and its numbers, gates and CI files against its predictions.

    The two reports are not looked at: they may be rendered again. Whoever changes a file and writes the manifest anew
    is found out only where the file follows from others.

    Args:
        folder: of the run, or a link to it.

    Raises:
        OutputError: it is not a run folder, or a file may not be read.
    """
    if not any((folder / name).exists() for name in ("run.json", MANIFEST)):
        raise OutputError(f"{folder}: not a run folder, it has no run.json; give one such as reports/latest")
    try:
        listed = _listed(folder)
        found = list(_held_against_manifest(folder, listed))
    except OSError as error:
        raise OutputError(f"{error.filename or folder}: cannot be read: {error.strerror or error}") from error
    images, version, stored = None, "", True
    try:
        run = read_run(folder)
    except OutputError as error:
        found.append(Difference("", str(error)))
    else:
        images = run.n
        version = str(run.provenance["versions"].get("mnist-report", ""))
        stored = run.summary is None or (folder / "predictions.parquet").exists()
        found += _computed_again(folder, run)
    return Verified(folder, len(listed or ()), images, tuple(found), version, stored)


def _listed(folder: Path) -> dict[str, str] | None:
    """The digests by path; None where there is no manifest that can be read."""
    try:
        document = json.loads((folder / MANIFEST).read_text("utf-8"))
        digests = document["sha256"] if document["format"] == FORMAT else None
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return digests if isinstance(digests, dict) else None


def _held_against_manifest(folder: Path, listed: Mapping[str, str] | None) -> Iterator[Difference]:
    there = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if not path.is_dir()}
    if listed is None:
        state = "damaged or of another format" if MANIFEST in there else "missing"
        yield Difference(MANIFEST, f"{state}, so no digest can be held against it")
        return
    for name, expected in listed.items():
        if name not in there:
            yield Difference(name, "missing")
        elif there[name].is_symlink():
            yield Difference(name, "is a link, expected a file")
        elif (sha256 := file_sha256(there[name])) != expected:
            yield Difference(name, f"changed: its sha256 is {sha256[:12]}..., the manifest has {str(expected)[:12]}...")
    for name, path in there.items():
        if name not in listed and name != MANIFEST and path.name not in REPORTS:
            yield Difference(name, "is not in the manifest")


def _computed_again(folder: Path, run: StoredRun) -> Iterator[Difference]:
    facts = run.provenance
    try:
        yield from _run_document(folder, facts, run.n)
        if run.summary is None:
            yield from _few("predictions.parquet", _columns(folder / "predictions.parquet", run.predictions))
        else:
            yield from _few(KEPT, _columns(folder / KEPT, run.predictions))
            yield from _few(SUMMARY, _counted(folder / "predictions.parquet", run.summary, run.predictions.class_names))
        evaluation = evaluate_run(run)
        judged = judge_run(run, datetime.fromisoformat(facts["created"]).date(), evaluation)
        verdict = judged.verdict
        for name, value in {
            "verdict": verdict.outcome if verdict else None,
            "exit_status": verdict.exit_status if verdict else 0,
        }.items():
            if name in facts and facts[name] != value:
                yield Difference("run.json", f"{name} is {facts[name]!r}, the rules and predictions give {value!r}")
        document, frames = derive_results(run, evaluation, verdict, judged.comparison)
        # As it is read back: tuples are lists.
        expected = json.loads(json.dumps(document))
        yield from _few("metrics.json", _values(folder / "metrics.json", expected))
        for name, frame in frames.items():
            text = frame.to_csv(index=False, lineterminator="\n")
            yield from _few(f"frames/{name}.csv", _cells(folder / "frames" / f"{name}.csv", text))
        for name, text in ci_files(facts, judged).items():
            if not _same_words(_read(folder / name), text):
                yield Difference(name, "does not say what the rules and predictions give")
    except UNREADABLE as error:
        why = f"{type(error).__name__}: {error}"
        yield Difference("run.json", f"the numbers cannot be computed again by what it says ({why})")


def _run_document(folder: Path, facts: Mapping[str, Any], images: int) -> Iterator[Difference]:
    name, run_id = folder.resolve().name, facts["run_id"]
    if name != run_id:
        yield Difference("", f"the folder is called {name}, and run.json is of {run_id}")
    made = make_run_id(facts).rpartition("-")[0]
    if run_id.rpartition("-")[0] != made:
        yield Difference("run.json", f"run_id is {run_id}, time and model make {made}")
    if facts["data"].get("n") != images:
        yield Difference("run.json", f"data.n is {facts['data'].get('n')!r}, predictions.parquet has {images} rows")


def _counted(path: Path, summary: Summary, class_names: tuple[str, ...]) -> Iterator[str]:
    """Held against the predictions, where they are stored: one part after the other."""
    if path.exists():
        found = evaluate_parts(stream_predictions(path, class_names)).tally
        if not np.array_equal(found.confusion, summary.tally.confusion):
            yield "its confusion counts are not those of predictions.parquet"
        for name in ("loss", "brier", "confidence"):
            counted, given = (float(getattr(tally, name).total) for tally in (summary.tally, found))
            if not math.isclose(counted, given, rel_tol=TOLERANCE) and not math.isnan(counted + given):
                yield f"its sum of {name} is {counted}, predictions.parquet gives {given}"


def _columns(path: Path, predictions: Predictions) -> Iterator[str]:
    """Held against the probabilities: the columns that nothing else reads."""
    from pyarrow import parquet

    names = ["predicted", "confidence", "margin", "loss"] if predictions.graded else ["predicted"]
    table = parquet.read_table(path, columns=names)
    for name in names:
        column, expected = table[name].to_numpy(zero_copy_only=False), getattr(predictions, name)
        same = np.isclose(column, expected, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
        for row in np.flatnonzero(~same)[: MOST_TOLD + 1].tolist():
            yield f"row {row}: {name} is {column[row]}, its probabilities give {expected[row]}"


def _values(path: Path, expected: object) -> Iterator[str]:
    try:
        found = json.loads(_read(path) or "")
    except (ValueError, RecursionError) as error:
        yield f"cannot be read ({error})"
        return
    yield from _unlike(found, expected, "")


def _unlike(found: object, expected: object, where: str) -> Iterator[str]:
    """Where two JSON documents differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in {**expected, **found}:
            inner = f"{where}.{key}" if where else str(key)
            if key not in found:
                yield f"{inner} is missing"
            elif key not in expected:
                yield f"{inner} does not follow from the predictions"
            else:
                yield from _unlike(found[key], expected[key], inner)
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for place, pair in enumerate(zip(found, expected, strict=True)):
            yield from _unlike(*pair, f"{where}[{place}]")
    elif not _same(found, expected):
        yield f"{where} is {_short(found)}, the predictions give {_short(expected)}"


def _same(found: object, expected: object) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(found) is type(expected) and found == expected


def _cells(path: Path, text: str) -> Iterator[str]:
    stored = _read(path)
    if stored is None:
        yield "missing"
        return
    if stored == text:
        return
    found, expected = (list(csv.reader(io.StringIO(each, newline=""))) for each in (stored, text))
    if found[:1] != expected[:1]:
        yield "its columns are other ones than those of this version"
        return
    if len(found) != len(expected):
        yield f"has {len(found) - 1} rows, the predictions give {len(expected) - 1}"
        return
    for number, (row, right) in enumerate(zip(found[1:], expected[1:], strict=True), 1):
        if len(row) != len(right):
            yield f"row {number} has {len(row)} cells, expected {len(right)}"
            continue
        for column, cell, value in zip(expected[0], row, right, strict=True):
            if cell != value and not _same(_number(cell), _number(value)):
                yield f"row {number}: {column} is {_short(cell)}, the predictions give {_short(value)}"


def _same_words(found: str | None, expected: str) -> bool:
    """Whether two texts differ in the last digits of numbers at most."""
    if found is None or found == expected:
        return found == expected
    words, right = found.split(), expected.split()
    return len(words) == len(right) and all(map(_same, map(_number, words), map(_number, right)))


def _number(cell: str) -> object:
    """A cell with a point or an exponent as a float; counts and text stay text."""
    try:
        return cell if cell.lstrip("-").isdigit() else float(cell)
    except ValueError:
        return cell


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:59]}..."


def _few(file: str, problems: Iterable[str]) -> Iterator[Difference]:
    """At most some of them, and how many more there are."""
    more = 0
    for number, problem in enumerate(problems):
        if number < MOST_TOLD:
            yield Difference(file, problem)
        else:
            more += 1
    if more:
        yield Difference(file, f"and {more} more")
