"""Slices that a notebook gives: what becomes of the values, and what is refused."""

import math
import re

import numpy as np
import pytest

from mnist_report.api import evaluate
from mnist_report.data.slice_columns import MOST_VALUES
from mnist_report.errors import DataError

ROWS = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6]])
LABELS = [0, 1, 1, 1]


def slices_of(values, name="pen"):
    """The slices of the four images: the name, and how many there are."""
    found = evaluate(ROWS, LABELS, slices={name: values}).evaluation.slices
    return {name: metric.n for name, metric in found.items()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "b", "a", ""], {"pen=a": 2, "pen=b": 1}),
        ([1.0, None, math.nan, 2.5], {"pen=1": 1, "pen=2.5": 1}),
        (np.array([3, 3, 4, 4], np.int8), {"pen=3": 2, "pen=4": 2}),
        (np.array([3, 3, 4, math.nan], np.float32), {"pen=3": 2, "pen=4": 1}),
        ([True, False, True, True], {"pen=False": 1, "pen=True": 3}),
        (range(4), {"pen=0": 1, "pen=1": 1, "pen=2": 1, "pen=3": 1}),
        ([None] * 4, {}),
    ],
    ids=["text", "gaps", "int8", "float32", "bool", "range", "nothing"],
)
def test_values_become_text(values, expected):
    """As those of a file do; what is missing is in no slice."""
    assert slices_of(values) == expected


def test_columns_of_pandas_become_text():
    """Categories, nullable types and times, with their own ways to have nothing."""
    import pandas as pd

    assert slices_of(pd.Series(["a", None, "b", "a"], dtype="category")) == {"pen=a": 2, "pen=b": 1}
    assert slices_of(pd.array([1, None, 2, 1], dtype="Int64")) == {"pen=1": 2, "pen=2": 1}
    assert slices_of(pd.Series(["2026-01-02", None, None, None], dtype="datetime64[ns]")) == {
        "pen=2026-01-02 00:00:00": 1
    }


@pytest.mark.parametrize(
    ("values", "shape"),
    [(["a"] * 3, "(3,)"), ([], "(0,)"), ("abcd", "()"), (np.zeros((4, 1)), "(4, 1)"), ([["a", "b"]] * 4, "(4, 2)")],
    ids=["too few", "none", "one text", "a column", "rows"],
)
def test_another_shape_is_refused(values, shape):
    """With what it is and what it should be."""
    with pytest.raises(DataError, match=re.escape(f"slices: column 'pen' has shape {shape}, expected (4,)")):
        slices_of(values)


@pytest.mark.parametrize("name", ["", " ", "a=b", "index"])
def test_a_name_that_cannot_slice_is_refused(name):
    """As in a file."""
    with pytest.raises(DataError, match=f"slices: a column is called {name!r}"):
        slices_of(["a"] * 4, name)


@pytest.mark.parametrize("control", ["\n", "\t", "\x1b", "\x7f", "\x85"], ids=ascii)
def test_a_control_character_is_refused(control):
    """In a value as in a name."""
    for values, name in ((["a", "b", f"c{control}", "d"], "pen"), (["a"] * 4, f"p{control}")):
        with pytest.raises(DataError, match=re.escape(f"slices: column {name!r} holds a control character, in '")):
            slices_of(values, name)


def test_too_many_values_are_refused():
    """They are numbers, or names of images."""
    n = MOST_VALUES + 1
    with pytest.raises(DataError, match="column 'age' has 101 different values, expected categories, at most 100"):
        evaluate(np.tile(ROWS[:1], (n, 1)), [0] * n, slices={"age": range(n)})


@pytest.mark.parametrize(
    "values", [[b"a", b"b", b"c", b"d"], [[1], [1, 2], [3], [4]], [{"a": 1}] * 4], ids=["bytes", "lists", "dicts"]
)
def test_values_that_are_no_categories_are_refused(values):
    """As in a file."""
    with pytest.raises(DataError, match="expected text, numbers or true and false"):
        slices_of(values)
