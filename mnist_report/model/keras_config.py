"""A Keras configuration, held against what only computes before Keras sees it."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from mnist_report.errors import ModelError
from mnist_report.model.keras_names import KNOWN_CLASSES, KNOWN_FUNCTIONS

MOST_CONFIG_BYTES = 16 << 20
MOST_DEPTH = 150
# Of a layer or a whole model: a gigabyte of float32.
MOST_PARAMETERS = 1 << 28
# Nothing that a layer counts (units, filters, sizes) comes near.
MOST_SIZE = 1 << 24

MODULES = re.compile(
    r"(keras|tensorflow\.keras|tf_keras)(\.src)?"
    r"(\.(layers|models|initializers|regularizers|constraints|dtype_policies|activations|engine)(\.\w+)*)?"
)
# The operations of a functional model, `keras.ops.mean(x)`: pure functions of tensors, each a class in one of these.
OPERATIONS = re.compile(r"keras\.src\.ops\.(numpy|nn|math|image|linalg|core|einops)")
# Numbers that count nothing.
MARKS = ("seed", "shared_object_id")


def read_config(text: bytes | str, where: str) -> dict[str, Any]:
    """A configuration of a sane size and depth.

    Raises:
        ModelError: it is too large or too deep, or not a JSON object.
    """
    if len(text) > MOST_CONFIG_BYTES:
        raise ModelError(
            f"{where}: its configuration is {len(text):,} bytes long, at most {MOST_CONFIG_BYTES:,} are read"
        )
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{where}: its configuration is not readable JSON ({error}); save the model again") from error
    if not isinstance(config, dict):
        raise ModelError(f"{where}: its configuration is a JSON {type(config).__name__}, expected an object")
    return config


def check_config(config: Mapping[str, Any], where: str, *, trusted: bool) -> None:
    """See that a configuration names only what computes, and asks for no absurd sizes.

    Args:
        config: of a model, as Keras wrote it.
        where: whose it is, for messages.
        trusted: whether it may bring code along; the sizes are looked at all the same.

    Raises:
        ModelError: it names something else; the message says which layer, and the way out.
    """
    parameters = 0
    # How it was compiled is not looked at when it is loaded.
    top = {key: value for key, value in config.items() if key != "compile_config"}
    rest: list[tuple[Any, str, str, int]] = [(top, "", "", 0)]
    while rest:
        value, key, layer, depth = rest.pop()
        if depth > MOST_DEPTH:
            raise ModelError(f"{where}: its configuration is more than {MOST_DEPTH} levels deep")
        if isinstance(value, dict):
            name = value.get("class_name")
            if name is not None:
                layer = _layer_name(value) or layer
                if not trusted:
                    _check_name(value, layer, where)
                parameters += _parameters(value)
                if parameters > MOST_PARAMETERS:
                    raise ModelError(
                        f"{where}: up to layer {layer[:80]!r} it asks for {parameters:,} parameters, at most "
                        f"{MOST_PARAMETERS:,} are taken"
                    )
            rest += [(part, name_, layer, depth + 1) for name_, part in value.items()]
        elif isinstance(value, list):
            rest += [(part, key, layer, depth + 1) for part in value]
        elif isinstance(value, int) and abs(value) > MOST_SIZE and not key.endswith(MARKS):
            raise ModelError(
                f"{where}: layer {layer[:80]!r} has {key[:80]!r} {value:.3g}, at most {MOST_SIZE:,} is taken"
            )


def _check_name(value: Mapping[str, Any], layer: str, where: str) -> None:
    name, module, registered = value["class_name"], value.get("module"), value.get("registered_name")
    inner = value.get("config")
    if name in ("Lambda", "__lambda__"):
        what = "holds a Python function (Lambda) that the file brings along"
    elif not isinstance(name, str) or not isinstance(module, str | None) or not isinstance(registered, str | None):
        what = "names its class by something that is no text"
    elif name == "function":
        if module in (None, "builtins", "keras.activations") and inner in list(KNOWN_FUNCTIONS):
            return
        what = f"calls a function that is not one of Keras's activations: {_short(inner)}"
    elif registered not in (None, "", name):
        what = f"is custom code, registered as {_short(registered)}"
    elif module is not None and OPERATIONS.fullmatch(module):
        return
    elif module is not None and not MODULES.fullmatch(module):
        what = f"comes from the module {_short(module)}, not from Keras"
    elif name not in KNOWN_CLASSES:
        what = f"is {_short(name)}, which is not one of the layers of Keras that only compute"
    else:
        return
    raise ModelError(
        f"{where}: {f'layer {layer[:80]!r}' if layer else 'the model'} {what}; nothing of it was run; if you trust "
        "whoever made the file, load it with --trust-model"
    )


def _layer_name(value: Mapping[str, Any]) -> str:
    inner = value.get("config")
    if value["class_name"] in ("DTypePolicy", "Policy"):  # its name is that of a dtype
        return ""
    name = inner.get("name") if isinstance(inner, dict) else None
    return name if isinstance(name, str) else ""


def _parameters(value: Mapping[str, Any]) -> int:
    """A layer's number of weights as far as its configuration tells; layers without many count nothing."""
    inner, built = value.get("config"), value.get("build_config")
    if not isinstance(inner, dict):
        return 0
    shape = built.get("input_shape") if isinstance(built, dict) else None
    channels = _size(shape[-1]) if isinstance(shape, list) and shape else 1
    units, filters, kernel = _size(inner.get("units")), _size(inner.get("filters")), _product(inner.get("kernel_size"))
    multiplied = channels * _size(inner.get("depth_multiplier"))
    kinds = {
        "Dense": channels * units,
        "Embedding": _size(inner.get("input_dim")) * _size(inner.get("output_dim")),
        "LSTM": 4 * units * (channels + units),
        "GRU": 3 * units * (channels + units),
        "SimpleRNN": units * (channels + units),
        "SeparableConv": multiplied * (kernel + filters),
        "DepthwiseConv": multiplied * kernel,
        "Conv": kernel * channels * filters // _size(inner.get("groups")),
    }
    return kinds.get(re.sub(r"\dD(Transpose)?$", "", str(value["class_name"])), 0)


def _size(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 1


def _product(value: object) -> int:
    return math.prod(map(_size, value)) if isinstance(value, list) else _size(value)


def _short(value: object) -> str:
    return repr(value)[:80]
