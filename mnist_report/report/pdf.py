"""The HTML page as PDF, through WeasyPrint: PDF/A-3a to be kept and PDF/UA-1 to be read by everybody, in one file."""

import base64
import io
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from mnist_report.errors import RenderError
from mnist_report.report.glyphs import drawable, font_folder
from mnist_report.report.lighter import lighten

PANGO = (
    "WeasyPrint cannot load Pango; install it with `apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0` or `brew install pango`"
)

VARIANT = "pdf/a-3a"
MOST_PADDING = 10

# The second standard's name, and the description of that name which the first one asks for.
PDF_UA = b"""\
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1" />
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 to which the file conforms</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""

FACES = (
    ("Report", "normal", "normal", "DejaVuSans.ttf"),
    ("Report", "bold", "normal", "DejaVuSans-Bold.ttf"),
    ("Report", "normal", "italic", "DejaVuSans-Oblique.ttf"),
    ("Report", "bold", "italic", "DejaVuSans-BoldOblique.ttf"),
    ("Report Mono", "normal", "normal", "DejaVuSansMono.ttf"),
)
# Important, because the page's own style would win over this one.
FAMILIES = """
* { font-family: Report !important }
@page { font-family: Report !important }
code, kbd, pre, samp, code *, kbd *, pre *, samp * { font-family: Report Mono, Report !important }
"""
NO_SYSTEM_FONTS = Path(__file__).with_name("fonts.conf")

# What neither XML nor a PDF's strings can hold.
NO_TEXT = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside the PDF: the data behind it.

    Attributes:
        name: in ASCII, like "metrics.json".
        media_type: like "application/json".
        description: one sentence.
        content: comes out as it went in.
    """

    name: str
    media_type: str
    description: str
    content: bytes


def import_weasyprint() -> None:
    """Import WeasyPrint and let it find its libraries.

    Raises:
        RenderError: Pango is missing; the message says how to get it.
    """
    try:
        # It tells standard output what it lacks; that is for the results of commands.
        with redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: F401  only whether it can be imported
    except OSError as error:
        raise RenderError(PANGO) from error


def to_pdf(html: str, created: datetime, attachments: Sequence[Attachment] = ()) -> bytes:
    """Set a self-contained page on A4, with the fonts that matplotlib ships, so that it looks the same everywhere.

    The same arguments give the same bytes. What the fonts lack is a placeholder on the page; the document's title and
    the figures' descriptions stay as they are.

    Args:
        html: a page that needs nothing from elsewhere; an address in it is an error.
        created: the only time in the file; without a zone it is UTC.
        attachments: of different names.

    Raises:
        RenderError: Pango is missing.
    """
    import_weasyprint()
    from weasyprint import HTML

    moment = created.astimezone(UTC) if created.tzinfo else created.replace(tzinfo=UTC)
    page = HTML(string=_held(html), url_fetcher=_fetcher("data"))
    _flatten_links(page.etree_element)
    _make_drawable(page.etree_element)
    lighten(page.etree_element)
    with _only_our_fonts() as (fonts, style):
        document = page.render(font_config=fonts, stylesheets=[style], pdf_variant=VARIANT)
        document.metadata.created = document.metadata.modified = moment.isoformat(timespec="seconds")
        with warnings.catch_warnings():
            # WeasyPrint leaves its colour profile open.
            warnings.simplefilter("ignore", ResourceWarning)
            for padding in range(MOST_PADDING):
                finish = partial(_finish, padding)
                files = [_attached(file, moment) for file in sorted(attachments, key=lambda file: file.name)]
                pdf: bytes = document.write_pdf(finisher=finish, pdf_variant=VARIANT, attachments=files)
                # See _mend_end; the streams that are made last can only be made otherwise.
                if b"\r\nendstream" not in pdf:
                    break
    return pdf


def _fetcher(protocol: str) -> Any:
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=(protocol,), fail_on_errors=True)


def _flatten_links(root: Any) -> None:
    """Leave text alone in links: WeasyPrint links an element inside of one by itself, and outside the link's tag."""
    for link in root.iter("a"):
        if len(link) and link.find(".//img") is None:
            words = "".join(link.itertext())
            for child in list(link):
                link.remove(child)
            link.text = words


