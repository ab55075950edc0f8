"""A folder laid out as MNIST-C."""

import numpy as np
import pytest
from makers import digits, npy_bytes, zip_bytes

from mnist_report.data.corrupted import find_corrupted, read_corrupted
from mnist_report.data.dataset import make_dataset
from mnist_report.errors import DataError

N = 20
NAMES = tuple("0123456789")
IMAGES, LABELS = digits(N)
WORSE = 255 - IMAGES


@pytest.fixture
def dataset():
    return make_dataset(IMAGES.copy(), LABELS.copy(), class_names=NAMES, source="mine", split="test")


@pytest.fixture
def folder(tmp_path):
    """Two corruptions, as MNIST-C has them, with training images that nobody may open."""
    for name in ("zigzag", "fog"):
        own = tmp_path / "mnist_c" / name
        own.mkdir(parents=True)
        np.save(own / "test_images.npy", WORSE[..., np.newaxis])
        np.save(own / "test_labels.npy", LABELS.astype(np.int64))
        for part in ("images", "labels"):
            (own / f"train_{part}.npy").write_bytes(b"not to be read")
    (tmp_path / "mnist_c" / "README.md").write_text("files beside the folders do not matter")
    (tmp_path / "mnist_c" / ".cache").mkdir()
    return tmp_path / "mnist_c"


def test_the_corruptions_are_the_folders_in_order(folder, dataset):
    """Whatever else lies there."""
    assert find_corrupted(folder, dataset) == ("fog", "zigzag")


@pytest.mark.parametrize("shape", [(N, 28, 28, 1), (N, 28, 28)], ids=str)
def test_the_images_are_read(folder, dataset, shape):
    """With the last axis that MNIST-C has, or without."""
    np.save(folder / "fog" / "test_images.npy", WORSE.reshape(shape))
    found = read_corrupted(folder, "fog", dataset)
    assert (found.dtype, found.shape) == (np.uint8, (N, 28, 28))
    assert np.array_equal(found, WORSE)


def test_an_array_in_fortrans_order_is_the_same(folder, dataset):
    """The model's process takes bytes in C's order."""
    np.save(folder / "fog" / "test_images.npy", np.asfortranarray(WORSE))
    found = read_corrupted(folder, "fog", dataset)
    assert found.flags.c_contiguous
    assert np.array_equal(found, WORSE)


@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(np.int64)[:, np.newaxis]], ids=["bytes", "column"])
def test_labels_of_any_whole_numbers_do(folder, dataset, labels):
    """Bytes, or a column."""
    np.save(folder / "fog" / "test_labels.npy", labels)
    assert "fog" in find_corrupted(folder, dataset)


OTHER = LABELS.astype(np.int64)
OTHER[[4, 9]] = 3
BROKEN = {
    "no images": ("images", None, "test_images.npy: missing, expected test_images.npy and test_labels.npy"),
    "no labels": ("labels", None, "test_labels.npy: missing, expected"),
    "floats": (
        "images",
        npy_bytes(WORSE / 255),
        "images are float64 of shape (20, 28, 28), expected uint8 of shape (20,",
    ),
    "another size": ("images", npy_bytes(WORSE[:, :27]), "shape (20, 27, 28), expected uint8 of shape (20, 28, 28, 1)"),
    "fewer": (
        "images",
        npy_bytes(WORSE[:5]),
        "shape (5, 28, 28), expected uint8 of shape (20, 28, 28, 1), as mine has",
    ),
    "other labels": ("labels", npy_bytes(OTHER), "label 3 at index 4, where mine has 4 (2 labels differ)"),
    "fewer labels": (
        "labels",
        npy_bytes(LABELS[:5]),
        "labels are uint8 of shape (5,), expected whole numbers of shape",
    ),
    "labels as floats": ("labels", npy_bytes(LABELS / 1), "labels are float64"),
    "cut off": ("images", npy_bytes(WORSE)[:-9], "not a readable .npy of plain numbers"),
    "text": ("images", b"hello", "not a readable .npy of plain numbers"),
    "empty": ("labels", b"", "not a readable .npy of plain numbers"),
    "pickled": ("labels", npy_bytes(np.array([{}] * N)), "not a readable .npy of plain numbers"),
    "an archive": ("images", zip_bytes({"a.npy": npy_bytes(WORSE)}), "not a readable .npy of plain numbers (it is an"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_with_a_set_is_named(folder, dataset, case):
    """With its file, before any image is predicted."""
    part, content, words = BROKEN[case]
    path = folder / "fog" / f"test_{part}.npy"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        find_corrupted(folder, dataset)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_set_that_changes_meanwhile_is_found_out(folder, dataset):
    """Between the look at it and its turn there may be minutes."""
    find_corrupted(folder, dataset)
    np.save(folder / "fog" / "test_images.npy", WORSE[:3])
    with pytest.raises(DataError, match="shape \\(3, 28, 28\\)"):
        read_corrupted(folder, "fog", dataset)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "cannot be read (No such file or directory); give a folder laid out as MNIST-C"),
        (lambda path: path.write_text(""), "cannot be read (Not a directory)"),
        (lambda path: path.mkdir(), "has no subfolders, expected one for each corruption"),
        (lambda path: (path / "a\nb").mkdir(parents=True), "a subfolder is called 'a\\nb', which cannot be printed"),
    ],
    ids=["missing", "a file", "empty", "line break"],
)
def test_a_folder_that_is_none_is_named(tmp_path, dataset, make, words):
    """With what it should be."""
    path = tmp_path / "elsewhere"
    make(path)
    with pytest.raises(DataError) as caught:
        find_corrupted(path, dataset)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
