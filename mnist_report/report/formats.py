"""Which reports this machine can make."""

import logging
from collections.abc import Sequence

from mnist_report.errors import RenderError
from mnist_report.report.pdf import import_weasyprint

log = logging.getLogger("mnist_report")


def usable_formats(wanted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The formats to make; without Pango the PDF is left out, unless it was asked for by name."""
    if wanted is not None and "pdf" not in wanted:
        return wanted
    try:
        import_weasyprint()
    except RenderError as error:
        if wanted is not None:
            raise
        log.warning("no PDF: %s", error)
        return ("html",)
    return wanted or ("html", "pdf")


def import_libraries(formats: Sequence[str]) -> None:
    """Import what the rest of a job needs."""
    import pandas  # noqa: F401, ICN001
    import pyarrow.parquet  # noqa: F401
    import scipy.special  # noqa: F401

    if formats:
        import jinja2  # noqa: F401
        import seaborn  # noqa: F401, ICN001
