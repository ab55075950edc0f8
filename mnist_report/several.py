"""Several models on the same data: a run for each of them, and one leaderboard."""

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_report.data.dataset import Dataset
from mnist_report.errors import MnistReportError
from mnist_report.evaluation.contest import Result, rank
from mnist_report.jobs import Job, names_of
from mnist_report.judging import Finished
from mnist_report.pipeline import rehearse
from mnist_report.report.index import write_index
from mnist_report.report.leaderboard import NAME, Failure, draw_leaderboard
from mnist_report.report.write import write_reports
from mnist_report.runs.result import read_result

ENVIRONMENT = 3
# Of several models' exit statuses the command ends with the one that stands first here.
PRECEDENCE = (130, 70, 3, 2, 1, 4, 0)

log = logging.getLogger("mnist_report")


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What became of one model.

    Attributes:
        name: of its file, or its whole path where several files have that name.
        finished: its run, or None where it failed.
        result: for the leaderboard, likewise.
        problem: why it failed, else empty.
        exit_status: that it alone would end with.
    """

    name: str
    finished: Finished | None
    result: Result | None
    problem: str
    exit_status: int


def run_each(jobs: Sequence[Job], run_one: Callable[[Job, Dataset], Finished]) -> Iterator[Tried]:
    """Run jobs that differ in their model alone, one after the other; one that fails does not stop the others.

    Args:
        jobs: at least one.
        run_one: the main job, see `pipeline.run`; it gets the data, which are read once.

    Yields:
        What became of each model, as soon as it is known.

    Raises:
        MnistReportError: what all of them need is at fault: the data, the folder of the reports, a library.
    """
    dataset = rehearse(jobs[0])
    for place, (job, name) in enumerate(zip(jobs, names_of([job.model for job in jobs]), strict=True), 1):
        log.info("model %d of %d: %s", place, len(jobs), job.model)
        yield _try(job, name, dataset, run_one)
        gc.collect()  # which a command does not do otherwise


def _try(job: Job, name: str, dataset: Dataset, run_one: Callable[[Job, Dataset], Finished]) -> Tried:
    try:
        finished = run_one(job, dataset)
        result = read_result(finished.folder, name)
    except MnistReportError as error:
        problem, status = str(error), error.exit_status
    except OSError as error:  # of the machine, for instance a full folder of temporary files
        problem, status = f"{error.filename or job.model}: {error.strerror or error}", ENVIRONMENT
    else:
        return Tried(name, finished, result, "", finished.exit_status)
    where, problem = _one_line(str(job.model)), _one_line(problem)
    return Tried(name, None, None, problem if where in problem else f"{where}: {problem}", status)


def _one_line(words: str) -> str:
    return " ".join(words.split())


def write_leaderboard(reports: Path, title: str, tried: Sequence[Tried]) -> Path:
    """Write leaderboard.html and leaderboard.csv beside the run folders, and the list of runs, which leads there.

    Args:
        reports: the folder of the run folders.
        title: of the reports.
        tried: what became of each model.

    Returns:
        The page.

    Raises:
        OutputError: the folder cannot be written to.
    """
    ranked = rank([one.result for one in tried if one.result is not None])
    failures = [Failure(one.name, one.problem) for one in tried if one.result is None]
    write_reports(reports, draw_leaderboard(reports, title, ranked, failures))
    write_index(reports)
    return reports / NAME


def failing(tried: Sequence[Tried]) -> list[str]:
    """A sentence for each model that did not end with 0."""
    return [
        one.problem or f"{one.name}: {one.finished.sentence if one.finished else one.exit_status}"
        for one in tried
        if one.exit_status
    ]


def worst_status(tried: Sequence[Tried]) -> int:
    """The exit status of all of them together."""
    return min((one.exit_status for one in tried), key=PRECEDENCE.index, default=0)
