"""`mnist-report prune`, through the command line."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_pruning import add_run, days, name_of

from mnist_report.cli import run_cli
from mnist_report.commands.prune import parse_size, show_size
from mnist_report.errors import ConfigError
from mnist_report.runs import baseline as baselines
from mnist_report.runs.history_schema import NAME


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory):
    """Three runs, made once."""
    folder = tmp_path_factory.mktemp("three") / "reports"
    for day in (1, 2, 3):
        add_run(folder, day, "FAIL" if day == 1 else "PASS")
    return folder


@pytest.fixture(autouse=True)
def reports(three_runs, tmp_path, monkeypatch):
    """A copy of them that may be changed, in the folder where the command looks."""
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(three_runs, tmp_path / "reports", symlinks=True)


def test_each_run_is_a_line_with_its_reason(capsys):
    """Its size, and what becomes of it."""
    assert run_cli(["prune", "--keep", "1", "--keep-failed"]) == 0
    said = capsys.readouterr()
    lines = [line.split() for line in said.out.splitlines()]
    assert [(line[0][:8], line[3], " ".join(line[4:])) for line in lines[1:]] == [
        ("20260103", "kept", "the newest, of the newest 1"),
        ("20260102", "removed", "no rule keeps it"),
        ("20260101", "kept", "failed"),
    ]
    assert said.err.startswith("removed 1 of 3 runs, ")


def test_a_dry_run_prints_the_same(capsys, reports):
    """And says that it would."""
    assert run_cli(["prune", "--keep", "1", "--dry-run"]) == 0
    tried = capsys.readouterr()
    assert days(reports) == [1, 2, 3]
    assert run_cli(["prune", "--keep", "1"]) == 0
    done = capsys.readouterr()
    assert (tried.out, tried.err) == (done.out, done.err.replace("removed ", "would remove "))


def test_the_baseline_of_the_nightly_run_stays(tmp_path, reports):
    """Also where it is written in the table of `run`."""
    rules = f'[run]\nbaseline = "reports/{name_of(reports, 1)}"\ntitle = "x"\n'
    (tmp_path / "mnist-report.toml").write_text(rules, "utf-8")
    assert run_cli(["prune", "--keep", "1"]) == 0
    assert days(reports) == [1, 3]


def test_a_run_that_cannot_be_recorded_stays(capsys, reports):
    """Nothing else would know of it."""
    missed = name_of(reports, 1)
    with closing(sqlite3.connect(reports / NAME)) as history, history:
        history.execute("DELETE FROM runs WHERE run_id = ?", [missed])
    (reports / missed / "metrics.json").unlink()
    assert run_cli(["prune", "--keep", "1"]) == 0
    said = capsys.readouterr()
    assert days(reports) == [1, 3]
    assert "metrics.json: missing from the run folder; the history goes without it" in said.err
    assert said.out.splitlines()[-1].split()[3:] == ["kept", "not", "in", "the", "history"]


def test_beside_a_history_of_a_later_version_nothing_goes(capsys, reports):
    """It may lack runs, and nobody can look."""
    with closing(sqlite3.connect(reports / NAME)) as history:
        history.execute("PRAGMA user_version = 99")
    assert run_cli(["prune", "--keep", "1"]) == 3
    assert days(reports) == [1, 2, 3]
    assert "was written by a later mnist-report" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_folder_that_is_not_there_is_an_error(capsys, options):
    """The same one when only trying."""
    assert run_cli(["prune", "--keep", "1", "--reports", "nowhere", *options]) == 3
    assert "nowhere: there is no such folder of run folders" in capsys.readouterr().err


@pytest.mark.parametrize("options", [[], ["--keep-failed"], ["--dry-run"]])
def test_nothing_goes_where_nothing_says_what_stays(capsys, reports, options):
    """The message says what to give; --keep-failed alone would remove every good run."""
    assert run_cli(["prune", *options]) == 2
    assert "give --keep N, --keep-monthly N or --max-size SIZE" in capsys.readouterr().err
    assert days(reports) == [1, 2, 3]


@pytest.mark.parametrize("options", [["--keep", "-1"], ["--keep-monthly", "-2"], ["--max-size", "many"]])
def test_an_impossible_number_is_an_error(capsys, reports, options):
    """One line that names the option."""
    assert run_cli(["prune", *options]) == 2
    assert capsys.readouterr().err.startswith(f"error: {options[0].removeprefix('--')} is ")
    assert days(reports) == [1, 2, 3]


def test_the_configuration_says_what_stays(reports, tmp_path):
    """A table of its own."""
    (tmp_path / "mnist-report.toml").write_text("[prune]\nkeep = 2\n", "utf-8")
    assert run_cli(["prune"]) == 0
    assert days(reports) == [2, 3]


@pytest.mark.parametrize("configured", [False, True])
def test_the_accepted_baseline_stays(reports, tmp_path, configured):
    """Where `baseline accept` puts it, or where the configuration says."""
    folder = tmp_path / ("accepted" if configured else "baseline")
    baselines.accept(reports / name_of(reports, 1), folder, by="Kim", why="to have one", when="now")
    if configured:
        (tmp_path / "mnist-report.toml").write_text('baseline = "accepted"\n', "utf-8")
    assert run_cli(["prune", "--keep", "1"]) == 0
    assert days(reports) == [1, 3]


def test_a_baseline_that_is_not_there_is_a_warning(capsys):
    """A configuration may name one that nobody has accepted yet."""
    assert run_cli(["prune", "--keep", "1", "--baseline", "nowhere"]) == 0
    assert "warning: there is no baseline at nowhere" in capsys.readouterr().err


def test_a_damaged_run_is_a_warning(capsys, reports):
    """It stays."""
    (reports / name_of(reports, 1) / "run.json").write_text("{", "utf-8")
    assert run_cli(["prune", "--keep", "1"]) == 0
    said = capsys.readouterr()
    assert "kept, it cannot be read as a run" in said.err
    assert said.out.splitlines()[-1].split()[3:] == ["kept", "damaged"]


def test_the_size_is_a_limit(reports):
    """Of what stays."""
    sizes = {
        path.name: sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) for path in reports.glob("2*")
    }
    assert run_cli(["prune", "--max-size", f"{sum(sizes.values()) - 1}B"]) == 0
    assert days(reports) == [2, 3]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("2GB", 2 * 10**9),
        ("500MB", 5 * 10**8),
        ("1GiB", 2**30),
        ("1.5 kb", 1500),
        ("1000", 1000),
        ("7 b", 7),
        ("1TiB", 2**40),
    ],
)
def test_sizes_are_read_as_they_are_written(text, size):
    """With units of 1000 and of 1024."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "2XB", "-1GB", "2 G B", "0GB", "1e3", "nan", "٢GB", "9" * 400, "2,5GB"])
def test_what_is_no_size_is_an_error(text):
    """That shows how one looks."""
    with pytest.raises(ConfigError, match="expected a size such as 2GB"):
        parse_size(text)


@given(st.integers(1, 10**15))
def test_a_size_that_is_shown_can_be_read(size):
    """To within its digits."""
    assert abs(parse_size(show_size(size)) - size) <= size / 19
