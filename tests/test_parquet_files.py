"""Tests of `mnist_report.data.parquet_files`."""

import json

import numpy as np
import pyarrow as pa  # noqa: TID253  nobody waits for these tests
import pytest
from data_files import png_bytes, write_image_parquet
from makers import digits
from pyarrow import parquet  # noqa: TID253  nobody waits for these tests

from mnist_report.data import parquet_files
from mnist_report.data.parquet_files import folder_files, look_at_files, match_files
from mnist_report.data.sources import load_dataset, locate, one_split
from mnist_report.errors import DataError

pytestmark = pytest.mark.usefixtures("parquet_read_here")

IMAGES, LABELS = digits(9)
COUNTS = (4, 2, 3)


def write_parts(folder, counts=COUNTS, images=IMAGES, labels=LABELS):
    """The images in files of so many."""
    folder.mkdir(exist_ok=True)
    first = 0
    for k, n in enumerate(counts):
        part = slice(first, first + n)
        write_image_parquet(folder / f"part-{k:02}.parquet", images[part], labels[part], form="pixels")
        first += n
    return folder


def write_named(path, names):
    """A file whose metadata name the classes, as Hugging Face writes it."""
    info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    table = pa.table({"image": [png_bytes(np.zeros((2, 2), np.uint8))], "label": [1]})
    parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(info)}), path)
    return path


@pytest.mark.parametrize("named", ["", "*.parquet", "part-0?.parquet", "part-0[0-2].parquet"])
def test_a_folder_and_a_pattern_are_one_set(tmp_path, named):
    """In the order of the names; what hides, and Spark's remarks, are passed over."""
    folder = write_parts(tmp_path / "data")
    for name in (".part-09.parquet", "_SUCCESS", "_metadata.parquet", "README.md"):
        (folder / name).write_text("no images")
    if named == "*.parquet":
        (folder / "_metadata.parquet").unlink()  # which a pattern asks for
    found = load_dataset(str(folder / named))
    np.testing.assert_array_equal(found.images, IMAGES)
    np.testing.assert_array_equal(found.labels, LABELS)


def test_files_without_rows_are_passed_over(tmp_path):
    """Spark writes them."""
    folder = write_parts(tmp_path / "data", (0, 4, 0, 5))
    np.testing.assert_array_equal(load_dataset(str(folder)).images, IMAGES)


def test_files_without_any_row_are_an_error(tmp_path):
    """With the name of the first."""
    with pytest.raises(DataError, match=r"part-00.parquet: found 0 images, as in 1 more files"):
        load_dataset(str(write_parts(tmp_path / "data", (0, 0))))


def test_a_pattern_of_one_file_is_that_file(tmp_path):
    """Down to the digest."""
    folder = write_parts(tmp_path / "data", (9,))
    assert load_dataset(str(folder / "*.parquet")).sha256 == load_dataset(str(folder / "part-00.parquet")).sha256


def test_a_name_that_looks_like_a_pattern_is_a_name_where_it_is_one(tmp_path):
    """Brackets are allowed in it."""
    path = write_image_parquet(tmp_path / "part[0].parquet", IMAGES, LABELS)
    assert len(load_dataset(str(path))) == 9


def test_several_files_hold_one_split(tmp_path):
    """Which is taken for any, as one file is."""
    folder = write_parts(tmp_path / "data")
    assert one_split(str(folder))
    assert one_split(str(folder / "*.parquet"))
    assert not one_split(str(tmp_path))
    assert not one_split("mnist")


@pytest.mark.parametrize(
    ("pattern", "telling"),
    [
        ("b*.parquet", "no file in .*data fits this pattern"),
        ("part*", r"expected one that ends in \.parquet"),
        ("*.csv", r"a pattern names Parquet files alone"),
    ],
)
def test_a_pattern_that_names_no_parquet_files_is_an_error(tmp_path, pattern, telling):
    """With what is wrong about it."""
    with pytest.raises(DataError, match=telling):
        match_files(write_parts(tmp_path / "data") / pattern)


def test_a_pattern_in_a_folder_that_is_not_there_says_so(tmp_path):
    """And not that the pattern is no file."""
    with pytest.raises(DataError, match=r"no file fits this pattern, for there is no folder .*/nowhere$"):
        locate(f"{tmp_path}/nowhere/*.parquet", "test")


