"""Tests of `mnist_report.data.dataset`."""

import hashlib
import struct

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from makers import digits
from strategies import law

from mnist_report.data import limits
from mnist_report.data.dataset import cut, data_digest, make_dataset, shards_digest
from mnist_report.errors import DataError

DIGITS = tuple("0123456789")


def make(images, labels, class_names=DIGITS):
    """A data set as a reader of files would hand it over."""
    return make_dataset(images, labels, class_names=class_names, source="here", split="test")


def pictures(n=3, height=2, width=2):
    """Images that are small enough to be written by hand."""
    return np.arange(n * height * width, dtype=np.uint8).reshape(n, height, width)


@st.composite
def labelled_images(draw):
    """Up to five images of up to 3 x 3 pixels with labels."""
    images = draw(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5)))
    return images, draw(hnp.arrays(np.int64, len(images), elements=st.integers(0, 9)))


def test_images_labels_and_origin_are_kept():
    """Nothing is scaled, shuffled or renamed."""
    images, labels = digits()
    dataset = make(images, labels)
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels)
    assert (dataset.class_names, dataset.source, dataset.split) == (DIGITS, "here", "test")


def test_the_length_is_the_number_of_images():
    """Not that of rows or pixels."""
    assert len(make(pictures(3), np.array([1, 2, 3]))) == 3


@pytest.mark.parametrize("array", ["images", "labels"])
def test_a_data_set_cannot_be_changed(array):
    """A later stage that writes into it would change another's numbers."""
    values = getattr(make(pictures(), np.array([1, 2, 3])), array)
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 0


def test_three_classes_are_as_good_as_ten():
    """The number of classes is that of their names."""
    dataset = make(pictures(), np.array([0, 1, 2]), class_names=("cat", "dog", "owl"))
    assert dataset.class_names == ("cat", "dog", "owl")


def test_the_digest_covers_shape_pixels_and_labels_in_order():
    """The definition, spelled out by hand, so that other programs can compute it too."""
    shape_and_pixels = b"(2, 1, 3)" + bytes(range(6))
    expected = hashlib.sha256(shape_and_pixels + struct.pack("<2q", 7, 1)).hexdigest()
    assert make(pictures(2, 1, 3), np.array([7, 1])).sha256 == expected


def test_the_digest_of_a_large_set_is_that_of_its_parts_digests(monkeypatch):
    """Spelled out by hand: parts of two images here, and the last of what is left; of each file by itself."""
    monkeypatch.setattr(limits, "MOST_IN_SHARD", 2)
    images, labels = pictures(5), np.arange(5)

    def joined(*parts):
        digests = [make(images[begin:end], labels[begin:end]).sha256 for begin, end in parts]
        return hashlib.sha256("".join(digests).encode()).hexdigest()

    assert make(images, labels).sha256 == joined((0, 2), (2, 4), (4, 5))
    assert data_digest(images, labels, (3, 2)) == joined((0, 2), (2, 3), (3, 5))
    assert make(images[:2], labels[:2]).sha256 == shards_digest([make(images[:2], labels[:2]).sha256])


def test_sets_of_usual_sizes_keep_the_digest_of_one_part():
    """MNIST's 60,000 too: history and baselines know them by it."""
    assert [len(cut(n, 28, 28)) for n in (1, 10_000, 60_000, 65_536, 65_537, 10**8)] == [1, 1, 1, 1, 2, 1_526]
    assert [len(cut(65_536, side, side)) for side in (0, 32, 33, 64)] == [1, 1, 2, 4]


@law
@given(pair=labelled_images(), data=st.data())
def test_another_pixel_gives_another_digest(pair, data):
    """Wherever it is."""
    images, labels = pair
    other = images.copy()
    other.flat[data.draw(st.integers(0, images.size - 1))] ^= data.draw(st.integers(1, 255))
    assert make(images, labels).sha256 != make(other, labels).sha256


