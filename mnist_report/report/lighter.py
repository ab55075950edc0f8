"""What makes a page cheaper to set as PDF and changes nothing on it that a reader could see."""

import base64
import html
import re
from itertools import zip_longest
from typing import Any

# The family that the PDF calls matplotlib's DejaVu Sans.
FAMILY = "Report"
SVG = "data:image/svg+xml;base64,"

# A label as matplotlib outlines it: a comment with its words, its place, the outlines that are new, a use a glyph.
LABEL = re.compile(
    r"""
    <!--\ (?P<text>[^\n]*)\ -->\s*
    <g(?P<style>\ style="[^"]*")?\ transform="(?P<place>[^"]*?)\ ?scale\((?P<scale>[\d.]+)\ -[\d.]+\)">\s*
    (?P<outlines><defs>.*?</defs>)?
    (?P<uses>(?:\s*<use\ [^>]*/>)+)\s*
    </g>
    """,
    re.DOTALL | re.VERBOSE,
)
USE = re.compile(r'<use xlink:href="#DejaVuSans(?P<bold>-Bold)?-\w+"(?: transform="translate\((?P<x>[\d.]+) 0\)")?/>')
OUTLINE = re.compile(r'<path id="(DejaVuSans[^"]*)"[^>]*?/>')
# Outlines are drawn at this size and scaled.
OUTLINED_AT = 100

# About as many letters of a table's size fit side by side, each column's margin being as wide as two.
ABREAST = 100
MARGIN = 2


def lighten(root: Any) -> None:
    """Prepare a page, in place, for WeasyPrint: what looks alike is computed once, and letters are text.

    Args:
        root: an element of xml.etree.
    """
    styles = "".join(style.text or "" for style in root.iter("style"))
    for element in (*root.iter("figure"), *root.iter("tr")):
        if f"#{element.get('id')}" not in styles:
            _name_a_leaf(element)
    for table in root.iter("table"):
        if _fits(table):
            table.set("class", f"{table.get('class', '')} fits".strip())
    for image in root.iter("img"):
        source = image.get("src", "")
        if source.startswith(SVG):
            drawing = set_labels(base64.b64decode(source.removeprefix(SVG)).decode())
            image.set("src", SVG + base64.b64encode(drawing.encode()).decode())


def _name_a_leaf(element: Any) -> None:
    """Give an element's id to the first in it that holds no other: below an id every style is computed anew."""
    leaf = next(inner for inner in element.iter() if not len(inner))
    if "id" in element.attrib and "id" not in leaf.attrib:
        leaf.set("id", element.attrib.pop("id"))


def _fits(table: Any) -> bool:
    """Whether a table's longest words stand side by side, so that none need be torn; trying that takes long."""
    rows = [[_longest(cell) for cell in row] for row in table.iter("tr")]
    return sum(max(column) + MARGIN for column in zip_longest(*rows, fillvalue=0)) <= ABREAST


def _longest(cell: Any) -> int:
    """Letters that stay in one line."""
    words = "".join(cell.itertext())
    numbers = "number" in cell.get("class", "").split()
    return len(words) if numbers else max(map(len, words.split()), default=0)


def set_labels(drawing: str) -> str:
    """Make text of matplotlib's outlined labels, each letter at its place: outlines are thousands of strokes.

    What is not ASCII, or has other than one glyph for each letter, stays outlined.

    Args:
        drawing: an SVG with "svg.fonttype" as "path"; in others nothing changes.
    """
    drawing = LABEL.sub(_label, drawing)
    # Each outline is drawn before its first label; some were for that one alone.
    return OUTLINE.sub(lambda outline: outline[0] if f'"#{outline[1]}"' in drawing else "", drawing)


def _label(found: re.Match[str]) -> str:
    words, uses = html.unescape(found["text"]), list(USE.finditer(found["uses"]))
    plain = words.isascii() and words == " ".join(words.split())
    if not plain or not len(words) == len(uses) == found["uses"].count("<use"):
        return found[0]
    scale = float(found["scale"])
    places = " ".join(f"{float(use['x'] or 0) * scale:.3f}" for use in uses)
    weight = "bold" if uses[0]["bold"] else "normal"
    return (
        f'{found["outlines"] or ""}<text{found["style"] or ""} transform="{found["place"]}" font-family="{FAMILY}" '
        f'font-size="{OUTLINED_AT * scale:g}" font-weight="{weight}" x="{places}">{found["text"]}</text>'
    )
