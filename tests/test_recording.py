"""A run folder becomes a row of the history."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from full_run import full_run, write_run
from hypothesis import given
from hypothesis import strategies as st
from tiny_run import HOSTILE, RUN_ID, WORST_FIRST, finished_run, tiny_run

from mnist_report.errors import OutputError
from mnist_report.runs import recording
from mnist_report.runs.folder import write_provenance
from mnist_report.runs.history import read_gates, read_history, read_right
from mnist_report.runs.history_schema import NAME, TABLES, DamagedHistoryError
from mnist_report.runs.recording import read_record, record, recorded_names, salvage


def everything(reports):
    """All rows of all tables, by SQLite alone."""
    with closing(sqlite3.connect(reports / NAME)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}  # noqa: S608


def test_the_row_says_what_run_json_and_metrics_json_say(tmp_path):
    """To the last digit."""
    run = finished_run(tmp_path)
    (row,) = read_history(tmp_path)
    facts = json.loads((run / "run.json").read_text("utf-8"))
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))["overall"]
    assert (row.run_id, row.created, row.title) == (RUN_ID, facts["created"], facts["title"])
    assert (row.model, row.model_sha256, row.parameters) == ("pets_cnn", "a" * 64, 93)
    assert (row.data, row.split, row.data_sha256, row.n) == ("pets", "test", "b" * 64, 12)
    found = {name: (metric.value, metric.ci_low, metric.n) for name, metric in row.overall.items()}
    expected = {
        name: tuple(np.nan if value[key] is None else value[key] for key in ("value", "ci_low", "n"))
        for name, value in metrics.items()
    }
    assert found.keys() == expected.keys()
    for name, values in found.items():
        assert np.array_equal(values, expected[name], equal_nan=True), name


def test_which_images_were_right_is_kept(tmp_path):
    """A bit an image."""
    finished_run(tmp_path)
    right = read_right(tmp_path, RUN_ID)
    assert right.dtype == bool
    assert np.flatnonzero(~right).tolist() == sorted(WORST_FIRST)
    assert len(everything(tmp_path)["runs"][0][-1]) == 2


@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_any_bitmap_is_unpacked_as_it_was_packed(tmp_path_factory, bits):
    """Whatever its length is by eight."""
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path_factory.mktemp("bits") / "p.parquet"
    parquet.write_table(pa.table({"label": [1] * len(bits), "predicted": [int(bit) for bit in bits]}), path)
    packed = recording._right(path)
    assert np.unpackbits(np.frombuffer(packed, np.uint8), count=len(bits)).astype(bool).tolist() == bits
    assert len(packed) == -(-len(bits) // 8)


def test_of_very_many_images_only_the_numbers_are_kept(tmp_path, monkeypatch):
    """A history stays small."""
    monkeypatch.setattr(recording, "MOST_RIGHT", 11)
    finished_run(tmp_path)
    assert read_right(tmp_path, RUN_ID) is None
    assert len(read_history(tmp_path)) == 1


def test_gates_are_kept_with_each_of_their_subjects(tmp_path):
    """In their order."""
    run = tmp_path / RUN_ID
    judged = write_run(run, full_run())
    record(tmp_path, [read_record(run)])
    expected = [
        (result.gate.name, result.outcome, finding.subject, finding.outcome, result.gate.threshold)
        for result in judged.verdict.results
        for finding in result.findings
    ]
    found = read_gates(tmp_path, RUN_ID)
    assert [(gate.name, gate.outcome, gate.subject, gate.finding, gate.threshold) for gate in found] == expected
    assert len(expected) > len(judged.verdict.results)


def test_recording_again_changes_nothing(tmp_path):
    """A row that is there is replaced in its place."""
    first, second = finished_run(tmp_path), finished_run(tmp_path, RUN_ID.replace("0123ab", "ffffff"))
    before = everything(tmp_path)
    record(tmp_path, [read_record(folder) for folder in (second, first)])
    assert everything(tmp_path) == before


def test_what_is_recorded_is_what_rebuilding_gives(tmp_path):
    """One function."""
    run = finished_run(tmp_path)
    before = everything(tmp_path)
    (tmp_path / NAME).unlink()
    record(tmp_path, [read_record(run)])
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    "text", [*HOSTILE, "'; DROP TABLE runs; --", "\udcff", "=1+1", "\x00", "x" * 10_000], ids=ascii
)
def test_hostile_text_is_text(tmp_path, text):
    """In a title and in a model's name."""
    facts = tiny_run().provenance
    run = tiny_run().write(tmp_path / RUN_ID)
    write_provenance(run, facts | {"title": text, "model": facts["model"] | {"name": text}})
    record(tmp_path, [read_record(run)])
    (row,) = read_history(tmp_path)
    expected = text.encode("utf-8", "backslashreplace").decode()
    assert (row.title, row.model) == (expected, expected)


@pytest.mark.parametrize("name", ["run.json", "metrics.json", "predictions.parquet"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\x80"], ids=repr)
def test_a_damaged_folder_is_named(tmp_path, name, content):
    """And nothing is recorded."""
    run = tiny_run().write(tmp_path / RUN_ID)
    (run / name).write_bytes(content)
    with pytest.raises(OutputError, match=name):
        read_record(run)


def test_one_run_that_cannot_be_written_takes_the_others_back(tmp_path):
    """All or none."""
    run = read_record(tiny_run().write(tmp_path / RUN_ID))
    broken = recording.Record({**run.row, "run_id": "other", "n": "many"}, run.metrics, run.gates)
    with pytest.raises(OutputError):
        record(tmp_path, [run, broken])
    assert read_history(tmp_path) == []


def test_a_page_that_is_damaged_is_noticed(tmp_path):
    """Not only the first one."""
    finished_run(tmp_path)
    path = tmp_path / NAME
    raw = bytearray(path.read_bytes())
    raw[4096 * 2 : 4096 * 4] = b"\x55" * 8192
    path.write_bytes(raw)
    with pytest.raises(DamagedHistoryError):
        recorded_names(tmp_path)


def test_what_can_be_read_of_a_damaged_history_is_saved(tmp_path):
    """Also the runs whose folders are gone."""
    finished_run(tmp_path)
    before = everything(tmp_path)
    (tmp_path / NAME).rename(tmp_path / "old")
    assert salvage(tmp_path / "old", tmp_path) == 1
    assert everything(tmp_path) == before


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_nothing_is_saved_of_what_is_no_history(tmp_path, content):
    """And nothing raises."""
    (tmp_path / "old").write_bytes(content)
    assert salvage(tmp_path / "old", tmp_path) == 0
