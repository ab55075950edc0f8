"""The network that a recipe trains: the seed project's, or a function of the user's own."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_report.errors import ModelError
from mnist_report.model.cnn import build_cnn
from mnist_report.model.recipes import Recipe

if TYPE_CHECKING:
    import keras

Shape = tuple[int, int, int]


def build_network(recipe: Recipe, input_shape: Shape, num_classes: int) -> "keras.Model":
    """An untrained network that computes as the recipe says.

    Args:
        recipe: its architecture and precision.
        input_shape: (height, width, channels) of the float32 images in [0, 1].
        num_classes: how many probabilities it is to answer with.

    Raises:
        ModelError: the user's function cannot be found, fails, or does not return such a network.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if recipe.mixed_precision else "float32")
    try:
        if not recipe.architecture:
            return build_cnn(input_shape, num_classes)
        return _built(_function(recipe.architecture), recipe.architecture, input_shape, num_classes)
    finally:
        keras.config.set_dtype_policy(before)


def _function(name: str) -> Callable[[Shape, int], object]:
    """The function that `package.module:function` names; modules of the current folder count, as under `python -m`."""
    module_name, _, function_name = name.partition(":")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever the user's module does
        reason = f"{type(error).__name__}: {error}"
        raise ModelError(f"--architecture {name}: {module_name} cannot be imported ({reason})") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        found = "nothing of that name" if function is None else type(function).__name__
        raise ModelError(f"--architecture {name}: expected a function in {module_name}, found {found}")
    return function  # type: ignore[no-any-return]  # what it returns is looked at


def _built(function: Callable[[Shape, int], object], name: str, input_shape: Shape, num_classes: int) -> "keras.Model":
    import keras

    expected = f"--architecture {name}: expected a Keras model from {input_shape} to {num_classes} probabilities"
    try:
        model = function(input_shape, num_classes)
    except Exception as error:  # whatever the user's function does
        raise ModelError(f"{expected}; the function failed: {type(error).__name__}: {error}") from error
    if not isinstance(model, keras.Model):
        raise ModelError(f"{expected}, found {type(model).__name__}")
    if not model.built:
        model.build((None, *input_shape))
    shapes = getattr(model, "input_shape", None), getattr(model, "output_shape", None)
    if shapes != ((None, *input_shape), (None, num_classes)):
        raise ModelError(f"{expected}, found one from {shapes[0]} to {shapes[1]} (the first number is the batch's)")
    return model
