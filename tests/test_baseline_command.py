"""`mnist-report baseline accept` through the command line."""

import json

import pytest
from tiny_run import all_right, tiny_run

from mnist_report.cli import run_cli


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """One with three mistakes and one without, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767312000")
    return tiny_run().write(tmp_path / "run"), tiny_run(all_right()).write(tmp_path / "better")


def accept(run, *options):
    """The exit status."""
    return run_cli(["baseline", "accept", str(run), "--by", "ann", "--why", "the first", *map(str, options)])


def test_a_run_becomes_the_baseline(runs, tmp_path, capsys):
    """In the folder that later runs look at; its path is printed."""
    assert accept(runs[0]) == 0
    assert capsys.readouterr().out == "baseline\n"
    facts = json.loads((tmp_path / "baseline" / "baseline.json").read_text("utf-8"))
    assert facts["accepted"] == {"by": "ann", "why": "the first", "when": "2026-01-02T00:00:00+00:00"}


def test_a_worse_one_is_warned_about(runs, capsys):
    """And accepted, since somebody says why."""
    accept(runs[1], "--to", "other")
    capsys.readouterr()
    assert accept(runs[0], "--to", "other") == 0
    out, err = capsys.readouterr()
    assert out == "other\n"
    assert "warning: worse than the last baseline: accuracy -25.00 pp" in err
    assert "3 regressed, 0 fixed" in err


def test_a_better_one_is_not_warned_about(runs, capsys):
    """Nor one that is equal."""
    for run in (runs[0], runs[0], runs[1]):
        accept(run)
    assert "warning" not in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["--by", "--why"])
def test_who_and_why_must_be_told(runs, missing):
    """Status 2."""
    options = {"--by": "ann", "--why": "w"}
    del options[missing]
    assert run_cli(["baseline", "accept", str(runs[0]), *[part for pair in options.items() for part in pair]]) == 2


@pytest.mark.parametrize("option", ["--by", "--why"])
def test_who_and_why_must_not_be_empty(runs, option):
    """An unset variable of a script is no reason."""
    options = {"--by": "ann", "--why": "w"} | {option: ""}
    assert run_cli(["baseline", "accept", str(runs[0]), *[part for pair in options.items() for part in pair]]) == 2


def test_another_action_is_a_usage_error(runs):
    """There is only one."""
    assert run_cli(["baseline", "reject", str(runs[0]), "--by", "a", "--why", "b"]) == 2


@pytest.mark.parametrize("what", ["no run", "a file is there", "another folder is there"])
def test_what_cannot_be_done_is_status_3(runs, tmp_path, what, capsys):
    """One line, and nothing is touched."""
    (tmp_path / "file").write_text("mine", "utf-8")
    run, to = {"no run": (tmp_path / "no", "b"), "a file is there": (runs[0], "file")}.get(what, (runs[0], runs[1]))
    assert accept(run, "--to", to) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "file").read_text("utf-8") == "mine"


def test_the_working_folder_can_be_the_baseline(runs, tmp_path, monkeypatch):
    """It is called by another name there."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert accept(runs[0], "--to", ".") == 0
    assert (tmp_path / "empty" / "baseline.json").exists()


def test_an_accepted_baseline_can_be_checked_against(runs, tmp_path):
    """Its own run did not drop, to say the least."""
    accept(runs[1])
    (tmp_path / "rules.toml").write_text('[[gates]]\nmetric = "accuracy"\nmax_drop = 0.45\n', "utf-8")
    assert run_cli(["check", str(runs[1]), "--gates", "rules.toml", "--baseline", "baseline"]) == 0


@pytest.mark.parametrize(("outcome", "told"), [("FAIL", True), ("INCONCLUSIVE", True), ("PASS", False), (None, False)])
def test_a_run_that_did_not_pass_is_told(runs, tmp_path, outcome, told, capsys):
    """It may be accepted, with open eyes."""
    path = tmp_path / "run" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"verdict": outcome}), "utf-8")
    assert accept(runs[0]) == 0
    assert (f"warning: the verdict of {runs[0]} was {outcome}" in capsys.readouterr().err) == told
