"""ONNX files made node by node, each with something that exporters have written; numpy says what is right."""

from functools import cache, partial

import numpy as np
from corpus import Row, digits, labels, right, shape_of


@cache
def regression():
    """Multinomial regression by plain gradient descent: a kernel and a bias for pixels from 0 to 1."""
    pixels, truth = digits("train", "unit", "784").astype(float), np.eye(10)[labels("train")]
    kernel, bias = np.zeros((784, 10)), np.zeros(10)
    for _ in range(60):
        scores = pixels @ kernel + bias
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        error = (shares / shares.sum(axis=1, keepdims=True) - truth) / len(pixels)
        kernel, bias = kernel - 0.5 * pixels.T @ error, bias - 0.5 * error.sum(axis=0)
    return kernel, bias


def trained(scale):
    """The same for pixels of another scale."""
    kernel, bias = regression()
    if scale == "raw":
        kernel = kernel / 255
    elif scale == "inverted":
        kernel, bias = -kernel, bias + kernel.sum(axis=0)
    return kernel, bias


def write(
    path, *, form="784", scale="unit", numbers="FLOAT", opset=17, version=8, batch="N", end=None, shape=None,
    says=("N", 10), weights_given=False, domain="", names=("x", "y"), external="", extra=(),
):  # fmt: skip
    """A `Gemm` of the pixels, and what else is asked for."""
    import onnx
    from onnx import helper

    kind = getattr(onnx.TensorProto, numbers)
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    inside = dtype if np.issubdtype(dtype, np.floating) else np.dtype(np.float32)
    kernel, bias = (part.astype(inside) for part in trained(scale))
    given, gives = names
    nodes = [helper.make_node("Flatten", [given], ["flat"])]
    if inside != dtype:
        nodes.append(helper.make_node("Cast", ["flat"], ["cast"], to=onnx.TensorProto.FLOAT))
    nodes.append(helper.make_node("Gemm", [nodes[-1].output[0], "k", "b"], ["s"], transB=1, domain=domain))
    ends = {
        None: [helper.make_node("Identity", ["s"], [gives])],
        "Softmax": [helper.make_node("Softmax", ["s"], [gives], axis=1)],
        "ArgMax": [helper.make_node("ArgMax", ["s"], [gives], axis=1, keepdims=0)],
        "Pixel": [helper.make_node("Unsqueeze", ["s", "axes"], [gives])],
        "Maps": [helper.make_node("Identity", ["s"], [gives]), helper.make_node("Reshape", [given, "any"], ["maps"])],
    }
    nodes += ends[end]
    weights = [onnx.numpy_helper.from_array(kernel.T.copy(), "k"), onnx.numpy_helper.from_array(bias, "b")]
    if end == "Pixel":
        weights.append(onnx.numpy_helper.from_array(np.array([2, 3]), "axes"))
    if end == "Maps":
        weights.append(onnx.numpy_helper.from_array(np.array([-1, 28, 28]), "any"))
    if external:
        onnx.external_data_helper.set_external_data(weights[0], external)
    inputs = [
        helper.make_tensor_value_info(given, kind, None if shape == "none" else [batch, *(shape or shape_of(form))])
    ]
    if weights_given:
        inputs += [helper.make_tensor_value_info(part.name, part.data_type, part.dims) for part in weights]
    floats = onnx.TensorProto.INT64 if end == "ArgMax" else helper.np_dtype_to_tensor_dtype(inside)
    outputs = [helper.make_tensor_value_info(gives, floats, says)]
    if end == "Maps":
        outputs.append(helper.make_tensor_value_info("maps", kind, ["N", 28, 28]))
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    opsets = [helper.make_opsetid(name, number) for name, number in (("", opset), *extra)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=version)
    path.write_bytes(model.SerializeToString())
    pixels = digits("test", scale, "784").astype(inside)
    return right(pixels @ kernel + bias)


def row(file, odd, output="logits", *, form="784", scale="unit", refused="", given="auto", **options):
    return Row(
        file, form, scale, output, partial(write, form=form, scale=scale, **options), odd, refused=refused, given=given
    )


OURS = (("com.microsoft", 1),)
ROWS = [
    row("gemm.onnx", "a free batch"),
    row("gemm_given.onnx", "--scale unit", given="unit"),
    row("gemm_one.onnx", "batches of 1", batch=1, says=(1, 10)),
    row("gemm_last.onnx", "the channel last", form="28 x 28 x 1", scale="raw"),
    row("gemm_inverted.onnx", "softmax", "probabilities", form="28 x 28", scale="inverted", end="Softmax"),
    row("gemm_of_2018.onnx", "IR version 3, weights among the inputs", weights_given=True, version=3, opset=8),
    row("gemm_named.onnx", "names with blanks and slashes", names=("serving default/x:0", "a/b:0")),
    row("gemm_numbers.onnx", "names that are numbers", names=("0", "11")),
    row("gemm_free.onnx", "any number of scores", says=("N", "classes")),
    row("gemm_silent.onnx", "an output without a shape", says=None),
    row("gemm_any.onnx", "any height and width", form="28 x 28", shape=("height", "width")),
    row("gemm_pixel.onnx", "scores of 1 x 1 x 10", end="Pixel", says=("N", 10, 1, 1)),
    row("gemm_double.onnx", "float64", numbers="DOUBLE"),
    row("gemm_uint8.onnx", "takes uint8", scale="raw", numbers="UINT8"),
    row("gemm_int32.onnx", "takes int32", scale="raw", numbers="INT32"),
    row("gemm_int64.onnx", "takes int64", scale="raw", numbers="INT64"),
    row("gemm_maps.onnx", "maps beside the scores", end="Maps"),
    row("gemm_argmax.onnx", "argmax inside", "labels", end="ArgMax", says=("N",)),
    row("gemm_shapeless.onnx", "an input without a shape", shape="none", refused="or has no shape; expected images"),
    row("gemm_external.onnx", "weights in another file", external="weights.bin", refused="'k' are in another file"),
    row(
        "gemm_own.onnx",
        "an operator of Microsoft's",
        domain="com.microsoft",
        extra=OURS,
        refused="is not one of ONNX's own",
    ),
]
