"""`mnist-report verify`, through the command line."""

import json
import shutil

import pytest
from test_summary_file import original as counted  # noqa: F401  the fixture
from test_verifying import original  # noqa: F401  the fixture

from mnist_report.cli import run_cli


@pytest.fixture
def runs(original, tmp_path):  # noqa: F811
    """A run, and one to which something happened."""
    good = shutil.copytree(original, tmp_path / "reports" / original.name)
    bad = shutil.copytree(original, tmp_path / "elsewhere" / original.name)
    (bad / "run.log").write_text("", "utf-8")
    (bad / "new\x1b[2J").write_text("", "utf-8")
    (tmp_path / "reports" / "latest").symlink_to(good.name)
    return good, bad


def test_the_status_is_0_where_nothing_changed(runs, capsys):
    """And one line says so."""
    good, _ = runs
    assert run_cli(["verify", str(good)]) == 0
    assert capsys.readouterr().out.startswith(f"{good}: is what it was; ")


def test_predictions_that_were_not_stored_are_not_counted_as_such(counted, capsys):  # noqa: F811
    """There are counts alone."""
    assert run_cli(["verify", str(counted)]) == 0
    assert capsys.readouterr().out.endswith(" files, 1,000 images counted, whose predictions were not stored\n")
    assert run_cli(["verify", "--json", str(counted)]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["predictions"] == 0


def test_the_latest_run_is_the_default(runs, capsys, monkeypatch, tmp_path):
    """As reports/latest."""
    assert runs
    monkeypatch.chdir(tmp_path)
    assert run_cli(["verify"]) == 0
    assert capsys.readouterr().out.startswith("reports/latest: is what it was; ")


def test_each_difference_is_a_line(runs, capsys):
    """The first one says how many there are."""
    _, bad = runs
    assert run_cli(["verify", str(bad)]) == 1
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{bad}: is not what it was: 2 differences")
    assert [line.partition(":")[0] for line in rest] == ["  run.log", "  new\\x1b[2J"]


def test_a_folder_that_is_no_run_ends_with_3(runs, capsys, tmp_path):
    """The others are looked at all the same."""
    good, bad = runs
    assert run_cli(["verify", str(tmp_path / "nowhere"), str(good), str(bad)]) == 3
    said = capsys.readouterr()
    assert "nowhere: not a run folder" in said.err
    assert len([line for line in said.out.splitlines() if " what it was" in line]) == 2


def test_machines_read_json(runs, capsys, tmp_path):
    """The state of each run and what differs."""
    good, bad = runs
    assert run_cli(["verify", "--json", str(good), str(bad), str(tmp_path)]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [run["state"] for run in document["runs"]] == ["intact", "changed", "unreadable"]
    assert [each["file"] for each in document["runs"][1]["differences"]] == ["run.log", "new\\x1b[2J"]
    assert document["exit_status"] == 3


def test_it_says_what_is_not_covered(runs, capsys):
    """Nobody should take a report for verified."""
    assert run_cli(["verify", str(runs[0])]) == 0
    assert "report.html and report.pdf are not covered" in capsys.readouterr().err
