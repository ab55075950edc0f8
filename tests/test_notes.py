"""Notes: Markdown in, harmless HTML out, in the page and in the PDF."""

import io
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_reading import CREATED, Complaints
from strategies import law
from test_html import LOADING, Page
from tiny_run import FIGURES, HOSTILE, tiny_run

from mnist_report.report.html import to_html
from mnist_report.report.notes import notes_html
from mnist_report.report.pdf import to_pdf
from mnist_report.report.view import make_view

TAGS = {
    *("h3", "h4", "h5", "h6", "p", "blockquote", "pre", "code", "hr", "br", "em", "strong", "a", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"href", "title", "rel", "start", "style"}
WEAPONS = [
    *HOSTILE,
    "<script>alert(1)</script>",
    "<img src=http://evil.example/x.png onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>@import 'http://evil.example'</style>",
    "</section></main><h1 id=overall>",
    "<!-- ",
    "<a href='java&#x0A;script:alert(1)' id=x class=y>",
    "![seen](http://evil.example/x.png)",
    "![](data:image/svg+xml;base64,PHN2Zz4=)",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](//evil.example)",
    "[x](#overall)",
    "[x](file:///etc/passwd)",
    '[x](https://a.example/"onclick="alert(1) "t\\" onclick=\\"alert(1)")',
    "<javascript:alert(1)>",
    "<https://a.example/<b>",
    "[x]: javascript:alert(1)",
    "[x]",
    '```"><script>alert(1)</script>\n```',
    "|a|b|\n|:-|-:|\n|<b onclick=x>|[y](vbscript:z)|",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#0;&#xD800;&#x1b;",
    "\x00\x0b\x1b\x7f\u2028\u202e\ufffe\uffff",
]
MARKS = [
    "\n",
    "\n\n",
    " ",
    "> ",
    "- ",
    "1. ",
    "# ",
    "#### ",
    "*",
    "**",
    "_",
    "`",
    "[",
    "](",
    ")",
    "![",
    "<",
    ">",
    "|",
    "\\",
]

hostile_notes = st.lists(st.sampled_from(WEAPONS + MARKS) | st.text(max_size=8), max_size=25).map("".join)


run = cache(tiny_run)


def page_of(notes):
    """The whole report of a tiny run with notes."""
    return to_html(make_view(replace(run().stored, notes=notes), run().evaluation, FIGURES))


@cache
def bare():
    """The report without notes."""
    return page_of("")


def alone(notes):
    """The section of the notes with the report's style, and nothing else of the report."""
    style = bare().partition("<style>")[2].partition("</style>")[0]
    head = f'<!doctype html><html lang="en"><title>x</title><style>{style}</style>'
    return f'{head}<main><section id="notes">{notes_html(notes)}</section></main></html>'


def set_silently(html):
    """The pages of a PDF that WeasyPrint made without an error."""
    from pypdf import PdfReader

    with Complaints() as heard:
        pdf = to_pdf(html, CREATED)
    # A sign that no font has is a warning.
    assert [message for level, message in heard if level != "WARNING"] == []
    return PdfReader(io.BytesIO(pdf)).pages


def check_harmless(html):
    """Only elements and attributes that do nothing, and links that leave by http, https or mail."""
    page = Page(html)
    assert (page.mistaken, page.open) == ([], [])
    assert {tag for tag, _ in page.elements} <= TAGS
    for tag, attributes in page.elements:
        assert attributes.keys() <= ATTRIBUTES
        assert not attributes.keys() & (LOADING - {"href"})
        assert tag == "a" or "href" not in attributes
        assert attributes.get("style", "text-align:left") in {
            f"text-align:{end}" for end in ("left", "center", "right")
        }
        if tag == "a":
            assert attributes["rel"] == "noopener noreferrer"
            assert (attributes["href"] or "").lower().startswith(("http://", "https://", "mailto:"))


def test_markdown_becomes_html():
    """Emphasis, code, lists, quotes and links."""
    html = notes_html("A *new* **scanner**, `v2`:\n\n- one\n- two\n\n> [docs](https://a.example/b?c&d)\n")
    assert html == (
        "<p>A <em>new</em> <strong>scanner</strong>, <code>v2</code>:</p>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        '<blockquote>\n<p><a href="https://a.example/b?c&amp;d" rel="noopener noreferrer">docs</a></p>\n</blockquote>\n'
    )


def test_a_table_keeps_its_alignment():
    """Numbers stand under one another."""
    page = Page(notes_html("| model | errors |\n|---|--:|\n| a | 42 |\n"))
    assert page.all("td") == [{}, {"style": "text-align:right"}]
    assert "42" in page.text("td")


@pytest.mark.parametrize(
    ("levels", "expected"),
    [([1], [3]), ([2, 3], [3, 4]), ([1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 6, 6]), ([6], [3]), ([4, 2], [5, 3]), ([3], [3])],
)
def test_headings_stand_below_the_sections_own(levels, expected):
    """The highest becomes an h3, and there is nothing below h6."""
    page = Page(notes_html("\n\n".join(f"{'#' * level} x" for level in levels)))
    assert [int(tag[1]) for tag, _ in page.elements] == expected
    assert page.mistaken == []


def test_an_underlined_heading_is_shifted_too():
    """The other way to write one."""
    assert [tag for tag, _ in Page(notes_html("a\n===\n\nb\n---\n")).elements] == ["h3", "h4"]


def test_html_is_text():
    """It can be read, and does nothing."""
    page = Page(notes_html("<script>alert(1)</script>\n\na <b onclick=x>b</b>"))
    assert [tag for tag, _ in page.elements] == ["p", "p"]
    assert page.text("p") == "<script>alert(1)</script>a <b onclick=x>b</b>"


def test_an_image_is_only_its_words():
    """Nothing is loaded."""
    html = notes_html("![the *new* <pen>](http://a.example/x.png) ![](https://a.example/y)")
    assert html == "<p>the new &lt;pen&gt; </p>\n"


def test_an_embedded_image_is_text():
    """Its bytes are not ours to vouch for."""
    assert notes_html("![b](data:image/png;base64,AAAA)") == "<p>![b](data:image/png;base64,AAAA)</p>\n"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//a.example", "/a", "#overall", "ftp://a"]
)
def test_an_address_elsewhere_is_no_link(address):
    """It stays the text that it is."""
    page = Page(notes_html(f"[words]({address})"))
    assert (page.all("a"), page.text()) == ([], f"[words]({address})\n")


