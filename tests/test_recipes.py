"""Tests of `mnist_report.model.recipes`."""

import math
from dataclasses import FrozenInstanceError, asdict

import numpy as np
import pytest

from mnist_report.errors import ConfigError
from mnist_report.model.recipes import SEED, STRONG, Recipe


def test_the_defaults_are_the_seed_projects_recipe():
    """Adam at 0.001, at most 15 epochs of batches of 128, a tenth held out, patience 3; nothing else."""
    expected = {
        "epochs": 15,
        "batch_size": 128,
        "learning_rate": 0.001,
        "schedule": "plateau",
        "validation_share": 0.1,
        "seed": 42,
        "stop_patience": 3,
        "plateau_patience": 2,
        "plateau_factor": 0.5,
        "min_learning_rate": 1e-6,
    }
    found = asdict(Recipe())
    assert {name: found.pop(name) for name in expected} == expected
    assert not any(found.values())


def test_the_strong_recipe_trains_the_same_network():
    """On the same images: what it changes is how."""
    changed = {name for name, value in asdict(STRONG).items() if value != asdict(SEED)[name]}
    assert changed.isdisjoint({"architecture", "validation_share", "seed", "mixed_precision", "deterministic"})
    assert STRONG.schedule == "cosine"


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
        ("stop_patience", -1, "at least 0"),
        ("plateau_patience", 0, "at least 1"),
        ("plateau_factor", 1.0, "between 0 and 1"),
        ("plateau_factor", math.nan, "between 0 and 1"),
        ("min_learning_rate", -1e-9, "at least 0"),
        ("min_learning_rate", math.nan, "at least 0"),
        ("warm_up", 1.0, "from 0 to below 1"),
        ("label_smoothing", -0.1, "from 0 to below 1"),
        ("weight_averaging", 1.0, "from 0 to below 1"),
        ("rotation", 181.0, "from 0 to 180 degrees"),
        ("scaling", 1.0, "from 0 to below 1"),
        ("shear", -1.0, "at least 0"),
        ("shift", math.inf, "at least 0"),
        ("elastic", math.nan, "at least 0"),
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
        ("stop_patience", 0),
        ("plateau_patience", 1),
        ("min_learning_rate", 0.0),
    ],
)
def test_the_ends_of_a_range_are_within_it(name, value):
    """The last value that is allowed."""
    assert getattr(Recipe(**{name: value}), name) == value


@pytest.mark.parametrize("name", ["package.module:function", "module:f", ""])
def test_an_architecture_is_a_module_and_a_function(name):
    """Or nothing: the seed project's."""
    assert Recipe(architecture=name).architecture == name


@pytest.mark.parametrize("name", ["module", "module.function", ":f", "module:", "a b:f", "module:f:g", "../m:f"])
def test_what_is_no_architecture_is_named_with_how_to_write_one(name):
    """Before a process is started."""
    with pytest.raises(ConfigError, match=f"^architecture is {name!r}, expected package.module:function, or nothing$"):
        Recipe(architecture=name)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("schedule", "linear", "expected plateau or cosine"),
        ("schedule", 3, "expected text"),
        ("deterministic", 1, "expected true or false"),
        ("mixed_precision", "yes", "expected true or false"),
    ],
)
def test_a_value_of_another_kind_is_named(name, value, expected):
    """With what it may be."""
    with pytest.raises(ConfigError, match=f"^{name.replace('_', '-')} is {value!r}, {expected}$"):
        Recipe(**{name: value})
