"""Tests of `mnist_report.data.shard_reading`."""

import gzip
import os
import pickle
import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from data_files import write_everything, write_image_parquet, write_picture_folder
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import digits, idx_header, write_idx_folder, write_npz
from strategies import law

from mnist_report.data import image_folder, limits, parquet_rows
from mnist_report.data.dataset import shards_digest
from mnist_report.data.reading import AS_IT_IS, Reading
from mnist_report.data.shard_reading import ShardReader, iterate, read_shard, read_some
from mnist_report.data.shards import find_shards
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError

pytestmark = pytest.mark.usefixtures("parquet_read_here")

DIGITS = tuple("0123456789")
FORMATS = ("idx", "idx.gz", "npz", "png", "bmp", "struct", "bytes", "pixels", "rows", "files")


@pytest.fixture
def small(monkeypatch):
    """Four images make a part."""
    monkeypatch.setattr(limits, "MOST_IN_SHARD", 4)


def write_all(folder, images, labels):
    """In every format, and in several files."""
    paths = write_everything(folder, images, labels)
    (folder / "files").mkdir()
    third = len(images) // 3
    for k, part in enumerate((slice(0, third), slice(third, None))):
        write_image_parquet(folder / "files" / f"{k}.parquet", images[part], labels[part])
    return paths | {"files": folder / "files"}


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Ten images in every format."""
    return write_all(tmp_path_factory.mktemp("everything") / "x", *digits(10))


def find(source, reading=AS_IT_IS):
    """The parts of a test set."""
    return find_shards(str(source), "test", reading)


def check_same(source, reading=AS_IT_IS):
    """The parts, one after another, are what is loaded at once."""
    whole = load_dataset(str(source), reading=reading)
    parts = list(iterate(find(source, reading), whole.class_names))
    np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), whole.images)
    np.testing.assert_array_equal(np.concatenate([part.labels for part in parts]), whole.labels)
    assert shards_digest([part.sha256 for part in parts]) == whole.sha256
    assert {(part.class_names, part.source, part.split) for part in parts} == {
        (whole.class_names, whole.source, whole.split)
    }
    return parts


@settings(law, max_examples=12)
@given(data=st.data(), length=st.integers(1, 9))
def test_the_parts_are_the_whole_in_every_format(tmp_path_factory, data, length):
    """Images, labels and digest, however they are cut."""
    side = data.draw(st.integers(2, 4))
    images = data.draw(hnp.arrays(np.uint8, (data.draw(st.integers(1, 8)), side, side)))
    labels = np.sort(data.draw(hnp.arrays(np.uint8, len(images), elements=st.integers(0, 9))))
    folder = tmp_path_factory.mktemp("formats")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MOST_IN_SHARD", length)
        paths = write_all(folder / "x", images, labels)
        for name in FORMATS:
            check_same(paths[name])
    shutil.rmtree(folder)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("reading", [Reading(transpose=True), Reading(center=True)], ids=["transposed", "centred"])
def test_parts_are_transposed_and_centred_as_the_whole_is(everything, name, reading):
    """Whether images come one by one or all at once."""
    assert len(check_same(everything[name], reading)) == 3


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"idx.gz", "npz"}])
def test_a_part_is_read_without_those_before(everything, name):
    """By whoever was sent it, in any order."""
    found = find(everything[name])
    whole = load_dataset(str(everything[name]))
    for shard in reversed(found.shards):
        part = read_shard(pickle.loads(pickle.dumps(shard)), DIGITS)  # noqa: S301  our own
        np.testing.assert_array_equal(part.images, whole.images[shard.first : shard.first + shard.n])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["idx.gz", "npz"])
def test_a_part_of_a_stream_is_not_read_alone(everything, name):
    """It would take as long as all before it."""
    shard = find(everything[name]).shards[1]
    with pytest.raises(DataError, match=r"rows 4-7 cannot be read without those before; convert it to Parquet"):
        read_shard(shard, DIGITS)


@pytest.mark.parametrize("name", ["idx", "npz", "png", "struct", "files"])
def test_a_worker_in_another_folder_reads_it(tmp_path, everything, name):
    """The source was named from here."""
    here = everything[name]
    before = os.getcwd()  # noqa: PTH109  a string
    os.chdir(here.parent)
    try:
        shard = find(here.name).shards[0]
    finally:
        os.chdir(before)
    (tmp_path / "shard").write_bytes(pickle.dumps(shard))
    script = """
