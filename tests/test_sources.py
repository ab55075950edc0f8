"""Tests of `mnist_report.data.sources`."""

import gzip
import hashlib
import os
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from data_files import write_everything
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import damaged_npz, digits, idx_header, npy_bytes, npy_header, write_idx_folder, write_npz, zip_bytes
from PIL import Image  # noqa: TID253  nobody waits for these tests
from strategies import law

import mnist_report
from mnist_report.data.reading import Reading
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError

# As published with the data set: the file, the sha256 of its uncompressed bytes.
PUBLISHED = {
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
}
# How many of each digit there are, as counted by others.
COUNTS = {
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
}
SPELLINGS = [(joint, suffix) for joint in "-." for suffix in ("", ".gz")]


def embedded_bytes(name):
    """What is in an embedded file, decompressed without the package."""
    return gzip.decompress((Path(mnist_report.__file__).parent / "data" / "mnist" / f"{name}.gz").read_bytes())


@pytest.fixture(scope="module", params=["test", "train"])
def embedded(request):
    """Each split of the embedded data."""
    return load_dataset("mnist", request.param)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_embedded_files_are_the_published_ones(name):
    """Byte for byte once they are decompressed."""
    assert hashlib.sha256(embedded_bytes(name)).hexdigest() == PUBLISHED[name]


def test_the_embedded_images_are_those_of_the_file(embedded):
    """Every pixel in its place."""
    stem = {"test": "t10k", "train": "train"}[embedded.split]
    assert embedded.images.tobytes() == embedded_bytes(f"{stem}-images-idx3-ubyte")[16:]
    assert embedded.images.shape == ({"test": 10_000, "train": 60_000}[embedded.split], 28, 28)


def test_the_embedded_labels_are_counted_as_published(embedded):
    """So many of each digit."""
    assert np.bincount(embedded.labels).tolist() == COUNTS[embedded.split]


def test_the_embedded_test_set_is_the_default():
    """The main job names neither source nor split."""
    dataset = load_dataset()
    assert (dataset.source, dataset.split, len(dataset)) == ("mnist", "test", 10_000)
    assert dataset.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


@pytest.mark.parametrize(("joint", "suffix"), SPELLINGS)
def test_every_spelling_of_the_idx_names_is_found(tmp_path, joint, suffix):
    """With dash or dot, raw or gzipped."""
    images, labels = digits()
    dataset = load_dataset(str(write_idx_folder(tmp_path, images, labels, joint=joint, suffix=suffix)))
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels)


@pytest.mark.parametrize(("split", "n"), [("test", 3), ("train", 4)])
def test_a_folder_gives_the_split_that_was_asked_for(tmp_path, split, n):
    """Both are there."""
    write_idx_folder(tmp_path, *digits(3), stem="t10k")
    write_idx_folder(tmp_path, *digits(4), stem="train")
    assert len(load_dataset(str(tmp_path), split)) == n


