"""The run folder: what is written is what is read."""

import csv
import gc
import hashlib
import json
import re
import time

import numpy as np
import pytest
from tiny_run import NAMES, RUN_ID, all_right, finished_run, tiny_predictions, tiny_run

from mnist_report.errors import OutputError
from mnist_report.runs.folder import read_run, unfinished_run, write_provenance
from mnist_report.runs.run_document import make_run_id

DAMAGES = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "other": lambda path: path.write_bytes(b"{"),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("predictions", [tiny_predictions(), all_right()], ids=["mistakes", "no mistake"])
def test_a_run_is_read_as_it_was_written(tmp_path, predictions):
    """Provenance, predictions and images."""
    run = tiny_run(predictions)
    stored = read_run(run.write(tmp_path))
    assert stored.provenance == run.provenance
    assert stored.predictions.class_names == NAMES
    for name in ("labels", "probabilities", "predicted", "runner_up", "confidence", "margin", "loss", "brier"):
        assert np.array_equal(getattr(stored.predictions, name), getattr(run.predictions, name))
    for index in run.stored.images.index.tolist():
        assert np.array_equal(stored.images.of(index), run.stored.images.of(index))


def test_predictions_have_a_row_per_image_and_a_column_per_class(tmp_path):
    """The probabilities in float32, as the model gave them."""
    from pyarrow import parquet

    table = parquet.read_table(tiny_run().write(tmp_path) / "predictions.parquet")
    assert table.num_rows == 12
    assert table.column_names == ["index", "label", "predicted", "confidence", "margin", "loss", "p0", "p1", "p2"]
    assert {str(table.schema.field(f"p{k}").type) for k in range(3)} == {"float"}


def test_every_frame_is_a_csv_file(tmp_path):
    """With its columns as the head, and unix line ends on every machine."""
    run = tiny_run()
    folder = run.write(tmp_path) / "frames"
    assert {path.stem for path in folder.iterdir()} == {name for name, _ in run.evaluation.frames.items()}
    for name, frame in run.evaluation.frames.items():
        raw = (folder / f"{name}.csv").read_bytes()
        rows = list(csv.reader(raw.decode().splitlines()))
        assert b"\r" not in raw
        assert (rows[0], len(rows) - 1) == (list(frame.columns), len(frame))


@pytest.mark.parametrize("name", ["metrics.json", "predictions.parquet", "images.npz"])
def test_the_same_results_are_the_same_bytes(tmp_path, monkeypatch, name):
    """Whenever they are written."""
    first = tiny_run().write(tmp_path / "first")
    an_hour_later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: an_hour_later)
    second = tiny_run().write(tmp_path / "second")
    assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_published_run_has_its_name(tmp_path):
    """And nothing unfinished stays beside it."""
    run = finished_run(tmp_path)
    assert run == tmp_path / RUN_ID
    assert {path.name for path in tmp_path.iterdir()} == {RUN_ID, "latest", "history.sqlite"}
    assert len(read_run(run).predictions) == 12


def test_the_manifest_has_the_digest_of_every_data_file(tmp_path):
    """Not those of the two reports, which may be rendered again."""
    run = finished_run(tmp_path)
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    files = [path for path in run.rglob("*") if path.is_file() and path.name != "manifest.json"]
    digests = {path.relative_to(run).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    expected = {name: digest for name, digest in digests.items() if not name.startswith("report.")}
    assert manifest == {"format": 1, "sha256": expected}
    assert "frames/overall.csv" in expected


def test_latest_moves_on_to_the_newest_run(tmp_path):
    """As a relative link, so that the reports folder can be moved; the older run stays."""
    older, newer = finished_run(tmp_path, "older"), finished_run(tmp_path, "newer")
    assert str((tmp_path / "latest").readlink()) == newer.name
    assert older.is_dir()


def test_an_exception_leaves_nothing(tmp_path):
    """A run folder appears whole or not at all."""

    def fail(reports):
        with unfinished_run(reports) as folder:
            tiny_run().write(folder)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_run_is_hidden_and_then_removed(tmp_path):
    """Nobody takes it for a run."""
    with unfinished_run(tmp_path) as folder:
        tiny_run().write(folder)
        assert folder.name.startswith(".")
    assert list(tmp_path.iterdir()) == []


def test_the_run_id_says_when_and_what():
    """Time in UTC, the model's name, six digits of the provenance's digest."""
    assert re.fullmatch(r"20260102T030405Z-pets_cnn-[0-9a-f]{6}", make_run_id(tiny_run().provenance))


def test_another_provenance_has_another_run_id():
    """Two runs of the same second and model stay apart."""
    facts = tiny_run().provenance
    assert make_run_id(facts) != make_run_id(facts | {"seed": 43})


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a b\nc", "<b>", "", ".", "x" * 300, "\N{CJK UNIFIED IDEOGRAPH-20000}" * 62, "\udcff"],
    ids=["path", "blanks", "html", "empty", "dot", "long", "long in bytes", "not utf-8"],
)
def test_a_hostile_model_name_is_still_a_file_name(tmp_path, name):
    """One folder below the reports, whatever the model is called."""
    facts = tiny_run().provenance
    run_id = make_run_id(facts | {"model": facts["model"] | {"name": name}})
    assert finished_run(tmp_path, run_id).parent == tmp_path
    assert re.fullmatch(r"[\w.-]+", run_id)


