"""The run folder: the durable seam between the slow half (model, inference) and the quick half (frames, report).

A run folder appears whole or not at all: it is written under a hidden name beside its place and renamed at the end.
"""

import json
import secrets
import shutil
import tomllib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import ConfigError, ModelError, OutputError
from mnist_report.evaluation.comparison import Comparison, comparison_document, comparison_frame, flips_frame
from mnist_report.evaluation.ensemble import Member
from mnist_report.evaluation.ensemble_tables import ensemble_document, ensemble_frames
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.kept import Wanted
from mnist_report.evaluation.past import EarlierRun
from mnist_report.evaluation.predictions import Predictions, Scores
from mnist_report.evaluation.robustness import corruptions_document, corruptions_frame
from mnist_report.evaluation.summary import Summary
from mnist_report.gates.frame import gates_document, gates_frame
from mnist_report.gates.rules import GateSet, parse_gates
from mnist_report.gates.rules_toml import to_toml
from mnist_report.gates.verdict import Verdict
from mnist_report.runs.corruptions_file import TABLE as CORRUPTIONS
from mnist_report.runs.corruptions_file import Corruptions, read_corruptions, write_corruptions
from mnist_report.runs.images_file import ShownImages, read_images, write_images
from mnist_report.runs.members_file import MEMBERS, read_members, write_members
from mnist_report.runs.metrics_document import metrics_document
from mnist_report.runs.notes_file import NOTES, read_stored_notes
from mnist_report.runs.predictions_file import read_predictions, write_predictions
from mnist_report.runs.publishing import LATEST
from mnist_report.runs.run_document import read_provenance
from mnist_report.runs.scores_file import read_scores, write_scores
from mnist_report.runs.shield import shielded
from mnist_report.runs.slices_file import read_slices, write_slices
from mnist_report.runs.summary_file import NAME as SUMMARY
from mnist_report.runs.summary_file import read_summary, write_summary
from mnist_report.runs.trend_file import TABLE as TREND
from mnist_report.runs.trend_file import read_trend, trend_files

if TYPE_CHECKING:
    import pandas as pd

COUNTED = "was counted part by part and has no row per image that others could be held against"
# What reading a file raises that is not what it was when it was written.
DAMAGE = (
    OSError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    OverflowError,
    NotImplementedError,
    EOFError,
    MemoryError,
    ModelError,
    ConfigError,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True, eq=False)
class StoredRun:
    """What a run folder holds for those who come later.

    Attributes:
        provenance: run.json.
        predictions: predictions.parquet; of a run that was counted part by part the rows that were kept, kept.parquet.
        images: images.npz.
        slice_columns: slices.parquet: by column, each image's value.
        gates: gates.toml, or None where nothing was gated.
        baseline: baseline.parquet, or None.
        notes: notes.md, empty where there are none.
        past: frames/trend.csv and trend.npz: earlier runs of the same images, the oldest first.
        summary: summary.npz: what was counted, or None where every row is there.
        corruptions: corruptions.parquet and corrupted.npz, or None where no worse images were asked about.
        members: members.parquet, none where one model answered.
    """

    provenance: Mapping[str, Any]
    predictions: Predictions
    images: ShownImages
    slice_columns: Mapping[str, NDArray[Any]]
    gates: GateSet | None = None
    baseline: Scores | None = None
    notes: str = ""
    past: tuple[EarlierRun, ...] = ()
    summary: Summary | None = None
    corruptions: Corruptions | None = None
    members: tuple[Member, ...] = ()

    @property
    def n(self) -> int:
        """The number of images."""
        return self.summary.tally.n if self.summary else len(self.predictions)

    @property
    def no_baseline(self) -> str:
        """Why there is no baseline."""
        return (self.provenance.get("baseline") or {}).get("problem") or "no baseline was given"

    @property
    def baseline_missing(self) -> bool:
        """Whether none was given, or none was where it should be."""
        facts = self.provenance.get("baseline")
        return facts is None or bool(facts.get("missing"))