@pytest.mark.parametrize("address", ["http://a.example", "HTTPS://a.example/b#c", "mailto:kim@a.example"])
def test_a_link_leads_out(address):
    """And tells nobody where from."""
    assert Page(notes_html(f"[x]({address}) <{address}>")).all("a") == [
        {"href": address, "rel": "noopener noreferrer"},
        {"href": address, "rel": "noopener noreferrer"},
    ]


def test_a_fence_has_no_class():
    """Ours could be imitated."""
    assert notes_html("```verdict PASS\nx < 1\n```") == "<pre><code>x &lt; 1\n</code></pre>\n"


@law
@given(hostile_notes)
def test_whatever_the_notes_the_html_is_harmless(notes):
    """Every mixture of weapons, marks and words."""
    check_harmless(notes_html(notes))


@law
@given(hostile_notes)
def test_whatever_the_notes_the_report_around_them_stays_as_it_is(notes):
    """Nothing of it is closed, repeated or shown twice."""
    without, page = Page(bare()), Page(page_of(notes))
    assert (page.mistaken, page.open) == ([], [])
    assert [e for e in page.elements if "id" in e[1] and e[1] != {"id": "notes"}] == [
        e for e in without.elements if "id" in e[1]
    ]
    assert (len(page.all("img")), len(page.all("h1"))) == (len(without.all("img")), 1)


@law
@given(st.lists(st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), min_size=1))
def test_plain_words_are_shown_as_they_are(words):
    """Cleaning takes nothing away."""
    assert notes_html(" ".join(words)) == f"<p>{' '.join(words)}</p>\n"


def test_the_notes_follow_the_headline():
    """A reader meets them before the numbers of each class."""
    page = page_of("# Why\n\nA new scanner.")
    assert page.index("<h1>") < page.index('<section id="notes">') < page.index('<section id="classes">')
    assert "<h2>Notes</h2>\n<h3>Why</h3>\n<p>A new scanner.</p>" in page


@pytest.mark.parametrize("notes", ["", " \n\t\n", "[x]: http://a.example\n"], ids=["none", "blank", "only an address"])
def test_without_notes_nothing_is_shown(notes):
    """No empty section."""
    assert page_of(notes) == bare()
    assert 'id="notes"' not in bare()


def test_hostile_notes_make_a_sound_pdf():
    """All at once, and no request."""
    pages = set_silently(alone("\n\n".join(WEAPONS) + "\n\nThe end of the notes."))
    # pypdf puts zeros between the letters of a font that lacks a sign.
    words = " ".join(" ".join(page.extract_text() for page in pages).replace("\0", "").split())
    assert "The end of the notes." in words
    addresses = [
        note.get_object()["/A"].get("/URI", "")
        for page in pages
        for note in page.get("/Annots", ())
        if "/A" in note.get_object()
    ]
    assert all(address.startswith(("http://", "https://", "mailto:")) for address in addresses)


@pytest.mark.parametrize(
    "notes",
    [
        "x" * 10_000,
        f"`{'x' * 10_000}`",
        f"```\n{'x' * 10_000}\n```",
        f"|a|b|\n|-|-|\n|{'x' * 4_000}|y|\n",
        f"{'*' * 5_000}x{'*' * 5_000}",
        f"{'**_' * 500}x{'_**' * 500}",
        "> " * 5_000 + "x",
        "\n".join(f"{'  ' * depth}- x" for depth in range(200)),
        "[" * 5_000,
        "![" * 5_000,
    ],
    ids=["word", "code", "fence", "cell", "stars", "mixed", "quotes", "lists", "brackets", "images"],
)
def test_long_words_and_deep_nesting_can_be_set(notes):
    """No recursion error, and no word that leaves the paper."""
    check_harmless(notes_html(notes))
    page = page_of(notes)
    assert (Page(page).mistaken, Page(page).open) == ([], [])
    assert len(set_silently(alone(notes))) < 12


def test_a_long_word_is_broken_within_the_page():
    """All its letters can be read on paper."""
    pages = set_silently(alone("x" * 10_000))
    assert "".join(page.extract_text() for page in pages).count("x") > 9_900
