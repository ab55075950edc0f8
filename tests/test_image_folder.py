"""Tests of `mnist_report.data.image_folder`."""

import numpy as np
import pytest
from data_files import png_bytes, write_picture_folder
from makers import digits

from mnist_report.data.reading import Reading
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError

NAMES = ("cat", "dog", "eel")


def pets(folder, n=3, size=4):
    """A picture of each class, the class's number all over it."""
    images = np.stack([np.full((size, size), k % 3, np.uint8) for k in range(n)])
    return write_picture_folder(folder, images, np.arange(n) % 3, NAMES)


def test_the_subfolders_are_the_classes_in_their_order(tmp_path):
    """And each picture keeps its class."""
    dataset = load_dataset(str(pets(tmp_path, 6)))
    assert dataset.class_names == NAMES
    assert dataset.labels.tolist() == [0, 0, 1, 1, 2, 2] == dataset.images[:, 0, 0].tolist()


@pytest.mark.parametrize(("split", "n"), [("test", 3), ("train", 4)])
def test_a_split_is_a_subfolder(tmp_path, split, n):
    """Where there are such."""
    pets(tmp_path / "test", 3)
    pets(tmp_path / "train", 4)
    assert len(load_dataset(str(tmp_path), split)) == n


def test_a_class_that_one_split_lacks_keeps_its_number(tmp_path):
    """Otherwise those after it would be mistaken for it."""
    pets(tmp_path / "train")
    pets(tmp_path / "test")
    for path in (tmp_path / "test" / "dog").iterdir():
        path.unlink()
    (tmp_path / "test" / "dog").rmdir()
    dataset = load_dataset(str(tmp_path))
    assert (dataset.class_names, dataset.labels.tolist()) == (NAMES, [0, 2])


def test_folders_of_numbers_are_numbers(tmp_path):
    """Ten comes after two, and a digit that is not there leaves its gap."""
    write_picture_folder(tmp_path, digits(3)[0], [0, 1, 2], ("10", "2", "0"))
    dataset = load_dataset(str(tmp_path))
    assert dataset.labels.tolist() == [0, 2, 10]
    assert dataset.class_names == tuple(map(str, range(11)))


def test_litter_of_file_managers_is_passed_over(tmp_path):
    """Nobody sees it."""
    folder = pets(tmp_path)
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "cat" / "Thumbs.db").write_bytes(b"x")
    assert len(load_dataset(str(folder))) == 3


def test_a_file_of_class_names_orders_the_folders(tmp_path):
    """By their names; it may have more."""
    names = tmp_path / "names.txt"
    names.write_text("eel\nfox\ncat\ndog\n")
    dataset = load_dataset(str(pets(tmp_path / "pets")), reading=Reading(class_names=names))
    assert (dataset.class_names, dataset.labels.tolist()) == (("eel", "fox", "cat", "dog"), [2, 3, 0])


@pytest.mark.parametrize(
    ("name", "content", "telling"),
    [
        ("cat/0.png", png_bytes(np.zeros((4, 4), np.uint8))[:-30], "not a readable PNG, JPEG or BMP picture"),
        ("cat/0.png", b"", "not a readable PNG, JPEG or BMP picture"),
        ("cat/0.png", png_bytes(np.zeros((4, 4), np.uint8), "GIF"), "not a readable PNG, JPEG or BMP picture"),
        ("dog/9.png", png_bytes(np.zeros((5, 4), np.uint8)), "5 x 4 pixels, expected 4 x 4 as in the first .*--center"),
        ("dog/9.png", png_bytes(np.zeros((1, 1001), np.uint8)), "1 x 1,001 pixels, expected at most 1,000 x 1,000"),
        ("dog/9.txt", b"hello", "expected PNG, JPEG and BMP files alone"),
        ("9.png", b"", "a picture outside of the classes"),
    ],
    ids=["cut", "empty", "another format", "another size", "too wide", "text", "outside"],
)
def test_a_file_that_does_not_belong_is_named(tmp_path, name, content, telling):
    """With what was found and what was expected."""
    folder = pets(tmp_path)
    (folder / name).write_bytes(content)
    if name == "cat/0.png":
        (folder / "cat" / "00000.png").unlink()
    with pytest.raises(DataError, match=rf"^{folder / name}: .*{telling}"):
        load_dataset(str(folder))


@pytest.mark.parametrize(
    ("folders", "split", "telling"),
    [
        (["cat"], "test", "found 1 subfolders, expected 2 to 100"),
        ([f"c{k}" for k in range(101)], "test", "found 101 subfolders"),
        (["cat", "dog"], "test", "found 0 images"),
        (["cat", "dog"], "train", "no subfolder train; a folder without train and test is a test set"),
        (["test/cat", "test/dog"], "train", "no subfolder train; found only test"),
        (["cat", "do\ng"], "test", "class name 1 is 'do.*ng'"),
    ],
)
def test_a_folder_that_is_no_data_set_is_an_error(tmp_path, folders, split, telling):
    """The message says what is missing."""
    for name in folders:
        (tmp_path / name).mkdir(parents=True)
    if "do\ng" in folders:
        (tmp_path / "cat" / "0.png").write_bytes(png_bytes(np.zeros((2, 2), np.uint8)))
    with pytest.raises(DataError, match=rf"{tmp_path}.*{telling}"):
        load_dataset(str(tmp_path), split)


def test_pictures_of_many_sizes_are_centred(tmp_path):
    """On request."""
    folder = pets(tmp_path)
    (folder / "dog" / "9.png").write_bytes(png_bytes(np.zeros((90, 40), np.uint8)))
    assert load_dataset(str(folder), reading=Reading(center=True)).images.shape == (4, 28, 28)
