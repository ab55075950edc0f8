"""A team's own templates: what they change, and what is said where they are broken."""

import io
import os
import subprocess
from pathlib import Path

import pytest
from makers import digits, write_hollow_model, write_npz
from operating_work import left_in
from test_html import Page
from test_slices_command import call, start_three_lines
from tiny_run import FIGURES, tiny_run, tiny_view

from mnist_report import pipeline
from mnist_report.cli import run_cli
from mnist_report.errors import ConfigError, RenderError
from mnist_report.report import write
from mnist_report.report.html import to_html
from mnist_report.report.templates import check_templates
from mnist_report.resources import resource

LOGO = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/%3E"
HEADLINE = f'<p>Acme <img alt="Acme" src="{LOGO}"></p>\n{{% include "mnist-report/headline.html.j2" %}}\n'
STYLE = '{% include "mnist-report/report.css" %}\n@page { size: A5 }\n'
# By kind: the file, what is in it, and the line and the cause that the message names.
SYNTAX = {
    "unknown tag": ("headline.html.j2", "a\n{% logo %}\n", "line 2: Encountered unknown tag 'logo'."),
    "not closed": ("report.css", "p { color: red }\n{% if view.notes %}\n", "line 2: Unexpected end of template."),
    "a comment in a style": (
        "report.css",
        "@media print {#gates { color: red }}",
        "line 1: Missing end of comment tag",
    ),
    "unknown filter": ("report.html.j2", "{{ view.title | shout }}", "line 1: No filter named 'shout'"),
    "missing include": (
        "headline.html.j2",
        'a\n\n{% include "logo.html.j2" %}',
        "line 3, which includes logo.html.j2: TemplateNotFound: logo.html.j2",
    ),
    "a name out of the folder": (
        "headline.html.j2",
        '{% include "../logo.html.j2" %}',
        "line 1, which includes ../logo.html.j2: TemplateNotFound: ../logo.html.j2",
    ),
    "not Python": ("headline.html.j2", "\n{{ dict(a=1, a=2) }}", "SyntaxError: keyword argument repeated: a"),
}
VALUES = {
    "undefined name": ("headline.html.j2", "a\n{{ titel }}", "line 2: UndefinedError: 'titel' is undefined"),
    "undefined attribute": ("notes.html.j2", "{{ view.hint }}", "has no attribute 'hint'"),
    "no such macro": ("macros.html.j2", "{# nothing #}", "does not export the requested name"),
    "a number by zero": ("headline.html.j2", "\n\n{{ 1 / 0 }}", "line 3: ZeroDivisionError: division by zero"),
    "itself": ("headline.html.j2", 'a\n{% include "headline.html.j2" %}', "line 2: RecursionError"),
    "a computed name": ("headline.html.j2", '\n{% include "lo" ~ "go" %}', "line 2: TemplateNotFound: logo"),
    "none of several": ("headline.html.j2", '{% include ["a", "b"] %}', "line 1: TemplatesNotFound"),
}


@pytest.fixture(autouse=True)
def house(tmp_path, monkeypatch):
    """An empty folder of templates in the folder that is worked in; no settings from outside, and no drawings."""
    for name in list(os.environ):
        if name.startswith("MNIST_REPORT_"):
            monkeypatch.delenv(name)
    # What is drawn is not the templates' business, and takes longer than they do.
    monkeypatch.setattr(write, "draw_figures", lambda *_: FIGURES)
    monkeypatch.setattr(write, "to_svg", str)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "house").mkdir()
    return tmp_path / "house"


@pytest.fixture
def run(tmp_path):
    """A stored run without reports."""
    return tiny_run().write(tmp_path / "run")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Data and a model that takes three lines instead of a process with TensorFlow."""
    write_npz(tmp_path / "data.npz", *digits(60))
    write_hollow_model(tmp_path / "hollow.keras")
    monkeypatch.setattr(pipeline, "start_model", start_three_lines)
    return tmp_path


def render(run, *options):
    """The exit status of `render` with the team's templates."""
    return run_cli(["render", str(run), "--template-dir", "house", *options])


