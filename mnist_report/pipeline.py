"""The stages in order."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnist_report.corrupting import Clean, ask, corruption_facts, worse_sets
from mnist_report.data.dataset import Dataset
from mnist_report.data.sources import load_dataset
from mnist_report.errors import OutputError
from mnist_report.evaluation.ensemble import Member
from mnist_report.evaluation.mistakes import choose_galleries
from mnist_report.evaluation.predictions import Predictions
from mnist_report.inference import Answer, start_model
from mnist_report.jobs import Asked, Job, Surroundings, make_provenance, matched, run_id_of, slices_facts
from mnist_report.judging import (
    Finished,
    ci_files,
    evaluate_run,
    judge_run,
    last_line,
    looks_back,
    most_runs,
    pager_line,
)
from mnist_report.model.adapter import check_classes
from mnist_report.model.opening import opened_model
from mnist_report.preparing import choose_preparation, training_sample
from mnist_report.report.ahead import draw_ahead
from mnist_report.report.attachments import read_attachments
from mnist_report.report.formats import import_libraries, usable_formats
from mnist_report.report.index import write_index
from mnist_report.report.templates import check_templates
from mnist_report.report.text import accuracy_sentence
from mnist_report.report.write import NOTHING, draw_figures, draw_reports, write_figures, write_reports
from mnist_report.runs.baseline import Baseline, read_baseline
from mnist_report.runs.corruptions_file import Corruptions
from mnist_report.runs.earlier import earlier_runs
from mnist_report.runs.folder import (
    StoredRun,
    read_run,
    unfinished_run,
    write_provenance,
    write_results,
    write_texts,
    writing_to,
)
from mnist_report.runs.images_file import NO_IMAGES, ShownImages
from mnist_report.runs.log import recorded, write_log
from mnist_report.runs.publishing import publish
from mnist_report.slicing import slices_of
from mnist_report.stopwatch import Stopwatch
from mnist_report.understanding import understand

log = logging.getLogger("mnist_report")


def run(
    job: Job, surroundings: Surroundings, show: Callable[[int, int], None], dataset: Dataset | None = None
) -> Finished:
    """The main job: model and data become a finished run folder.

    Args:
        job: what to do.
        surroundings: for the provenance.
        show: told how many of how many images are predicted.
        dataset: the job's data, where somebody has read them already.

    Returns:
        The run folder and the verdict.

    Raises:
        MnistReportError: input, device or output is at fault; no run folder is left.
    """
    # Where the results go is opened first: inference would be lost on a folder that cannot be written.
    with recorded(run_id_of(job, surroundings)) as lines, unfinished_run(job.reports) as folder:
        watch = Stopwatch()
        check_templates(job.templates)
        with (
            opened_model(job.model, trusted=job.trust_model, sha256=job.model_sha256) as model_file,
            start_model(model_file, device=job.device, batch_size=job.batch_size, precision=job.precision) as model,
        ):
            dataset = load_dataset(job.data, job.split, job.reading) if dataset is None else dataset
            log.info("%s: %s split, %s images", dataset.source, dataset.split, f"{len(dataset):,}")
            slice_columns = slices_of(job.slices, dataset)
            slices = slices_facts(job.slices)
            worse = worse_sets(job, dataset, slice_columns)
            baseline = read_baseline(job.baseline, dataset.class_names) if job.baseline else None
            # All this costs seconds; the model's process spends them on importing keras.
            formats = usable_formats(job.formats)
            import_libraries(formats)
            drawn = draw_ahead(model_file.card, formats)
            anatomy, backend = model.wait_until_loaded()
            check_classes(anatomy, len(dataset.class_names), str(job.model))
            sample = partial(training_sample, dataset, job.reading, job.seed)
            chosen = choose_preparation(model, anatomy, dataset, scale=job.scale, sample=sample)
            watch.lap("model")
            inference = model.predict(dataset.images, show, chosen.preparation)
            agreement = None
            if job.precision != "float32":
                agreement = model.agreement(dataset.images, inference, anatomy, chosen.preparation)
            watch.lap("inference")
            log.info("predicted %s images/s", f"{inference.speed.images_per_second:,.0f}")
            predictions, gave = understand(inference.answer, anatomy, dataset, f"{job.model}: the predictions")
            corruptions = None
            if worse:
                clean = Clean(anatomy, chosen.preparation, gave, predictions)
                corruptions = ask(model, worse, dataset, clean, show)
                watch.lap("corruptions")
        answer = Answer(anatomy, backend, inference.speed, agreement)
        asked = Asked(model_file, answer, chosen.facts, gave)
        facts = make_provenance(job, surroundings, dataset.described, asked)
        finished = finish_run(
            folder,
            job=job,
            surroundings=surroundings,
            facts=facts,
            dataset=dataset,
            predictions=predictions,
            slice_columns=slice_columns,
            slices=slices,
            baseline=baseline,
            corruptions=corruptions,
            formats=formats,
            watch=watch,
            lines=lines,
            drawn=drawn,
        )
        if chosen.doubt:
            # Only now: of a run that fails there is one line.
            log.warning("%s: %s", job.model.name, chosen.doubt)
        return finished


def rehearse(job: Job) -> Dataset:
    """See before a long training, or many models, that all the rest of a job can be done.

    Returns:
        The job's data.

    Raises:
        MnistReportError: data, output folder or a library is at fault.
    """
    with unfinished_run(job.reports):
        check_templates(job.templates)
        dataset = load_dataset(job.data, job.split, job.reading)
        worse_sets(job, dataset, slices_of(job.slices, dataset))
        if job.baseline:
            read_baseline(job.baseline, dataset.class_names)
        usable_formats(job.formats)
        return dataset


def finish_run(
    folder: Path,
    *,
    job: Job,
    surroundings: Surroundings,
    facts: Mapping[str, Any],
    dataset: Dataset,
    predictions: Predictions,
    slice_columns: Mapping[str, NDArray[Any]],
    formats: Sequence[str],
    watch: Stopwatch,
    lines: list[str],
    slices: Mapping[str, str] | None = None,
    baseline: Baseline | None = None,
    corruptions: Corruptions | None = None,
    drawn: Mapping[str, str] = NOTHING,
    members: tuple[Member, ...] = (),
) -> Finished:
    """Everything after inference: evaluate, store, report, publish. See `run`."""
    scores, against = matched(baseline, predictions, dataset.sha256)
    facts = {**facts, "slices": slices, "baseline": against}
    images = NO_IMAGES
    if dataset.images.size:
        shown = choose_galleries(predictions, scores, members, most_mistakes=job.most_mistakes, seed=job.seed).index
        images = ShownImages(shown, dataset.images[shown])
    run_id = run_id_of(job, surroundings)
    facts |= {"run_id": run_id}
    if corruptions is not None:
        facts |= {"corruptions": corruption_facts(job, corruptions)}
    own = facts["model"]["name"] if job.together else None
    needed = looks_back(job.gates)
    past = earlier_runs(job.reports, dataset.sha256, most_runs(job.gates), model=own, needed=needed)
    stored = StoredRun(
        *(facts, predictions, images, slice_columns, job.gates, scores, job.notes, past),
        corruptions=corruptions,
        members=members,
    )
    return complete(folder, job=job, stored=stored, formats=formats, watch=watch, lines=lines, drawn=drawn)


def complete(
    folder: Path,
    *,
    job: Job,
    stored: StoredRun,
    formats: Sequence[str],
    watch: Stopwatch,
    lines: list[str],
    drawn: Mapping[str, str] = NOTHING,
) -> Finished:
    """What is known of a run becomes its folder: evaluate, judge, report, publish. See `run`."""
    facts, run_id = stored.provenance, stored.provenance["run_id"]
    evaluation = evaluate_run(stored)
    judged = judge_run(stored, datetime.fromisoformat(facts["created"]).date(), evaluation)
    verdict = judged.verdict
    with writing_to(job.reports):
        write_results(folder, stored, evaluation, verdict, judged.comparison)
        files = ci_files(facts, judged)
        write_texts(folder, files)
        watch.lap("evaluation")
        reports = draw_reports(
            stored,
            evaluation,
            formats,
            verdict,
            judged.comparison,
            templates=job.templates,
            attachments=read_attachments(folder),
            drawn=drawn,
        )
        write_reports(folder, reports)
        watch.lap("report")
        status = verdict.exit_status if verdict else 0
        outcome = verdict.outcome if verdict else None
        ends = {"durations_s": watch.laps, "status": "finished", "verdict": outcome, "exit_status": status}
        write_provenance(folder, {**facts, **ends})
        log.info("%s", accuracy_sentence(evaluation.overall))
        sentence, pager = last_line(judged), pager_line(judged, run_id)
        if sentence not in pager:
            log.info("%s", sentence)
        log.log(logging.ERROR if status else logging.INFO, "%s", pager)
        write_log(folder, lines)
        finished = publish(folder, run_id)
        write_index(job.reports)
        return Finished(finished, verdict, files.get("summary.md", ""), sentence)


def render(
    folder: Path, formats: tuple[str, ...] | None, figures: Path | None, templates: Path | None = None
) -> list[Path]:
    """Draw the reports of a stored run again.

    Args:
        folder: the run folder.
        formats: of "html" and "pdf"; None for both where this machine can make them.
        figures: a folder for every figure as PNG and SVG, or None.
        templates: a folder of templates that come before ours, or None.

    Returns:
        What was written: the reports and the folder of the figures.

    Raises:
        OutputError: the folder is not a complete run, or cannot be written to.
        ConfigError: there is no such folder of templates.
        RenderError: the PDF was asked for by name and Pango is missing, or a template is at fault.
    """
    check_templates(templates)
    stored = read_run(folder)
    usable = usable_formats(formats)
    evaluation = evaluate_run(stored)
    created = datetime.fromisoformat(stored.provenance["created"])
    judged = judge_run(stored, created.date(), evaluation)
    try:
        attachments = read_attachments(folder)
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be read: {error.strerror or error}") from error
    reports = draw_reports(
        stored,
        evaluation,
        usable,
        judged.verdict,
        judged.comparison,
        templates=templates,
        attachments=attachments,
    )
    write_reports(folder, reports)
    written = [folder / name for name in reports]
    if figures is not None:
        write_figures(figures, draw_figures(stored, evaluation))
        written.append(figures)
    return written
