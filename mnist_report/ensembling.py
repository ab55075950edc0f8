"""The main job for an ensemble: several models answer, and the mean of their probabilities is what is evaluated."""

import gc
import hashlib
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import cache, partial
from itertools import chain
from typing import Any

from mnist_report.data.dataset import Dataset, Described
from mnist_report.data.sources import load_dataset
from mnist_report.errors import ConfigError, ModelError
from mnist_report.evaluation.ensemble import Member, average
from mnist_report.evaluation.predictions import Predictions
from mnist_report.inference import Answer, RunningModel, start_model
from mnist_report.jobs import (
    Asked,
    Job,
    Surroundings,
    common_facts,
    device_facts,
    model_facts,
    names_of,
    run_id_of,
    slices_facts,
    writable,
)
from mnist_report.judging import Finished
from mnist_report.model.adapter import check_classes
from mnist_report.model.opening import opened_model
from mnist_report.model.precision import check_precision
from mnist_report.model.store import ModelFile
from mnist_report.pipeline import finish_run
from mnist_report.preparing import Sample, choose_preparation, training_sample
from mnist_report.report.ahead import draw_ahead
from mnist_report.report.formats import import_libraries, usable_formats
from mnist_report.report.templates import check_templates
from mnist_report.runs.baseline import read_baseline
from mnist_report.runs.folder import unfinished_run
from mnist_report.runs.log import recorded
from mnist_report.slicing import slices_of
from mnist_report.stopwatch import Stopwatch
from mnist_report.understanding import understand

log = logging.getLogger("mnist_report")


def run_ensemble(job: Job, surroundings: Surroundings, show: Callable[[int, int], None]) -> Finished:
    """Several models become one finished run folder, in which each of them stands beside their mean.

    Args:
        job: what to do; its members are the models.
        surroundings: for the provenance.
        show: told how many of how many answers there are, an image a model.

    Returns:
        The run folder and the verdict.

    Raises:
        MnistReportError: input, device or output is at fault; no run folder is left.
    """
    with (
        recorded(run_id_of(job, surroundings)) as lines,
        unfinished_run(job.reports) as folder,
        ExitStack() as opened,
    ):
        watch = Stopwatch()
        check_templates(job.templates)
        # All before the first inference: the last one's would cost those of all others.
        files = [opened.enter_context(opened_model(path, trusted=job.trust_model)) for path in job.members]
        _refuse_copies(files)
        for file in files:
            check_precision(file, job.precision)
        with closing(_in_turn(files, job)) as models:
            first = next(models)
            # All this costs seconds; the first model's process spends them on importing keras.
            dataset = load_dataset(job.data, job.split, job.reading)
            log.info("%s: %s split, %s images", dataset.source, dataset.split, f"{len(dataset):,}")
            slice_columns = slices_of(job.slices, dataset)
            baseline = read_baseline(job.baseline, dataset.class_names) if job.baseline else None
            formats = usable_formats(job.formats)
            import_libraries(formats)
            draw_ahead(None, formats)
            watch.lap("data")
            asked: list[Asked] = []
            answers = _answers(chain([first], models), job, dataset, show, asked)
            predictions, scores = average(answers)
        watch.lap("inference")
        names = names_of(job.members)
        facts = provenance_of_ensemble(job, surroundings, dataset.described, dict(zip(names, asked, strict=True)))
        finished = finish_run(
            folder,
            job=job,
            surroundings=surroundings,
            facts=facts,
            dataset=dataset,
            predictions=predictions,
            slice_columns=slice_columns,
            slices=slices_facts(job.slices),
            baseline=baseline,
            formats=formats,
            watch=watch,
            lines=lines,
            members=tuple(Member(writable(name), said) for name, said in zip(names, scores, strict=True)),
        )
        for name, one in zip(names, asked, strict=True):
            if one.given["doubt"]:
                # Only now: of a run that fails there is one line.
                log.warning("%s: %s", name, one.given["doubt"])
        return finished


def _refuse_copies(files: Sequence[ModelFile]) -> None:
    """See that no model counts twice.

    Raises:
        ConfigError: two files have the same bytes.
    """
    seen: dict[str, ModelFile] = {}
    for file in files:
        other = seen.setdefault(file.sha256, file)
        if other is not file:
            raise ConfigError(
                f"--ensemble: {file.path} is a copy of {other.path} (sha256 {file.sha256[:12]}...), which would count "
                "twice; name each model once"
            )


