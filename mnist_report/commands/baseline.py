"""`mnist-report baseline`: what later runs are held against."""

from pathlib import Path
from typing import Literal

from mnist_report.commands.console import ConsoleOptions, console, log
from mnist_report.commands.surroundings import now


def baseline(
    action: Literal["accept"],
    run: Path,
    /,
    *,
    by: str,
    why: str,
    to: Path = Path("baseline"),
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Make a run the baseline: a small folder of labels, predictions and digests that is fit to be committed.

    Args:
        action: accept.
        run: The run folder.
        by: Who accepts it.
        why: The reason.
        to: The baseline folder; the one that is there is replaced.
    """
    del action  # the only one there is
    with console(console_options):
        from mnist_report.runs.baseline import accept

        accepted = accept(run, to, by=by, why=why, when=now().isoformat())
        if accepted.verdict not in {None, "PASS"}:
            log.warning("the verdict of %s was %s", run, accepted.verdict)
        change = accepted.change
        if change is not None and change.value < 0:
            log.warning(
                "worse than the last baseline: accuracy %+.2f pp (95 %% interval %+.2f to %+.2f pp), %d regressed, "
                "%d fixed",
                *(100 * value for value in (change.value, change.ci_low, change.ci_high)),
                change.regressed,
                change.fixed,
            )
        log.info("accepted %s", run)
        print(to)
    return 0
