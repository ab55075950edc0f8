"""Tests of `mnist_report.data.shards`: what is known of a data set before its images are read."""

import gzip
import pickle

import numpy as np
import pyarrow as pa  # noqa: TID253  nobody waits for these tests
import pytest
from data_files import png_bytes, write_everything, write_image_parquet, write_picture_folder
from makers import damaged_npz, digits, idx_header, npy_bytes, npy_header, write_idx_folder, write_npz, zip_bytes
from pyarrow import parquet  # noqa: TID253  nobody waits for these tests

from mnist_report.data import limits
from mnist_report.data.reading import AS_IT_IS, Reading
from mnist_report.data.shard_reading import read_shard
from mnist_report.data.shards import find_shards
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError

pytestmark = pytest.mark.usefixtures("parquet_read_here")

DIGITS = tuple("0123456789")
STREAMED = ("idx.gz", "npz")


@pytest.fixture
def small(monkeypatch):
    """Four images make a part."""
    monkeypatch.setattr(limits, "MOST_IN_SHARD", 4)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Ten images in every format."""
    images, labels = digits(10)
    return write_everything(tmp_path_factory.mktemp("shards"), images, labels)


def find(source, split="test", reading=AS_IT_IS):
    """Its parts."""
    return find_shards(str(source), split, reading)


def sparse_idx(folder, shape, marks=None):
    """IDX files of zeros that take no room on the disk, but for some labels at their places."""
    folder.mkdir()
    for name, sizes in (("t10k-images-idx3-ubyte", shape), ("t10k-labels-idx1-ubyte", shape[:1])):
        with (folder / name).open("wb") as file:
            header = idx_header(sizes)
            file.write(header)
            file.truncate(len(header) + int(np.prod(sizes, dtype=np.int64)))
            for place, label in (marks or {}).items() if "labels" in name else ():
                file.seek(len(header) + place)
                file.write(bytes([label]))
    return folder


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["idx", "idx.gz", "npz", "png", "struct", "pixels"])
def test_a_set_is_cut_into_parts_in_order(everything, name):
    """Four, four, and the two that are left."""
    found = find(everything[name])
    parts = [(shard.number, shard.first, shard.n, shard.begin) for shard in found.shards]
    assert parts == [(0, 0, 4, 0), (1, 4, 4, 4), (2, 8, 2, 8)]
    assert (found.n, found.shape, found.names) == (10, (28, 28), DIGITS)
    assert [shard.name.split(" ", 1)[1] for shard in found.shards] == ["rows 0-3", "rows 4-7", "rows 8-9"]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["idx", "idx.gz", "npz", "png", "struct"])
def test_only_what_is_compressed_as_a_whole_cannot_be_read_apart(everything, name):
    """A gzip stream has no middle."""
    assert find(everything[name]).apart == (name not in STREAMED)


@pytest.mark.parametrize("name", STREAMED)
def test_what_is_one_part_can_be_read_apart(everything, name):
    """However it is compressed."""
    found = find(everything[name])
    assert (len(found.shards), found.apart) == (1, True)


@pytest.mark.parametrize(("split", "n"), [("test", 10_000), ("train", 60_000)])
def test_the_embedded_data_are_one_part(split, n):
    """Of the digest that they have in memory."""
    found = find("mnist", split)
    (shard,) = found.shards
    assert (found.n, found.names, found.apart) == (n, DIGITS, True)
    assert read_shard(shard, DIGITS).sha256 == load_dataset("mnist", split).sha256


@pytest.mark.usefixtures("small")
def test_each_of_many_files_is_cut_by_itself(tmp_path):
    """So that a part stands in one file, which may come without rows."""
    images, labels = digits(12)
    for k, (begin, end) in enumerate(((0, 5), (5, 5), (5, 6), (6, 12))):
        write_image_parquet(tmp_path / f"{k}.parquet", images[begin:end], labels[begin:end], form="pixels")
    found = find(tmp_path / "*.parquet")
    assert [(shard.first, shard.n, shard.name) for shard in found.shards] == [
        (0, 4, "0.parquet rows 0-3"),
        (4, 1, "0.parquet rows 4-4"),
        (5, 1, "2.parquet rows 0-0"),
        (6, 4, "3.parquet rows 0-3"),
        (10, 2, "3.parquet rows 4-5"),
    ]


def test_parts_of_larger_images_have_fewer(tmp_path):
    """64 MiB at most: 65,536 of 32 x 32 pixels."""
    lengths = {}
    for side in (28, 32, 64, 1_000):
        found = find(sparse_idx(tmp_path / str(side), (70_000, side, side)))
        lengths[side] = found.shards[0].n
    assert lengths == {28: 65_536, 32: 65_536, 64: 16_384, 1_000: 67}


def test_centred_images_are_as_large_as_they_become(tmp_path):
    """And transposed ones as wide as they were high."""
    folder = sparse_idx(tmp_path / "wide", (70_000, 40, 80))
    assert find(folder, reading=Reading(transpose=True)).shape == (80, 40)
    centred = find(folder, reading=Reading(center=True))
    assert (centred.shape, centred.shards[0].n) == ((28, 28), 65_536)


def test_more_than_is_loaded_at_once_is_found_and_read(tmp_path):
    """Beyond 20,000,000 images and 2 GiB, up to the last one."""
    n = 30_000_000
    folder = sparse_idx(tmp_path / "large", (n, 10, 10), {n - 1: 7})
    found = find(folder)
    assert (found.n, len(found.shards)) == (n, 458)
    last = read_shard(found.shards[-1], DIGITS)
    assert (len(last), last.labels[-1], last.labels[:-1].max()) == (n - 457 * 65_536, 7, 0)
    with pytest.raises(DataError, match="expected at most 20,000,000"):
        load_dataset(str(folder))


@pytest.mark.parametrize("name", ["idx", "npz", "png", "struct", "mnist"])
def test_a_part_is_a_small_plain_value(everything, name):
    """A worker elsewhere gets it."""
    (shard,) = find(everything.get(name, name)).shards
    content = pickle.dumps(shard)
    assert pickle.loads(content) == shard  # noqa: S301  our own
    assert len(content) < 1_200


def test_the_names_of_the_classes_are_known(tmp_path):
    """Those of folders; numbers are digits."""
    images, labels = digits(3)
    assert find(write_picture_folder(tmp_path / "pets", images, labels, ("cat", "dog", "eel"))).names == (
        "cat",
        "dog",
        "eel",
    )
    assert find(write_picture_folder(tmp_path / "digits", images, labels)).names == DIGITS


def test_a_csv_file_is_not_read_in_parts(everything):
    """The message says what is."""
    with pytest.raises(DataError, match=r"data.csv: a CSV file is not read in parts; convert it to Parquet"):
        find(everything["csv"])


@pytest.mark.parametrize("source", ["", "nowhere"])
def test_nothing_is_an_error(tmp_path, source):
    """As for a set that is loaded."""
    with pytest.raises(DataError, match=r"empty name|no such file or folder"):
        find(tmp_path / source if source else "")


@pytest.mark.parametrize("cut", [-1, 1])
@pytest.mark.parametrize("what", ["images-idx3", "labels-idx1"])
def test_an_idx_file_of_another_size_is_an_error_at_once(tmp_path, what, cut):
    """Not after hours."""
    path = write_idx_folder(tmp_path / "idx", *digits(3)) / f"t10k-{what}-ubyte"
    content = path.read_bytes()
    path.write_bytes(content[:cut] if cut < 0 else content + b"0")
    promised = 3 * 28 * 28 if "images" in what else 3
    with pytest.raises(DataError, match=rf"{path}: the header promises {promised} bytes .*, found {promised + cut}$"):
        find(tmp_path / "idx")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_counts_that_differ_are_an_error_at_once(tmp_path, suffix):
    """The headers tell."""
    images, _ = digits(3)
    folder = write_idx_folder(tmp_path / "idx", images, digits(5)[1], suffix=suffix)
    with pytest.raises(DataError, match=rf"{folder} \(test split\): 3 images but 5 labels"):
        find(folder)


@pytest.mark.parametrize(
    ("images", "labels", "telling"),
    [
        (np.zeros((3, 2, 2)), np.zeros(3, int), "images are float64 of shape"),
        (np.zeros((3, 4), np.uint8), np.zeros(3, int), r"images are uint8 of shape \(3, 4\), expected"),
        (np.zeros((3, 2, 2), np.uint8), np.zeros(3), "labels are float64 of shape"),
        (np.zeros((3, 2, 2), np.uint8), np.zeros((3, 2), int), "labels are int64 of shape"),
        (np.zeros((3, 2, 2), np.uint8), np.zeros(2, int), "3 images but 2 labels"),
        (np.zeros((0, 2, 2), np.uint8), np.zeros(0, int), "empty, images have shape"),
        (np.array([{}]), np.zeros(1, int), "not a readable .npz of plain arrays .*allow_pickle=False"),
    ],
    ids=["scaled", "flat", "float labels", "one-hot", "few labels", "empty", "pickled"],
)
def test_an_archive_of_other_arrays_is_an_error_at_once(tmp_path, images, labels, telling):
    """Its heads tell."""
    with pytest.raises(DataError, match=telling):
        find(write_npz(tmp_path / "data.npz", images, labels))


@pytest.mark.parametrize("kind", ["no labels", "header cut", "header garbled", "header huge", "not arrays"])
def test_a_damaged_archive_is_an_error_at_once(tmp_path, kind):
    """As far as its heads go."""
    path = tmp_path / "data.npz"
    path.write_bytes(damaged_npz(kind))
    with pytest.raises(DataError, match=f"{path}"):
        find(path)


def test_images_beyond_the_limits_are_refused(tmp_path):
    """Whatever their number."""
    path = tmp_path / "data.npz"
    members = {"x_test.npy": npy_header((1, 1001, 1)), "y_test.npy": npy_bytes(np.zeros(1, int))}
    path.write_bytes(zip_bytes(members))
    idx = sparse_idx(tmp_path / "idx", (2, 1, 1_001))
    for source in (path, idx):
        with pytest.raises(DataError, match=r"expected at most 1,000 x 1,000"):
            find(source)


def gzipped(folder):
    """Many blank images in few bytes."""
    folder = sparse_idx(folder / "x", (400, 80, 80))
    path = folder / "t10k-images-idx3-ubyte"
    (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()
    return folder


def deflated(folder):
    """Likewise."""
    np.savez_compressed(folder / "x.npz", x_test=np.zeros((400, 80, 80), np.uint8), y_test=np.zeros(400, int))
    return folder / "x.npz"


def repeated(folder):
    """One picture many times."""
    cells = pa.array([png_bytes(np.zeros((80, 80), np.uint8))] * 400)
    parquet.write_table(pa.table({"image": cells, "label": np.zeros(400, int)}), folder / "x.parquet")
    return folder / "x.parquet"


@pytest.mark.parametrize("write", [gzipped, deflated, repeated])
def test_a_file_that_grows_far_is_refused_whatever_its_parts_are(tmp_path, monkeypatch, write):
    """Each of them would be small, but days would go by."""
    monkeypatch.setattr(limits, "GROWTH_MATTERS", 1 << 20)
    monkeypatch.setattr(limits, "MOST_GROWTH", 20)
    monkeypatch.setattr(limits, "MOST_IN_SHARD", 10)
    with pytest.raises(DataError, match=r"x.*: would grow from [\d,]+ to [\d,]+ bytes"):
        find(write(tmp_path))


@pytest.mark.usefixtures("small")
def test_a_part_of_a_parquet_file_has_the_bytes_of_its_row_groups(tmp_path):
    """Its reader may take so long."""
    images, labels = digits(10)
    write_image_parquet(tmp_path / "one.parquet", images, labels, form="pixels")
    parquet.write_table(parquet.read_table(tmp_path / "one.parquet"), tmp_path / "x.parquet", row_group_size=5)
    metadata = parquet.read_metadata(tmp_path / "x.parquet")
    first, second = (
        sum(metadata.row_group(k).column(c).total_compressed_size for c in range(2))
        for k in range(metadata.num_row_groups)
    )
    assert [shard.stored for shard in find(tmp_path / "x.parquet").shards] == [first, first + second, second]
