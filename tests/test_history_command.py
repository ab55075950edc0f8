"""`mnist-report history`, and what `run` tells the history."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_history import past
from tiny_run import RUN_ID, finished_run

from mnist_report.cli import run_cli
from mnist_report.runs.history_schema import NAME
from mnist_report.runs.recording import Record, read_record, record


@pytest.fixture
def reports(tmp_path, monkeypatch):
    """A folder with one finished run."""
    monkeypatch.chdir(tmp_path)
    finished_run(tmp_path / "reports")
    return tmp_path / "reports"


@pytest.fixture
def call(capsys):
    """A function of options: the status and the lines on stdout and stderr."""

    def history(*options):
        status = run_cli(["history", *map(str, options)])
        said = capsys.readouterr()
        return status, said.out, said.err

    return history


@pytest.mark.usefixtures("reports")
def test_the_runs_are_listed(call):
    """One line each."""
    status, out, err = call()
    assert (status, err) == (0, "")
    assert RUN_ID in out.splitlines()[1]


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_programs_get_files(call, kind):
    """The run-id is never cut."""
    status, out, _ = call("--format", kind)
    assert status == 0
    assert RUN_ID in out
    if kind == "json":
        assert json.loads(out)[0]["run_id"] == RUN_ID


def test_without_runs_it_says_what_to_do(tmp_path, call):
    """An empty folder and none are alike."""
    for place in (tmp_path, tmp_path / "gone"):
        status, out, err = call("--reports", place)
        assert (status, out) == (0, "")
        assert err == f"warning: {place}: no finished run in its history; mnist-report run makes one\n"
    assert list(tmp_path.iterdir()) == []


def test_rebuilding_brings_back_what_is_there(reports, call):
    """After the history was deleted."""
    (reports / NAME).unlink()
    status, out, err = call("--rebuild")
    assert (status, RUN_ID in out) == (0, True)
    assert "wrote the rows of 1 run folders; 0 other rows stay" in err


def test_a_damaged_history_is_made_anew_at_once(reports, call):
    """And said."""
    (reports / NAME).write_bytes(b"no database" * 999)
    status, out, err = call()
    assert (status, RUN_ID in out) == (0, True)
    assert "warning: " in err
    assert "history.sqlite.corrupt-" in err


@pytest.mark.parametrize(
    ("options", "telling"),
    [
        (["--last", "0"], "last is 0, expected at least 1"),
        (["--wait", "-1"], "wait is -1.0, expected a number of seconds from 0"),
        (["--wait", "nan"], "wait is nan"),
    ],
)
@pytest.mark.usefixtures("reports")
def test_wrong_options_are_status_2(call, options, telling):
    """One line."""
    status, out, err = call(*options)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert telling in err


def test_a_folder_that_is_not_there_has_nothing_to_rebuild(call):
    """Status 3, and it is not made."""
    status, out, err = call("--rebuild", "--reports", "nowhere")
    assert (status, out) == (3, "")
    assert err == ("error: nowhere: there is no such folder of run folders; give the one that runs were written to\n")
    assert not Path("nowhere").exists()


def test_a_thousand_runs_take_a_second(reports):
    """Start-up included; and TensorFlow and pandas are not imported."""
    model = read_record(reports / RUN_ID)
    rows = [Record({**model.row, "run_id": f"{k:08d}"}, model.metrics, model.gates) for k in range(1_000)]
    record(reports, rows)
    script = (
        "import sys\nfrom mnist_report.cli import run_cli\nstatus = run_cli(['history'])\n"
        "assert not {'tensorflow', 'keras', 'pandas', 'pyarrow', 'matplotlib'} & sys.modules.keys()\nsys.exit(status)"
    )
    took = []
    for _ in range(3):  # the machine has other things to do
        began = time.monotonic()
        answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        took.append(time.monotonic() - began)
        assert (answer.returncode, answer.stdout.count("\n")) == (0, 1_002), answer.stderr
    print(f"1,001 runs: {min(took):.2f} s")
    assert min(took) < 3


def test_past_rows_without_metrics_are_dashes(tmp_path, call):
    """Of a history that was taken over in part."""
    record(tmp_path, [Record(past(1).row, (), ())])
    status, out, _ = call("--reports", tmp_path)
    assert (status, "\N{EN DASH}" in out) == (0, True)
