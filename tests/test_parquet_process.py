"""Tests of `mnist_report.data.parquet_process`."""

import time

import numpy as np
import pyarrow as pa  # noqa: TID253  nobody waits for these tests
import pytest
from data_files import write_image_parquet
from makers import digits
from pyarrow import parquet  # noqa: TID253  nobody waits for these tests

from mnist_report.data import parquet_process
from mnist_report.data.parquet_files import look_at_files, read_parquet_files
from mnist_report.data.parquet_images import look_at_images
from mnist_report.data.parquet_process import ParquetParts, read_parquet
from mnist_report.data.slice_columns import read_slice_columns
from mnist_report.errors import DataError
from mnist_report.runs.foreign_predictions import read_foreign_predictions


@pytest.mark.parametrize("center", [False, True])
def test_what_the_child_reads_arrives(tmp_path, center):
    """Images, labels, names and whether they are centred."""
    images, labels = digits(3)
    found = read_parquet(write_image_parquet(tmp_path / "data.parquet", images, labels), center=center)
    np.testing.assert_array_equal(found.labels, labels)
    assert (found.images.shape, found.names, found.centered) == (images.shape, None, center)
    assert center or np.array_equal(found.images, images)


def test_some_rows_arrive(tmp_path):
    """Those of a part alone."""
    images, labels = digits(9)
    path = write_image_parquet(tmp_path / "data.parquet", images, labels)
    with ParquetParts(path, center=False) as parts:
        found = parts.read(range(3, 7), stored=1_000)
    np.testing.assert_array_equal(found.images, images[3:7])
    np.testing.assert_array_equal(found.labels, labels[3:7])


def test_many_files_are_looked_at_and_read(tmp_path):
    """What they say of themselves, their class names too, comes as it went."""
    images, labels = digits(5)
    for k, part in enumerate((slice(3), slice(3, 5))):
        write_image_parquet(tmp_path / f"{k}.parquet", images[part], labels[part])
    paths = tuple(sorted(tmp_path.iterdir()))
    files, shape = look_at_files(paths, center=False)
    here = [look_at_images(path) for path in paths]
    assert ([file.sight for file in files], shape) == (here, (28, 28))
    np.testing.assert_array_equal(read_parquet_files(paths, center=False).images, images)


def test_a_part_has_the_time_of_its_bytes(tmp_path, monkeypatch):
    """Not that of the whole file."""
    path = write_image_parquet(tmp_path / "data.parquet", *digits(1))
    monkeypatch.setattr(parquet_process.sys, "executable", dying_python(tmp_path, "exit 1"))
    with ParquetParts(path, center=False) as parts, pytest.raises(DataError, match="after 50 s at most"):
        parts.read(range(1), stored=2_000_000)


def test_what_the_child_refuses_is_an_error_here(tmp_path):
    """In its words."""
    (tmp_path / "d\u00e4ta\udcff.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_parquet(tmp_path / "d\u00e4ta\udcff.parquet", center=False)


def write_table(path, **columns):
    """A Parquet file of these columns."""
    parquet.write_table(pa.table(columns), path)
    return path


ROWS = np.float32([[0.75, 0.25], [0.5, 0.5], [0.125, 0.875]])
SAID = {
    "probabilities": ({"p0": ROWS[:, 0], "p1": ROWS[:, 1], "label": [0, 1, 1]}, (ROWS.tolist(), None, [0, 1, 1])),
    "numbers": ({"predicted": [2, 0, 1]}, (None, [2, 0, 1], None)),
    "names": ({"predicted": ["b", "\u00e4", "b"], "label": ["b"] * 3}, (None, ["b", "\u00e4", "b"], ["b"] * 3)),
}


@pytest.mark.parametrize("kind", SAID)
def test_predictions_arrive(tmp_path, kind):
    """Of each kind, as they were written."""
    columns, expected = SAID[kind]
    found = read_foreign_predictions(write_table(tmp_path / "said.parquet", **columns))
    parts = (found.probabilities, found.predicted, found.labels)
    assert tuple(None if part is None else part.tolist() for part in parts) == expected


def test_slices_arrive(tmp_path):
    """Also those of images that have none."""
    path = write_table(tmp_path / "pens.parquet", index=[2, 0], pen=["red", "blue"], year=[2001, None])
    found = {name: column.tolist() for name, column in read_slice_columns(path, 4).items()}
    assert found == {"pen": ["blue", "", "red", ""], "year": ["", "", "2001", ""]}


def test_more_rows_than_images_are_not_read(tmp_path):
    """A few bytes can stand for any number of equal rows."""
    path = write_table(tmp_path / "pens.parquet", index=range(5), pen=["red"] * 5)
    with pytest.raises(DataError, match="has 5 rows or more, expected at most one for each of 4 images"):
        read_slice_columns(path, 4)


def test_more_names_than_classes_are_refused(tmp_path):
    """They would be held twice."""
    path = write_table(tmp_path / "said.parquet", predicted=[f"class {k}" for k in range(1_001)])
    with pytest.raises(DataError, match="found 1,001 names of classes, expected at most 1,000"):
        read_foreign_predictions(path)


@pytest.mark.parametrize("read", [read_foreign_predictions, lambda path: read_slice_columns(path, 3)])
def test_a_file_that_arrow_dies_of_is_an_error_that_names_it(tmp_path, monkeypatch, read):
    """Whatever it was given as."""
    monkeypatch.setattr(parquet_process.sys, "executable", dying_python(tmp_path, "kill -ABRT $$"))
    path = write_table(tmp_path / "said.parquet", predicted=[0])
    with pytest.raises(DataError, match=f"{path}: cannot be read as Parquet: .* ended with status -6"):
        read(path)


def dying_python(folder, script):
    """Something in Python's place."""
    (folder / "python").write_text(f"#!/bin/sh\nexec 2>/dev/null; {script.replace('sleep', 'exec sleep')}\n")
    (folder / "python").chmod(0o755)
    return str(folder / "python")


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("kill -ABRT $$", -6),
        ("exit 1", 1),
        ("sleep 60", -9),
        ("""echo '{"facts": {}, "arrays": [["<i8", [1]], ["|u1", [1, 2, 2]]]}'; printf '12345678123'""", 0),
    ],
    ids=["abort", "failure", "hang", "half an answer"],
)
def test_a_child_that_dies_is_an_error_that_names_the_file(tmp_path, monkeypatch, script, status):
    """Arrow aborts on some damaged files; nobody waits for one that hangs."""
    path = write_image_parquet(tmp_path / "data.parquet", *digits(1))
    monkeypatch.setattr(parquet_process.sys, "executable", dying_python(tmp_path, script))
    monkeypatch.setattr(parquet_process, "LEAST_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(DataError, match=f"{path}: cannot be read as Parquet: .* ended with status {status}, after"):
        read_parquet(path, center=False)
    assert time.monotonic() - began < 20