def _make_drawable(root: Any) -> None:
    """Put placeholders into what is shown; references like &#20013; are characters by now."""
    for element in root.iter():
        if element.text:
            element.text = _held(element.text) if element.tag == "title" else drawable(element.text)
        if element.tail:
            element.tail = drawable(element.tail)


def _held(text: str) -> str:
    return NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


@contextmanager
def _only_our_fonts() -> Iterator[tuple[Any, Any]]:
    """A font configuration without the machine's fonts and rules, and the style that uses it."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    with _environment("FONTCONFIG_FILE", str(NO_SYSTEM_FONTS)):
        fonts = FontConfiguration()
        # By their address, because as data: they would go through the CSS parser, which takes 0.7 s.
        style = CSS(string=_font_faces() + FAMILIES, font_config=fonts, url_fetcher=_fetcher("file"))
        yield fonts, style


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set a variable meanwhile: fontconfig can be told in no other way."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _font_faces() -> str:
    folder = font_folder()
    return "\n".join(
        f"@font-face {{ font-family: {family}; font-weight: {weight}; font-style: {style}; "
        f"src: url({(folder / name).as_uri()}) }}"
        for family, weight, style, name in FACES
    )


def _attached(file: Attachment, moment: datetime) -> Any:
    import weasyprint

    # An address, because a media type comes with it; else WeasyPrint asks the system's list.
    address = f"data:{file.media_type};base64,{base64.b64encode(file.content).decode()}"
    return weasyprint.Attachment(
        url=address,
        url_fetcher=_fetcher("data"),
        name=file.name,
        description=file.description,
        created=moment,
        modified=moment,
        relationship="Data",
    )


def _finish(padding: int, _: Any, pdf: Any) -> None:
    """What WeasyPrint leaves to be done for both standards; the padding has no meaning."""
    import pydyf

    if padding:
        pdf.catalog["Padding"] = pydyf.String(" " * padding)

    # Claim PDF/UA too, inside the one rdf:RDF, and where a reader finds it without decompressing.
    metadata = _resolve(pdf, pdf.catalog["Metadata"])
    metadata.stream = [metadata.stream[0].replace(b"</rdf:RDF>", PDF_UA + b"</rdf:RDF>")]
    metadata.compress = False
    if "AF" in pdf.catalog:
        # Each file is listed twice.
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])
    for thing in pdf.objects:
        if isinstance(thing, dict) and thing.get("S") == "/L":
            _mend_description_list(pdf, thing)
        elif isinstance(thing, pydyf.Stream):
            if "Interpolate" in thing.extra:
                # PDF/A shows an image's pixels as they are.
                thing.extra["Interpolate"] = "false"
            _mend_end(thing)


def _mend_end(stream: Any) -> None:
    """Put a line feed after data that end in a carriage return: validators take that for a part of the line's end.

    Such data are compressed, and whoever decompresses them stops before it. What is compressed here is not again.
    """
    data: bytes = stream.data
    ends_badly = data.endswith(b"\r\nendstream")
    if stream.compress or ends_badly:
        end = b"endstream" if ends_badly else b"\nendstream"
        stream.stream = [data.partition(b"\nstream\n")[2].removesuffix(end)]
        stream.extra["Filter"] = "/FlateDecode"
        stream.compress = False


def _mend_description_list(pdf: Any, element: Any) -> None:
    """Make <div><dt><dd></div> in a <dl> one item, a label and its body: a list may hold nothing but items."""
    for item in _kids(pdf, element):
        if item["S"] != "/Div":
            continue
        item["S"] = "/LI"
        for name, part in zip(chain(["/Lbl"], repeat("/LBody")), _kids(pdf, item), strict=False):
            part["S"] = name
            for content in _kids(pdf, part):
                content["S"] = "/NonStruct"


def _kids(pdf: Any, element: Any) -> list[Any]:
    return [_resolve(pdf, kid) for kid in element["K"] if isinstance(kid, bytes)]


def _resolve(pdf: Any, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]
