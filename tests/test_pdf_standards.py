"""The PDF as a file: two standards by page-validation, fonts, attachments, and the same bytes everywhere."""

import hashlib
import html as escaping
import io
import os
import re
import subprocess
import sys
from datetime import timedelta, timezone
from functools import cache

import pytest
from corrupting_work import with_corruptions
from ensemble_work import ensemble_run
from past_runs import with_past
from pdf_reading import CREATED, PDF_DATE, Complaints, fonts_of, is_part_of, objects_of, violations
from tiny_run import HOSTILE, classes_alone, epochs, tiny_card, tiny_html, tiny_predictions, tiny_view

from mnist_report.report import pdf as module
from mnist_report.report.glyphs import PLACEHOLDER, drawable, font_folder
from mnist_report.report.html import to_html
from mnist_report.report.pdf import Attachment, to_pdf
from mnist_report.report.write import draw_reports

PROFILES = ("3a", "ua1")
# Its checksum's last byte is one more than the sum of the bytes.
RETURN = b"a" * 60 + bytes([(12 - 97 * 60) % 256])
FILES = (
    Attachment("metrics.json", "application/json", "Every number.", b'{"accuracy": 0.75}'),
    Attachment("any.parquet", "application/vnd.apache.parquet", "Every byte.", bytes(range(256)) * 9),
    Attachment("return.txt", "text/plain", "Compressed, it ends in a carriage return.", RETURN),
    Attachment("empty.csv", "text/csv", "Nothing.", b""),
)
FACES = {
    "Report": "DejaVuSans.ttf",
    "Report-Bold": "DejaVuSans-Bold.ttf",
    "Report-Italic": "DejaVuSans-Oblique.ttf",
    "Report-Bold-Italic": "DejaVuSans-BoldOblique.ttf",
    "Report-Mono": "DejaVuSansMono.ttf",
}
FOREIGN = (
    "\N{CJK UNIFIED IDEOGRAPH-732B}&#20013;&#xac00;&hopf;",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \u0031\ufe0f\u20e3 \u26a1 \U0001f600 \U0001f1e9\U0001f1ea",
    "\u202egnp.elif\u2066\u200f\u061c",
    "\x00\x08&#8;\x7f\x85\u2028\ud800\ufeff\ufffe\U0010ffff\ue000\uf6c5",
    "q\u0302 e\u0301 \u05e9\u05c1 \u0eb3 \N{ARABIC LETTER BEH}\N{ARABIC LETTER BEH}",
)
LONG = "x" * 10_000


def page_of(text, title="x"):
    """A text in every face."""
    faces = "".join(f"<p><{tag}>{text}</{tag}></p>" for tag in ("span", "b", "i", "b><i", "code"))
    return f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{faces}</html>'


def html_of(run):
    """The report of a run."""
    return draw_reports(run.stored, run.evaluation, ("html",))["report.html"].decode()


def every_sign():
    """All that is drawn as it is, each beside a blank."""
    signs = (chr(code) for code in range(sys.maxunicode + 1))
    return escaping.escape(" ".join(sign for sign in signs if drawable(sign) == sign))


@pytest.fixture(scope="module")
def html():
    return tiny_html(card=tiny_card(epochs()))


@pytest.fixture(scope="module")
def pdf(html):
    return to_pdf(html, CREATED, FILES)


PAGES = {
    "hostile names": lambda: to_html(tiny_view(tiny_predictions(names=HOSTILE[:3]), title=" ".join(HOSTILE))),
    "more hostile names": lambda: to_html(tiny_view(tiny_predictions(names=HOSTILE[3:]), title=" ".join(FOREIGN))),
    "long names": lambda: to_html(tiny_view(tiny_predictions(names=(LONG, "a", "b")), title=LONG)),
    "classes alone": lambda: tiny_html(classes_alone()),
    "a trend": lambda: html_of(with_past()),
    "worse images": lambda: html_of(with_corruptions(HOSTILE[0])),
    "an ensemble": lambda: html_of(ensemble_run()),
    "foreign signs": lambda: page_of("".join(FOREIGN), "".join(FOREIGN)),
    "every sign": lambda: page_of(every_sign()),
}


@cache
def odd_pdf(name):
    """A PDF of odd text, and what WeasyPrint says about it."""
    with Complaints() as heard:
        return to_pdf(PAGES[name](), CREATED, FILES), heard


