"""Tests of `mnist_report.model.keras_config`: the allow-list, and sizes that no machine has."""

import ast
import importlib.util
from pathlib import Path

import pytest

from mnist_report.errors import ModelError
from mnist_report.model.keras_config import check_config, read_config
from mnist_report.model.keras_names import LAYERS


def layer(kind, module="keras.layers", registered=None, built=None, **config):
    """One layer as Keras writes it."""
    inner = {"name": "mine"} | config
    build = {"build_config": {"input_shape": built}} if built else {}
    return {"module": module, "class_name": kind, "config": inner, "registered_name": registered} | build


def refusal(*layers, trusted=False):
    """Why a model of these layers is refused, or None."""
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}
    try:
        check_config(model, "m.keras", trusted=trusted)
    except ModelError as error:
        return str(error)
    return None


def function(name, module="builtins"):
    """A function as Keras writes it."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


@pytest.mark.parametrize(
    "good",
    [
        layer("Dense", activation="relu", units=10),
        layer("Conv2D", activation=function("relu")),
        layer("Mean", "keras.src.ops.numpy", "Mean"),
        layer("Functional", "keras.src.models.functional", "Functional"),
        layer("Dropout", seed=2**40),
        {"class_name": "Dense", "config": {"kernel_initializer": {"class_name": "Zeros", "config": {}}}},
        {"class_name": "__keras_tensor__", "config": {"shape": [None, 28], "keras_history": ["a", 0, 0]}},
    ],
    ids=["layer", "activation", "operation", "nested model", "seed", "Keras 2", "value"],
)
def test_what_only_computes_is_taken(good):
    """As Keras itself writes it."""
    assert refusal(good) is None


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (layer("Lambda"), "holds a Python function (Lambda)"),
        (layer("Dense", activation={"class_name": "__lambda__", "config": {}}), "holds a Python function (Lambda)"),
        (layer("Mine", "my_code", "mine>Mine"), "is custom code, registered as 'mine>Mine'"),
        (layer("Dense", "os"), "comes from the module 'os', not from Keras"),
        (layer("Dense", "keras.src.utils"), "comes from the module 'keras.src.utils'"),
        (layer("Dense", "kerasevil.layers"), "comes from the module 'kerasevil.layers'"),
        (layer("TFSMLayer", filepath="/elsewhere"), "is 'TFSMLayer', which is not one of the layers of Keras"),
        (layer("StringLookup", vocabulary="/etc/passwd"), "is 'StringLookup', which is not one of"),
        (layer("TFOpLambda"), "is 'TFOpLambda', which is not one of"),
        (layer("TorchModuleWrapper"), "is 'TorchModuleWrapper'"),
        (layer(["Dense"]), "names its class by something that is no text"),
        (layer("Dense", activation=function("get_file", "keras.utils")), "calls a function that is not one of"),
        (layer("Dense", activation=function("system", "os")), "calls a function that is not one of"),
        (layer("Dense", activation=function(["relu"])), "names its class by something"),
    ],
)
def test_anything_else_is_refused_by_the_layers_name(bad, reason):
    """And what was refused is not run."""
    message = refusal(bad)
    assert message.startswith("m.keras: layer 'mine' ")
    assert reason in message
    assert message.endswith("nothing of it was run; if you trust whoever made the file, load it with --trust-model")


def test_a_layer_deep_inside_is_found():
    """A wrapper in a model in a model."""
    inner = layer("TimeDistributed", layer=layer("Lambda", name="deep"))
    assert "layer 'deep' holds" in refusal(layer("Functional", "keras", layers=[inner]))


def test_how_a_model_was_compiled_is_not_looked_at():
    """Nothing of it is loaded, and own losses are common."""
    model = {"class_name": "Sequential", "config": {}, "compile_config": {"loss": layer("Mine", "my_code", "my>loss")}}
    check_config(model, "m.keras", trusted=False)


def test_but_that_of_a_model_inside_is():
    """Keras would load it."""
    nested = layer("Sequential", "keras") | {"compile_config": {"loss": layer("Mine", "my_code", "my>loss")}}
    assert "is custom code" in refusal(nested)


@pytest.mark.parametrize(
    ("bomb", "reason"),
    [
        (layer("Dense", units=10**6, built=[None, 10**6]), "it asks for 1,000,000,000,000 parameters"),
        (layer("Conv2D", filters=10**4, kernel_size=[100, 100], built=[None, 28, 28, 10]), "1,000,000,000 parameters"),
        (layer("Embedding", input_dim=10**5, output_dim=10**5), "10,000,000,000 parameters"),
        (layer("LSTM", units=10**5), "40,000,400,000 parameters"),
        (layer("UpSampling2D", size=[2, 10**9]), "'size' 1e+09, at most 16,777,216"),
    ],
)
@pytest.mark.parametrize("trusted", [False, True])
def test_a_shape_bomb_is_refused_trusted_or_not(bomb, reason, trusted):
    """Before anybody allocates it."""
    assert reason in refusal(bomb, trusted=trusted)


def test_sizes_of_any_type_do_no_harm():
    """A configuration may say anything."""
    for size in (None, "x", -3, 2.5, [], {}, True, [[1]]):
        assert refusal(layer("Conv2D", filters=size, kernel_size=size, groups=size, built=[None, size])) is None


def test_a_bottomless_configuration_is_refused():
    """Deeper than any model, not as deep as the parser's own limit."""
    nested = layer("Dense")
    for _ in range(200):
        nested = [nested]
    assert "levels deep" in refusal(nested)


def test_a_configuration_of_absurd_length_is_not_parsed():
    """Sixteen megabytes are plenty."""
    with pytest.raises(ModelError, match="at most 16,777,216 are read"):
        read_config(b" " * ((16 << 20) + 1), "m.keras")


def test_every_layer_on_the_list_is_one_of_keras():
    """The list was typed once; Keras's own table of names says whether it is still right. Keras is not imported."""
    folder = Path(importlib.util.find_spec("keras").origin).parent / "_tf_keras" / "keras" / "layers"
    tree = ast.parse((folder / "__init__.py").read_text("utf-8"))
    known = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    of_keras_2 = {"BatchNormalizationV1", "BatchNormalizationV2"}
    assert set(LAYERS.split()) - of_keras_2 - known == set()
    assert not {"Lambda", "TFSMLayer", "StringLookup", "TextVectorization"} & set(LAYERS.split())
