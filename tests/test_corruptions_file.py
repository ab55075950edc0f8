"""corruptions.parquet and corrupted.npz: what is written is what is read."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_run import LABELS, NAMES, classes_alone, tiny_predictions, tiny_run

from mnist_report.errors import OutputError
from mnist_report.evaluation.robustness import CorruptedSet
from mnist_report.runs.corruptions_file import Corruptions, Example, read_corruptions, write_corruptions
from mnist_report.runs.folder import read_run

COUNTS = ("n", "right", "loss", "confidence")


def some(predictions=None):
    """Three sets, with an image of 6 x 5."""
    predictions = predictions or tiny_predictions()
    sets = [CorruptedSet.of(kind, severity, predictions) for kind, severity in (("fog", 1), ("fog", 2), ("=", 1))]
    pixels = np.arange(4 * 30, dtype=np.uint8).reshape(4, 6, 5)
    return Corruptions(tuple(sets), Example(7, pixels, np.array([1, 1, 0, 2])))


@pytest.fixture
def written(tmp_path):
    """A run folder with them."""
    tiny = tiny_run()
    return replace(tiny, stored=replace(tiny.stored, corruptions=some())).write(tmp_path / "run")


@pytest.mark.parametrize("predictions", [tiny_predictions, classes_alone], ids=["graded", "classes alone"])
def test_what_is_written_is_what_is_read(tmp_path, predictions):
    """Also without probabilities, where sums are NaN."""
    corruptions = some(predictions())
    write_corruptions(tmp_path, corruptions, NAMES)
    found = read_corruptions(tmp_path, NAMES, np.array(LABELS))
    assert [one.name for one in found.sets] == ["fog=1", "fog=2", "==1"]
    for one, expected in zip(found.sets, corruptions.sets, strict=True):
        for name in COUNTS:
            assert np.array_equal(getattr(one, name), getattr(expected, name), equal_nan=name in {"loss", "confidence"})
    assert found.example.index == 7
    assert np.array_equal(found.example.pixels, corruptions.example.pixels)
    assert np.array_equal(found.example.said, corruptions.example.said)


def test_others_read_it_as_a_plain_table(written):
    """A row per corruption, severity and class."""
    from pyarrow import parquet

    table = parquet.read_table(written / "corruptions.parquet")
    assert table.column_names == ["corruption", "severity", "class", *COUNTS]
    assert table["class"].to_pylist() == [*NAMES] * 3
    assert table["right"].to_pylist()[:3] == [3, 3, 3]


def test_a_run_without_worse_images_has_no_such_files(tmp_path):
    """And says so."""
    folder = tiny_run().write(tmp_path)
    assert not (folder / "corruptions.parquet").exists()
    assert read_run(folder).corruptions is None


def test_a_run_folder_has_them(written):
    """With the frame that follows from them."""
    assert [one.name for one in read_run(written).corruptions.sets] == ["fog=1", "fog=2", "==1"]
    assert (written / "frames" / "corruptions.csv").exists()


def changed(written, name, change):
    """Another column in place of one."""
    import pyarrow as pa
    from pyarrow import parquet

    path = written / "corruptions.parquet"
    table = parquet.read_table(path)
    values = pa.array(change(table[name].to_pylist()))
    parquet.write_table(table.set_column(table.column_names.index(name), name, values), path)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("n", lambda found: [found[0] + 1, *found[1:]], "the counts of fog=1 are not of the images"),
        ("right", lambda found: [99, *found[1:]], "the counts of fog=1 are not of the images"),
        ("right", lambda found: [*found[:-1], -1], "the counts of ==1 are not of the images"),
        ("right", lambda found: [str(k) for k in found], "expected numbers"),
        ("class", lambda found: found[::-1], "its rows are not those of the classes cat, dog, eel"),
        ("severity", lambda found: [1] * len(found), "it has a set twice"),
        ("loss", lambda found: [None, *found[1:]], "expected numbers"),
    ],
)
def test_a_damaged_table_is_an_error_that_names_it(written, name, change, words):
    """Whoever reads the run learns of it."""
    changed(written, name, change)
    with pytest.raises(OutputError) as caught:
        read_run(written)
    assert words in str(caught.value)
    assert "corruptions.parquet: damaged" in str(caught.value)


@pytest.mark.parametrize(
    "arrays",
    [
        {"pixels": np.zeros((3, 6, 5), dtype=np.uint8)},
        {"pixels": np.zeros((4, 6, 5))},
        {"said": np.array([0, 1, 2, 3])},
        {"said": np.array([0, 1, 2])},
        {"said": np.array([0.0, 1, 2, 2])},
        {"index": np.array([1, 2])},
    ],
    ids=["a picture too few", "floats", "no such class", "an answer too few", "half a class", "two indices"],
)
def test_damaged_pictures_are_an_error(written, arrays):
    """They would be drawn."""
    with np.load(written / "corrupted.npz") as archive:
        whole = dict(archive)
    np.savez(written / "corrupted.npz", **(whole | arrays))
    with pytest.raises(OutputError, match="damaged"):
        read_run(written)


def test_missing_pictures_are_an_error(written):
    """The report could not be drawn."""
    (written / "corrupted.npz").unlink()
    with pytest.raises(OutputError, match=r"corrupted\.npz is missing"):
        read_run(written)
