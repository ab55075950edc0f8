"""Tests of `mnist_report.model.litert_runner` with a model that is written by the format's own schema."""

import sys
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest
from mutations import mutations

from mnist_report.errors import DeviceError, ModelError
from mnist_report.model.store import ModelFile

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 4, 4), dtype=np.uint8)
KERNEL = np.random.default_rng(1).normal(size=(3, 16)).astype(np.float32)


def file_of(path, content):
    """A .tflite file that nobody looked at yet."""
    path.write_bytes(content)
    return ModelFile(path, "0" * 64, len(content), None, shipped=False, format="tflite")


def test_a_missing_library_is_one_line_that_names_the_extra(tmp_path, monkeypatch):
    """Whether or not it is installed here."""
    from mnist_report.model.litert_runner import LiteRTRunner

    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ModelError, match=r"needs the extra tflite: pip install 'mnist-report\[tflite\]'"):
        LiteRTRunner(file_of(tmp_path / "m.tflite", b""), "auto")


def tensor(schema, shape, buffer, *, dtype=0, scale=None, zero=0):
    """One tensor."""
    made = schema.TensorT()
    made.shape, made.type, made.buffer, made.name = list(shape), dtype, buffer, f"t{buffer}"
    made.shapeSignature = [-1, *shape[1:]] if buffer == 0 else None
    if scale:
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale, made.quantization.zeroPoint = [scale], [zero]
    return made


def dense(*, quantised=False, custom=None):
    """A fully connected layer without bias from 4 x 4 pixels to 3 scores; all in int8 on request."""
    flatbuffers = pytest.importorskip("flatbuffers")
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    model, graph, code, operator = schema.ModelT(), schema.SubGraphT(), schema.OperatorCodeT(), schema.OperatorT()
    dtype = 9 if quantised else 0
    top = float(abs(KERNEL).max() / 127)
    kernel = np.round(KERNEL / top).astype(np.int8) if quantised else KERNEL
    q = [{"scale": 1 / 255, "zero": -128}, {"scale": top}, {"scale": 0.1}] if quantised else [{}, {}, {}]
    shapes = [(1, 4, 4), (3, 16), (1, 3)]
    graph.tensors = [tensor(schema, shapes[k], int(k == 1), dtype=dtype, **q[k]) for k in range(3)]
    graph.inputs, graph.outputs, graph.operators = [0], [2], [operator]
    code.builtinCode = code.deprecatedBuiltinCode = 32 if custom else 9
    code.customCode, code.version = custom, 4 if quantised else 1
    operator.inputs, operator.outputs, operator.opcodeIndex = [0, 1, -1], [2], 0
    operator.builtinOptionsType, operator.builtinOptions = 8, schema.FullyConnectedOptionsT()
    data = schema.BufferT()
    data.data = np.frombuffer(kernel.tobytes(), np.uint8)
    model.version, model.operatorCodes, model.subgraphs, model.buffers = 3, [code], [graph], [schema.BufferT(), data]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize(("quantised", "error"), [(False, 1e-5), (True, 0.2)])
def test_the_scores_are_those_of_the_layer(tmp_path, quantised, error):
    """Numpy multiplies the same numbers; int8 is near, and TensorFlow is not imported."""
    content = dense(quantised=quantised)
    from mnist_report.model.litert_runner import LiteRTRunner

    runner = LiteRTRunner(file_of(tmp_path / "m.tflite", content), "auto")
    pixels = IMAGES.reshape(7, 4, 4).astype(np.float32) / 255
    expected = pixels.reshape(7, 16) @ KERNEL.T
    np.testing.assert_allclose(runner.predict(pixels), expected, atol=error)
    np.testing.assert_allclose(runner.predict(pixels[:2]), expected[:2], atol=error)
    assert (runner.anatomy.input_shape, runner.anatomy.num_classes, runner.anatomy.parameters) == ((4, 4), 3, 48)
    assert [layer.kind for layer in runner.anatomy.layers] == ["FULLY_CONNECTED"]
    assert runner.backend.name == "litert"
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize(("custom", "whose"), [(b"FlexRelu", "of TensorFlow itself"), (b"Mine", "of its maker's own")])
def test_an_operator_that_is_not_built_in_is_refused(tmp_path, custom, whose):
    """It would be code from elsewhere."""
    content = dense(custom=custom)
    from mnist_report.model.litert_runner import LiteRTRunner

    with pytest.raises(ModelError, match=f"the operator b'{custom.decode()}' is one {whose}"):
        LiteRTRunner(file_of(tmp_path / "m.tflite", content), "auto")


def test_numbers_in_another_file_are_refused(tmp_path):
    """LiteRT knows where they would be."""
    dense()
    from attack_graphs import ATTACKS

    from mnist_report.model.litert_runner import LiteRTRunner

    (tmp_path / "files").mkdir()
    path = ATTACKS["tflite: numbers in another file"](SimpleNamespace(root=tmp_path), tmp_path)
    with pytest.raises(ModelError, match="its numbers are in another file"):
        LiteRTRunner(file_of(path, path.read_bytes()), "auto")


def test_a_gpu_is_not_pretended(tmp_path):
    """LiteRT runs on the CPU."""
    content = dense()
    from mnist_report.model.litert_runner import LiteRTRunner

    with pytest.raises(DeviceError, match="runs on the CPU"):
        LiteRTRunner(file_of(tmp_path / "m.tflite", content), "gpu")


def test_the_look_into_mutated_files_ends_well():
    """An answer or one kind of error; LiteRT itself sees only what passed, in a process of its own."""
    content = dense()
    from mnist_report.model.litert_runner import _check_operators

    for damaged in mutations(content, 100):
        with suppress(ModelError):
            _check_operators(damaged, "m.tflite")
