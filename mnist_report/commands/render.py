"""`mnist-report render`: the reports of a stored run, drawn again."""

from pathlib import Path

from mnist_report.commands.console import ConsoleOptions, console, log
from mnist_report.commands.options import Format, TemplateDir, parse_formats


def render(
    run: Path,
    /,
    *,
    format: Format = None,  # noqa: A002  the option's name
    figures: Path | None = None,
    template_dir: TemplateDir = None,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Draw the reports of a stored run again, without TensorFlow.

    Args:
        run: The run folder, for instance reports/latest.
        figures: Also write every figure as PNG and SVG into this folder.
    """
    with console(console_options):
        from mnist_report import pipeline

        formats = parse_formats(format)
        written = pipeline.render(run, formats, figures, template_dir)
        log.info("drew %s", ", ".join(str(path) for path in written))
    return 0
