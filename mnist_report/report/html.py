"""The view as one self-contained HTML page."""

from mnist_report.report.view import View
from mnist_report.resources import resource


def to_html(view: View) -> str:
    """Set the view with the templates; what the view lacks is an error, and all its text is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resource("templates")),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(view=view)
