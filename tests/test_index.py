"""index.html: the runs of a folder."""

import json
import os
import shutil
import sys
from urllib.parse import unquote, urlsplit

import pytest
from makers import digits, write_hollow_model, write_npz
from test_html import Page
from test_slices_command import call, start_three_lines
from tiny_run import HOSTILE, RUN_ID, finished_run, tiny_run

from mnist_report import pipeline
from mnist_report.report import index
from mnist_report.report.index import NAME, index_html

DASH = "\N{EN DASH}"
OLDER, NEWER = "20250102T030405Z-pets_cnn-aaaaaa", "20270102T030405Z-pets_cnn-bbbbbb"


@pytest.fixture
def reports(tmp_path):
    """A folder with one finished run, and `latest`."""
    finished_run(tmp_path / "reports")
    return tmp_path / "reports"


def page_of(reports):
    """As a browser reads it."""
    return Page(index_html(reports))


def rows_of(page):
    """The ids of the rows."""
    return [row["id"] for row in page.all("tr") if "id" in row]


def change(reports, name="run.json", run_id=RUN_ID, **facts):
    """Put other facts into a file of a run."""
    path = reports / run_id / name
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | facts), "utf-8")


def accuracy_of(reports, **facts):
    """Put other numbers into a run's accuracy."""
    overall = json.loads((reports / RUN_ID / "metrics.json").read_text("utf-8"))["overall"]
    change(reports, "metrics.json", overall=overall | {"accuracy": overall["accuracy"] | facts})


def links_of(page):
    """Where the page's links lead, as paths below its folder."""
    for link in page.all("a"):
        parts = urlsplit(link["href"])
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        yield unquote(parts.path)


def test_a_run_is_a_row(reports):
    """Its accuracy with its interval, its errors, what was tested and when."""
    page = page_of(reports)
    cells = [cell.strip() for cell in page.texts["td"]]
    assert rows_of(page) == [RUN_ID]
    assert [cell for cell in cells if cell][:5] == [
        "75 %",
        f"43 {DASH} 95 %",
        "3",
        "pets_cnn on pets, test split, 12 images",
        "2 January 2026, 03:04 UTC",
    ]
    assert "1 in this folder" in page.text("p")


def test_the_newest_run_is_first(reports):
    """By the time that every run-id begins with."""
    for run_id in (NEWER, OLDER):
        shutil.copytree(reports / RUN_ID, reports / run_id)
    assert rows_of(page_of(reports)) == [NEWER, RUN_ID, OLDER]


def test_every_link_leads_to_a_file(reports):
    """The title and each file; one that is not there has no link."""
    (reports / RUN_ID / "report.pdf").unlink()
    targets = list(links_of(page_of(reports)))
    assert targets == [f"./{RUN_ID}/{name}" for name in ("report.html", "report.html", "metrics.json")]
    assert all((reports / target).is_file() for target in targets)


def test_a_run_without_a_page_is_no_link(reports):
    """But a row."""
    (reports / RUN_ID / "report.html").unlink()
    page = page_of(reports)
    assert "Pets" in page.text("th")
    assert f"{RUN_ID}/report.html" not in list(links_of(page))


@pytest.mark.parametrize("name", ["old #3", "a?b", "50%25", "javascript:alert(1)"])
def test_links_to_a_renamed_run_lead_to_its_files(reports, name):
    """Whoever renames a folder may do so; no name is a script."""
    (reports / RUN_ID).rename(reports / name)
    targets = list(links_of(page_of(reports)))
    assert len(targets) == 4
    assert all((reports / target).is_file() for target in targets)


def test_latest_is_not_listed_twice(reports):
    """It is a link to a run that is there."""
    assert (reports / "latest").is_symlink()
    assert rows_of(page_of(reports)) == [RUN_ID]


@pytest.mark.parametrize("name", [".unfinished-0123456789ab", ".hidden"])
def test_what_is_hidden_is_not_listed(reports, name):
    """It may be half a run."""
    shutil.copytree(reports / RUN_ID, reports / name)
    (reports / name / "metrics.json").unlink()
    page = page_of(reports)
    assert rows_of(page) == [RUN_ID]
    assert "could not be read" not in page.text("p")