@contextmanager
def unfinished_run(reports: Path) -> Iterator[Path]:
    """A hidden folder to fill and then `publish`; whatever is not published is removed.

    Raises:
        OutputError: something cannot be written there; the message names the path and the cause.
    """
    unfinished = reports / f".unfinished-{secrets.token_hex(6)}"
    try:
        open_folder(reports)
        with writing_to(reports):
            unfinished.mkdir()
        yield unfinished
    finally:
        with shielded():
            shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def writing_to(reports: Path) -> Iterator[None]:
    """Whatever the system refuses meanwhile is an output error that names the path and the cause.

    Raises:
        OutputError: something cannot be written.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or reports
        raise OutputError(f"{where}: cannot be written: {error.strerror or error}") from error


def open_folder(reports: Path) -> None:
    """Make the folder of the run folders if need be.

    Raises:
        OutputError: it cannot be made, or something else is in its place or in that of `latest`.
    """
    if reports.exists() and not reports.is_dir():
        raise OutputError(f"{reports}: is a file, expected a folder for the run folders")
    if reports.is_symlink() and not reports.exists():
        raise OutputError(f"{reports}: is a link to {reports.readlink()}, which is not there; make that folder")
    with writing_to(reports):
        reports.mkdir(parents=True, exist_ok=True)
    pointer = reports / LATEST
    if pointer.exists() and not pointer.is_symlink():
        raise OutputError(f"{pointer}: expected a link to the newest run, found something else; move it away")


def write_results(
    folder: Path,
    run: StoredRun,
    evaluation: Evaluation,
    verdict: Verdict | None = None,
    comparison: Comparison | None = None,
) -> None:
    """Write the tables of images, gates.toml, notes.md, metrics.json, frames/*.csv and images.npz."""
    if run.summary is None:
        write_predictions(folder / "predictions.parquet", run.predictions)
    else:
        write_summary(folder, run.summary)
    write_members(folder / MEMBERS, run.members)
    if run.slice_columns:
        write_slices(folder / "slices.parquet", run.slice_columns)
    if run.gates is not None:
        (folder / "gates.toml").write_text(to_toml(run.gates), "utf-8")
    if run.notes:
        (folder / NOTES).write_bytes(run.notes.encode())
    if run.baseline is not None and comparison is not None:
        write_scores(folder / "baseline.parquet", run.baseline)
    if run.corruptions is not None:
        write_corruptions(folder, run.corruptions, run.predictions.class_names)
    document, frames = derive_results(run, evaluation, verdict, comparison)
    (folder / "metrics.json").write_text(_json(document), "utf-8")
    write_frames(folder / "frames", frames)
    for name, content in trend_files(run.past).items():
        (folder / name).write_bytes(content)
    write_images(folder / "images.npz", run.images)


def derive_results(
    run: StoredRun, evaluation: Evaluation, verdict: Verdict | None, comparison: Comparison | None
) -> tuple[dict[str, Any], dict[str, "pd.DataFrame"]]:
    """metrics.json and the frames by name: what can be computed again from the other files at any time."""
    names, frames = run.predictions.class_names, dict(evaluation.frames.items())
    document = metrics_document(evaluation, names)
    if evaluation.ensemble is not None:
        document |= ensemble_document(evaluation.ensemble)
        frames |= ensemble_frames(evaluation.ensemble, run.predictions, run.members)
    if verdict is not None:
        document |= {"gates": gates_document(verdict)}
        frames |= {"gates": gates_frame(verdict)}
    if run.baseline is not None and comparison is not None:
        document |= {"comparison": comparison_document(comparison, names)}
        flips = flips_frame(comparison, run.predictions, run.baseline, np.arange(len(run.predictions)))
        frames |= {"comparison": comparison_frame(comparison, names), "flips": flips}
    if run.corruptions is not None:
        document |= corruptions_document(run.corruptions.sets)
        frames |= {"corruptions": corruptions_frame(run.corruptions.sets)}
    return document, frames


def write_frames(folder: Path, frames: Mapping[str, "pd.DataFrame"]) -> None:
    """Write each frame as <name>.csv.

    Raises:
        OutputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from error


def write_provenance(folder: Path, provenance: Mapping[str, Any]) -> None:
    """Write run.json."""
    (folder / "run.json").write_text(_json(provenance), "utf-8")


def write_texts(folder: Path, texts: Mapping[str, str]) -> None:
    """Write small text files by name."""
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")


def read_run(folder: Path) -> StoredRun:
    """Read a finished run.

    Raises:
        OutputError: it is not a run folder, or one of its files is missing, damaged or of another format.
    """
    path = folder / "run.json"
    if not path.exists():
        raise OutputError(f"{folder}: not a run folder, it has no run.json; give one such as reports/latest")
    try:
        provenance = read_provenance(path)
        class_names = tuple(provenance["data"]["class_names"])
        path = folder / "images.npz"
        images = read_images(path)
        path = folder / SUMMARY
        if path.exists():
            wanted = Wanted(provenance["most_mistakes"], provenance["seed"])
            summary = read_summary(folder, class_names, images, wanted)
            predictions = summary.kept.predictions
        else:
            summary, path = None, folder / "predictions.parquet"
            predictions, index = read_predictions(path, class_names)
            if not np.array_equal(index, np.arange(len(index))):
                raise ValueError("its rows are not in the order of the images")
        path = folder / MEMBERS
        members = read_members(path, predictions)
        path = folder / "slices.parquet"
        slice_columns = read_slices(path, len(predictions))
        path = folder / "gates.toml"
        gates = parse_gates(tomllib.loads(path.read_text("utf-8")), str(path)) if path.exists() else None
        path = folder / "baseline.parquet"
        baseline, index = read_scores(path, class_names) if path.exists() else (None, np.arange(len(predictions)))
        if not np.array_equal(index, np.arange(len(predictions))):
            raise ValueError("its rows are not those of the images")
        path = folder / NOTES
        notes = read_stored_notes(path)
        path = folder / TREND
        past = read_trend(folder)
        path = folder / CORRUPTIONS
        corruptions = read_corruptions(folder, class_names, predictions.labels)
    except FileNotFoundError as error:
        raise OutputError(f"{path}: missing from the run folder") from error
    except DAMAGE as error:
        raise OutputError(f"{path}: damaged ({type(error).__name__}: {error})") from error
    return StoredRun(
        *(provenance, predictions, images, slice_columns, gates, baseline, notes, past, summary),
        corruptions=corruptions,
        members=members,
    )


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