def pages_of(run):
    """Of the PDF."""
    from pypdf import PdfReader

    return PdfReader(io.BytesIO((run / "report.pdf").read_bytes())).pages


def reordered():
    """Our report with the mistakes first."""
    lines = (resource("templates") / "report.html.j2").read_text("utf-8").splitlines(keepends=True)
    mistakes = next(line for line in lines if "mistakes.html.j2" in line)
    lines.remove(mistakes)
    lines.insert(next(k for k, line in enumerate(lines) if "headline" in line), mistakes)
    return "".join(lines)


def test_a_logo_is_in_both_reports(run, house):
    """One partial of the team's, around ours."""
    (house / "headline.html.j2").write_text(HEADLINE, "utf-8")
    assert render(run) == 0
    page = Page((run / "report.html").read_text("utf-8"))
    assert {"alt": "Acme", "src": LOGO} in page.all("img")
    assert (page.mistaken, page.open, len(page.all("h1"))) == ([], [], 1)
    assert "Acme" in pages_of(run)[0].extract_text()


def test_a_style_of_the_teams_reaches_the_paper(run, house):
    """After ours, so it wins."""
    (house / "report.css").write_text(STYLE, "utf-8")
    assert render(run) == 0
    assert "@page { size: A5 }</style>" in (run / "report.html").read_text("utf-8")
    assert float(pages_of(run)[0].mediabox.width) == pytest.approx(419.5, abs=0.5)


def test_the_sections_can_be_reordered(run, house):
    """The report's own template is one to override, too."""
    (house / "report.html.j2").write_text(reordered(), "utf-8")
    assert render(run) == 0
    page = (run / "report.html").read_text("utf-8")
    assert page.index('id="mistakes"') < page.index("<h1>") < page.index('id="classes"')
    words = " ".join(" ".join(page.extract_text() for page in pages_of(run)).split())
    assert words.index("#4") < words.index(tiny_view().headline)


def test_what_is_not_overridden_is_ours(house):
    """A file that nobody includes changes nothing, not even a broken one."""
    (house / "report.html").write_text("{% broken", "utf-8")
    (house / "NOTES.txt").write_bytes(b"\xff")
    check_templates(house)
    assert to_html(tiny_view(), house) == to_html(tiny_view())


def test_our_own_templates_are_sound(house):
    """A team may start from copies of ours."""
    for path in resource("templates").glob("*.html.j2"):
        (house / path.name).write_bytes(path.read_bytes())
    check_templates(house)
    assert to_html(tiny_view(), house) == to_html(tiny_view())


def test_text_is_escaped_in_the_teams_templates(house):
    """A title is no markup there either."""
    (house / "headline.html.j2").write_text("<h1>{{ view.title }}</h1>", "utf-8")
    assert "<h1>&lt;b&gt;</h1>" in to_html(tiny_view(title="<b>"), house)


def test_a_run_is_drawn_with_the_teams_templates(place, house):
    """Also where the configuration names them; sixty images cannot pass the default gates."""
    (house / "headline.html.j2").write_text(HEADLINE, "utf-8")
    (place / "mnist-report.toml").write_text('template-dir = "house"\n', "utf-8")
    assert call("run", "reports", "--format", "html") == 1
    assert "<p>Acme <img" in (place / "reports" / "latest" / "report.html").read_text("utf-8")


@pytest.mark.parametrize("case", SYNTAX.values(), ids=SYNTAX)
def test_a_broken_template_is_found_before_inference(place, house, monkeypatch, capsys, case):
    """One line with file, line and cause, status 3, and nothing left."""
    name, text, telling = case
    monkeypatch.setattr(pipeline, "start_model", None)
    (house / name).write_text(text, "utf-8")
    assert call("run", "reports", "--template-dir", "house") == 3
    err = capsys.readouterr().err
    assert err.startswith(f"error: house/{name}")
    assert telling in err
    assert err.count("\n") == 1
    assert left_in(place / "reports") == []


