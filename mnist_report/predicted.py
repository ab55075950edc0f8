"""The main job for predictions that another program made: no model, no inference, the same report."""

import logging

from mnist_report.data.class_names import read_class_names
from mnist_report.data.sources import load_dataset
from mnist_report.errors import ConfigError
from mnist_report.jobs import NO_DATA, Job, Surroundings, provenance_of_predictions, run_id_of, slices_facts
from mnist_report.judging import Finished
from mnist_report.pipeline import finish_run
from mnist_report.report.formats import import_libraries, usable_formats
from mnist_report.report.templates import check_templates
from mnist_report.runs.baseline import read_baseline
from mnist_report.runs.folder import unfinished_run
from mnist_report.runs.foreign_predictions import read_foreign_predictions
from mnist_report.runs.log import recorded
from mnist_report.slicing import slices_of
from mnist_report.stopwatch import Stopwatch

log = logging.getLogger("mnist_report")


def run_predictions(job: Job, surroundings: Surroundings) -> Finished:
    """A file of predictions becomes a finished run folder.

    Args:
        job: what to do.
        surroundings: for the provenance.

    Returns:
        The run folder and the verdict.

    Raises:
        MnistReportError: input or output is at fault; no run folder is left.
    """
    if job.predictions is None:
        raise ConfigError("there are no predictions; give --predictions")
    with recorded(run_id_of(job, surroundings)) as lines, unfinished_run(job.reports) as folder:
        watch = Stopwatch()
        check_templates(job.templates)
        file = read_foreign_predictions(job.predictions)
        if job.data == NO_DATA:
            wanted = job.reading.class_names
            dataset, predictions = file.without_images(read_class_names(wanted) if wanted else None)
        else:
            dataset = load_dataset(job.data, job.split, job.reading)
            predictions = file.of(dataset)
        log.info("%s: %s predictions", job.predictions, f"{len(predictions):,}")
        if not predictions.graded:
            why = "no probabilities" if file.probabilities is None else "every row is one-hot, which says no more"
            log.info("%s: classes alone: %s", job.predictions, why)
        slice_columns = slices_of(job.slices, dataset)
        baseline = read_baseline(job.baseline, dataset.class_names) if job.baseline else None
        formats = usable_formats(job.formats)
        watch.lap("predictions")
        import_libraries(formats)
        watch.lap("imports")
        return finish_run(
            folder,
            job=job,
            surroundings=surroundings,
            facts=provenance_of_predictions(job, surroundings, file, dataset.described),
            dataset=dataset,
            predictions=predictions,
            slice_columns=slice_columns,
            slices=slices_facts(job.slices),
            baseline=baseline,
            formats=formats,
            watch=watch,
            lines=lines,
        )
