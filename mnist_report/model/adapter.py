"""What stands between raw images and somebody's model: does it fit, and how are the pixels scaled?"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_report.errors import DataError, ModelError
from mnist_report.model.scaling import ScaleName, implied_by_normalization, implied_by_rescaling

# A model of whole numbers shows by that which scale it expects.
WHOLE: tuple[ScaleName, str] = ("raw", "it takes whole numbers")


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of a model: its name, its kind, the shape it gives for one image, and its number of parameters."""

    name: str
    kind: str
    output_shape: str
    parameters: int


@dataclass(frozen=True, slots=True)
class Anatomy:
    """What a loaded model is made of.

    Attributes:
        input_shape: of one image, without the batch dimension; None is any size.
        num_classes: the number of its outputs.
        parameters: all weights, trainable or not.
        trainable_parameters: those that training changes.
        layers: in order.
        implied_scale: of the pixels, where the model itself shows which it expects.
        implied_by: how it shows that.
        single_label: whether its one output is the number of a class and no score.
    """

    input_shape: tuple[int | None, ...]
    num_classes: int
    parameters: int
    trainable_parameters: int
    layers: tuple[Layer, ...]
    implied_scale: ScaleName | None = None
    implied_by: str = ""
    single_label: bool = False


def unit_scale(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pixels from 0..255 to float32 in [0, 1]."""
    return images.astype(np.float32) / np.float32(255)


def as_pixels(images: ArrayLike, where: str) -> NDArray[np.float32]:
    """Images of either kind as the shipped network takes them; which kind they are, their dtype says.

    Args:
        images: shape (n, height, width) or (n, height, width, 1); uint8 in 0..255, which are scaled, or floats in
            [0, 1], which are not scaled again.
        where: whose they are, for messages.

    Returns:
        float32, shape (n, height, width, 1), in [0, 1].

    Raises:
        DataError: another shape, another dtype, or floats outside [0, 1].
    """
    try:
        array = np.asarray(images)
    except ValueError as error:  # lists of several lengths
        raise DataError(f"{where}: not an array ({error})") from error
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 3 or 0 in array.shape:
        raise DataError(f"{where}: shape is {array.shape}, expected (n, height, width) or (n, height, width, 1)")
    if array.dtype == np.uint8:
        return unit_scale(np.ascontiguousarray(array))[..., np.newaxis]
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{where}: dtype is {array.dtype}, expected uint8 (0 to 255) or floats (0 to 1)")
    if not np.isfinite(array).all():
        raise DataError(f"{where}: holds NaN or infinity, expected floats from 0 to 1")
    low, high = float(array.min()), float(array.max())
    if not 0 <= low <= high <= 1:
        raise DataError(
            f"{where}: {array.dtype} values from {low:g} to {high:g}, expected floats from 0 to 1; divide by 255, or "
            "give uint8, which is scaled for you"
        )
    return np.ascontiguousarray(array, dtype=np.float32)[..., np.newaxis]


def dissect(model: Any, where: str) -> Anatomy:
    """Read a Keras model's anatomy.

    Raises:
        ModelError: it has several inputs or outputs, or an output that is not one row of class scores an image.
    """
    if getattr(model, "inputs", None) is None:
        raise ModelError(
            f"{where}: the model does not say what it takes; build it with an Input layer and save it again"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"{where}: found {len(model.inputs)} inputs and {len(model.outputs)} outputs, expected one of each"
        )
    given = model.outputs[0]
    classes, single = read_output(tuple(given.shape), str(getattr(given, "dtype", "")), where)
    layers = list_layers(model)
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    implied, why = _implied_scale(model)
    shape = tuple(model.inputs[0].shape[1:])
    return Anatomy(shape, classes, model.count_params(), trainable, layers, implied, why, single)


def list_layers(model: Any) -> tuple[Layer, ...]:
    """The layers of a Keras model, in order."""
    return tuple(
        Layer(layer.name, type(layer).__name__, _shape_text(layer), layer.count_params()) for layer in model.layers
    )


def read_output(output_shape: tuple[Any, ...], dtype: str, where: str) -> tuple[int, bool]:
    """The number of scores that a model gives for an image, and whether that is the class itself: one whole number.

    Args:
        output_shape: with the batch; sizes of 1 do not count.
        dtype: of the numbers.
        where: whose they are, for messages.

    Raises:
        ModelError: it is not one row of scores an image.
    """
    if output_shape and all(size == 1 for size in output_shape[1:]) and "int" in dtype:
        return 1, True
    sides = [size for size in output_shape[1:] if size != 1]
    if len(output_shape) < 2 or len(sides) > 1 or not all(isinstance(size, int) for size in sides):
        raise ModelError(f"{where}: output shape is {output_shape}, expected (None, number of classes)")
    return sides[0] if sides else 1, False


def check_classes(anatomy: Anatomy, num_classes: int, where: str) -> None:
    """See that a model has an output for each class, or names one.

    Raises:
        ModelError: it has not.
    """
    if anatomy.num_classes != num_classes and not anatomy.single_label:
        if anatomy.num_classes == 1:
            raise ModelError(
                f"{where}: the model has one output, the data has {num_classes} classes; expected one for each, also "
                "for two: end it with a softmax, or give its answers with --predictions"
            )
        hint = "; name the classes with --class-names if there are no more of them"
        if anatomy.num_classes == num_classes + 1:
            hint = "; where its first output stands for no class, give the others with --predictions"
        elif anatomy.num_classes > num_classes:
            hint = ""
        raise ModelError(
            f"{where}: the model has {anatomy.num_classes} outputs, the data has {num_classes} classes{hint}"
        )


def check_fit(anatomy: Anatomy, image_shape: tuple[int, int], num_classes: int, where: str) -> None:
    """See that a model takes these images and names these classes.

    Raises:
        ModelError: it does not; the message says which shape was found and which was needed.
    """
    height, width = image_shape
    accepted = {(height, width, 1), (height, width), (height * width,), (1, height, width)}
    if anatomy.input_shape not in accepted:
        raise ModelError(f"{where}: the model takes images of shape {anatomy.input_shape}, the data has {image_shape}")
    check_classes(anatomy, num_classes, where)


def _implied_scale(model: Any) -> tuple[ScaleName | None, str]:
    """What the layers before the first weights say about the pixels, and which layer says it."""
    rest = list(model.layers)
    while rest:
        layer = rest.pop(0)
        kind = type(layer).__name__
        if kind == "Rescaling":
            return implied_by_rescaling(float(np.max(np.abs(layer.scale)))), "it has a Rescaling layer"
        if kind == "Normalization":
            mean = layer.mean if layer.input_mean is None else layer.input_mean
            return implied_by_normalization(float(np.mean(np.asarray(mean)))), "it has a Normalization layer"
        if inner := getattr(layer, "layers", None):
            rest = [*inner, *rest]
        elif layer.count_params():
            break
    kind = str(getattr(model.inputs[0], "dtype", ""))
    return WHOLE if "int" in kind else (None, "")


def _shape_text(layer: Any) -> str:
    shape = getattr(layer.output, "shape", None)
    return " x ".join(str(size) for size in shape[1:]) if shape else ""
