"""What of a report can be done before there are predictions: meanwhile the model loads in its own process."""

from collections.abc import Collection, Mapping
from typing import Any

from mnist_report.report.canvas import to_svg
from mnist_report.report.figures import training_figure
from mnist_report.report.pdf import to_pdf
from mnist_report.report.write import NO_TIME

# With each of our fonts.
SPECIMEN = '<html lang="en"><title>-</title><p>a <b>b</b> <i>c</i> <code>d</code>'


def draw_ahead(card: Mapping[str, Any] | None, formats: Collection[str]) -> dict[str, str]:
    """Draw the figures that know nothing of predictions; what they and a first page load need not be loaded again.

    Args:
        card: of the model, or None.
        formats: of "html" and "pdf".

    Returns:
        SVG by the figure's name.
    """
    if "pdf" in formats:
        to_pdf(SPECIMEN, NO_TIME)
    history = ((card or {}).get("training") or {}).get("history") or ()
    return {"training": to_svg(training_figure(history))} if formats and history else {}
