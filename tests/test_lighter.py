"""What is done to a page before it is set as PDF shows nowhere on it."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import pytest
from pdf_reading import CREATED
from tiny_run import epochs, tiny_card, tiny_html

from mnist_report.report.canvas import drawing, to_svg
from mnist_report.report.lighter import lighten, set_labels
from mnist_report.report.pdf import to_pdf

SVG = "{http://www.w3.org/2000/svg}"
PLACE = re.compile(r"translate\((\S+) (\S+)\)")


def page_of(body, style=""):
    """A page as lighten takes it, after it did."""
    root = ET.fromstring(f"<html><style>{style}</style>{body}</html>")  # noqa: S314  our own page
    lighten(root)
    return root


def table_of(*cells, kind="td"):
    """A table with one row."""
    return "<table><tr>" + "".join(f"<{kind}>{cell}</{kind}>" for cell in cells) + "</tr></table>"


def labelled(words, **options):
    """A drawing of an empty figure with one label."""
    with drawing(4, 2) as (figure, axes):
        axes.axis("off")
        figure.text(0.2, 0.5, words, **options)
    return to_svg(figure)


def texts_of(svg):
    return [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314  our own drawing


@pytest.fixture(scope="module")
def html():
    return tiny_html(card=tiny_card(epochs()))


@pytest.fixture(scope="module")
def document(html):
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(to_pdf(html, CREATED)))


@pytest.mark.parametrize("words", ["accuracy", "99.5 %", "a & b <c>", "x"])
def test_a_label_becomes_text(words):
    """It can be searched for, and takes one node in place of many strokes."""
    light = set_labels(labelled(words))
    assert texts_of(light) == [words]
    assert "<use" not in light
    assert "<path id=" not in light


@pytest.mark.parametrize(
    "words",
    ["caf\u00e9", "\u05d0\u05d1", "\u0644\u0627", "fish", "two  blanks"],
    ids=["accent", "from right to left", "joined", "ligature", "blanks"],
)
def test_what_is_not_one_glyph_a_letter_stays_outlined(words):
    """Letters set one by one would stand elsewhere, or be others."""
    outlined = labelled(words)
    light = set_labels(outlined)
    assert texts_of(light) == []
    assert light.count("<use") == outlined.count("<use") > 0


@pytest.mark.parametrize("rotation", [0, 90])
def test_each_letter_stands_where_its_glyph_stood(rotation):
    """By matplotlib's numbers, at the size that was asked for."""
    outlined = labelled("AVA 1", rotation=rotation, fontsize=8)
    root = ET.fromstring(set_labels(outlined))  # noqa: S314  our own drawing
    (text,) = root.iter(f"{SVG}text")
    uses = re.findall(r"<use [^>]*?(?:translate\((\S+) 0\)\")?/>", outlined)
    assert [float(x) for x in text.get("x").split()] == pytest.approx([0.08 * float(x or 0) for x in uses], abs=1e-3)
    assert float(text.get("font-size")) == 8
    assert PLACE.search(text.get("transform"))[0] in outlined
    assert ("rotate(-90)" in text.get("transform")) == (rotation == 90)


@pytest.mark.parametrize(("weight", "wanted"), [("normal", "normal"), ("bold", "bold")])
def test_a_label_keeps_its_weight_and_colour(weight, wanted):
    """A title is bold and blue."""
    (text,) = ET.fromstring(set_labels(labelled("right", fontweight=weight, color="#0072b2"))).iter(  # noqa: S314
        f"{SVG}text"
    )
    assert text.get("font-weight") == wanted
    assert "#0072b2" in text.get("style")


def test_a_drawing_of_others_stays_as_it_is():
    """A team's logo."""
    logo = "<svg xmlns='http://www.w3.org/2000/svg'><!-- a --><g transform='scale(2 -2)'><use href='#a'/></g></svg>"
    assert set_labels(logo) == logo


def test_the_labels_of_the_figures_are_in_the_pdf(html, document):
    """As text, and in the HTML as outlines, which look the same everywhere."""
    words = " ".join("".join(page.extract_text() for page in document.pages).split())
    svgs = [base64.b64decode(code).decode() for code in re.findall(r"svg\+xml;base64,([^\"]*)", html)]
    assert "predicted; in percent of the actual class" in words
    assert svgs
    assert not any("<text" in svg for svg in svgs)


def test_an_image_keeps_its_anchor(html, document):
    """Each id of a row or a figure that something leads to is still there."""
    wanted = set(re.findall(r'href="#([^"]*)"', html))
    assert wanted
    assert wanted <= set(document.named_destinations)


def test_an_id_moves_to_the_first_leaf():
    """Below an id no style is shared: a hundred images cost twice as much."""
    root = page_of('<figure id="a" class="digit"><img src="x"/><p>b</p></figure><table><tr id="c"><td/></tr></table>')
    assert [(element.tag, element.get("id")) for element in root.iter() if element.get("id")] == [
        ("img", "a"),
        ("td", "c"),
    ]


def test_an_id_that_a_style_names_stays():
    """Else the style would be another element's."""
    root = page_of('<figure id="a"><img src="x"/></figure>', "#a img { width: 1mm }")
    assert root.find("figure").get("id") == "a"


def test_an_id_does_not_displace_another():
    """Both are led to."""
    root = page_of('<figure id="a"><img id="b" src="x"/></figure>')
    assert [element.get("id") for element in root.iter() if element.get("id")] == ["a", "b"]


@pytest.mark.parametrize(
    ("cells", "fits"),
    [
        (["short words only"] * 5, True),
        (["x" * 40], True),
        (["x" * 120], False),
        (["x" * 60, "y" * 60], False),
        ([], True),
    ],
)
def test_words_stay_whole_where_they_fit(cells, fits):
    """Tearing is tried letter by letter; where a word would leave the page, it still is."""
    assert ("fits" in page_of(table_of(*cells)).find("table").get("class", "")) == fits


def test_numbers_are_never_torn():
    """They count with their blanks."""
    wide = "<table><tr>" + '<td class="number">1 2 3 4 5 6 7 8 9 0 1 2 3</td>' * 5 + "</tr></table>"
    assert "fits" not in page_of(wide).find("table").get("class", "")
