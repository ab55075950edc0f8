"""Classes as other programs call them."""

from pathlib import Path

import numpy as np
import pytest

from mnist_report.errors import DataError
from mnist_report.runs.foreign_classes import class_indices, names_of, renamed

FILE = Path("vendor.csv")
NAMES = ("cat", "dog", "eel")
DIGITS = tuple("0123456789")


@pytest.mark.parametrize("values", [np.array([2, 0, 2], np.uint8), np.array(["eel", "cat", "eel"])])
def test_a_class_is_its_number_or_its_name(values):
    """Both are the index."""
    found = class_indices(values, NAMES, "the prediction", FILE)
    assert (found.tolist(), found.dtype) == ([2, 0, 2], np.int64)


UNKNOWN = {
    "high": (np.array([0, 3, 3]), NAMES, "row 1 is 3, expected a class from 0 to 2 (2 such rows)"),
    "negative": (np.array([-1]), NAMES, "row 0 is -1, expected a class from 0 to 2 (1 such rows)"),
    "huge": (np.array([2**64 - 1], np.uint64), NAMES, "row 0 is 18446744073709551615, expected a class from 0 to 2"),
    "name": (np.array(["cat", "Cat"]), NAMES, "row 1 is 'Cat', expected a class's name (cat, dog, eel), or whole"),
    "fraction": (np.array(["1", "2.5"]), DIGITS, "row 1 is '2.5', expected a class's name (0, 1, 2, 3, 4, 5, 6, 7, 8,"),
    "novel": (np.array(["x" * 10_000]), NAMES, "row 0 is 'xxxxx"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_no_class_is_an_error(name):
    """With its row, and in one line that can be read."""
    values, names, expected = UNKNOWN[name]
    with pytest.raises(DataError) as found:
        class_indices(values, names, "the prediction", FILE)
    assert str(found.value).startswith(f"vendor.csv: the prediction of {expected}")
    assert len(str(found.value)) < 300


OWN_NAMES = {
    "numbers": (np.array([0, 1, 1]), np.array([0, 4, 1]), ("0", "1", "2", "3", "4")),
    "a single class": (np.array([0]), np.array([0]), ("0", "1")),
    "words": (np.array(["eel", "cat"]), np.array(["cat", "dog"]), ("cat", "dog", "eel")),
}


@pytest.mark.parametrize("name", OWN_NAMES)
def test_a_file_names_its_classes(name):
    """By all that is in it, the truth and the answers."""
    labels, predicted, expected = OWN_NAMES[name]
    assert names_of(labels, predicted, FILE) == expected


NO_NAMES = {
    "mixed": (np.array([0, 1]), np.array(["cat", "dog"]), "labels are whole numbers, predicted classes are not"),
    "one": (np.array(["cat"]), np.array(["cat"]), "found 1 classes, expected 2 to 1,000"),
    "many": (np.arange(1_001).astype(str), np.array(["0"]), "found 1,001 classes, expected 2 to 1,000"),
    "high": (np.array([0]), np.array([10**15]), "found 1,000,000,000,000,001 classes, expected 2 to 1,000"),
}


@pytest.mark.parametrize("name", NO_NAMES)
def test_classes_that_make_no_set_are_an_error(name):
    """Nothing is guessed."""
    labels, predicted, expected = NO_NAMES[name]
    with pytest.raises(DataError, match=expected):
        names_of(labels, predicted, FILE)


@pytest.mark.parametrize(("own", "named"), [(("0", "1", "2"), False), (("a", "b", "c"), True), (NAMES, True)])
def test_classes_get_the_names_that_are_wanted(own, named):
    """In their order: numbers and names that the file calls otherwise."""
    assert renamed(own, NAMES, FILE, named=named) == NAMES


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (NAMES[:2], "has 2 classes, but --class-names names 3; give a name each"),
        (("dog", "cat", "eel"), "class 0 is called 'dog', but --class-names calls it 'cat' and has some of"),
    ],
)
def test_names_that_do_not_fit_the_file_are_an_error(own, expected):
    """A cat must not become a dog by its place."""
    with pytest.raises(DataError, match=f"vendor.csv: {expected}"):
        renamed(own, NAMES, FILE, named=True)