import pickle, sys
from mnist_report.data.shard_reading import read_shard
print(read_shard(pickle.load(open("shard", "rb")), tuple("0123456789")).sha256)
"""
    said = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == read_shard(shard, DIGITS).sha256


@pytest.mark.parametrize("writer", [write_npz, lambda path, *data: write_idx_folder(path, *data, suffix=".gz")])
def test_a_large_stream_is_read_in_parts(tmp_path, monkeypatch, writer):
    """Colours and columns of labels too, if it is an archive."""
    monkeypatch.setattr(limits, "MOST_IN_SHARD", 100)
    images, labels = digits(1_050)
    writer(tmp_path / "data.npz", images, labels)
    assert [len(part) for part in check_same(tmp_path / "data.npz")] == [100] * 10 + [50]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_archive_of_colours_is_read_in_parts(tmp_path, save):
    """As MedMNIST has them."""
    colours = np.random.default_rng(5).integers(0, 256, (10, 4, 5, 3), dtype=np.uint8)
    save(tmp_path / "path.npz", test_images=colours, test_labels=(np.arange(10) % 3)[:, None].astype(">i2"))
    check_same(tmp_path / "path.npz")


@pytest.mark.usefixtures("small")
def test_an_archive_in_fortrans_order_is_not_read_in_parts(tmp_path):
    """Each image is scattered over all of it."""
    path = write_npz(tmp_path / "data.npz", np.asfortranarray(digits(9)[0]), digits(9)[1])
    with pytest.raises(DataError, match=rf"{path}: x_test lies in Fortran's order"):
        next(iterate(find(path), DIGITS))


@pytest.mark.usefixtures("small")
def test_row_groups_need_not_fit_the_parts(tmp_path):
    """Some hold several parts, some stand across their borders."""
    from pyarrow import parquet

    images, labels = digits(30)
    table = parquet.read_table(write_image_parquet(tmp_path / "one.parquet", images, labels))
    for size in (1, 3, 7, 30):
        parquet.write_table(table, tmp_path / f"{size}.parquet", row_group_size=size)
        check_same(tmp_path / f"{size}.parquet")


@pytest.mark.usefixtures("small")
def test_a_large_row_group_is_decoded_once(tmp_path, monkeypatch):
    """Not from its beginning for each of the parts that it holds."""
    from pyarrow import parquet

    read, decode = [], parquet.ParquetFile.iter_batches

    def counted(self, *how, columns, **more):
        for batch in decode(self, *how, columns=columns, **more):
            if "image" in columns:
                read.append(len(batch))
            yield batch

    monkeypatch.setattr(parquet_rows, "ROWS", 3)  # no batch ends with a part
    path = write_image_parquet(tmp_path / "data.parquet", *digits(30))
    parquet.write_table(parquet.read_table(path), path, row_group_size=25)
    found = find(path)
    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", counted)
    parts = list(iterate(found, DIGITS))
    assert (len(parts), sum(read)) == (8, 30)
    np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), digits(30)[0])
    read.clear()
    with ShardReader() as reader:  # as a worker that has every third part
        mine = [reader.read(shard, DIGITS) for shard in found.shards[1::3]]
    assert sum(read) == 21 + 5
    np.testing.assert_array_equal(mine[2].images, digits(30)[0][28:30])
    with ShardReader() as reader:  # and one that gets an earlier one again
        back = [reader.read(found.shards[k], DIGITS).images for k in (5, 2, 3, 3)]
    np.testing.assert_array_equal(np.concatenate(back), digits(30)[0][[*range(20, 24), *range(8, 16), *range(12, 16)]])


def numbered(folder, labels):
    """Images of these labels in every format that has numbers for them."""
    images = digits(len(labels))[0]
    labels = np.array(labels)
    half = len(labels) // 2
    (folder / "files").mkdir(parents=True)
    write_image_parquet(folder / "files" / "0.parquet", images[:half], labels[:half])
    write_image_parquet(folder / "files" / "1.parquet", images[half:], labels[half:])
    return (
        write_npz(folder / "data.npz", images, labels),
        write_idx_folder(folder / "idx", images, labels.astype(np.uint8)),
        write_idx_folder(folder / "idxgz", images, labels.astype(np.uint8), suffix=".gz"),
        write_image_parquet(folder / "data.parquet", images, labels),
        write_image_parquet(folder / "pixels.parquet", images, labels, form="pixels"),
        folder / "files",
        write_picture_folder(folder / "png", images, labels, tuple(map(str, range(30)))),
    )


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("labels", "lowest"),
    [
        (range(1, 27), 1),  # EMNIST's letters
        ([*range(1, 27), 0], 0),
        ([*range(1, 13), *range(14, 27)], 0),  # one is missing
        (range(1, 10), 0),  # nine digits
        (range(26), 0),
        ([5] * 6, 0),
    ],
)
def test_numbers_name_the_classes_as_for_the_whole(tmp_path, labels, lowest):
    """From 0 or from 1, in every format; before a label is read, it is known which there are."""
    for path in numbered(tmp_path / "x", sorted(labels)):
        found, whole = find(path), load_dataset(str(path))
        assert found.names == whole.class_names
        assert {shard.lowest for shard in found.shards} == {lowest}
        check_same(path)


@pytest.mark.usefixtures("small")
def test_wanted_names_may_stand_for_numbers_from_one(tmp_path):
    """As many as the highest number."""
    (tmp_path / "names").write_text("".join(f"{chr(97 + k)}\n" for k in range(26)), "utf-8")
    for path in numbered(tmp_path / "x", [1, 5, 26]):
        check_same(path, Reading(class_names=tmp_path / "names"))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("cut", [3, 26, 1_000])
def test_labels_are_read_where_a_file_does_not_tell_them(tmp_path, cut):
    """Without statistics, in many row groups or one."""
    from pyarrow import parquet

    path = write_image_parquet(tmp_path / "x.parquet", digits(52)[0], np.repeat(np.arange(1, 27), 2))
    for statistics in (True, False):
        parquet.write_table(
            parquet.read_table(path), path, row_group_size=cut, write_statistics=statistics, store_schema=False
        )
        assert find(path).names == load_dataset(str(path)).class_names == tuple(map(str, range(1, 27)))


def test_more_labels_than_wanted_names_are_an_error_at_once(tmp_path):
    """Not when the part of the last one comes; also where no class can have such a number."""
    (tmp_path / "names").write_text("a\nb\nc\n", "utf-8")
    for path in numbered(tmp_path / "x", [0, 2, 3]):
        with pytest.raises(DataError, match=r"found label 3, expected 0-2: .*names names 3 classes; name all of them"):
            find(path, Reading(class_names=tmp_path / "names"))
    path = write_image_parquet(tmp_path / "y.parquet", digits(2)[0], np.array([1, 1_000_000_000_000]))
    with pytest.raises(DataError, match=r"y.parquet \(test split\): found label 1000000000000, expected at most 100"):
        find(path)


@pytest.mark.usefixtures("small")
def test_named_classes_follow_the_names_that_are_wanted(tmp_path):
    """Wherever those stand."""
    images, labels = digits(6)
    folder = write_picture_folder(tmp_path / "pets", images, labels % 3, ("cat", "dog", "eel"))
    found = find(folder)
    for wanted, expected in (
        (("cat", "dog", "eel"), [0, 0, 1, 1, 2, 2]),
        (("eel", "ant", "dog", "cat"), [3, 3, 2, 2, 0, 0]),
        (("Katze", "Hund", "Aal"), [0, 0, 1, 1, 2, 2]),
    ):
        assert np.concatenate([part.labels for part in iterate(found, wanted)]).tolist() == expected
    with pytest.raises(DataError, match=r"class 'eel' is not among the 2 names"):
        next(iterate(found, ("cat", "dog")))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", FORMATS)
def test_a_label_without_a_class_is_named_with_its_place_in_the_whole_set(everything, name):
    """And with the file."""
    parts = iterate(find(everything[name]), tuple("012345"))
    telling = r"rows \d-\d: label 6 at index 6 is outside 0-5 \(\d such labels in this part\)$"
    with pytest.raises(DataError, match=telling):
        list(parts)


def two_files(folder, *, other=slice(None)):
    """Parquet files of four images each, the second of another size if that is asked for."""
    images, labels = digits(8)
    write_image_parquet(folder / "0.parquet", images[:4], labels[:4])
    write_image_parquet(folder / "1.parquet", images[4:, other], labels[4:])
    return folder / "1.parquet"


def rest_of(folder):
    """The parts of two files after the first, which is well."""
    parts = iterate(find(folder), DIGITS)
    assert len(next(parts)) == 4
    return parts


def test_another_size_in_a_later_file_names_it(tmp_path):
    """When its turn comes."""
    two_files(tmp_path, other=slice(20))
    with pytest.raises(DataError, match=r"1.parquet rows 0-3: images of 20 x 28 pixels, expected 28 x 28"):
        list(rest_of(tmp_path))


def test_a_damaged_file_in_the_middle_is_named(tmp_path):
    """Its last page is well, and those before were read."""
    path = two_files(tmp_path)
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path}: "):
        list(rest_of(tmp_path))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("change", ["longer", "newer", "gone"])
@pytest.mark.parametrize("name", ["idx", "idx.gz", "npz", "struct"])
def test_a_file_that_changes_meanwhile_is_named(tmp_path, everything, name, change):
    """Half of one set and half of another would be a report on nothing."""
    source = tmp_path / everything[name].name
    (shutil.copytree if everything[name].is_dir() else shutil.copyfile)(everything[name], source)
    found = find(source)
    path = next(path for path in sorted(source.rglob("*")) or [source])
    if change == "longer":
        path.write_bytes(path.read_bytes() + b"0")
    elif change == "newer":
        os.utime(path, (0, 1))
    else:
        path.unlink()
    telling = "(cannot be read|no such file|No such file)" if change == "gone" else "has changed since"
    with pytest.raises(DataError, match=f"{path}: .*{telling}") as caught:
        list(iterate(found, DIGITS))
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("small")
def test_a_folder_that_changes_meanwhile_is_named(tmp_path):
    """A picture that is gone is missed, and one that came later is not among those that were found."""
    folder = write_picture_folder(tmp_path / "png", *digits(10))
    found, whole = find(folder), load_dataset(str(folder))
    (folder / "0" / "00000a.png").write_bytes((folder / "7" / "00007.png").read_bytes())
    parts = list(iterate(found, DIGITS))
    np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), whole.images)
    (folder / "7" / "00007.png").unlink()
    with pytest.raises(DataError, match=rf"{folder / '7'}/00007.png: cannot be read \(No such file"):
        list(iterate(found, DIGITS))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("most", "n"), [(50, 50), (25, 25), (500, 101)])
@pytest.mark.parametrize("name", ["idx", "png", "struct", "files"])
def test_some_images_are_from_all_over_a_set(tmp_path, name, most, n):
    """Of a set that is sorted by its classes, each of them."""
    images, labels = digits(101)[0], np.sort(digits(101)[1])
    source = write_all(tmp_path / "x", images, labels)[name]
    found, whole = find(source), load_dataset(str(source))
    some = read_some(found, DIGITS, most)
    assert n // 2 <= len(some) <= n
    assert set(some.labels.tolist()) == set(range(10))
    rows = [np.flatnonzero((whole.images == image).all(axis=(1, 2)))[0] for image in some.images]
    assert rows == sorted(set(rows))
    np.testing.assert_array_equal(whole.labels[rows], some.labels)


@pytest.mark.parametrize("name", ["idx.gz", "npz", "idx"])
@pytest.mark.parametrize("length", [4, 1_000])
def test_some_images_of_a_stream_are_from_its_first_part(everything, monkeypatch, name, length):
    """However many that are."""
    monkeypatch.setattr(limits, "MOST_IN_SHARD", length)
    found = find(everything[name])
    some, first = read_some(found, DIGITS, 3), next(iterate(found, DIGITS))
    within = [bool((first.images == image).all(axis=(1, 2)).any()) for image in some.images]
    assert all(within) or found.apart
    assert 0 < len(some) <= 25


@pytest.mark.usefixtures("small")
def test_the_pictures_of_a_folder_are_listed_once(tmp_path, monkeypatch):
    """Not for each of its parts, nor by each worker: ten million take minutes."""
    images, labels = digits(30)
    folder = write_picture_folder(tmp_path / "png", images, labels % 3, ("\u00e4h", "dog", "eel"))
    next((folder / "dog").iterdir()).rename(folder / "dog" / "a\udcff.png")
    expected, listed, scan = load_dataset(str(folder)), [], os.scandir
    monkeypatch.setattr(image_folder.os, "scandir", lambda path: listed.append(path.name) or scan(path))
    found = find(folder)
    parts = [read_shard(pickle.loads(pickle.dumps(shard)), found.names) for shard in found.shards]  # noqa: S301  ours
    assert (len(parts), sorted(listed)) == (8, sorted(expected.class_names))
    np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), expected.images)
    np.testing.assert_array_equal(np.concatenate([part.labels for part in parts]), expected.labels)


@pytest.mark.usefixtures("small")
def test_a_gzip_stream_that_ends_early_is_an_error_when_it_does(tmp_path):
    """What came before is well."""
    folder = write_idx_folder(tmp_path / "idx", *digits(10), suffix=".gz")
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1500])
    parts = iterate(find(folder), DIGITS)
    assert len(next(parts)) == 4
    with pytest.raises(DataError, match=f"{path}: the gzip stream is damaged"):
        list(parts)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("n", "found"), [(9, "fewer"), (11, "more")])
def test_a_stream_of_another_length_is_an_error(tmp_path, n, found):
    """Its header promised ten."""
    images, labels = digits(10)
    folder = write_idx_folder(tmp_path / "idx", images, labels, suffix=".gz")
    path = folder / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(idx_header((10,)) + bytes(n)))
    with pytest.raises(
        DataError, match=rf"{path}: the header promises 10 bytes of values for shape \(10,\), found {found}"
    ):
        list(iterate(find(folder), DIGITS))


@pytest.mark.usefixtures("small")
def test_a_flipped_bit_in_an_archive_is_an_error(tmp_path):
    """At the latest at its end."""
    path = write_npz(tmp_path / "data.npz", *digits(10))
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path}: not a readable .npz"):
        list(iterate(find(path), DIGITS))


@pytest.mark.usefixtures("small")
def test_the_next_part_is_read_while_the_caller_works(everything, monkeypatch):
    """One ahead, and no more: two are in memory."""
    read, second, third = ShardReader.read, threading.Event(), threading.Event()

    def watched(self, shard, names):
        (threading.Event(), second, third)[shard.number].set()
        return read(self, shard, names)

    monkeypatch.setattr(ShardReader, "read", watched)
    parts = iterate(find(everything["idx"]), DIGITS)
    next(parts)
    assert second.wait(10)
    assert not third.wait(0.2)
    next(parts)
    assert third.wait(10)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["idx", "npz"])
def test_a_caller_may_stop_early(everything, name):
    """Nothing is left open: warnings are errors."""
    parts = iterate(find(everything[name]), DIGITS)
    next(parts)
    parts.close()
    assert list(parts) == []


def test_a_shard_that_lies_about_its_images_is_an_error(everything):
    """What is read is held against what was found."""
    shard = find(everything["struct"]).shards[0]
    with pytest.raises(DataError, match=r"rows 0-9: images of 28 x 28 pixels, expected 20 x 20"):
        read_shard(replace(shard, shape=(20, 20)), DIGITS)
    with pytest.raises(DataError, match=r"has changed from 99 images to 10"):
        read_shard(replace(shard, n=99), DIGITS)


PEAK = """
import resource, sys
from mnist_report.data.reading import Reading
from mnist_report.data.shards import find_shards
from mnist_report.data.shard_reading import iterate
n = sum(len(part) for part in iterate(find_shards(sys.argv[1], "test", Reading()), tuple("0123456789")))
print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(source):
    """How many images a process of its own reads, and its most memory in bytes."""
    said = subprocess.run([sys.executable, "-c", PEAK, str(source)], capture_output=True, text=True, check=True)
    n, kilobytes = map(int, said.stdout.split())
    return n, kilobytes * 1024


