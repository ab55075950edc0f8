"""Words that no page can hold are cut off."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from markupsafe import Markup

from mnist_report.report import text

# With words of thousands of letters in its tables, setting a PDF takes minutes. A path is mostly shorter than this.
MOST_LETTERS = 120
LONG = re.compile(rf"\S{{{MOST_LETTERS + 1},}}")
T = TypeVar("T")


def shortened(view: T) -> T:
    """A view whose words have at most 120 letters; pictures and what is HTML already stay as they are.

    Args:
        view: a dataclass of strings, tuples, mappings and such dataclasses.
    """
    found: T = _shortened(view)
    return found


def _shortened(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        cut = LONG.sub(lambda word: text.short(word[0], MOST_LETTERS), value)
        return value if cut == value else value.with_text(cut) if hasattr(value, "with_text") else cut
    if isinstance(value, tuple):
        return tuple(map(_shortened, value))
    if isinstance(value, Mapping):
        return {key: _shortened(part) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {name: _shortened(part) for name, part in fields.items() if name != "source"}
        return dataclasses.replace(value, **changed)
    return value
