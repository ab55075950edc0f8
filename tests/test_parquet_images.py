"""Tests of `mnist_report.data.parquet_images`."""

import json
import tracemalloc

import hypothesis.extra.numpy as hnp
import numpy as np
import pyarrow as pa  # noqa: TID253  nobody waits for these tests
import pytest
from data_files import png_bytes, write_image_parquet
from hypothesis import given
from hypothesis import strategies as st
from makers import digits
from pyarrow import parquet  # noqa: TID253  nobody waits for these tests
from strategies import law

from mnist_report.data import limits, parquet_rows
from mnist_report.data.parquet_images import look_at_images, read_parquet_images
from mnist_report.data.reading import Reading
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError

PNG = png_bytes(np.zeros((2, 2), np.uint8))


@law
@given(data=st.data(), form=st.sampled_from(["struct", "bytes", "pixels", "rows"]))
def test_what_pyarrow_writes_is_read_back(tmp_path_factory, data, form):
    """In every form, in order."""
    images = data.draw(hnp.arrays(np.uint8, (data.draw(st.integers(1, 5)), 3, 3)))
    labels = data.draw(hnp.arrays(np.uint8, len(images)))
    path = tmp_path_factory.mktemp("parquet") / "data.parquet"
    found = read_parquet_images(write_image_parquet(path, images, labels, form=form), center=False)
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)


def test_more_rows_than_a_batch_are_read(tmp_path):
    """Over several row groups too."""
    images, labels = digits(200)
    table = parquet.read_table(write_image_parquet(tmp_path / "small.parquet", images, labels))
    parquet.write_table(table, tmp_path / "groups.parquet", row_group_size=70)
    found = read_parquet_images(tmp_path / "groups.parquet", center=False)
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_array_equal(found.labels, labels)


@pytest.mark.parametrize("form", ["bytes", "pixels"])
@pytest.mark.parametrize("rows", [range(1), range(69, 71), range(60, 141), range(199, 200)])
def test_some_rows_are_those_of_the_whole(tmp_path, form, rows):
    """Wherever the row groups end."""
    images, labels = digits(200)
    table = parquet.read_table(write_image_parquet(tmp_path / "small.parquet", images, labels, form=form))
    parquet.write_table(table, tmp_path / "groups.parquet", row_group_size=70)
    found = read_parquet_images(tmp_path / "groups.parquet", center=False, rows=rows)
    np.testing.assert_array_equal(found.images, images[rows.start : rows.stop])
    np.testing.assert_array_equal(found.labels, labels[rows.start : rows.stop])


def test_a_look_tells_rows_groups_and_names(tmp_path):
    """As pyarrow tells them."""
    path = named(tmp_path / "data.parquet", ["cat", "dog"])
    sight = look_at_images(path)
    assert (sight.n, sight.names, len(sight.groups)) == (2, ("cat", "dog"), 1)
    assert sight.groups[0][0] == 2
    assert 0 < sight.groups[0][1] < path.stat().st_size


def test_rows_of_pixels_need_not_be_square(tmp_path):
    """A flat list has to be."""
    images = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    path = write_image_parquet(tmp_path / "data.parquet", images, [0, 1], form="rows")
    np.testing.assert_array_equal(read_parquet_images(path, center=False).images, images)


def write(path, image, label, **how):
    """A table of these cells."""
    parquet.write_table(pa.table({"image": image, "label": label}), path, **how)
    return path


def named(path, names):
    """A file with class names as Hugging Face writes them."""
    info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    table = pa.table({"image": [PNG, PNG], "label": [1, 0]})
    parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(info)}), path)
    return path


def test_the_class_names_of_a_hugging_face_set_are_its_own(tmp_path):
    """They stand in the file."""
    path = named(tmp_path / "data.parquet", ["cat", "dog", "eel"])
    assert load_dataset(str(path)).class_names == ("cat", "dog", "eel")


def test_a_file_of_class_names_comes_before_them(tmp_path):
    """In their order, if it is not about the same names."""
    (tmp_path / "names.txt").write_text("Katze\nHund\n")
    path = named(tmp_path / "data.parquet", ["cat", "dog"])
    assert load_dataset(str(path), reading=Reading(class_names=tmp_path / "names.txt")).class_names == ("Katze", "Hund")


@pytest.mark.parametrize("names", [None, [], [1, 2], "ab", {"a": 1}])
def test_strange_metadata_is_passed_over(tmp_path, names):
    """Numbers are names too."""
    assert load_dataset(str(named(tmp_path / "data.parquet", names))).class_names == tuple("0123456789")


