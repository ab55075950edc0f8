"""A small valid file of every format that the command reads."""

import shutil
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd  # noqa: TID253  nobody waits for these tests
from data_files import write_everything
from makers import digits

N = 20


def onnx_seed() -> bytes:
    """Convolution, activation, a dense layer and softmax, with an If that copies."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    draw = np.random.default_rng(1)
    weights = {
        "w": draw.normal(size=(2, 1, 3, 3)),
        "k": draw.normal(size=(1352, 10)) / 40,
        "b": np.zeros(10),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("Gemm", ["f", "k", "b"], ["s"]),
        helper.make_node("Softmax", ["s"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def tflite_seed() -> bytes:
    """Reshape, a dense layer and softmax, by the format's own schema."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    kernel = np.random.default_rng(1).normal(size=(10, 784)).astype(np.float32) / 28
    model, graph = schema.ModelT(), schema.SubGraphT()
    graph.tensors = []
    for number, (shape, kind, buffer) in enumerate(
        [((1, 28, 28, 1), 0, 0), ((2,), 2, 1), ((1, 784), 0, 0), ((10, 784), 0, 2), ((1, 10), 0, 0), ((1, 10), 0, 0)]
    ):
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer, tensor.name = list(shape), kind, buffer, f"t{number}"
        graph.tensors.append(tensor)
    graph.inputs, graph.outputs, graph.operators, model.operatorCodes = [0], [5], [], []
    steps = [
        (22, [0, 1], [2], 17, schema.ReshapeOptionsT()),
        (9, [2, 3, -1], [4], 8, schema.FullyConnectedOptionsT()),
        (25, [4], [5], 9, schema.SoftmaxOptionsT()),
    ]
    for number, (kind, inputs, outputs, options, what) in enumerate(steps):
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 1
        operator.inputs, operator.outputs, operator.opcodeIndex = inputs, outputs, number
        operator.builtinOptionsType, operator.builtinOptions = options, what
        model.operatorCodes.append(code)
        graph.operators.append(operator)
    steps[2][4].beta = 1.0
    buffers = [schema.BufferT(), schema.BufferT(), schema.BufferT()]
    buffers[1].data = np.frombuffer(np.array([-1, 784], np.int32).tobytes(), np.uint8)
    buffers[2].data = np.frombuffer(kernel.tobytes(), np.uint8)
    model.version, model.subgraphs, model.buffers = 3, [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def export_saved_model(connection: Connection, source: Path, folder: Path) -> None:
    """Write a Keras model as a SavedModel; the work of a process of its own."""
    import keras

    keras.saving.load_model(source).export(folder, verbose=False)
    connection.send(("done", None))


def write_seeds(folder: Path) -> dict[str, Path]:
    """The files but those of Keras, by the format's name."""
    folder.mkdir(exist_ok=True)
    images, labels = digits(N)
    labels = np.sort(labels)
    found = write_everything(folder / "data", images, labels)
    rows = np.random.default_rng(3).dirichlet(np.ones(10), N).astype(np.float32)
    frame = pd.DataFrame(rows).add_prefix("p").assign(label=labels.astype(np.int64))
    slices = pd.DataFrame({"index": range(N), "pen": ["blue", "red"] * (N // 2), "year": [2001, 2002] * (N // 2)})
    for name, content in {"model.onnx": onnx_seed(), "model.tflite": tflite_seed()}.items():
        (folder / name).write_bytes(content)
    np.save(folder / "said.npy", rows)
    np.savez(folder / "said.npz", probabilities=rows, labels=labels, class_names=np.array([*"0123456789"]))
    frame.to_csv(folder / "said.csv", index=False)
    frame.to_parquet(folder / "said.parquet")
    frame[["label"]].assign(predicted=[*"0123456789"] * 2, label=frame.label.astype(str)).to_parquet(
        folder / "names.parquet"
    )
    slices.to_csv(folder / "pens.csv", index=False)
    slices.to_parquet(folder / "pens.parquet")
    return found | {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}


def add_keras(folder: Path, models: Path) -> None:
    """Put good models of Keras's formats beside the others; see keras_models.py."""
    from mnist_report.model.process import ModelProcess, device_environment
    from mnist_report.model.store import shipped_model

    for suffix in (".keras", ".h5"):
        shutil.copyfile(models / f"good{suffix}", folder / f"model{suffix}")
    shutil.copyfile(shipped_model(), folder / "cnn.keras")
    environment = device_environment("cpu")
    with ModelProcess(export_saved_model, folder / "model.keras", folder / "saved", environment=environment) as process:
        process.receive("exporting")
