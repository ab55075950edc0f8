"""Setting values with the templates."""

from mnist_report.report.view import View
from mnist_report.resources import resource


def to_html(view: View) -> str:
    """The report as one self-contained HTML page."""
    return set_template("report.html.j2", view=view)


def set_template(name: str, **values: object) -> str:
    """Set values with a template; a value that it lacks is an error, and all text is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(resource("templates")),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(values)
