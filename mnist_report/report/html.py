"""Setting values with the templates."""

import base64
import hashlib

from mnist_report.report.view import View
from mnist_report.resources import resource


def to_html(view: View) -> str:
    """The report as one self-contained HTML page."""
    return set_page("report.html.j2", view=view)


def set_page(name: str, **values: object) -> str:
    """Set values as a page of its own, whose policy allows our one script and no other."""
    from markupsafe import Markup

    script = (resource("templates") / "report.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return set_template(name, script=Markup(script), script_hash=f"sha256-{digest}", **values)  # noqa: S704  it is ours


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
