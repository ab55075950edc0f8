"""`mnist-report compare`: two models on the same images."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mnist_report.commands.console import ConsoleOptions, console, log
from mnist_report.commands.options import Format, parse_formats


def compare(
    candidate: Path,
    baseline: Path,
    /,
    *,
    join_by_index: Annotated[bool, Parameter(negative=())] = False,
    frames: Path | None = None,
    report: Path | None = None,
    format: Format = None,  # noqa: A002  the option's name
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Compare two models on the same images: what changed, how surely, and which images flipped.

    Args:
        candidate: A run folder or a predictions.parquet.
        baseline: Another one, of the same images.
        join_by_index: Compare the images whose index both have, although the data digests differ.
        frames: Also write comparison.csv and flips.csv into this folder.
        report: Also write compare.html and compare.pdf into this folder.
    """
    with console(console_options):
        from mnist_report.comparing import compare_runs, write_comparison
        from mnist_report.report.comparison_text import comparison_text

        formats = parse_formats(format)
        result = compare_runs(candidate, baseline, join_by_index=join_by_index, frames=frames)
        print(comparison_text(result.comparison, result.candidate, result.baseline), end="")
        if report is not None:
            written = write_comparison(result, report, formats)
            log.info("drew %s", ", ".join(map(str, written)))
    return 0
