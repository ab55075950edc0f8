"""Whatever names, titles, notes and reasons say, they stay text: in the page, in the PDF and in the summary."""

import io
import os
import subprocess
import sys
import time

import pytest
from full_run import full_run, write_run
from pdf_reading import violations
from test_html import Page
from test_markdown import TAGS, rendered, seen
from tiny_run import HOSTILE

from mnist_report import pipeline
from mnist_report.report.glyphs import drawable
from mnist_report.report.plain import plain
from mnist_report.report.shorten import MOST_LETTERS
from mnist_report.report.text import short

MOST_SECONDS = 20
# Three texts at a time, one for each class.
TEXTS = {
    "markup": (HOSTILE[0], HOSTILE[4], '"><svg onload=alert(1)>'),
    "quotes and templates": (HOSTILE[1], HOSTILE[5], "{{ 7*7 }}{# x #}{{ view }}"),
    "lines and signs": ("two\nlines\r\nand a\ttab", HOSTILE[2], "a|b`c`*d*[e](f)"),
    "from right to left": (HOSTILE[3], "\N{RIGHT-TO-LEFT OVERRIDE}desrever", "\N{RIGHT-TO-LEFT ISOLATE}\u05d0 < b"),
    "long": ("x" * 10_000, "\N{HEBREW LETTER SHIN}" * 10_000, "<b>" * 3_333),
}


def hostile_run(texts):
    """Everything that somebody else can name is one of them."""
    one, two, three = texts
    gates = (
        {"name": one, "metric": "recall", "class": one, "min": 0.5},
        {"name": two, "metric": "accuracy", "slice": f"pen={three}", "min": 0.9},
        {"name": three, "metric": "accuracy", "max_drop": 0.01, "severity": "warning"},
        {"name": f"no {one}", "metric": "recall", "class": f"no {two}", "min": 0.5},
    )
    return full_run(
        names=texts,
        title=" and ".join(texts),
        model=two,
        notes="\n\n".join(texts),
        gates=gates,
        accepted={"by": one, "why": three, "when": "2026-01-01T00:00:00+00:00"},
        columns={"pen": [text for text in texts for _ in range(4)]},
    )


@pytest.fixture(scope="module", params=TEXTS)
def drawn(request, tmp_path_factory):
    """The texts, the folder with both reports, and the seconds of work that the reports took."""
    texts = TEXTS[request.param]
    folder = tmp_path_factory.mktemp("hostile")
    write_run(folder, hostile_run(texts))
    began = time.process_time()
    pipeline.render(folder, ("html", "pdf"), None)
    took = time.process_time() - began
    print(f"{request.param}: {took:.1f} s")
    return texts, folder, took


@pytest.fixture(scope="module")
def page(drawn):
    return Page((drawn[1] / "report.html").read_bytes().decode())


@pytest.fixture(scope="module")
def tame(tmp_path_factory):
    """The elements and attributes of a page of harmless names."""
    folder = tmp_path_factory.mktemp("tame")
    write_run(folder, hostile_run(("cat", "dog", "eel")))
    pipeline.render(folder, ("html",), None)
    elements = Page((folder / "report.html").read_text("utf-8")).elements
    return {tag for tag, _ in elements}, {(tag, key) for tag, attributes in elements for key in attributes}


def shown(text):
    """As a page shows it: as it is, but for words that no page can hold."""
    return text if len(text) <= MOST_LETTERS else short(text, MOST_LETTERS)


def test_no_element_is_theirs(page, tame):
    """Only kinds of elements and attributes that harmless names have, each closed; and our own script.

    Notes are Markdown, which can say what is a word of code and what is important.
    """
    tags, attributes = tame
    assert {tag for tag, _ in page.elements} <= tags | {"code", "em"}
    assert {(tag, key) for tag, found in page.elements for key in found} <= attributes
    assert (page.mistaken, page.open, page.all("script")) == ([], [], [{}])


