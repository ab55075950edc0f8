"""The main job for images that are counted shard by shard."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mnist_report.counting import Counted, ModelEngine, Plan, local_engine
from mnist_report.data.dataset import Dataset, Described, shards_digest
from mnist_report.data.limits import MOST_BYTES, MOST_GROWTH, MOST_ROWS
from mnist_report.data.shard_reading import iterate, read_shard, read_some
from mnist_report.data.shards import Shards, find_shards, stamps
from mnist_report.data.sources import EMBEDDED, locate
from mnist_report.errors import ConfigError, DataError
from mnist_report.evaluation.kept import Wanted
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.summary import Summary, add_up
from mnist_report.inference import AGREEING, Answer, Speed
from mnist_report.jobs import Asked, Job, Surroundings, make_provenance, run_id_of
from mnist_report.judging import Finished, most_runs
from mnist_report.model.adapter import check_classes
from mnist_report.model.card import card_temperature
from mnist_report.model.opening import opened_model
from mnist_report.model.store import ModelFile
from mnist_report.pipeline import complete
from mnist_report.preparing import SAMPLE, Sample, choose_preparation, training_sample
from mnist_report.report import text
from mnist_report.report.ahead import draw_ahead
from mnist_report.report.formats import import_libraries, usable_formats
from mnist_report.report.templates import check_templates
from mnist_report.runs.earlier import earlier_runs
from mnist_report.runs.folder import StoredRun, unfinished_run, writing_to
from mnist_report.runs.images_file import ShownImages
from mnist_report.runs.log import recorded
from mnist_report.runs.predictions_file import predictions_writer
from mnist_report.stopwatch import Stopwatch
from mnist_report.understanding import understand

log = logging.getLogger("mnist_report")

# In bytes: files that cannot grow beyond what memory holds are not looked through, for the model's process waits.
SMALL = MOST_BYTES // MOST_GROWTH


@dataclass(frozen=True, slots=True, eq=False)
class Total:
    """What came of all shards together.

    Attributes:
        summary: the counts.
        sha256: digest of the data.
        seconds: from the first shard to the last.
        batch_size: images per call of the model.
    """

    summary: Summary
    sha256: str
    seconds: float
    batch_size: int


def run_counted(job: Job, surroundings: Surroundings, show: Callable[[int, int], None]) -> Finished:
    """The main job shard by shard: memory holds no more than a few of them, and whoever has workers shares them out.

    Args:
        job: what to do.
        surroundings: for the provenance.
        show: told how many of how many images are predicted.

    Returns:
        The run folder and the verdict.

    Raises:
        ConfigError: the job has something that needs every row at once.
        MnistReportError: input, device or output is at fault; no run folder is left.
    """
    refuse_what_needs_rows(job)
    with recorded(run_id_of(job, surroundings)) as lines, unfinished_run(job.reports) as folder:
        watch = Stopwatch()
        check_templates(job.templates)
        shards = _shards(job)
        in_all = text.plural(len(shards.shards), "shard")
        log.info("%s: %s split, %s images in %s", job.data, job.split, text.count(shards.n), in_all)
        with (
            opened_model(job.model, trusted=job.trust_model, sha256=job.model_sha256) as file,
            _engine(job, file, len(shards.shards)) as engine,
        ):
            formats = usable_formats(job.formats)
            import_libraries(formats)
            drawn = draw_ahead(file.card, formats)
            anatomy, backend = engine.wait_until_loaded()
            names = shards.names
            check_classes(anatomy, len(names), str(job.model))
            few = _few(shards, names)
            sample = partial(_sample, job, shards, few)
            chosen = choose_preparation(engine, anatomy, few, scale=job.scale, sample=sample)
            said = engine.predict(few.images, lambda *_: None, chosen.preparation)
            _, gave = understand(said.answer, anatomy, few, f"{job.model}: the predictions")
            agreement = None
            if job.precision != "float32":
                agreement = engine.agreement(few.images, said, anatomy, chosen.preparation)
            plan = Plan(
                class_names=names,
                anatomy=anatomy,
                preparation=chosen.preparation,
                gave=gave,
                temperature=card_temperature(file.card),
                wanted=Wanted(job.most_mistakes, job.seed),
                rows=not job.engine.no_predictions,
                model=str(job.model),
            )
            watch.lap("model")
            total = _add_up(engine.count(shards, plan, show), plan, folder)
        watch.lap("inference")
        data = Described(job.data, job.split, shards.n, shards.shape, names, total.sha256)
        speed = Speed(shards.n, total.batch_size, total.seconds, job.precision)
        log.info("predicted %s images/s", f"{speed.images_per_second:,.0f}")
        answer = Answer(anatomy, backend, speed, agreement)
        facts = make_provenance(job, surroundings, data, Asked(file, answer, chosen.facts, gave))
        facts |= {"engine": _engine_facts(job, engine, shards, total), "slices": None, "baseline": None}
        facts |= {"run_id": run_id_of(job, surroundings)}
        stored = _stored(job, facts, total.summary)
        finished = complete(folder, job=job, stored=stored, formats=formats, watch=watch, lines=lines, drawn=drawn)
        if chosen.doubt:
            # Only now: of a run that fails there is one line.
            log.warning("%s: %s", job.model.name, chosen.doubt)
        return finished


def is_counted(job: Job) -> bool:
    """Whether a job's images are counted: because that is asked for, or because memory would not hold them."""
    if job.engine.engine == "ray" or job.engine.no_predictions:
        return True
    if job.predictions is not None or job.data == EMBEDDED:
        return False
    try:
        located = locate(job.data, job.split)
        if located.kind != "pictures" and sum(size for size, _ in stamps(located.paths)) <= SMALL:
            return False
        shards = find_shards(job.data, job.split, job.reading)
    except DataError:
        return False  # who reads it says why
    return shards.n > MOST_ROWS or shards.size > MOST_BYTES


