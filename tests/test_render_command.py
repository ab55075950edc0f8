"""`mnist-report render` as users call it, in a process of its own."""

import os
import subprocess
import sys

import pytest
from tiny_run import tiny_run

WITHOUT_TENSORFLOW = """
import sys
from mnist_report.cli import run_cli
status = run_cli(sys.argv[1:])
print(sorted({"tensorflow", "keras", "jax"} & set(sys.modules)))
sys.exit(status)
"""


def render(arguments, cwd, path=None):
    """Run `render` in a fresh interpreter; `path` comes first on its module path."""
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    command = [sys.executable, "-c", WITHOUT_TENSORFLOW, "render", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def run(tmp_path):
    """A stored run without reports."""
    return tiny_run().write(tmp_path / "reports" / "run")


@pytest.fixture
def no_pango(tmp_path):
    """A module path on which WeasyPrint fails as it does where Pango is missing."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")\n", "utf-8")
    return folder


def test_both_reports_are_drawn_without_tensorflow(run, tmp_path):
    """Rendering needs the run folder alone."""
    answer = render([run], tmp_path)
    assert (answer.returncode, answer.stdout) == (0, "[]\n"), answer.stderr
    assert {path.name for path in run.iterdir()} >= {"report.html", "report.pdf"}


def test_without_pango_the_html_is_written_with_a_warning(run, tmp_path, no_pango):
    """The half that can be made is made."""
    answer = render([run], tmp_path, no_pango)
    assert answer.returncode == 0
    assert "warning: no PDF: WeasyPrint cannot load Pango; install it with `apt-get install" in answer.stderr
    assert (run / "report.html").exists()
    assert not (run / "report.pdf").exists()


def test_without_pango_a_pdf_asked_for_by_name_is_status_3(run, tmp_path, no_pango):
    """One line that says how to get Pango, and nothing written."""
    answer = render([run, "--format", "html,pdf"], tmp_path, no_pango)
    assert answer.returncode == 3
    assert answer.stderr.startswith("error: WeasyPrint cannot load Pango; install it with")
    assert answer.stderr.count("\n") == 1
    assert not (run / "report.html").exists()


def test_a_folder_that_is_no_run_is_status_3(tmp_path):
    """The message names the folder."""
    answer = render([tmp_path], tmp_path)
    assert answer.returncode == 3
    assert (
        answer.stderr == f"error: {tmp_path}: not a run folder, it has no run.json; give one such as reports/latest\n"
    )
