"""Tests of `mnist_report.data.class_names`."""

import numpy as np
import pytest

from mnist_report.data.class_names import name_classes, read_class_names
from mnist_report.data.reading import Labelled
from mnist_report.errors import DataError

NO_IMAGES = np.zeros((0, 1, 1), np.uint8)


def name(labels, wanted=None, names=None):
    """Labels and class names of a data set with such labels."""
    found, classes = name_classes(Labelled(NO_IMAGES, np.array(labels), names), wanted, "here")
    return found.tolist(), classes


def test_names_are_read_a_line_each(tmp_path):
    """Without blanks around them, a byte order mark, or empty lines at the end."""
    (tmp_path / "names").write_bytes("\ufeffT-shirt \r\nÄrmel\r\n犬\r\n\r\n".encode())
    assert read_class_names(tmp_path / "names") == ("T-shirt", "Ärmel", "犬")


@pytest.mark.parametrize(
    ("content", "telling"),
    [
        (b"", "found 0 classes, expected 2 to 100"),
        (b"one\n", "found 1 classes"),
        (b"%d\n" * 101 % tuple(range(101)), "found 101 classes"),
        (b"a\nb\na\n", "class name 'a' occurs twice"),
        (b"a\n\nb\n", "class name 1 is ''"),
        (b"a\nb\x1b[31m\n", "class name 1 is"),
        ("a\nb\u202ec\n".encode(), "class name 1 is"),
        (b"a\n" + b"b" * 101, "class name 1 is .* expected 1 to 100 plain characters"),
        (b"a\n\xff\n", "cannot be read as class names"),
        (b"a\n" * 100_000, "longer than 100,000 bytes"),
    ],
    ids=range(10),
)
def test_a_file_of_other_things_is_an_error(tmp_path, content, telling):
    """Names stand in tables, in gates and in file names of anchors."""
    (tmp_path / "names").write_bytes(content)
    with pytest.raises(DataError, match=f"{tmp_path / 'names'}: .*{telling}"):
        read_class_names(tmp_path / "names")


def test_a_missing_file_is_an_error(tmp_path):
    """The message names it."""
    with pytest.raises(DataError, match=f"{tmp_path / 'names'}: cannot be read"):
        read_class_names(tmp_path / "names")


def test_a_few_digits_are_still_digits():
    """A model of ten classes fits the first five images as well."""
    assert name([3, 1]) == ([3, 1], tuple("0123456789"))


def test_there_are_as_many_classes_as_labels_need():
    """From ten up; a gap is a class without images."""
    assert name([0, 46]) == ([0, 46], tuple(map(str, range(47))))


def test_labels_that_begin_at_one_keep_their_numbers_as_names():
    """EMNIST's letters."""
    labels, names = name(list(range(1, 27)))
    assert (labels, names[0], names[-1], len(names)) == (list(range(26)), "1", "26", 26)


def test_wanted_names_say_where_labels_begin():
    """26 names for 1 to 26, 27 names for 0 to 26."""
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    assert name([1, 26], letters) == ([0, 25], letters)
    assert name([1, 26], ("none", *letters)) == ([1, 26], ("none", *letters))
    assert name([0, 1], ("cat", "dog")) == ([0, 1], ("cat", "dog"))


@pytest.mark.parametrize("labels", [[0, 101], [255, 0]])
def test_more_than_a_hundred_classes_are_an_error(labels):
    """The label is named with its index."""
    with pytest.raises(DataError, match=rf"here: label {max(labels)} at index {np.argmax(labels)}"):
        name(labels)


def test_label_100_without_a_zero_needs_a_hundred_and_one_classes():
    """Numbers 0 to 100."""
    with pytest.raises(DataError, match="found 101 classes"):
        name([5, 100])


def test_names_of_the_data_are_found_in_the_wanted_ones():
    """In whichever order."""
    assert name([0, 1], ("eel", "dog", "cat"), ("cat", "dog")) == ([2, 1], ("eel", "dog", "cat"))


def test_other_names_stand_for_those_of_the_data_in_order():
    """A translation."""
    assert name([0, 1], ("Katze", "Hund"), ("cat", "dog")) == ([0, 1], ("Katze", "Hund"))


@pytest.mark.parametrize("wanted", [("cat", "bird"), ("Hund", "Aal")])
def test_half_a_translation_is_an_error(wanted):
    """Most probably one name is misspelt."""
    with pytest.raises(DataError, match=r"here: class '(dog|cat)' is not among the 2 names of --class-names"):
        name([0, 1], wanted, ("cat", "dog", "eel") if "Hund" in wanted else ("cat", "dog"))
