"""A model becomes another program's file, which is held against the original at once."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from mnist_report.data.dataset import Dataset
from mnist_report.data.reading import AS_IT_IS, Reading
from mnist_report.data.sources import load_dataset
from mnist_report.evaluation.predictions import Predictions
from mnist_report.inference import LOADING_SECONDS, MOST_MEMORY, MOST_SECONDS, start_model
from mnist_report.model.adapter import check_classes
from mnist_report.model.exporting import TFLITE, check_exportable, check_target, export_model, unfinished_export
from mnist_report.model.opening import opened_model
from mnist_report.model.pace import CPU_BATCH
from mnist_report.model.scaling import ScaleName
from mnist_report.model.store import ModelFile, identify_model
from mnist_report.preparing import Chosen, choose_preparation, training_sample
from mnist_report.report import text
from mnist_report.report.plain import plain
from mnist_report.understanding import understand

MOST_LISTED = 20
# Of the draw of training images on which a scale is tried.
SEED = 42

log = logging.getLogger("mnist_report")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """What to export, and what to hold it against.

    Attributes:
        model: a `.keras` or `.h5` file.
        to: "tflite" or "savedmodel".
        output: the file or folder to write; nothing may be there.
        data: "mnist", a folder or a file.
        split: "test" or "train".
        device: "auto", "cpu" or "gpu"; a `.tflite` file runs on the CPU all the same.
        batch_size: images per call of the model; None for as many as suit the device.
        trust_model: whether the model may bring code along.
        model_sha256: what the model's digest must be, or None.
        reading: how the data are read.
        scale: of the pixels that the model expects: one of `SCALES`, or "auto".
    """

    model: Path
    to: str
    output: Path
    data: str
    split: str
    device: str
    batch_size: int | None
    trust_model: bool = False
    model_sha256: str | None = None
    reading: Reading = AS_IT_IS
    scale: ScaleName | Literal["auto"] = "auto"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two files, evaluated.

    Attributes:
        path: as its user names it.
        format: as in run.json.
        size_bytes: of the file, or of all files of the folder.
        runs_on: the device and the library.
        right: how many images it gets right.
        images_per_second: after a first batch that does not count.
    """

    path: Path
    format: str
    size_bytes: int
    runs_on: str
    right: int
    images_per_second: float


@dataclass(frozen=True, slots=True)
class Exported:
    """An export, held against its original.

    Attributes:
        original: the model that was exported.
        export: what came of it.
        n: how many images both saw.
        differing: the indices of those that they label differently.
        largest_difference: between two probabilities of one image and one class.
    """

    original: Side
    export: Side
    n: int
    differing: tuple[int, ...]
    largest_difference: float


def export(job: ExportJob, show: Callable[[int, int], None]) -> Exported:
    """Export a model and evaluate both; the export appears at its place only when that is done.

    Args:
        job: what to do.
        show: told how many of how many images are predicted, first by the original, then by the export.

    Raises:
        ConfigError: something is at the export's place, or its name does not fit.
        MnistReportError: input, device or output is at fault; no export is left.
    """
    check_target(job.to, job.output)
    check_exportable(job.model)
    with (
        opened_model(job.model, trusted=job.trust_model, sha256=job.model_sha256) as model,
        unfinished_export(job.output) as unfinished,
    ):
        dataset = load_dataset(job.data, job.split, job.reading)
        log.info("%s: %s split, %s images", dataset.source, dataset.split, text.count(len(dataset)))
        # First the original: what does not fit the data is found before the work of exporting.
        ours, original, chosen = _evaluate(model, dataset, job, job.device, show)
        export_model(
            model,
            job.to,
            unfinished,
            job.output,
            memory=MOST_MEMORY if model.limited else None,
            loading_seconds=LOADING_SECONDS if model.limited else None,
            exporting_seconds=MOST_SECONDS if model.limited else None,
        )
        # We wrote it, so a SavedModel may be loaded; but it is the same stranger's network, within the same limits.
        written = replace(
            identify_model(job.output, trusted=True, copy=unfinished), trusted=not model.limited, card=None
        )
        device = "cpu" if job.to == TFLITE else job.device
        theirs, exported, _ = _evaluate(written, dataset, job, device, show, chosen=chosen)
    log.info("exported to %s", job.output)
    if chosen.doubt:
        # Only now: of an export that fails there is one line.
        log.warning("%s: %s", job.model.name, chosen.doubt)
    gap = np.abs(ours.probabilities.astype(np.float64) - theirs.probabilities.astype(np.float64))
    differing = tuple(np.flatnonzero(ours.predicted != theirs.predicted).tolist())
    return Exported(original, exported, len(dataset), differing, float(gap.max()))


def _evaluate(
    model: ModelFile,
    dataset: Dataset,
    job: ExportJob,
    device: str,
    show: Callable[[int, int], None],
    *,
    chosen: Chosen | None = None,
) -> tuple[Predictions, Side, Chosen]:
    """What a file predicts; the export gets the images as the original did."""
    with start_model(model, device=device, batch_size=job.batch_size) as running:
        anatomy, backend = running.wait_until_loaded()
        check_classes(anatomy, len(dataset.class_names), str(model.path))
        if chosen is None:
            sample = partial(training_sample, dataset, job.reading, SEED)
            chosen = choose_preparation(running, anatomy, dataset, scale=job.scale, sample=sample)
        # The first batch compiles; that belongs to the start and not to the speed.
        running.predict(dataset.images[: job.batch_size or CPU_BATCH], lambda *_: None, chosen.preparation)
        inference = running.predict(dataset.images, show, chosen.preparation)
    predictions, _ = understand(inference.answer, anatomy, dataset, f"{model.path}: the predictions")
    right = int(predictions.right.sum())
    runs_on = f"{backend.device} ({backend.name})"
    side = Side(model.path, model.format, model.size_bytes, runs_on, right, inference.speed.images_per_second)
    return predictions, side, chosen


def export_text(exported: Exported) -> str:
    """An export and its original as a plain table; the last line says whether all labels agree."""
    sides, n = (exported.original, exported.export), exported.n
    agreeing = n - len(exported.differing)
    rows = {
        "format": [side.format for side in sides],
        "runs on": [side.runs_on for side in sides],
        "size in bytes": [text.count(side.size_bytes) for side in sides],
        "images per second": [f"{side.images_per_second:,.0f}" for side in sides],
        "right": [text.count(side.right) for side in sides],
        "accuracy": [text.share(side.right / n, 2) for side in sides],
    }
    lines = [
        f"original  {plain(str(exported.original.path))}",
        f"export    {plain(str(exported.export.path))}",
        "",
        f"{'':20}{'original':>18}{'export':>18}",
        *(f"{name:20}{left:>18}{right:>18}" for name, (left, right) in rows.items()),
        "",
        f"images                          {text.count(n)}",
        f"agreement                       {text.count(agreeing)} of {text.count(n)} ({text.share(agreeing / n, 2)})",
        f"largest probability difference  {exported.largest_difference:.2g}",
        _verdict(exported.differing),
    ]
    return "\n".join(lines) + "\n"


def _verdict(differing: tuple[int, ...]) -> str:
    if not differing:
        return "all labels agree"
    listed = ", ".join(map(str, differing[:MOST_LISTED])) + (", ..." if len(differing) > MOST_LISTED else "")
    return f"labels disagree on {text.plural(len(differing), 'image')}: {listed}"
