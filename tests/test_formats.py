"""Which reports can be made."""

import pytest

from mnist_report.errors import RenderError
from mnist_report.report import formats
from mnist_report.report.formats import usable_formats


@pytest.fixture
def no_pango(monkeypatch):
    """A machine without it."""

    def missing():
        raise RenderError("no Pango")

    monkeypatch.setattr(formats, "import_weasyprint", missing)


@pytest.mark.usefixtures("no_pango")
def test_the_pdf_is_left_out_with_a_warning_where_pango_is_missing(caplog):
    """The HTML is still written."""
    assert usable_formats(None) == ("html",)
    assert "no PDF" in caplog.text


@pytest.mark.usefixtures("no_pango")
def test_a_pdf_that_was_asked_for_by_name_is_an_error_where_pango_is_missing():
    """Asked for means needed."""
    with pytest.raises(RenderError):
        usable_formats(("html", "pdf"))


@pytest.mark.usefixtures("no_pango")
def test_html_alone_does_not_need_pango():
    """Nor does it look for it."""
    assert usable_formats(("html",)) == ("html",)


def test_both_are_made_where_nothing_was_said():
    """In this order."""
    assert usable_formats(None) == ("html", "pdf")
