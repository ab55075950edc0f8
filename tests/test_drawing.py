"""What draws the reports: with the libraries of this machine, and with some of them hidden."""

import shutil
import subprocess
import sys

import pytest
from hidden_libraries import hiding

from mnist_report.doctoring import drawing
from mnist_report.doctoring.drawing import look_at_fonts, look_at_pango
from mnist_report.report.pdf import FACES

SCRIPT = (
    "from mnist_report.doctoring.drawing import look_at_pango\n"
    "for check in look_at_pango(wanted=True): print(check.name, check.state, check.found, check.fix, sep='|')"
)


def looked(*libraries):
    """The checks of a process from which these are hidden, each as its parts."""
    command = hiding(libraries, sys.executable, "-c", SCRIPT)
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("|") for line in answer.stdout.splitlines()]


def test_pango_is_there():
    """With its version and WeasyPrint's."""
    pango, harfbuzz = look_at_pango(wanted=True)
    assert (pango.state, harfbuzz.state) == ("ok", "ok")
    assert "WeasyPrint" in pango.found


@pytest.mark.parametrize("library", ["libpango-1.0", "libpangoft2-1.0"])
def test_a_machine_without_pango_fails(library):
    """The packages are named, and nothing else is printed."""
    ((name, state, found, fix),) = looked(library)
    assert (name, state) == ("Pango", "fail")
    assert library in found
    assert "apt-get install libpango-1.0-0" in fix
    assert "--format html" in fix


def test_a_machine_without_the_subsetter_is_warned():
    """Its PDFs differ in their bytes."""
    pango, harfbuzz = looked("libharfbuzz-subset")
    assert (pango[1], harfbuzz[1]) == ("ok", "warn")
    assert "libharfbuzz-subset0" in harfbuzz[3]


def test_without_a_pdf_nobody_needs_pango():
    """It is not even looked for."""
    (check,) = look_at_pango(wanted=False)
    assert (check.state, check.found) == ("ok", "not needed without a PDF")


def test_the_fonts_are_matplotlibs():
    """All that the PDF embeds."""
    assert look_at_fonts().state == "ok"


@pytest.mark.parametrize("damage", ["missing", "empty"])
def test_a_missing_face_fails(tmp_path, monkeypatch, damage):
    """And is named."""
    folder = shutil.copytree(drawing.font_folder(), tmp_path / "ttf")
    (folder / FACES[0][-1]).unlink()
    if damage == "empty":
        (folder / FACES[0][-1]).touch()
    monkeypatch.setattr(drawing, "font_folder", lambda: folder)
    check = look_at_fonts()
    assert (check.state, check.found) == ("fail", f"{folder}: cannot read DejaVuSans.ttf")