@pytest.fixture(params=PAGES)
def odd(request):
    return odd_pdf(request.param)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_report_keeps_every_rule(pdf, profile):
    """It can be archived, and read by everybody."""
    assert violations(pdf, profile) == set()


@pytest.mark.parametrize("profile", PROFILES)
def test_odd_text_keeps_every_rule(odd, profile):
    """Whoever names a class may not break the document."""
    assert violations(odd[0], profile) == set()


def test_odd_text_is_nothing_to_complain_of(odd):
    """No sign is missing."""
    assert odd[1] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_a_plain_pdf_breaks_rules(profile):
    """Else no broken rule would mean nothing."""
    from weasyprint import HTML

    assert violations(HTML(string=page_of("x")).write_pdf(), profile)


def test_what_is_finished_is_what_weasyprint_leaves(monkeypatch):
    """Each part of it is heard where it is missing; when it no longer is, WeasyPrint does it."""
    monkeypatch.setattr(module, "_finish", lambda *_: None)
    facts = "<dl><div><dt>term</dt><dd>value</dd></div></dl></html>"
    pdf = to_pdf(page_of("x").replace("</html>", facts), CREATED, FILES)
    assert violations(pdf, "3a") == {"PDFA3A-METADATA-FILTER-001", "PDFA3A-STREAM-LENGTH-001"}
    assert {"PDFUA1-ID-PART-001", "PDFUA1-L-KIDS-001"} <= violations(pdf, "ua1")


def test_metadata_can_be_read_without_decompressing(pdf):
    """By programs that know nothing of PDF, and once."""
    assert pdf.count(b'pdfuaid:part="1"') == pdf.count(b'pdfaid:part="3"') == pdf.count(b"<rdf:RDF") == 1


def test_a_fact_is_a_label_and_its_body(pdf):
    """Not two items of a list."""
    file, items = objects_of(pdf, "/LI", "/S")
    with file:
        facts = [item for item in items if len(item.K) == 2]
        assert len(facts) > 10
        assert all([str(part.S) for part in item.K] == ["/Lbl", "/LBody"] for item in facts)


def test_every_figure_is_described(html, pdf):
    """As many as the page has."""
    file, figures = objects_of(pdf, "/Figure", "/S")
    with file:
        assert len(figures) == html.count("<img") > 5
        assert all(len(str(figure.Alt)) > 5 for figure in figures)


def test_only_the_faces_that_are_used_are_embedded(pdf):
    """Two here: no slanted one, no code."""
    assert set(fonts_of(pdf)) == {"Report", "Report-Bold"}


def test_the_fonts_are_ours(odd):
    """None of the machine's, whatever the text."""
    fonts = fonts_of(odd[0])
    assert {"Report", "Report-Bold"} <= set(fonts) <= set(FACES)
    assert all(is_part_of(font, FACES[name]) for name, font in fonts.items())


