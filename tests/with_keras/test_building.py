"""Networks by recipe: ours, and a function of the user's."""

import sys

import pytest

from mnist_report.errors import ModelError
from mnist_report.model.building import build_network
from mnist_report.model.recipes import Recipe

keras = pytest.importorskip("keras")

NETWORKS = """
import keras

def small(input_shape, num_classes):
    return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(),
                             keras.layers.Dense(num_classes, activation="softmax")])

def unbuilt(input_shape, num_classes):
    return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(num_classes, activation="softmax")])

def other_classes(input_shape, num_classes):
    return small(input_shape, num_classes + 1)

def other_images(input_shape, num_classes):
    return small((32, 32, 3), num_classes)

def nothing(input_shape, num_classes):
    return None

def fails(input_shape, num_classes):
    raise ZeroDivisionError("by hand")

number = 3
"""
SHAPE = (28, 28, 1)


@pytest.fixture(autouse=True)
def networks(tmp_path, monkeypatch):
    """A module of networks in the current folder."""
    (tmp_path / "networks_of_mine.py").write_text(NETWORKS)
    (tmp_path / "broken_module.py").write_text("import no_such_library_of_mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("networks_of_mine", None)


def test_without_an_architecture_it_is_the_seed_projects():
    """468,714 parameters, in float32."""
    model = build_network(Recipe(), SHAPE, 10)
    assert model.count_params() == 468_714
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


@pytest.mark.parametrize("name", ["small", "unbuilt"])
def test_a_function_of_the_current_folder_is_found(name):
    """As under `python -m`."""
    model = build_network(Recipe(architecture=f"networks_of_mine:{name}"), SHAPE, 7)
    assert model.output_shape == (None, 7)
    assert model.count_params() == 785 * 7


def test_mixed_precision_computes_in_bfloat16_up_to_the_probabilities():
    """With float32 weights, and leaves keras's policy as it was."""
    model = build_network(Recipe(mixed_precision=True), SHAPE, 10)
    assert {layer.compute_dtype for layer in model.layers[:-1]} == {"bfloat16"}
    assert model.layers[-1].compute_dtype == "float32"
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:f", "no_such_module cannot be imported .*No module named 'no_such_module'"),
        ("broken_module:f", "broken_module cannot be imported .*no_such_library_of_mine"),
        ("networks_of_mine:f", "expected a function in networks_of_mine, found nothing of that name"),
        ("networks_of_mine:number", "expected a function in networks_of_mine, found int"),
        ("networks_of_mine:nothing", r"expected a Keras model .* found NoneType"),
        ("networks_of_mine:fails", "the function failed: ZeroDivisionError: by hand"),
        ("networks_of_mine:other_classes", r"to 10 probabilities, found one from \(None, 28, 28, 1\) to \(None, 11\)"),
        ("networks_of_mine:other_images", r"from \(28, 28, 1\) to .* found one from \(None, 32, 32, 3\)"),
    ],
)
def test_what_is_no_such_network_is_named(name, message):
    """With what was expected."""
    with pytest.raises(ModelError, match=f"^--architecture {name}: .*{message}"):
        build_network(Recipe(architecture=name), SHAPE, 10)