def blank_idx(folder, n):
    """IDX files of 16 x 16 pixels that take no room on the disk."""
    folder.mkdir()
    for name, shape in (("t10k-images-idx3-ubyte", (n, 16, 16)), ("t10k-labels-idx1-ubyte", (n,))):
        with (folder / name).open("wb") as file:
            file.write(idx_header(shape))
            file.truncate(file.tell() + int(np.prod(shape)))
    return folder


@pytest.mark.skipif(sys.platform != "linux", reason="others count memory otherwise")
def test_forty_parts_take_no_more_memory_than_three(tmp_path):
    """Each is 16 MiB; all together would be 640."""
    part = 65_536 * 256
    few, many = peak(blank_idx(tmp_path / "few", 3 * 65_536)), peak(blank_idx(tmp_path / "many", 40 * 65_536))
    assert (few[0], many[0]) == (3 * 65_536, 40 * 65_536)
    assert many[1] < few[1] + part


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="others count memory otherwise")
@pytest.mark.parametrize(("save", "side"), [(np.savez, 12), (np.savez_compressed, 8)])
def test_forty_parts_of_an_archive_take_no_more_memory_than_three(tmp_path, save, side):
    """However it is compressed."""
    noise = np.random.default_rng(1).integers(0, 256, (40 * 65_536, side, side), dtype=np.uint8)
    found = []
    for k in (3, 40):
        save(tmp_path / "x.npz", x_test=noise[: k * 65_536], y_test=np.zeros(k * 65_536, np.uint8))
        found.append(peak(tmp_path / "x.npz")[1])
    assert found[1] < found[0] + 65_536 * 144  # all together: 40 times as much, or 18
