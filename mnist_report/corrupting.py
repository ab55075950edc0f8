"""The same model is asked about worse images: those that are made here, and those of a folder."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.corrupted import IMAGES, find_corrupted, read_corrupted
from mnist_report.data.corruptions import KINDS, SEVERITIES, corrupt
from mnist_report.data.dataset import Dataset, shards_digest
from mnist_report.errors import DataError
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.robustness import CorruptedSet, by_kind
from mnist_report.inference import Askable
from mnist_report.jobs import Job, writable
from mnist_report.model.adapter import Anatomy
from mnist_report.model.outputs import OutputKind
from mnist_report.model.scaling import Preparation
from mnist_report.model.store import file_sha256
from mnist_report.runs.corruptions_file import Corruptions, Example
from mnist_report.understanding import understand

log = logging.getLogger("mnist_report")

ONLY = 1


@dataclass(frozen=True, slots=True, eq=False)
class Worse:
    """A corrupted set that the model is to be asked about.

    Attributes:
        kind: of corruption.
        severity: 1 to 5; of a folder's sets, which have no other, 1.
        images: gives them: uint8, shape (n, height, width).
    """

    kind: str
    severity: int
    images: Callable[[], NDArray[np.uint8]]


@dataclass(frozen=True, slots=True, eq=False)
class Clean:
    """How the model was asked about the images as they are, and what it said.

    Attributes:
        anatomy: of the model.
        preparation: of the images.
        gave: what its numbers are.
        predictions: of the images as they are.
    """

    anatomy: Anatomy
    preparation: Preparation
    gave: OutputKind
    predictions: Predictions


def worse_sets(job: Job, dataset: Dataset, columns: Iterable[str]) -> tuple[Worse, ...]:
    """The corrupted sets that a job asks for, none of which is made or read before it is needed.

    Args:
        job: with `corruptions`, `corrupted` and the seed.
        dataset: the images as they are.
        columns: that slice them: a gate must not find two slices of one name.

    Raises:
        DataError: the folder is at fault, or a corruption is called like another or like a column.
    """
    sets = []
    if job.corruptions:
        sets += [
            Worse(kind, severity, partial(corrupt, dataset.images, kind, severity, job.seed))
            for kind in KINDS
            for severity in range(1, len(SEVERITIES[kind]) + 1)
        ]
    ours = {one.kind for one in sets}
    if job.corrupted is not None:
        names = find_corrupted(job.corrupted, dataset)
        for name in sorted(ours.intersection(names)):
            raise DataError(
                f"{job.corrupted}: the corruption {name!r} is also one of --corruptions; give its folder another name"
            )
        sets += [Worse(name, ONLY, partial(read_corrupted, job.corrupted, name, dataset)) for name in names]
    for name in sorted({one.kind for one in sets}.intersection(columns)):
        where = job.slices if name in ours else job.corrupted
        raise DataError(
            f"{where}: {name!r} is both a corruption and a column of slices, and a gate could mean either; give it "
            "another name"
        )
    return tuple(sets)


def ask(
    model: Askable, sets: Sequence[Worse], dataset: Dataset, clean: Clean, show: Callable[[int, int], None]
) -> Corruptions:
    """Count what a model answers to corrupted sets; while it works on one, the next one is made.

    Args:
        model: that was asked about the images as they are.
        sets: at least one.
        dataset: the images as they are.
        clean: how it was asked about them, and what it said.
        show: told how many of how many images are predicted.

    Raises:
        ModelError: the model fails on images.
        DataError: a set cannot be read.
    """
    right = np.flatnonzero(clean.predictions.right)
    example = int(right[0]) if len(right) else 0
    pixels, said = [dataset.images[example]], [int(clean.predictions.predicted[example])]
    n, counted = len(dataset), []
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(sets[0].images)
        for place, one in enumerate(sets):
            images = coming.result()
            if place + 1 < len(sets):
                coming = pool.submit(sets[place + 1].images)
            answer = model.predict(images, partial(_move, show, place * n, len(sets) * n), clean.preparation).answer
            if clean.gave == "labels" and answer.shape[1] > 1:
                answer = _one_hot(answer)
            where = f"{model.model.path}: the predictions of {one.kind} at severity {one.severity}"
            predictions, _ = understand(answer, clean.anatomy, dataset, where, clean.gave)
            counted.append(CorruptedSet.of(one.kind, one.severity, predictions))
            pixels.append(images[example])
            said.append(int(predictions.predicted[example]))
            if place + 1 == len(sets) or sets[place + 1].kind != one.kind:
                _tell(one.kind, counted)
    return Corruptions(tuple(counted), Example(example, np.stack(pixels), np.array(said)))


def corruption_facts(job: Job, corruptions: Corruptions) -> dict[str, Any]:
    """What run.json says of the corrupted sets: how they were made, or which ones they are."""
    made = read = None
    if job.corruptions:
        made = {"seed": job.seed, "severities": {kind: list(amounts) for kind, amounts in SEVERITIES.items()}}
    if job.corrupted is not None:
        names = [kind for kind in by_kind(corruptions.sets) if not (made and kind in KINDS)]
        digests = [file_sha256(job.corrupted / name / IMAGES) for name in names]
        read = {"path": writable(str(job.corrupted)), "corruptions": names, "sha256": shards_digest(digests)}
    return {"made": made, "read": read}


def _one_hot(answer: NDArray[np.float32]) -> NDArray[np.float32]:
    """A 1 for the most probable class: a softmax that is saturated on every good image need not be so on worse ones."""
    if not np.isfinite(answer).all():
        return answer  # and let it be refused
    rows: NDArray[np.float32] = np.eye(answer.shape[1], dtype=np.float32)[answer.argmax(axis=1)]
    return rows


def _move(show: Callable[[int, int], None], before: int, total: int, done: int, _: int) -> None:
    show(before + done, total)


def _tell(kind: str, counted: Sequence[CorruptedSet]) -> None:
    """A line for a kind that is done."""
    found = [f"{100 * one.accuracy.value:.2f} %" for one in counted if one.kind == kind]
    severities = f" at severities 1 to {len(found)}" if len(found) > 1 else ""
    log.info("%s: accuracy %s%s", kind, ", ".join(found), severities)
