"""Words that no page can hold are cut off."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from markupsafe import Markup

from mnist_report.report import robustness_view, text
from mnist_report.report.gallery import Bar, Digit
from mnist_report.report.glance import GlanceItem
from mnist_report.report.matrix import Cell, Matrix
from mnist_report.report.tables import Table
from mnist_report.report.view import GateRow

# With words of thousands of letters in its tables, setting a PDF takes minutes. A path is mostly shorter than this.
MOST_LETTERS = 120
# So has a cell that holds a whole novel.
MOST_IN_CELL = 300
CELLS = (Table, Digit, Bar, GlanceItem, Cell, Matrix, GateRow, robustness_view.Cell, robustness_view.Row)
LONG = re.compile(rf"\S{{{MOST_LETTERS + 1},}}")
T = TypeVar("T")


def shortened(view: T) -> T:
    """A view whose words have at most 120 letters, and its cells 300; pictures and what is HTML already stay.

    Args:
        view: a dataclass of strings, tuples, mappings and such dataclasses.
    """
    found: T = _shortened(view, None)
    return found


def _shortened(value: Any, most: int | None) -> Any:
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        cut = LONG.sub(lambda word: text.short(word[0], MOST_LETTERS), value)
        cut = cut if most is None else text.short(cut, most)
        return value if cut == value else value.with_text(cut) if hasattr(value, "with_text") else cut
    if isinstance(value, tuple):
        return tuple(_shortened(part, most) for part in value)
    if isinstance(value, Mapping):
        return {key: _shortened(part, most) for key, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        most = MOST_IN_CELL if isinstance(value, CELLS) else most
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {name: _shortened(part, most) for name, part in fields.items() if name != "source"}
        return dataclasses.replace(value, **changed)
    return value
