"""Tests of `mnist_report.model.recipes`."""

import math
from dataclasses import FrozenInstanceError, asdict

import numpy as np
import pytest

from mnist_report.errors import ConfigError
from mnist_report.model.recipes import Recipe


def test_the_defaults_are_the_seed_projects_recipe():
    """Adam at 0.001, at most 15 epochs of batches of 128, a tenth held out, patience 3."""
    assert asdict(Recipe()) == {
        "epochs": 15,
        "batch_size": 128,
        "learning_rate": 0.001,
        "validation_share": 0.1,
        "seed": 42,
        "stop_patience": 3,
        "plateau_patience": 2,
        "plateau_factor": 0.5,
        "min_learning_rate": 1e-6,
    }


def test_a_recipe_cannot_be_changed():
    """The card must say what was done."""
    with pytest.raises(FrozenInstanceError):
        Recipe().epochs = 3


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0, "at least 1"),
        ("batch_size", 0, "at least 1"),
        ("learning_rate", 0.0, "above 0"),
        ("learning_rate", math.inf, "above 0"),
        ("learning_rate", math.nan, "above 0"),
        ("validation_share", 0.0, "between 0 and 1"),
        ("validation_share", 1.0, "between 0 and 1"),
        ("validation_share", math.nan, "between 0 and 1"),
        ("seed", -1, "from 0 to 4294967295"),
        ("seed", 2**32, "from 0 to 4294967295"),
        ("stop_patience", 0, "at least 1"),
        ("plateau_patience", 0, "at least 1"),
        ("plateau_factor", 1.0, "between 0 and 1"),
        ("plateau_factor", math.nan, "between 0 and 1"),
        ("min_learning_rate", -1e-9, "at least 0"),
        ("min_learning_rate", math.nan, "at least 0"),
    ],
)
def test_a_value_out_of_range_is_named_with_the_range(name, value, expected):
    """Named as the option is spelled on the command line."""
    with pytest.raises(ConfigError, match=f"^{name.replace('_', '-')} is {value}, expected {expected}$"):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", ["epochs", "batch_size", "seed", "stop_patience", "plateau_patience"])
@pytest.mark.parametrize("value", [1.5, 2.0, math.nan])
def test_a_fraction_is_named_where_a_whole_number_is_needed(name, value):
    """Keras would fail in its own words, or cut it off."""
    with pytest.raises(ConfigError, match=f"^{name.replace('_', '-')} is {value}, expected a whole number$"):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", ["epochs", "batch_size", "seed", "learning_rate"])
@pytest.mark.parametrize("value", [None, "3", [3]], ids=repr)
def test_what_is_no_number_is_named(name, value):
    """A notebook user may give anything."""
    with pytest.raises(ConfigError, match=f"^{name.replace('_', '-')} is "):
        Recipe(**{name: value})


@pytest.mark.parametrize("kind", [np.int64, np.uint8])
def test_a_whole_number_of_numpy_is_one(kind):
    """As `range` and keras have it: np.arange(5)[3] is a seed."""
    assert Recipe(seed=kind(3), epochs=kind(3)) == Recipe(seed=3, epochs=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 1),
        ("batch_size", 1),
        ("seed", 0),
        ("seed", 2**32 - 1),
        ("stop_patience", 1),
        ("plateau_patience", 1),
        ("min_learning_rate", 0.0),
    ],
)
def test_the_ends_of_a_range_are_within_it(name, value):
    """The last value that is allowed."""
    assert getattr(Recipe(**{name: value}), name) == value
