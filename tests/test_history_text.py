"""The history as a table, CSV and JSON."""

import csv
import io
import json
import math
from dataclasses import replace

import pytest
from test_history import past
from tiny_run import HOSTILE

from mnist_report.evaluation.metrics import Metric
from mnist_report.report.history_text import history_csv, history_json, history_table
from mnist_report.runs.history import read_history
from mnist_report.runs.recording import record

ACCURACY = {"accuracy": Metric(0.9958, 0.9943, 0.997, 10_000), "errors": Metric(42, math.nan, math.nan, 10_000)}


@pytest.fixture
def run(tmp_path):
    """The shipped model's, as it were."""
    record(tmp_path, [past(1, verdict="PASS", model="mnist_cnn", run_id="20260101T030405Z-mnist_cnn-0123ab", n=10_000)])
    return replace(read_history(tmp_path)[0], overall=ACCURACY)


def test_a_row_says_when_how_good_and_which(run):
    """At a glance, within 100 characters."""
    head, line = history_table([run]).splitlines()
    assert head.startswith("when (UTC)        gates  accuracy (95 %)")
    assert line == (
        "2026-01-01 03:04  PASS   99.58 % (99.43\N{EN DASH}99.70)  42      mnist_cnn  20260101T030405Z-mnist_cnn-0123ab"
    )
    assert len(line) == 100


@pytest.mark.parametrize("verdict", ["PASS", "INCONCLUSIVE", None])
@pytest.mark.parametrize("model", ["a", "mnist_cnn", "m" * 60])
def test_every_line_fits_100_characters(run, model, verdict):
    """A run-id that is cut keeps its time and its digest."""
    long = replace(run, model=model, verdict=verdict, run_id=f"20260101T030405Z-{model}-0123ab")
    lines = history_table([long, run]).splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[1].endswith("-0123ab")
    assert "20260101T030405Z" in lines[1]


@pytest.mark.parametrize("text", [*HOSTILE, "\x1b[31m", "two\nlines", "\N{RIGHT-TO-LEFT OVERRIDE}"], ids=ascii)
def test_hostile_text_is_escaped_on_a_terminal(run, text):
    """A title or a model's name is somebody else's."""
    table = history_table([replace(run, model=text)])
    assert table.count("\n") == 2
    assert all(line.isprintable() for line in table.splitlines())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_spreadsheet_takes_a_cell_for_a_formula(run, text):
    """CSV is opened by a double click."""
    (row,) = csv.DictReader(io.StringIO(history_csv([replace(run, model=text, title=text)])))
    assert (row["model"], row["title"]) == (f"'{text}", f"'{text}")


def test_csv_and_json_have_every_digit(run):
    """And gaps where nothing is defined."""
    (row,) = csv.DictReader(io.StringIO(history_csv([run])))
    (found,) = json.loads(history_json([run]))
    assert (row["accuracy"], row["accuracy_ci_low"], row["errors"], row["log_loss"]) == ("0.9958", "0.9943", "42", "")
    assert (found["accuracy"], found["errors"], found["log_loss"]) == (0.9958, 42, None)
    assert row.keys() == found.keys()


def test_a_history_without_runs_is_a_head_or_an_empty_list():
    """Which a program can read too."""
    assert history_csv([]).startswith("run_id,created,")
    assert json.loads(history_json([])) == []


def test_an_empty_csv_has_the_same_head(run):
    """Whoever reads it finds its columns."""
    assert history_csv([]) == history_csv([run]).splitlines(keepends=True)[0]