@pytest.mark.parametrize("others", [("train-0.parquet",), ("train-0.parquet", "part-0.parquet"), ("valid_0.parquet",)])
def test_files_of_several_splits_are_no_set(tmp_path, others):
    """Nobody wants to test on training images without being told."""
    for name in ("test-00000-of-00002.parquet", "test-00001-of-00002.parquet", *others):
        (tmp_path / name).touch()
    telling = rf"{tmp_path}: holds Parquet files of several splits .*test-00000.*; name .* as in {tmp_path}/test\*.parq"
    with pytest.raises(DataError, match=telling):
        folder_files(tmp_path)


def test_files_of_one_split_are_a_set(tmp_path):
    """A word that only begins like a split is none."""
    for name in ("testimony.parquet", "trainer.parquet"):
        (tmp_path / name).touch()
    assert len(folder_files(tmp_path)) == 2
    (tmp_path / "hf").mkdir()
    for name in ("test-1.parquet", "test-0.parquet"):
        (tmp_path / "hf" / name).touch()
    assert [path.name for path in folder_files(tmp_path / "hf")] == ["test-0.parquet", "test-1.parquet"]


def test_another_size_in_a_later_file_names_it(tmp_path):
    """And what brings all to one size."""
    folder = write_parts(tmp_path / "data", (4, 5))
    write_image_parquet(folder / "part-01.parquet", IMAGES[:2, :20, :20], LABELS[:2])
    with pytest.raises(DataError, match=r"part-01.parquet: images of 20 x 20 pixels, expected 28 x 28 .* --center"):
        load_dataset(str(folder))


def test_other_classes_in_a_later_file_name_it(tmp_path):
    """Its numbers would mean something else."""
    paths = [write_named(tmp_path / f"{k}.parquet", names) for k, names in enumerate((["cat", "dog"], ["dog", "cat"]))]
    telling = r"1.parquet: its metadata name the classes dog, cat, those of 0.parquet cat, dog"
    with pytest.raises(DataError, match=telling):
        look_at_files(tuple(paths), center=False)


def test_the_same_classes_in_all_files_are_the_sets(tmp_path):
    """As with one file."""
    for k in range(2):
        write_named(tmp_path / f"{k}.parquet", ["cat", "dog"])
    assert load_dataset(str(tmp_path)).class_names == ("cat", "dog")


@pytest.mark.parametrize("k", range(3))
def test_a_damaged_file_among_many_is_named(tmp_path, k):
    """Whichever it is."""
    path = write_parts(tmp_path / "data") / f"part-0{k}.parquet"
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(DataError, match=f"{path}: cannot be read as Parquet"):
        load_dataset(str(tmp_path / "data"))


def test_a_file_that_ends_the_child_is_named(tmp_path, monkeypatch):
    """It looks at many files; then each is looked at alone."""
    paths = tuple(sorted(write_parts(tmp_path / "data").iterdir()))

    def read(reader, path, *words, **_):
        if "part-01.parquet" in words:
            raise DataError(f"{path}: ended{' by ' + words[1] if len(words) == 2 else ''}")
        return reader(path, *words)

    monkeypatch.setattr(parquet_files, "read_apart", read)
    with pytest.raises(DataError, match=r"ended by part-01.parquet"):
        look_at_files(paths, center=False)


def test_more_files_than_one_child_looks_at_are_seen(tmp_path, monkeypatch):
    """In order."""
    paths = tuple(sorted(write_parts(tmp_path / "data").iterdir()))
    monkeypatch.setattr(parquet_files, "AT_ONCE", 2)
    files, shape = look_at_files(paths, center=False)
    assert ([file.path for file in files], [file.sight.n for file in files]) == (list(paths), list(COUNTS))
    assert shape == (28, 28)


def test_the_limits_hold_for_all_files_together(tmp_path, monkeypatch):
    """They are in memory at once; with small limits here."""
    monkeypatch.setattr("mnist_report.data.limits.MOST_ROWS", 8)
    with pytest.raises(DataError, match=r"3 Parquet files from .*part-00.parquet: 9 rows, expected at most 8"):
        load_dataset(str(write_parts(tmp_path / "data")))


def test_the_largest_file_decides_what_the_child_may_take(tmp_path, monkeypatch):
    """With the first image Arrow reads all that is compressed together with it, and a folder itself is small."""
    images, labels = np.zeros((40, 28, 28), np.uint8), np.arange(40) % 10
    small = write_image_parquet(tmp_path / "a.parquet", images[:1], labels[:1])
    large = write_image_parquet(tmp_path / "b.parquet", images, labels)
    asked = []

    def read(reader, path, *words, stored=None):
        asked.append(stored)
        return reader(path, *words)

    monkeypatch.setattr(parquet_files, "read_apart", read)
    look_at_files((small, large), center=False)
    assert asked == [large.stat().st_size]