def test_other_folders_and_files_are_not_runs(reports):
    """Nor are they counted as damaged."""
    (reports / "figures").mkdir()
    (reports / "run.json").write_text("{}", "utf-8")
    (reports / "deep" / RUN_ID).mkdir(parents=True)
    shutil.copy(reports / RUN_ID / "run.json", reports / "deep" / RUN_ID)
    page = page_of(reports)
    assert rows_of(page) == [RUN_ID]
    assert "could not be read" not in page.text("p")


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_runs_is_an_empty_page(tmp_path, there):
    """Also where there is no folder."""
    folder = tmp_path / "reports"
    if there:
        folder.mkdir()
    page = page_of(folder)
    assert rows_of(page) == []
    assert "0 in this folder" in page.text("p")
    assert (page.mistaken, page.open) == ([], [])


DAMAGED = {
    "empty": b"",
    "half": b'{"title": "Pets", ',
    "a list": b"[]",
    "null": b"null",
    "a number": b"3",
    "nothing in it": b"{}",
    "no UTF-8": b'{"title": "\xff"}',
}


@pytest.mark.parametrize("name", ["run.json", "metrics.json"])
@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_run_is_counted(reports, name, content):
    """The others are listed all the same."""
    shutil.copytree(reports / RUN_ID, reports / OLDER)
    (reports / RUN_ID / name).write_bytes(content)
    page = page_of(reports)
    assert rows_of(page) == [OLDER]
    assert "1 folder could not be read." in page.text("p")


def test_damaged_runs_are_plural(reports):
    """Two of them."""
    shutil.copytree(reports / RUN_ID, reports / OLDER)
    for run_id in (RUN_ID, OLDER):
        (reports / run_id / "metrics.json").unlink()
    assert "2 folders could not be read." in page_of(reports).text("p")


@pytest.mark.parametrize("name", ["run.json", "metrics.json"])
def test_a_folder_in_the_place_of_a_file_is_counted(reports, name):
    """Neither is it read."""
    (reports / RUN_ID / name).unlink()
    (reports / RUN_ID / name).mkdir()
    assert "1 folder could not be read." in page_of(reports).text("p")


@pytest.mark.parametrize(
    "facts",
    [
        {"model": None},
        {"model": "pets"},
        {"data": []},
        {"data": {"source": "pets", "split": "test", "n": "many"}},
        {"created": "yesterday"},
        {"created": 3},
    ],
    ids=str,
)
def test_facts_of_another_type_are_damage(reports, facts):
    """Not a crash."""
    change(reports, **facts)
    assert "1 folder could not be read." in page_of(reports).text("p")


@pytest.mark.parametrize("facts", [{"value": None}, {"n": "many"}, {"ci_low": float("-inf")}, {"value": []}], ids=str)
def test_numbers_of_another_type_are_damage(reports, facts):
    """Not a crash."""
    accuracy_of(reports, **facts)
    assert "1 folder could not be read." in page_of(reports).text("p")


@pytest.mark.parametrize("name", ["run.json", "metrics.json"])
def test_a_deep_file_is_counted(reports, name):
    """JSON's reader gives up on it in its own way."""
    (reports / RUN_ID / name).write_text("[" * 100_000, "utf-8")
    assert "1 folder could not be read." in page_of(reports).text("p")


@pytest.mark.parametrize("outcome", ["PASS", "WARN", "FAIL", "INCONCLUSIVE"])
def test_the_verdict_is_shown(reports, outcome):
    """With its colour."""
    change(reports, verdict=outcome)
    page = page_of(reports)
    assert [mark["class"] for mark in page.all("b")] == [f"outcome {outcome}"]
    assert page.text("b") == outcome


def test_a_run_without_gates_has_a_dash(reports):
    """Nothing was asked of it."""
    change(reports, verdict=None)
    assert page_of(reports).text("b") == DASH


@pytest.mark.parametrize("text", [*HOSTILE, "two\nlines", "x" * 10_000], ids=range(8))
def test_hostile_words_are_text(reports, text):
    """Title, verdict, model and data."""
    facts = tiny_run().provenance
    change(
        reports,
        title=text,
        verdict=text,
        model=facts["model"] | {"name": text},
        data=facts["data"] | {"source": text},
    )
    page = page_of(reports)
    assert text in page.text("th", "a")
    assert page.text("b") == text
    assert f"{text} on {text}, test split" in page.text("td")
    assert (page.mistaken, page.open, page.all("script"), page.all("img")) == ([], [], [{}], [])
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    assert rows_of(page) == [RUN_ID]