@law
@given(pair=labelled_images(), other=st.integers(0, 9), data=st.data())
def test_another_label_gives_another_digest(pair, other, data):
    """Wherever it is."""
    images, labels = pair
    place = data.draw(st.integers(0, len(labels) - 1))
    assume(labels[place] != other)
    changed = labels.copy()
    changed[place] = other
    assert make(images, labels).sha256 != make(images, changed).sha256


def test_the_same_pixels_in_another_shape_give_another_digest():
    """A 2 x 3 picture is not a 3 x 2 picture."""
    pixels, labels = np.arange(6, dtype=np.uint8), np.array([1])
    assert make(pixels.reshape(1, 2, 3), labels).sha256 != make(pixels.reshape(1, 3, 2), labels).sha256


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, ">i8", np.uint64])
def test_the_type_of_the_labels_does_not_matter(dtype):
    """A file format may store them in as many bytes as it likes."""
    images, labels = digits()
    dataset = make(images, labels.astype(dtype))
    assert (dataset.labels.dtype, dataset.sha256) == (np.int64, make(images, labels).sha256)


def test_the_order_of_the_bytes_in_memory_does_not_matter():
    """An array in Fortran order holds the same images."""
    images, labels = digits()
    assert make(np.asfortranarray(images), labels).sha256 == make(images, labels).sha256


@pytest.mark.parametrize(
    ("images", "telling"),
    [
        (np.zeros((3, 28, 28), np.float32), r"images are float32 of shape \(3, 28, 28\), expected uint8"),
        (np.zeros((3, 784), np.uint8), r"images are uint8 of shape \(3, 784\), .* \(n, height, width\)"),
        (np.zeros((3, 28, 28, 1), np.uint8), r"images are uint8 of shape \(3, 28, 28, 1\), .* \(n, height, width\)"),
    ],
    ids=["scaled", "flat", "with channels"],
)
def test_images_of_another_kind_are_an_error(images, telling):
    """Scaled pixels would be scaled twice, flat ones have no shape to show."""
    with pytest.raises(DataError, match=rf"here \(test split\): {telling}"):
        make(images, np.array([1, 2, 3]))


@pytest.mark.parametrize(
    ("labels", "telling"),
    [
        (np.array([1.0, 2.0, 3.0]), r"labels are float64 of shape \(3,\), expected integers"),
        (np.eye(10, dtype=np.int64)[:3], r"labels are int64 of shape \(3, 10\), .* shape \(n,\)"),
        (np.array(["1", "2", "3"]), r"labels are <U1 of shape \(3,\), expected integers"),
    ],
    ids=["floats", "one-hot", "text"],
)
def test_labels_of_another_kind_are_an_error(labels, telling):
    """Whoever has one-hot labels learns that this is why."""
    with pytest.raises(DataError, match=rf"here \(test split\): {telling}"):
        make(pictures(), labels)


@pytest.mark.parametrize("n", [2, 4])
def test_counts_that_differ_are_an_error_with_both(n):
    """Too few labels, or too many."""
    with pytest.raises(DataError, match=rf"here \(test split\): 3 images but {n} labels"):
        make(pictures(3), np.zeros(n, np.int64))


@pytest.mark.parametrize("shape", [(0, 28, 28), (3, 0, 28)])
def test_an_empty_split_is_an_error(shape):
    """No images, or images without pixels."""
    with pytest.raises(
        DataError, match=rf"here \(test split\): empty, images have shape \({shape[0]}, {shape[1]}, 28\)"
    ):
        make(np.zeros(shape, np.uint8), np.zeros(shape[0], np.int64))


@pytest.mark.parametrize("label", [10, 255, -1])
def test_a_label_without_a_class_is_named_with_its_index(label):
    """It would be a row or a column beyond the confusion matrix."""
    with pytest.raises(DataError, match=rf"label {label} at index 1 is outside 0-9 \(1 such labels\)"):
        make(pictures(), np.array([9, label, 0]))


def test_the_first_of_several_wrong_labels_is_named_with_their_number():
    """One line says how bad it is."""
    with pytest.raises(DataError, match=r"label 3 at index 1 is outside 0-2 \(2 such labels\)"):
        make(pictures(), np.array([2, 3, 4]), class_names=("cat", "dog", "owl"))
