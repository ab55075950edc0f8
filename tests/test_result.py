"""What a leaderboard reads of a run folder."""

import json

import pytest
from tiny_run import RUN_ID, WORST_FIRST, finished_run

from mnist_report.errors import OutputError
from mnist_report.runs.result import read_result


@pytest.fixture
def run(tmp_path):
    """A finished run of the twelve images."""
    return finished_run(tmp_path / "reports")


def test_a_result_is_that_of_the_run(run):
    """Its facts, its metrics and which images are right."""
    found = read_result(run, "pets.keras")
    assert (found.name, found.facts["run_id"]) == ("pets.keras", RUN_ID)
    assert [row for row, right in enumerate(found.right) if not right] == sorted(WORST_FIRST)
    written = json.loads((run / "metrics.json").read_text("utf-8"))["overall"]
    assert found.overall["accuracy"].value == written["accuracy"]["value"] == found.right.mean()
    assert found.overall["log_loss"].value == written["log_loss"]["value"]


def test_no_probabilities_are_read(run):
    """Twenty models on a million images would not fit otherwise."""
    import pyarrow as pa
    from pyarrow import parquet

    path = run / "predictions.parquet"
    whole = parquet.read_table(path)
    few = {name: whole[name] for name in ("label", "predicted")}
    parquet.write_table(pa.table(few | {"p0": ["no number"] * len(whole)}), path)
    assert len(read_result(run, "pets").right) == 12


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "predictions.parquet"])
def test_a_file_that_is_missing_is_named(run, name):
    """Somebody may have tidied up meanwhile."""
    (run / name).unlink()
    with pytest.raises(OutputError, match=rf"{name}: missing from the run folder"):
        read_result(run, "pets")


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "predictions.parquet"])
def test_a_file_that_is_damaged_is_named(run, name):
    """One line, no crash."""
    (run / name).write_bytes(b"[")
    with pytest.raises(OutputError, match=rf"{name}: damaged"):
        read_result(run, "pets")
