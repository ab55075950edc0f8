"""Several models in one `mnist-report run`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_report.commands.console import Console, log
from mnist_report.commands.evaluate import run_job
from mnist_report.commands.gating import GateOptions, tell_ci, warn_of_unused_baseline

if TYPE_CHECKING:
    from mnist_report.jobs import Job


def run_models(
    models: Sequence[Path], job: "Job", terminal: Console, gate_options: GateOptions, runs: list[str]
) -> tuple[int, str]:
    """Run one job with each model, print each run folder and write the leaderboard.

    Args:
        models: at least two.
        job: what is done with each.
        terminal: for the bars.
        gate_options: as given.
        runs: gets the name of each run as soon as it is finished.

    Returns:
        The exit status of all, and a line on those that did not end well.

    Raises:
        MnistReportError: what all models need is at fault, or the leaderboard cannot be written.
    """
    from mnist_report.several import failing, run_each, worst_status, write_leaderboard

    jobs = [replace(job, model=model, together=True) for model in models]
    tried = []
    for one in run_each(jobs, lambda job, dataset: run_job(job, terminal, dataset)):
        tried.append(one)
        if one.finished is None:
            log.error(one.problem, extra={"exit_status": one.exit_status})
        else:
            print(one.finished.folder, flush=True)
            runs.append(one.finished.folder.name)
    log.info("drew %s", write_leaderboard(job.reports, job.title, tried))
    finished = [(one.name, one.finished) for one in tried if one.finished is not None]
    for _, first in finished[:1]:  # the rules of all are the same
        warn_of_unused_baseline(first.verdict, gate_options)
    for name, run in finished:
        tell_ci(run.verdict, run.summary, name)
    return worst_status(tried), "; ".join(failing(tried))