def _in_turn(files: Iterable[ModelFile], job: Job) -> Generator[RunningModel]:
    """Each model in its process, which ends before the next one begins: a GPU's memory holds one of them."""
    for file in files:
        with start_model(file, device=job.device, batch_size=job.batch_size, precision=job.precision) as model:
            yield model
        gc.collect()  # which a command does not do otherwise


def _answers(
    models: Iterable[RunningModel],
    job: Job,
    dataset: Dataset,
    show: Callable[[int, int], None],
    asked: list[Asked],
) -> Iterator[Predictions]:
    """What each model says in turn; what is known of it besides goes to the end of `asked`."""
    # Whoever needs training images reads them, and all others share them.
    sample = cache(partial(training_sample, dataset, job.reading, job.seed))
    n, count = len(dataset), len(job.members)
    for place, model in enumerate(models):
        log.info("member %d of %d: %s", place + 1, count, model.model.path)
        one, predictions = _ask(model, job, dataset, sample, partial(_further, show, place * n, count * n))
        asked.append(one)
        yield predictions


def _further(show: Callable[[int, int], None], before: int, total: int, done: int, _: int) -> None:
    show(before + done, total)


def _ask(
    model: RunningModel,
    job: Job,
    dataset: Dataset,
    sample: Callable[[], Sample | None],
    show: Callable[[int, int], None],
) -> tuple[Asked, Predictions]:
    """One model's answer to all images.

    Raises:
        ModelError: it fails, does not fit the data, or names classes without probabilities.
    """
    path = model.model.path
    anatomy, backend = model.wait_until_loaded()
    check_classes(anatomy, len(dataset.class_names), str(path))
    without = ModelError(
        f"{path}: it names classes without probabilities, and an ensemble is the mean of probabilities; leave it out"
    )
    if anatomy.single_label:
        raise without
    chosen = choose_preparation(model, anatomy, dataset, scale=job.scale, sample=sample)
    inference = model.predict(dataset.images, show, chosen.preparation)
    agreement = None
    if job.precision != "float32":
        agreement = model.agreement(dataset.images, inference, anatomy, chosen.preparation)
    log.info("predicted %s images/s", f"{inference.speed.images_per_second:,.0f}")
    predictions, gave = understand(inference.answer, anatomy, dataset, f"{path}: the predictions")
    if not predictions.graded:
        raise without
    return Asked(model.model, Answer(anatomy, backend, inference.speed, agreement), chosen.facts, gave), predictions


def provenance_of_ensemble(
    job: Job, surroundings: Surroundings, data: Described, members: Mapping[str, Asked]
) -> dict[str, Any]:
    """run.json of several models that answer together.

    Args:
        job: what is done.
        surroundings: in which.
        data: what the models were asked.
        members: each model, by what it is called.
    """
    models = [
        {**model_facts(asked), "name": writable(name), "device": device_facts(asked.answer)}
        for name, asked in members.items()
    ]
    devices = [model["device"] for model in models]
    seconds = sum(device["inference_s"] for device in devices)
    # The order of the members changes nothing but the last bits of a mean.
    digests = "".join(f"{sha256}\n" for sha256 in sorted(model["sha256"] for model in models))
    versions = {name: version for one in members.values() for name, version in one.answer.backend.versions.items()}
    return common_facts(job, surroundings, data, versions) | {
        "device": {
            **{key: _joined(device[key] for device in devices) for key in ("kind", "name", "backend", "precision")},
            "batch_size": max(device["batch_size"] for device in devices),
            "inference_s": round(seconds, 3),
            "images_per_second": round(data.n / seconds, 1) if seconds else 0.0,
            "agreement": None,
        },
        "model": {
            "kind": "ensemble",
            "name": job.name,
            "path": ", ".join(model["path"] for model in models),
            "format": _joined(model["format"] for model in models),
            "sha256": hashlib.sha256(digests.encode()).hexdigest(),
            "size_bytes": sum(model["size_bytes"] for model in models),
            "parameters": sum(model["parameters"] for model in models),
            "trainable_parameters": sum(model["trainable_parameters"] for model in models),
            # It would have to be fitted for the ensemble on images that no member was trained on.
            "card": None,
            "members": models,
        },
    }


def _joined(values: Iterable[str]) -> str:
    """Each of them once."""
    return ", ".join(dict.fromkeys(values))