def rehearse_counted(job: Job) -> None:
    """See before a long training that all the rest of a counted job can be done.

    Raises:
        MnistReportError: data, output folder, a library or the cluster is at fault.
    """
    refuse_what_needs_rows(job)
    with unfinished_run(job.reports):
        check_templates(job.templates)
        _shards(job)
        usable_formats(job.formats)
        if job.engine.engine == "ray":
            from mnist_report.ray_cluster import check_cluster

            check_cluster(job.engine)


def refuse_what_needs_rows(job: Job) -> None:
    """See that nothing is asked for that a counted run cannot give.

    Raises:
        ConfigError: something is.
    """
    asked = [("--engine ray", job.engine.engine == "ray"), ("--no-predictions", job.engine.no_predictions)]
    cause = " and ".join(option for option, given in asked if given)
    why = f"with {cause} the images are" if cause else "images that memory does not hold are"
    for option, given in (
        ("--baseline", job.baseline),
        ("--slices", job.slices),
        ("--predictions", job.predictions),
        ("--corruptions", "" if job.corruptions else None),
        ("--corrupted", job.corrupted),
    ):
        if given is not None:
            leave = f"leave out either {option} or {cause}" if cause else f"leave {option} out"
            named = f"{option} {given}".strip()
            raise ConfigError(f"{named}: needs every row at once, and {why} counted part by part; {leave}")
    if job.members:
        raise ConfigError(f"--ensemble: needs every row at once, and {why} counted part by part; run each model alone")
    if job.together:
        raise ConfigError(f"{why} counted part by part, and so there is no leaderboard; run each model alone")


def _shards(job: Job) -> Shards:
    """The images in parts.

    Raises:
        ConfigError: workers cannot share them.
    """
    shards = find_shards(job.data, job.split, job.reading)
    if job.engine.engine == "ray" and not shards.apart:
        raise ConfigError(
            f"--engine ray: {job.data} can only be read from its beginning, so workers cannot share it; give Parquet "
            "files, uncompressed IDX files or a folder of pictures, or leave --engine ray out"
        )
    return shards


def _engine(job: Job, file: ModelFile, shards: int) -> AbstractContextManager[ModelEngine]:
    if job.engine.engine == "ray":
        from mnist_report.ray_engine import ray_engine

        return ray_engine(file, job.device, job.batch_size, job.precision, job.engine, shards=shards)
    return local_engine(file, job.device, job.batch_size, job.precision)


def _add_up(parts: Iterator[Counted], plan: Plan, folder: Path) -> Total:
    """Add up the shards as they come, in their order; their rows go into a file."""
    began = time.perf_counter()
    digests: list[str] = []
    summary = batch_size = None
    with _rows(plan, folder) as write:
        for part in parts:
            if part.predictions is not None:
                write(part.predictions)
            digests.append(part.sha256)
            batch_size = batch_size or part.batch_size
            summary = add_up([part.summary] if summary is None else [summary, part.summary])
    if summary is None or batch_size is None:
        raise DataError("there are no images to evaluate")
    return Total(summary, shards_digest(digests), time.perf_counter() - began, batch_size)


def _few(shards: Shards, names: tuple[str, ...]) -> Dataset:
    """Some images by which it is told how the model is asked and what its numbers are."""
    largest = max(shards.shards, key=lambda shard: min(shard.n, AGREEING))
    part = read_shard(largest, names) if shards.apart else next(iterate(shards, names))
    few = slice(AGREEING)
    return replace(part, images=part.images[few], labels=part.labels[few])


def _sample(job: Job, shards: Shards, few: Dataset) -> Sample | None:
    """See `training_sample`; of training images that are counted themselves, some from everywhere."""
    dataset = read_some(shards, few.class_names, SAMPLE) if job.split == "train" else few
    return training_sample(dataset, job.reading, job.seed)


def _rows(plan: Plan, folder: Path) -> AbstractContextManager[Callable[[Predictions], None]]:
    """Where the rows go."""
    if not plan.rows:
        return nullcontext(lambda _: None)
    return _written(folder, len(plan.class_names))


@contextmanager
def _written(folder: Path, classes: int) -> Iterator[Callable[[Predictions], None]]:
    with ExitStack() as stack:
        with writing_to(folder.parent):
            write = stack.enter_context(predictions_writer(folder / "predictions.parquet", classes))

        def write_part(predictions: Predictions) -> None:
            with writing_to(folder.parent):
                write(predictions)

        yield write_part
        with writing_to(folder.parent):
            stack.close()


def _engine_facts(job: Job, engine: ModelEngine, shards: Shards, total: Total) -> dict[str, Any]:
    return {
        "name": job.engine.engine,
        "workers": engine.workers,
        "shards": len(shards.shards),
        "retries": engine.retries,
        "seconds": round(total.seconds, 3),
        "predictions": not job.engine.no_predictions,
    }


def _stored(job: Job, facts: dict[str, Any], summary: Summary) -> StoredRun:
    """The run with the images that its report shows."""
    kept = summary.kept
    past = earlier_runs(job.reports, facts["data"]["sha256"], most_runs(job.gates))
    images = ShownImages(kept.shown, kept.pixels)
    return StoredRun(facts, kept.predictions, images, {}, job.gates, notes=job.notes, past=past, summary=summary)