def test_a_full_disk_is_one_error_and_leaves_nothing(small_disk):
    """The message names where and why."""
    (small_disk / "full").write_bytes(bytes(60_000))
    with pytest.raises(OutputError, match="No space left") as caught:
        finished_run(small_disk)
    assert str(small_disk) in str(caught.value)
    assert [path.name for path in small_disk.iterdir()] == ["full"]


def test_reports_below_a_file_cannot_be_written(tmp_path):
    """The message names the path."""
    (tmp_path / "file").write_text("not a folder", "utf-8")
    reports = tmp_path / "file" / "reports"
    with pytest.raises(OutputError, match="Not a directory") as caught, unfinished_run(reports):
        pass
    assert str(reports) in str(caught.value)


def test_a_model_path_that_is_not_utf8_can_be_stored(tmp_path):
    """Linux allows any bytes; Python reads them as lone surrogates."""
    facts = tiny_run().provenance
    write_provenance(tmp_path, facts | {"command": "mnist-report run --model caf\udce9.keras"})
    assert json.loads((tmp_path / "run.json").read_text("utf-8"))["seed"] == facts["seed"]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("name", ["run.json", "predictions.parquet", "images.npz"])
def test_a_missing_or_damaged_file_is_named(tmp_path, name, damage):
    """So that one knows what to restore."""
    path = tiny_run().write(tmp_path) / name
    damage(path)
    with pytest.raises(OutputError, match=re.escape(str(path if name != "run.json" else tmp_path))):
        read_run(tmp_path)
    gc.collect()  # a file that was left open is heard of here, not in some later test


def test_a_flipped_bit_in_the_images_is_noticed(tmp_path):
    """The archive has checksums."""
    path = tiny_run().write(tmp_path) / "images.npz"
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"pixels.npy") + 60] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(OutputError, match=re.escape(str(path))):
        read_run(tmp_path)


@pytest.mark.parametrize("change", [{"format": 2}, {"format": None}, {"data": {}}, {"data": None}], ids=str)
def test_provenance_of_another_kind_is_named(tmp_path, change):
    """Of another version, or without what the other files need."""
    write_provenance(tiny_run().write(tmp_path), tiny_run().provenance | change)
    with pytest.raises(OutputError, match=r"run\.json"):
        read_run(tmp_path)


@pytest.mark.parametrize(
    ("order", "telling"),
    [
        (range(11, -1, -1), "its rows are not in the order of the images"),
        ([1, 0, *range(2, 12)], "its rows are not in the order of the images"),
        (range(1, 12), "its rows are not in the order of the images"),
        ([*range(11), 10], "an index occurs twice"),
    ],
    ids=["reversed", "two", "one is missing", "one is there twice"],
)
def test_predictions_in_another_order_are_damage(tmp_path, order, telling):
    """Slices and pictures would be those of other images; a row that is missing or there twice moves the rest."""
    from pyarrow import parquet

    path = tiny_run().write(tmp_path) / "predictions.parquet"
    parquet.write_table(parquet.read_table(path).take(list(order)), path)
    with pytest.raises(OutputError, match=rf"predictions\.parquet: damaged \(ValueError: {telling}"):
        read_run(tmp_path)


def test_a_label_without_a_class_is_damage(tmp_path):
    """Predictions that were edited by hand."""
    from pyarrow import parquet

    path = tiny_run().write(tmp_path) / "predictions.parquet"
    table = parquet.read_table(path)
    parquet.write_table(table.set_column(1, "label", [[99] * table.num_rows]), path)
    with pytest.raises(OutputError, match=r"predictions\.parquet"):
        read_run(tmp_path)
