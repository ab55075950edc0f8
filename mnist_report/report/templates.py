"""The templates of a report: ours, and a team's own that come before them."""

import base64
import hashlib
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_report.errors import ConfigError, RenderError
from mnist_report.resources import resource

if TYPE_CHECKING:
    from jinja2 import Environment

REPORT = "report.html.j2"
# With this before its name, a team's template includes the one of ours that it stands in for.
OURS = "mnist-report"


def environment(folder: Path | None = None) -> "Environment":
    """Jinja with our templates, or first those of a folder; a missing value is an error, and all text is escaped."""
    from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

    ours = FileSystemLoader(resource("templates"))
    theirs = [] if folder is None else [FileSystemLoader(folder)]
    made = Environment(
        loader=ChoiceLoader([*theirs, ours, PrefixLoader({OURS: ours})]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["sha256"] = _sha256
    return made


@cache
def our_environment() -> "Environment":
    """Jinja with our templates alone: they stay as they are, so that each is compiled once."""
    return environment()


def _sha256(text: str) -> str:
    """As a content security policy names a script."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def check_templates(folder: Path | None) -> None:
    """See before the long work that a team's templates are sound, as far as the report includes them.

    Raises:
        ConfigError: there is no such folder.
        RenderError: a template cannot be read, has a syntax error, or includes what is not there.
    """
    if folder is None:
        return
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder; --template-dir takes a folder of Jinja templates")
    templates, waiting, seen = environment(folder), {REPORT: str(folder)}, set[str]()
    while waiting:
        name, place = waiting.popitem()
        seen.add(name)
        own = folder / name
        with blamed(str(own) if own.is_file() else place):
            file = templates.get_template(name).filename
            included = _included(templates, name)
        waiting |= {
            other: f"{file}, line {line}, which includes {other}"
            for other, line in included.items()
            if other not in seen
        }


def _included(templates: "Environment", name: str) -> dict[str, int]:
    """What a template includes, imports or extends by a plain name and cannot do without, and in which line."""
    from jinja2 import nodes

    if templates.loader is None:
        return {}
    source, file, _ = templates.loader.get_source(templates, name)
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    return {
        wanted.value: node.lineno
        for node in templates.parse(source, name, file).find_all(kinds)
        if isinstance(wanted := getattr(node, "template", None), nodes.Const)
        and not getattr(node, "ignore_missing", False)
    }


@contextmanager
def blamed(place: str) -> Iterator[None]:
    """Whatever goes wrong meanwhile is the fault of a template, in the line that was reached, or else of the place.

    Raises:
        RenderError: something went wrong.
    """
    from jinja2 import TemplateSyntaxError

    try:
        yield
    except TemplateSyntaxError as error:
        # The lexer puts the file where the name should be.
        where = error.filename or error.name or place
        raise RenderError(f"{where}, line {error.lineno}: {error.message}") from error
    except Exception as error:
        # A template is code and raises anything; Jinja puts its lines into the traceback, among those of Python files.
        frames = traceback.extract_tb(error.__traceback__)
        lines = [
            f"{frame.filename}, line {frame.lineno}" for frame in frames if not frame.filename.endswith((".py", ">"))
        ]
        where = lines[-1] if lines else place
        raise RenderError(f"{where}: {type(error).__name__}: {error}") from error