@pytest.mark.parametrize(("split", "n"), [("test", 3), ("train", 4)])
def test_an_npz_gives_the_split_that_was_asked_for(tmp_path, split, n):
    """Both are there, under Keras's names."""
    (few, few_labels), (more, more_labels) = digits(3), digits(4)
    np.savez(tmp_path / "mnist.npz", x_test=few, y_test=few_labels, x_train=more, y_train=more_labels)
    assert len(load_dataset(str(tmp_path / "mnist.npz"), split)) == n


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that the examples of a law may share."""
    return tmp_path_factory.mktemp("sources")


@law
@given(data=st.data(), spelling=st.sampled_from(SPELLINGS), dtype=st.sampled_from([np.uint8, np.int32, np.int64]))
def test_the_digest_does_not_depend_on_the_format(folder, data, spelling, dtype):
    """The same images and labels are the same data set, from IDX files and from an archive."""
    images = data.draw(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=4)))
    labels = data.draw(hnp.arrays(np.uint8, len(images), elements=st.integers(0, 9)))
    for old in folder.glob("idx/*"):
        old.unlink()
    idx = write_idx_folder(folder / "idx", images, labels, joint=spelling[0], suffix=spelling[1])
    npz = write_npz(folder / "data.npz", images, labels.astype(dtype))
    assert load_dataset(str(idx)).sha256 == load_dataset(str(npz)).sha256


@pytest.mark.parametrize(("split", "n"), [("test", 4), ("train", 6)])
def test_an_npz_of_medmnists_names_is_read(tmp_path, split, n):
    """Its labels are a column."""
    draw = np.random.default_rng(2)
    arrays = {}
    for part, count in (("train", 6), ("val", 2), ("test", 4)):
        arrays[f"{part}_images"] = draw.integers(0, 256, (count, 5, 5), dtype=np.uint8)
        arrays[f"{part}_labels"] = draw.integers(0, 3, (count, 1), dtype=np.uint8)
    np.savez(tmp_path / "organ.npz", **arrays)
    data = load_dataset(str(tmp_path / "organ.npz"), split)
    assert len(data) == n
    np.testing.assert_array_equal(data.images, arrays[f"{split}_images"])
    assert data.labels.tolist() == arrays[f"{split}_labels"].ravel().tolist()


def test_a_missing_file_of_a_folder_is_named_beside_what_was_found(tmp_path):
    """Here the labels."""
    write_idx_folder(tmp_path, *digits())
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    telling = f"{tmp_path}: no file t10k-labels-idx1-ubyte or .*; found t10k-images-idx3-ubyte"
    with pytest.raises(DataError, match=telling):
        load_dataset(str(tmp_path))


def test_an_empty_folder_is_an_error(tmp_path):
    """The message says that nothing is there."""
    with pytest.raises(DataError, match=f"{tmp_path}: no file t10k-images-idx3-ubyte or .*; found nothing"):
        load_dataset(str(tmp_path))


def test_a_folder_in_the_place_of_an_idx_file_is_an_error(tmp_path):
    """Some unpackers make a folder for each archive."""
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte: expected an IDX file, found a folder"):
        load_dataset(str(tmp_path))


@pytest.mark.parametrize("name", ["nowhere", "nowhere.npz", "no/where"])
def test_a_source_that_is_not_there_is_an_error(tmp_path, name):
    """Whatever it would have been."""
    with pytest.raises(DataError, match=f"{tmp_path / name}: no such file"):
        load_dataset(str(tmp_path / name))


def test_a_name_too_long_for_any_file_is_an_error():
    """Somebody pasted something else."""
    with pytest.raises(DataError, match=r"x{300}: "):
        load_dataset("x" * 300)


@pytest.mark.parametrize(("name", "found"), [("mnist.tar", "a .tar file"), ("mnist", "a plain file")])
def test_a_file_of_another_format_is_an_error(tmp_path, name, found):
    """The message says what is taken instead."""
    (tmp_path / name).write_text("5,0,0\n")
    with pytest.raises(DataError, match=f"expected a folder of IDX files.* file, or a pattern .*, found {found}"):
        load_dataset(str(tmp_path / name))


def test_the_wrong_labels_file_is_an_error_with_both_counts(tmp_path):
    """The training labels beside the test images, for instance."""
    images, _ = digits(3)
    with pytest.raises(DataError, match=rf"{tmp_path} \(test split\): 3 images but 5 labels"):
        load_dataset(str(write_idx_folder(tmp_path, images, digits(5)[1])))


def test_a_label_beyond_any_class_is_named_with_its_index(tmp_path):
    """As it stands in the file."""
    images, labels = digits(3)
    labels[2] = 255
    with pytest.raises(DataError, match=rf"{tmp_path} \(test split\): label 255 at index 2, expected at most 100"):
        load_dataset(str(write_idx_folder(tmp_path, images, labels)))


@pytest.mark.parametrize(
    ("kind", "telling"),
    [
        ("no labels", "no array 'y_test'; found x_test, y_train"),
        ("pickled", "not a readable .npz of plain arrays .*allow_pickle=False"),
        *((kind, "not a readable .npz of plain arrays") for kind in ("archive cut", "flipped bit", "member cut")),
        *((kind, "") for kind in ("header cut", "header garbled", "header huge", "not arrays")),
        *((kind, "") for kind in ("encrypted", "unknown compression")),
    ],
)
def test_a_damaged_archive_is_an_error(tmp_path, kind, telling):
    """Pickled objects, which could run code, are never opened."""
    path = tmp_path / "data.npz"
    path.write_bytes(damaged_npz(kind))
    with pytest.raises(DataError, match=f"{path}.*{telling}"):
        load_dataset(str(path))


@pytest.mark.parametrize("content", [b"", b"hello", npy_bytes(digits()[0])], ids=["empty", "text", ".npy"])
def test_a_file_that_is_no_archive_is_an_error(tmp_path, content):
    """In spite of its name."""
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path}: .*not a readable .npz"):
        load_dataset(str(path))


@settings(law, max_examples=4)  # each starts several processes
@given(data=st.data())
def test_the_digest_is_the_same_from_every_format(tmp_path_factory, data):
    """IDX, archive, pictures, CSV and Parquet of the same images are the same data set."""
    side = data.draw(st.integers(2, 4))
    images = data.draw(hnp.arrays(np.uint8, (data.draw(st.integers(1, 4)), side, side)))
    labels = np.sort(data.draw(hnp.arrays(np.uint8, len(images), elements=st.integers(0, 9))))
    paths = write_everything(tmp_path_factory.mktemp("formats"), images, labels)
    found = {name: load_dataset(str(path)) for name, path in paths.items()}
    assert {dataset.sha256 for dataset in found.values()} == {found["idx"].sha256}
    assert {dataset.class_names for dataset in found.values()} == {tuple("0123456789")}


@pytest.mark.parametrize("name", ["idx", "npz", "png", "csv", "struct"])
def test_transposed_images_are_turned_back_from_any_format(tmp_path, name):
    """EMNIST's rows are columns."""
    images, labels = digits(3)
    path = write_everything(tmp_path, images.transpose(0, 2, 1).copy(), labels)[name]
    found = load_dataset(str(path), reading=Reading(transpose=True))
    np.testing.assert_array_equal(found.images, images)


