"""The PDF as a page to read, by pypdf, and WeasyPrint's own complaints; test_pdf_standards.py has the file."""

import io
import sys

import pytest
from pdf_reading import CREATED, Complaints, flat
from tiny_run import epochs, tiny_card, tiny_html, tiny_run, tiny_view

from mnist_report.errors import RenderError
from mnist_report.report.pdf import import_weasyprint, to_pdf
from mnist_report.report.write import draw_reports

TITLE = "Pets & 'other' <animals>"


@pytest.fixture(scope="module")
def html():
    return tiny_html(card=tiny_card(epochs()), title=TITLE)


@pytest.fixture(scope="module")
def page(html):
    """Headings, captions and terms, in the order of the HTML."""
    from weasyprint import HTML

    wanted = {"h1", "h2", "h3", "caption", "dt"}
    elements = [element for element in HTML(string=html).etree_element.iter() if element.tag in wanted]
    return [(element.tag, "".join(element.itertext())) for element in elements]


@pytest.fixture(scope="module")
def set_page(html):
    """The PDF and what WeasyPrint had to say."""
    with Complaints() as heard:
        return to_pdf(html, CREATED), heard


@pytest.fixture(scope="module")
def pdf(set_page):
    return set_page[0]


@pytest.fixture(scope="module")
def document(pdf):
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(pdf))


@pytest.fixture(scope="module")
def words(document):
    """All its text, blanks and line ends made one."""
    return " ".join(" ".join(page.extract_text() for page in document.pages).split())


@pytest.fixture
def without_pango(tmp_path, monkeypatch):
    """A machine on which WeasyPrint is installed but does not find its library."""
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango-1.0-0')\n", "utf-8")
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)


def test_a_pdf_is_a_pdf(pdf):
    """From the first bytes to the last."""
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")


def test_the_title_is_the_pages(document):
    """It stands in the reader's window, not the file name."""
    assert document.metadata.title == TITLE
    assert document.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]


def test_the_language_is_english(document):
    """Screen readers need to know."""
    assert document.trailer["/Root"]["/Lang"] == "en"


def test_the_document_is_tagged(document):
    """Headings, tables and figures have a structure that can be walked."""
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in document.trailer["/Root"]


def test_the_headline_can_be_read(words):
    """And searched, and copied."""
    assert tiny_view().headline in words


def test_every_mistake_is_named(words):
    """Images 3, 4 and 8."""
    assert {"#3", "#4", "#8"} <= set(words.split())


def test_the_page_is_a4(document):
    """In points."""
    assert [float(x) for x in document.pages[0].mediabox[2:]] == pytest.approx([595.3, 841.9], abs=0.5)


def test_pages_are_numbered(document):
    """The last one says how many there are."""
    n = len(document.pages)
    assert f"page {n} of {n}" in " ".join(document.pages[-1].extract_text().split())


@pytest.mark.parametrize(("rows", "heads"), [(15, 1), (40, 2)])
def test_a_table_of_few_rows_is_not_torn(html, rows, heads):
    """It stands on the next page whole; a long one goes on there, with its head again."""
    from pypdf import PdfReader

    cells = "".join(f"<tr><td>row {number}</td></tr>" for number in range(rows))
    table = f'<div class="scroll"><table><thead><tr><th>Layer</th></tr></thead><tbody>{cells}</tbody></table></div>'
    start = html[: html.index("<body>")]
    pdf = to_pdf(f'{start}<body><h1>x</h1><div style="height: 180mm"></div>{table}</body></html>', CREATED)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert (len(pages), sum("Layer" in page for page in pages)) == (2, heads)


def test_the_headings_are_bookmarks(document, page):
    """The way through a long document."""
    assert list(flat(document.outline)) == [text for tag, text in page if tag in {"h1", "h2", "h3"}]


def test_the_text_comes_in_the_pages_order(words, page):
    """For a screen reader, and for whoever copies it."""
    text, position = "".join(words.split()), 0
    for _, wanted in page:
        position = text.find("".join(wanted.split()), position)
        assert position >= 0, wanted


def test_weasyprint_has_nothing_to_complain_of(set_page):
    """No missing alternative, language or style: its log is our accessibility gate."""
    assert set_page[1] == []


def test_the_gate_hears_a_missing_alternative_and_a_missing_language():
    """Else its silence would mean nothing."""
    pixel = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/%3E"
    with Complaints() as heard:
        to_pdf(f'<!doctype html><title>x</title><img src="{pixel}">', CREATED)
    said = " ".join(message for _, message in heard)
    assert "alt" in said
    assert "lang" in said


def test_nothing_is_fetched():
    """An address is an error, not a request."""
    from weasyprint.urls import FatalURLFetchingError

    page = '<!doctype html><html lang="en"><title>x</title><img alt="x" src="http://localhost:9/x.png"></html>'
    with pytest.raises(FatalURLFetchingError, match="localhost"):
        to_pdf(page, CREATED)


@pytest.mark.usefixtures("without_pango")
def test_without_pango_the_message_says_what_to_install():
    """There is no way to get it with pip."""
    with pytest.raises(RenderError) as caught:
        import_weasyprint()
    assert all(package in str(caught.value) for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "brew"))
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("without_pango")
def test_without_pango_no_pdf_is_made(html):
    """The same error, whoever asks first."""
    with pytest.raises(RenderError):
        to_pdf(html, CREATED)


@pytest.mark.usefixtures("without_pango")
def test_without_pango_the_page_is_still_made():
    """Only the PDF needs it."""
    run = tiny_run()
    assert set(draw_reports(run.stored, run.evaluation, ["html"])) == {"report.html"}


def test_both_reports_are_made_together():
    """By their file names, each of its kind."""
    run = tiny_run()
    reports = draw_reports(run.stored, run.evaluation, ["html", "pdf"])
    assert {name: content[:5] for name, content in reports.items()} == {"report.html": b"<!doc", "report.pdf": b"%PDF-"}


def test_no_format_makes_no_report():
    """`evaluate` draws nothing."""
    run = tiny_run()
    assert draw_reports(run.stored, run.evaluation, []) == {}
