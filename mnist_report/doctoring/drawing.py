"""What draws the reports: Pango, HarfBuzz, fonts."""

from collections.abc import Iterator

from mnist_report.doctoring.check import Check
from mnist_report.errors import RenderError
from mnist_report.report.glyphs import font_folder
from mnist_report.report.pdf import FACES, import_weasyprint

PACKAGES = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0, or brew install pango"


def look_at_pango(*, wanted: bool) -> Iterator[Check]:
    """The libraries that set the PDF.

    Args:
        wanted: whether there is to be a PDF.
    """
    if not wanted:
        yield Check("Pango", "ok", "not needed without a PDF")
        return
    try:
        import_weasyprint()
    except RenderError as error:
        cause = f": {error.__cause__}".partition("Additionally")[0].partition("\n")[0]
        fix = f"{PACKAGES}; or do without the PDF: --format html"
        yield Check("Pango", "fail", f"WeasyPrint cannot load it{cause}", fix)
        return
    import weasyprint
    from weasyprint.text import ffi

    number = ffi.pango.pango_version()
    version = f"{number // 10_000}.{number // 100 % 100}.{number % 100}"
    yield Check("Pango", "ok", f"{version} (WeasyPrint {weasyprint.__version__})")
    if ffi.harfbuzz_subset is None:
        found = "no HarfBuzz-Subset: the bytes of a PDF differ each time that it is drawn"
        yield Check("HarfBuzz", "warn", found, "apt-get install libharfbuzz-subset0, or brew install harfbuzz")
    else:
        yield Check("HarfBuzz", "ok", "with its subsetter: the same run gives the same PDF")


def look_at_fonts() -> Check:
    """The faces of the figures and the PDF, which matplotlib ships; the machine's own are not used."""
    from matplotlib.ft2font import FT2Font

    folder, broken = font_folder(), []
    for *_, name in FACES:
        try:
            FT2Font(str(folder / name))
        except (OSError, RuntimeError):
            broken.append(name)
    if broken:
        fix = "install matplotlib again: pip install --force-reinstall --no-deps matplotlib"
        return Check("fonts", "fail", f"{folder}: cannot read {', '.join(broken)}", fix)
    return Check("fonts", "ok", f"DejaVu, {len(FACES)} faces of matplotlib's")
