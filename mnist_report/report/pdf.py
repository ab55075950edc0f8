"""The HTML page as PDF, through WeasyPrint."""

import base64
from pathlib import Path

from mnist_report.errors import RenderError

PANGO = (
    "WeasyPrint cannot load Pango; install it with `apt-get install libpango-1.0-0 libpangoft2-1.0-0 "
    "libharfbuzz-subset0` or `brew install pango`"
)


def import_weasyprint() -> None:
    """Import WeasyPrint and let it find its libraries.

    Raises:
        RenderError: Pango is missing; the message says how to get it.
    """
    try:
        import weasyprint  # noqa: F401  only whether it can be imported
    except OSError as error:
        raise RenderError(PANGO) from error


def to_pdf(html: str) -> bytes:
    """Set a self-contained page on A4, with the fonts that matplotlib ships, so that it looks the same everywhere.

    Raises:
        RenderError: Pango is missing.
    """
    import_weasyprint()
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fetcher = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    fonts = FontConfiguration()
    style = CSS(string=_font_faces(), font_config=fonts, url_fetcher=fetcher)
    document = HTML(string=html, url_fetcher=fetcher)
    pdf: bytes = document.write_pdf(stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1")
    return pdf


def _font_faces() -> str:
    import matplotlib as mpl

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    faces = [
        f"@font-face {{ font-family: Report; font-weight: {weight}; src: url({_font_uri(folder / name)}) }}"
        for weight, name in (("normal", "DejaVuSans.ttf"), ("bold", "DejaVuSans-Bold.ttf"))
    ]
    return "\n".join([*faces, "html { font-family: Report, sans-serif }"])


def _font_uri(path: Path) -> str:
    return f"data:font/ttf;base64,{base64.b64encode(path.read_bytes()).decode()}"