def test_a_title_that_is_no_text_does_not_stop_later_runs(reports):
    """JSON can say what UTF-8 cannot."""
    change(reports, title="\ud800")
    assert b"Pets" not in index_html(reports).encode()


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are text")
def test_a_folder_name_that_is_no_text_does_not_stop_later_runs(reports):
    """Linux has such names."""
    (reports / RUN_ID).rename(reports / os.fsdecode(b"pets\xff"))
    assert b"Pets" in index_html(reports).encode()


def test_the_page_is_sound(reports):
    """One first heading, and ids that are there once."""
    shutil.copytree(reports / RUN_ID, reports / OLDER)
    page = page_of(reports)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert (page.mistaken, page.open, len(page.all("h1")), len(set(ids))) == ([], [], 1, len(ids))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with data and a model that is three lines long; no settings from outside."""
    write_npz(tmp_path / "data.npz", *digits(60))
    write_hollow_model(tmp_path / "hollow.keras")
    for name in list(os.environ):
        if name.startswith("MNIST_REPORT_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(pipeline, "start_model", start_three_lines)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_finished_run_is_in_the_index(place):
    """The page is drawn again after every run, and its links work."""
    for title in ("First", "Second"):
        assert call("run", "reports", "--format", "html", "--title", title) == 1
    page = Page((place / "reports" / NAME).read_text("utf-8"))
    runs = {path.name for path in (place / "reports").iterdir() if path.is_dir() and not path.is_symlink()}
    assert len(runs) == 2
    assert set(rows_of(page)) == runs
    assert {"First", "Second"} <= set(page.texts["a"])
    assert all((place / "reports" / target).is_file() for target in links_of(page))


def test_a_run_that_fails_leaves_the_index_as_it_was(place):
    """There is nothing to add."""
    assert call("run", "reports", "--format", "html") == 1
    before = (place / "reports" / NAME).read_bytes()
    (place / "data.npz").write_bytes(b"")
    assert call("run", "reports", "--format", "html") == 3
    assert (place / "reports" / NAME).read_bytes() == before


def test_a_damaged_neighbour_costs_no_run(place):
    """It is counted."""
    finished_run(place / "reports")
    (place / "reports" / RUN_ID / "run.json").write_text("{", "utf-8")
    assert call("run", "reports", "--format", "html") == 1
    page = Page((place / "reports" / NAME).read_text("utf-8"))
    assert len(rows_of(page)) == 1
    assert "1 folder could not be read." in page.text("p")


def test_an_index_that_cannot_be_written_is_named(place, capsys):
    """The run is finished all the same, `latest` leads to it, and its gates decide the status."""
    (place / "reports" / NAME / "mine").mkdir(parents=True)
    assert call("run", "reports", "--format", "html") == 1
    assert "warning: the list of runs is not up to date: " in capsys.readouterr().err
    assert (place / "reports" / "latest" / "report.html").is_file()
    assert not list((place / "reports").glob(".*unfinished*"))


def test_a_run_without_run_json_is_counted(reports):
    """It is named like a run, and nobody can say what it was."""
    (reports / RUN_ID / "run.json").unlink()
    page = page_of(reports)
    assert rows_of(page) == []
    assert "1 folder could not be read." in page.text("p")


def test_a_single_run_has_no_trend(reports):
    """One point is no line."""
    assert page_of(reports).all("svg") == []


def test_runs_of_the_same_data_have_a_trend(reports):
    """A line with a mark for the newest, and what it says in words."""
    finished_run(reports, NEWER)
    page = page_of(reports)
    assert len(page.all("polyline")) == len(page.all("circle")) == 1
    assert "2 runs since 2 January 2026" in page.text("small")
    assert page.all("svg")[0]["aria-label"].startswith("Line of the accuracy of each run")


def test_a_history_that_cannot_be_read_leaves_the_list(reports, caplog):
    """The runs are there all the same."""
    finished_run(reports, NEWER)
    (reports / "history.sqlite").write_bytes(b"no database, but long enough to be looked at" * 99)
    assert rows_of(page_of(reports)) == [NEWER, RUN_ID]
    assert "without trends" in caplog.text


def test_only_the_newest_of_very_many_are_listed(reports, monkeypatch):
    """It says how many others there are, and where."""
    finished_run(reports, NEWER)
    monkeypatch.setattr(index, "MOST_ROWS", 1)
    page = page_of(reports)
    assert rows_of(page) == [NEWER]
    assert "1 older run not shown" in page.text("p")
