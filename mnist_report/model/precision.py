"""The numbers that a Keras model computes in."""

from typing import Any, Literal

from mnist_report.errors import ConfigError
from mnist_report.model.store import ModelFile

Precision = Literal["float32", "bfloat16"]
KERAS_FORMATS = ("keras", "hdf5")


def check_precision(model: ModelFile, precision: Precision) -> None:
    """See that a model can be computed in these numbers.

    Raises:
        ConfigError: only Keras's models can, in others than their own.
    """
    if precision != "float32" and model.format not in KERAS_FORMATS:
        raise ConfigError(
            f"--precision {precision}: {model.path} is a model of the format {model.format}, which has its own "
            "numbers; expected a .keras or .h5 file, or leave --precision out"
        )


def compute_in_bfloat16(model: Any) -> None:
    """Let a loaded Keras 3 model compute in bfloat16; its weights stay float32, and so does its last layer.

    Rounded to eight bits, a row of probabilities would no longer sum to 1.
    """
    last = {id(layer) for layer in last_layers(model)}
    for layer in model._flatten_layers():  # noqa: SLF001  keras's own way to all layers, however deep
        if id(layer) not in last and layer.dtype_policy.name == "float32":
            layer.dtype_policy = "mixed_bfloat16"


def last_layers(model: Any) -> list[Any]:
    """The layers that a model's outputs come from; of a model inside of the model, its last layers and itself."""
    found = []
    for output in model.outputs:
        layer = output._keras_history.operation  # noqa: SLF001  how keras itself goes from a tensor to its layer
        found.append(layer)
        if getattr(layer, "outputs", None) and hasattr(layer, "layers"):
            found += last_layers(layer)
    return found