@pytest.mark.parametrize(
    ("image", "label", "telling"),
    [
        ([PNG, PNG[:-30]], [0, 1], "row 1: not a readable PNG"),
        ([PNG, png_bytes(np.zeros((3, 2), np.uint8))], [0, 1], "row 1: 3 x 2 pixels, expected 2 x 2"),
        ([PNG, None], [0, 1], "row 1: the image is empty"),
        ([{"bytes": PNG}, {"bytes": None}], [0, 1], "row 1: the image is empty; a path .* is not followed"),
        ([{"path": "a.png"}], [0], "row 0: the image is struct<path: string>, expected an encoded picture"),
        (["a.png"], [0], "row 0: the image is string, expected an encoded picture"),
        ([[1, 2, 3]], [0], "row 0: found 3 pixels, expected a square image"),
        ([[]], [0], "row 0: found 0 pixels"),
        ([[1, 2, 3, 256]], [0], "row 0: pixels from 1 to 256"),
        ([[-1, 2, 3, 4]], [0], "row 0: pixels from -1 to 4"),
        ([[0.5, 1.0, 0.0, 0.0]], [0], "row 0: a pixel is double"),
        ([[1, None, 3, 4]], [0], "row 0: a pixel is an empty cell"),
        ([[[1, 2], [3]]], [0], "row 0: its rows have 1 to 2 pixels"),
        ([[[1, 2], None]], [0], "row 0: a row of pixels is empty"),
        ([[1] * 4, [1] * 9], [0, 1], "row 1: 3 x 3 pixels, expected 2 x 2"),
        ([[1] * 4, [1, 2, 3, 256]], [0, 1], "row 1: pixels from 1 to 256"),
        ([[1] * 4] * 64 + [[1] * 9], [0] * 65, "row 64: 3 x 3 pixels, expected 2 x 2"),
        ([[[]]], [0], "row 0: found 0 pixels"),
        ([PNG], ["cat"], "column 'label': found string, expected whole numbers"),
        ([PNG], [1.0], "column 'label': found double"),
        ([PNG, PNG], [1, None], "column 'label': found 1 empty cells from row 0"),
        (pa.array([], pa.binary()), pa.array([], pa.int64()), "found 0 images"),
    ],
    ids=range(22),
)
def test_a_cell_that_is_no_image_or_label_is_named(tmp_path, image, label, telling):
    """With its row, what was found and what was expected."""
    path = write(tmp_path / "data.parquet", image, label)
    with pytest.raises(DataError, match=f"{path}: {telling}"):
        read_parquet_images(path, center=False)


@pytest.mark.parametrize(
    ("table", "telling"),
    [
        ({"img": [PNG], "label": [0]}, "0 columns 'image', expected one; found 'img', 'label'"),
        ({"image": [PNG]}, "0 columns 'label', expected one; found 'image'"),
    ],
)
def test_a_missing_column_is_an_error_beside_those_found(tmp_path, table, telling):
    """Other sets call them otherwise."""
    parquet.write_table(pa.table(table), tmp_path / "data.parquet")
    with pytest.raises(DataError, match=telling):
        read_parquet_images(tmp_path / "data.parquet", center=False)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 50 + b"PAR1", b"hello"])
def test_a_file_that_is_no_parquet_is_an_error(tmp_path, content):
    """In spite of its name."""
    (tmp_path / "data.parquet").write_bytes(content)
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        read_parquet_images(tmp_path / "data.parquet", center=False)


def test_a_row_group_is_not_held_as_a_whole(tmp_path):
    """It may be as large as the file: 12 MB here."""
    noise = np.random.default_rng(4).integers(0, 256, (200, 60_000), dtype=np.uint8)
    path = write(tmp_path / "data.parquet", [PNG + row.tobytes() for row in noise], [0] * 200, write_batch_size=8)
    tracemalloc.start()
    found = read_parquet_images(path, center=False, rows=range(199, 200))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.images) == 1
    assert most < 6 << 20


@pytest.mark.parametrize("form", ["bytes", "struct"])
def test_a_value_repeated_many_times_is_not_held_as_often(tmp_path, form, monkeypatch):
    """A file of a few kB would else become gigabytes."""
    value = PNG + b"\0" * (4 << 20)
    image = [value] * 64 if form == "bytes" else [{"bytes": value}] * 64
    path = write(tmp_path / "data.parquet", image, [0] * 64, dictionary_pagesize_limit=1 << 30, store_schema=False)
    assert path.stat().st_size < 1 << 20
    monkeypatch.setattr(parquet_rows, "BATCH_BYTES", 16 << 20)
    usual = pa.default_memory_pool()
    pool = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(pool)
    try:
        assert len(read_parquet_images(path, center=False).images) == 64
    finally:
        pa.set_memory_pool(usual)
    assert pool.max_memory() < 64 << 20


@pytest.mark.parametrize(
    ("limit", "telling"),
    [("MOST_ROWS", "3 rows, expected at most 2"), ("MOST_BYTES", "column 'image'.* bytes, expected at most 2")],
)
def test_what_the_file_says_of_itself_is_held_against_the_limits(tmp_path, monkeypatch, limit, telling):
    """Before it is decompressed; with small limits here."""
    monkeypatch.setattr(limits if limit == "MOST_ROWS" else parquet_rows, limit, 2)
    path = write(tmp_path / "data.parquet", [PNG] * 3, [0] * 3)
    with pytest.raises(DataError, match=telling):
        read_parquet_images(path, center=False)


def test_a_list_of_too_many_pixels_is_refused(tmp_path):
    """Run lengths hold them in a few bytes."""
    image = pa.array([np.zeros(1_002_001, np.uint8)], pa.list_(pa.uint8()))
    path = write(tmp_path / "data.parquet", image, [0])
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match=r"row group 0, column 'image\.list\.element': 1,002,001 values in 1 rows"):
        read_parquet_images(path, center=False)
