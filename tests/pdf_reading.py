"""Looking into PDFs."""

import io
import logging
from datetime import UTC, datetime
from functools import cache

from mnist_report.report.glyphs import font_folder

CREATED = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
PDF_DATE = "D:20260102030405"


class Complaints(logging.Handler):
    """Remembers what WeasyPrint logs as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard = []

    def emit(self, record):
        """Level and sentence."""
        self.heard.append((record.levelname, record.getMessage()))

    def __enter__(self):
        logging.getLogger("weasyprint").addHandler(self)
        return self.heard

    def __exit__(self, *_):
        logging.getLogger("weasyprint").removeHandler(self)


def violations(pdf: bytes, profile: str) -> set[str]:
    """The broken rules of "3a" (PDF/A-3a) or "ua1" (PDF/UA-1)."""
    import page

    report = page.validate_pdf_bytes(pdf, profile=profile)
    assert report.rules.total > 100
    assert report.is_compliant == (not report.failures)
    return {failure.rule_id for failure in report.failures}


def flat(outline):
    """The bookmarks' titles, from the first to the last."""
    for entry in outline:
        yield from flat(entry) if isinstance(entry, list) else [entry.title]


def objects_of(pdf: bytes, kind: str, key: str = "/Type"):
    """Every dictionary of a kind, and the open file that they need."""
    import pikepdf

    file = pikepdf.open(io.BytesIO(pdf))
    return file, [thing for thing in file.objects if isinstance(thing, pikepdf.Dictionary) and thing.get(key) == kind]


def fonts_of(pdf: bytes) -> dict[str, bytes]:
    """The embedded font files by their names, without the tag of a subset."""
    file, descriptors = objects_of(pdf, "/FontDescriptor")
    with file:
        return {str(font.FontName).partition("+")[2]: font.FontFile2.read_bytes() for font in descriptors}


def is_part_of(subset: bytes, name: str) -> bool:
    """Whether each outline of a subset is one of matplotlib's font."""
    from fontTools.ttLib import TTFont

    outlines = _outlines(TTFont(io.BytesIO(subset)))
    return len(outlines) > 1 and outlines <= _our_outlines(name)


@cache
def _our_outlines(name):
    from fontTools.ttLib import TTFont

    return _outlines(TTFont(font_folder() / name))


def _outlines(font):
    glyphs = font["glyf"]
    return {tuple(glyphs[name].getCoordinates(glyphs)[0]) for name in font.getGlyphOrder()}