def test_every_id_is_there_once_and_every_link_leads_to_one(page):
    """No name is an address."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids) > 20
    targets = {link["href"] for link in page.all("a")}
    assert {target for target in targets if target.startswith("#")} <= {f"#{id_}" for id_ in ids}
    assert not any(target.lower().startswith(("javascript:", "data:")) for target in targets)


def test_nothing_is_loaded(page):
    """Images are ours."""
    assert all(image["src"].startswith("data:image/") and image["alt"] for image in page.all("img"))


@pytest.mark.parametrize("where", ["class", "slice", "gate", "model", "acceptance", "title"])
def test_each_text_is_shown_as_it_was_given(drawn, page, where):
    """Where it belongs, in the order in which it was given."""
    one, two, three = drawn[0]
    words = page.text()
    given = {
        "class": [shown(text) for text in drawn[0]],
        "slice": [shown(f"pen={text}") for text in drawn[0]],
        "gate": [shown(plain(text)) for text in (one, two, three, f"no {one}")[:3]],
        "model": [f"{shown(two)} on pets"],
        "acceptance": [f"accepted by {shown(one)} on 2026-01-01: {shown(three)}"],
        "title": [" and ".join(shown(text) for text in drawn[0])],
    }[where]
    assert [text for text in given if text not in words] == []


def test_notes_are_markdown_and_nothing_else(drawn, page):
    """Every letter of them is there, wherever lines end; quotes, marks and blanks are Markdown's."""
    letters = "".join(letter for letter in "".join(drawn[0]) if letter.isalnum())
    there = "".join(letter for letter in page.text() if letter.isalnum())
    assert letters.replace("f", "")[:200] in there.replace("f", "")


def test_reports_take_no_longer_than_others(drawn):
    """A name is no way to stop a build."""
    assert drawn[2] < MOST_SECONDS


@pytest.mark.parametrize("profile", ["3a", "ua1"])
def test_the_pdf_keeps_every_rule(drawn, profile):
    """Whatever is in it."""
    assert violations((drawn[1] / "report.pdf").read_bytes(), profile) == set()


def test_each_name_is_in_the_pdf(drawn):
    """Its signs or their placeholders, in one direction or the other."""
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO((drawn[1] / "report.pdf").read_bytes())).pages
    words = "".join("".join(page.extract_text().split()) for page in pages)
    for text in drawn[0]:
        name = "".join(drawable(shown(text)).split())
        # Where a line ends in a word, the PDF has two.
        assert name[:20] in words or name[:20][::-1] in words or name[::-1][:20] in words


def test_the_summary_is_a_summary(drawn):
    """The elements of any summary, no attribute, and every gate's name in its row."""
    found = rendered((drawn[1] / "summary.md").read_text("utf-8"))
    assert set(found.tags) <= TAGS
    assert found.attributes == []
    assert found.tags.count("tr") == 5
    assert [text for text in drawn[0] if plain(text).strip() not in seen(found)] == []


IN_ANOTHER_PROCESS = """
import sys
from pathlib import Path
from mnist_report import pipeline
pipeline.render(Path(sys.argv[1]), ("pdf",), None)
"""
WORDS = "many words " * 900
CELLS = {
    "class": {"names": (WORDS, "dog", "eel")},
    "gate": {"gates": ({"name": WORDS, "metric": "accuracy", "min": 0.5},)},
    "slice": {"columns": {"pen": [WORDS] * 6 + ["b"] * 6}},
}


@pytest.mark.slow
@pytest.mark.parametrize("facts", CELLS.values(), ids=CELLS)
def test_a_name_of_many_words_takes_no_longer(tmp_path, facts):
    """Ten thousand letters with blanks between them."""
    write_run(tmp_path, full_run(**facts))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, tmp_path]
    subprocess.run(command, env=environment, timeout=2 * MOST_SECONDS, check=True)
