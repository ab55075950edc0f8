"""The earlier runs of the same images, from the history."""

import sqlite3

import numpy as np
import pytest
from tiny_run import finished_run, tiny_predictions, tiny_run

from mnist_report.errors import OutputError
from mnist_report.evaluation.intervals import exact_interval
from mnist_report.runs.earlier import earlier_runs
from mnist_report.runs.history_schema import NAME

RUN_IDS = [f"2026010{day}T030405Z-tiny-0123ab" for day in (2, 3, 4)]


@pytest.fixture
def reports(tmp_path):
    """Three runs of the twelve images."""
    for run_id in RUN_IDS:
        finished_run(tmp_path, run_id)
    return tmp_path


def data_of_all():
    """The digest of the data."""
    return tiny_run().provenance["data"]["sha256"]


def test_they_come_from_the_oldest_to_the_newest(reports):
    """With what was right, and the accuracy as the run had it."""
    found = earlier_runs(reports, data_of_all(), 9)
    right = tiny_predictions().right
    assert sorted(run.run_id for run in found) == RUN_IDS
    assert all(np.array_equal(run.right, right) for run in found)
    low, high = exact_interval(int(right.sum()), len(right))
    accuracy = found[0].accuracy
    assert (accuracy.value, accuracy.ci_low, accuracy.ci_high, accuracy.n) == pytest.approx(
        (right.mean(), low, high, 12)
    )


def test_only_the_last_ones_are_taken(reports):
    """So many as are asked for."""
    assert [run.run_id for run in earlier_runs(reports, data_of_all(), 2)] == RUN_IDS[1:]


def test_runs_of_other_images_are_no_earlier_runs(reports):
    """Their images cannot be compared one by one."""
    assert earlier_runs(reports, "f" * 64, 9) == ()


def test_runs_of_other_models_can_be_left_out(reports):
    """Where several are run one beside the other."""
    assert earlier_runs(reports, data_of_all(), 9, model="another") == ()
    name = tiny_run().provenance["model"]["name"]
    assert len(earlier_runs(reports, data_of_all(), 9, model=name)) == 3


@pytest.mark.parametrize("column", ["value", "ci_low", "ci_high"])
def test_a_run_without_its_interval_is_no_earlier_run(reports, column):
    """Somebody has changed its metrics.json before it was recorded: the runs that follow are none the worse."""
    with sqlite3.connect(reports / NAME) as connection:
        connection.execute(f"UPDATE metrics SET {column} = NULL WHERE metric = 'accuracy' AND run = 2")  # noqa: S608
    assert [run.run_id for run in earlier_runs(reports, data_of_all(), 9)] == [RUN_IDS[0], RUN_IDS[2]]


def test_a_history_that_cannot_be_read_is_an_error_where_a_gate_needs_it(reports):
    """Else a gate on drift would pass, as in the first run of all."""
    with sqlite3.connect(reports / NAME) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert earlier_runs(reports, data_of_all(), 9) == ()
    with pytest.raises(OutputError, match=r"its version is 99.*a gate with max_drop_over needs"):
        earlier_runs(reports, data_of_all(), 9, needed=True)


def test_without_a_history_there_are_none(tmp_path):
    """The first run of all."""
    assert earlier_runs(tmp_path, data_of_all(), 9) == ()


def test_a_history_that_cannot_be_read_is_told(reports, caplog):
    """The run goes on without it."""
    (reports / NAME).write_bytes(b"no database, but long enough to be looked at" * 99)
    assert earlier_runs(reports, data_of_all(), 9) == ()
    assert [record.levelname for record in caplog.records if "the earlier runs are left out" in record.message] == [
        "WARNING"
    ]


def test_a_run_whose_images_were_not_kept_is_there_all_the_same(reports):
    """Of very many images nobody keeps which were right."""
    with sqlite3.connect(reports / NAME) as connection:
        connection.execute('UPDATE runs SET "right" = NULL')
    connection.close()
    assert [run.right for run in earlier_runs(reports, data_of_all(), 9)] == [None] * 3