@pytest.mark.parametrize("name", ["idx", "npz", "png", "csv", "struct", "rows"])
def test_centering_gives_the_same_from_any_format(tmp_path, name):
    """Whether images come one by one or all at once."""
    paths = write_everything(tmp_path, *digits(3))
    found, idx = (load_dataset(str(paths[key]), reading=Reading(center=True)) for key in (name, "idx"))
    assert (found.images.shape, found.sha256) == ((3, 28, 28), idx.sha256)


def test_a_set_among_several_is_named_as_a_path(tmp_path):
    """EMNIST's archive holds six sets in one folder."""
    for k, name in enumerate(("emnist-letters-test", "emnist-digits-test"), 2):
        write_idx_folder(tmp_path, *digits(k), stem=name)
    assert len(load_dataset(str(tmp_path / "emnist-letters"))) == 2
    with pytest.raises(DataError, match=r"holds 2 sets \(emnist-digits, emnist-letters\); name one, as in .*digits"):
        load_dataset(str(tmp_path))


def test_a_lone_set_of_emnist_is_found_by_its_folder(tmp_path):
    """Its files have a longer name than MNIST's."""
    assert len(load_dataset(str(write_idx_folder(tmp_path, *digits(4), stem="emnist-mnist-test")))) == 4


@pytest.mark.parametrize("classes", [2, 10, 26, 47, 100])
def test_sets_of_other_class_counts_are_read(tmp_path, classes):
    """Fewer than ten with their names, more also by their numbers."""
    labels = np.arange(classes, dtype=np.uint8)
    path = write_idx_folder(tmp_path, np.zeros((classes, 2, 2), np.uint8), labels)
    (tmp_path / "names.txt").write_text("".join(f"kind {k}\n" for k in range(classes)))
    names = load_dataset(str(path), reading=Reading(class_names=tmp_path / "names.txt")).class_names
    assert names == tuple(f"kind {k}" for k in range(classes))
    assert len(load_dataset(str(path)).class_names) == max(classes, 10)


def test_an_npz_of_colours_becomes_grey_as_pictures_do(tmp_path):
    """MedMNIST has such sets; Pillow says what grey is."""
    colours = np.random.default_rng(5).integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
    np.savez(tmp_path / "path.npz", test_images=colours, test_labels=np.arange(6)[:, None])
    expected = [np.asarray(Image.fromarray(colour).convert("L")) for colour in colours]
    np.testing.assert_array_equal(load_dataset(str(tmp_path / "path.npz")).images, expected)


@pytest.mark.parametrize("shape", [(1, 1001, 1, 3), (900, 1000, 1000, 3)])
def test_colours_beyond_the_limits_are_refused_before_they_are_kept(tmp_path, shape):
    """They are three numbers a pixel until they are grey."""
    path = tmp_path / "data.npz"
    path.write_bytes(zip_bytes({"x_test.npy": npy_header(shape), "y_test.npy": npy_bytes(np.zeros(1, int))}))
    with pytest.raises(DataError, match=rf"{path}.*expected at most [\d,]+"):
        load_dataset(str(path))


@pytest.mark.parametrize("shape", [(1, 1001, 1), (1, 1, 1001), (20_000_001, 1, 1), (3000, 1000, 1000)])
@pytest.mark.parametrize("kind", ["idx", "npz"])
def test_a_promise_beyond_the_limits_is_refused_before_it_is_kept(tmp_path, shape, kind):
    """Whatever the file really holds."""
    if kind == "idx":
        path = write_idx_folder(tmp_path / "idx", *digits(1))
        (path / "t10k-images-idx3-ubyte").write_bytes(idx_header(shape))
    else:
        path = tmp_path / "data.npz"
        path.write_bytes(zip_bytes({"x_test.npy": npy_header(shape), "y_test.npy": npy_bytes(np.zeros(1, int))}))
    with pytest.raises(DataError, match=rf"{path}.*expected at most [\d,]+"):
        load_dataset(str(path))


def test_a_pipe_is_not_waited_for(tmp_path):
    """Nobody would ever write into it."""
    os.mkfifo(tmp_path / "data.csv")
    with pytest.raises(DataError, match="found no regular file"):
        load_dataset(str(tmp_path / "data.csv"))