def test_every_face_is_ours():
    """Slanted ones and code too."""
    fonts = fonts_of(to_pdf(page_of("a" + PLACEHOLDER), CREATED))
    assert set(fonts) == set(FACES)
    assert all(is_part_of(font, FACES[name]) for name, font in fonts.items())
    assert not is_part_of(fonts["Report"], FACES["Report-Bold"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_attachment_comes_out_as_it_went_in(pdf, file):
    """With all that is known of it."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        spec = document.attachments[file.name]
        stored = spec.get_file()
        assert stored.read_bytes() == file.content
        assert stored.md5 == hashlib.md5(file.content, usedforsecurity=False).digest()
        assert (stored.mime_type, spec.description) == (file.media_type, file.description)
        assert spec.relationship == pikepdf.Name.Data
        assert stored.creation_date == stored.mod_date == CREATED.replace(microsecond=0)


def test_each_attachment_is_listed_once_and_in_order(pdf):
    """As a name tree asks for it."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert [str(name) for name in document.Root.Names.EmbeddedFiles.Names[::2]] == sorted(f.name for f in FILES)
        assert len(document.Root.AF) == len(FILES)


def test_images_are_not_smoothed():
    """PDF/A forbids it, and pixels are what is shown."""
    picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    pdf = to_pdf(page_of(f'<img alt="x" src="data:image/png;base64,{picture}">'), CREATED)
    assert violations(pdf, "3a") == set()


def dates_of(pdf):
    """Every date of the file, also those in compressed objects."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document, io.BytesIO() as plain:
        plain_options = {"object_stream_mode": pikepdf.ObjectStreamMode.disable, "compress_streams": False}
        document.save(plain, stream_decode_level=pikepdf.StreamDecodeLevel.generalized, **plain_options)
        text = plain.getvalue()
    return set(re.findall(rb"D:[0-9]{8,14}", text)), set(re.findall(rb"\d{4}-\d\d-\d\dT[0-9:+.Z]+", text))


def test_the_runs_own_time_is_the_only_one(pdf):
    """In the document's information, in its metadata and of its attachments."""
    assert dates_of(pdf) == ({PDF_DATE.encode()}, {b"2026-01-02T03:04:05+00:00"})


@pytest.mark.parametrize(
    "same", [CREATED.replace(tzinfo=None), CREATED.astimezone(timezone(timedelta(hours=-9, minutes=-30)))]
)
def test_a_moment_is_the_same_in_every_zone(same):
    """Without one it is UTC, as in all that a run stores."""
    assert to_pdf(page_of("x"), same, FILES) == to_pdf(page_of("x"), CREATED, FILES)


def test_the_title_stays_what_it_is():
    """Viewers have more fonts than we; only what no string can hold is replaced."""
    import pikepdf

    with pikepdf.open(io.BytesIO(to_pdf(page_of("x", "\N{PILE OF POO} \ud800&#8;"), CREATED))) as document:
        assert str(document.docinfo.Title) == "\N{PILE OF POO} \ufffd\ufffd"
        with document.open_metadata() as metadata:
            assert metadata["dc:title"] == "\N{PILE OF POO} \ufffd\ufffd"


def test_hostile_words_are_text():
    """No markup, and nothing is lost but signs that cannot be drawn."""
    words = text_of(odd_pdf("hostile names")[0])
    for name in HOSTILE[:3]:
        assert "".join(drawable(name).split()) in words


def test_a_long_name_is_there_to_its_end():
    """Though it is wider than the page."""
    assert LONG in text_of(to_pdf(page_of(LONG), CREATED))


def text_of(pdf):
    """Without blanks: where lines end is not the text's affair."""
    from pypdf import PdfReader

    return "".join("".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages)


IN_ANOTHER_PROCESS = """
import sys, warnings
warnings.simplefilter("ignore")
from pdf_reading import CREATED
from test_pdf_standards import FILES
from mnist_report.report.pdf import to_pdf
sys.stdout.buffer.write(to_pdf(sys.stdin.buffer.read().decode(), CREATED, FILES))
"""
STRANGE_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig><dir>{}</dir>
<match><edit name="family" mode="assign" binding="strong"><string>STIXGeneral</string></edit></match></fontconfig>"""


def test_another_process_makes_the_same_bytes(html, pdf, tmp_path):
    """Elsewhere, in another language, with other fonts and rules for them, and later."""
    (tmp_path / "fonts.conf").write_text(STRANGE_FONTS.format(font_folder()), "utf-8")
    setting = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "1"} | setting
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS]
    made = subprocess.run(command, input=html.encode(), env=environment, capture_output=True, check=True)
    assert made.stdout == pdf


def test_the_environment_is_left_as_it_was(monkeypatch):
    """Fontconfig's setting is the caller's again."""
    monkeypatch.setenv("FONTCONFIG_FILE", "/mine")
    to_pdf(page_of("x"), CREATED)
    assert os.environ["FONTCONFIG_FILE"] == "/mine"


def test_a_link_around_other_elements_keeps_its_tag():
    """Notes may have **words** in a link."""
    body = '<p>See <a href="https://example.org"><b>the</b> <code>plan</code></a>.</p>'
    pdf = to_pdf(f'<!doctype html><html lang="en"><title>x</title><body><h1>x</h1>{body}</body></html>', CREATED)
    assert violations(pdf, "ua1") == set()
    assert "theplan" in text_of(pdf).replace(" ", "")


def test_no_stream_ends_as_a_line_might():
    """Whatever the text: validators take a carriage return at its end for a part of the line's end."""
    page = '<!doctype html><html lang="en"><title>x</title><body><h1>{}</h1></body></html>'
    assert all(b"\r\nendstream" not in to_pdf(page.format("x" * n), CREATED) for n in range(1, 40))