@pytest.mark.parametrize("case", (SYNTAX | VALUES).values(), ids=SYNTAX | VALUES)
def test_a_template_that_cannot_be_set_leaves_the_reports_as_they_were(run, house, capsys, case):
    """Status 3, and the message says which line of which template."""
    name, text, telling = case
    (run / "report.html").write_text("before", "utf-8")
    (house / name).write_text(text, "utf-8")
    assert render(run, "--format", "html") == 3
    err = capsys.readouterr().err
    assert ".j2" in err or ".css" in err
    assert telling in err
    assert (err[:7], err.count("\n")) == ("error: ", 1)
    assert (run / "report.html").read_text("utf-8") == "before"


def test_a_template_that_cannot_be_set_leaves_no_run(place, house, capsys):
    """Half a run would be taken for one."""
    (house / "headline.html.j2").write_text("{{ titel }}", "utf-8")
    assert call("run", "reports", "--template-dir", "house", "--format", "html") == 3
    assert "house/headline.html.j2, line 1: UndefinedError: 'titel' is undefined" in capsys.readouterr().err
    assert left_in(place / "reports") == []


@pytest.mark.parametrize("name", ["report.html.j2", "report.css", "logo"])
def test_a_template_that_is_not_utf8_is_named(house, name):
    """It, and not the one that includes it."""
    (house / "headline.html.j2").write_text('\n{% include "logo" ignore missing %}{% include "logo" %}', "utf-8")
    (house / "logo").write_text("Acme", "utf-8")
    (house / name).write_bytes(b"\xff")
    with pytest.raises(RenderError, match=f"house/{name}: UnicodeDecodeError"):
        check_templates(house)


def test_what_may_be_missing_is_not_missed(house):
    """Jinja's own way to say so."""
    (house / "headline.html.j2").write_text('{% include "logo" ignore missing %}<h1>x</h1>', "utf-8")
    check_templates(house)
    assert "<h1>x</h1>" in to_html(tiny_view(), house)


@pytest.mark.parametrize("name", ["none", "file"])
def test_what_is_no_folder_is_status_2_before_inference(place, monkeypatch, capsys, name):
    """For `run`, a rehearsal and `render` alike."""
    monkeypatch.setattr(pipeline, "start_model", None)
    (place / "file").write_text("", "utf-8")
    telling = f"error: {name}: no such folder; --template-dir takes a folder of Jinja templates\n"
    for arguments in (["run", "--data", "data.npz", "--model", "hollow.keras"], ["run", "--train"], ["render", "run"]):
        assert run_cli([*arguments, "--template-dir", name]) == 2
        assert capsys.readouterr().err == telling


def test_a_missing_folder_is_a_configuration_error(house):
    """In Python, too; none is none."""
    with pytest.raises(ConfigError):
        check_templates(house / "none")
    check_templates(None)


@pytest.mark.parametrize("address", ["http://localhost:9/logo.png", "file:///etc/hostname"])
def test_a_pdf_loads_nothing_for_a_team_either(run, house, capsys, address):
    """An error that says what to do, rather than a request or a picture that is missing."""
    (house / "headline.html.j2").write_text(HEADLINE.replace(LOGO, address), "utf-8")
    assert render(run) == 3
    err = capsys.readouterr().err
    assert err.startswith("error: house: the PDF cannot be set: ")
    assert address in err
    assert err.endswith("; a report loads nothing; embed it as a data: address\n")
    assert not (run / "report.html").exists()


def test_what_no_pdf_can_be_made_of_is_the_templates_fault(run, house, capsys):
    """No bug of ours."""
    (house / "headline.html.j2").write_text("{% for _ in range(1200) %}<i>{% endfor %}x", "utf-8")
    assert render(run) == 3
    assert capsys.readouterr().err.startswith("error: house: the PDF cannot be set: RecursionError")


def test_the_readmes_example_works(run, house):
    """It is the first that a team tries."""
    readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    example = next(part for part in readme.split("```") if part.startswith("sh\nmkdir house"))
    house.rmdir()
    *making, last = example.removeprefix("sh\n").strip().splitlines()
    subprocess.run(["sh", "-ec", "\n".join(making)], check=True)
    assert last == "mnist-report render reports/latest --template-dir house"
    assert render(run, "--format", "html") == 0
    page = (run / "report.html").read_text("utf-8")
    assert "h1 { color: #0a5c36; }</style>" in page
    assert '<p><img alt="Acme"' in page
