"""Setting values with the templates."""

from pathlib import Path

from mnist_report.report.shorten import shortened
from mnist_report.report.templates import REPORT, blamed, environment, our_environment
from mnist_report.report.view import View


def to_html(view: View, templates: Path | None = None) -> str:
    """The report as one self-contained HTML page.

    Args:
        view: what it shows.
        templates: a folder of templates that come before ours, or None.

    Raises:
        RenderError: a template of that folder is at fault.
    """
    view = shortened(view)
    if templates is None:
        return set_template(REPORT, view=view)
    with blamed(str(templates)):
        return environment(templates).get_template(REPORT).render(view=view)


def set_template(name: str, **values: object) -> str:
    """Set values with a template of ours."""
    return our_environment().get_template(name).render(values)
