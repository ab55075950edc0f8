"""Tests of `mnist_report.model.onnx_runner` with models made by onnx itself."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from attack_graphs import ATTACKS
from mutations import mutations

from mnist_report.errors import DeviceError, ModelError
from mnist_report.model.onnx_runner import OnnxRunner
from mnist_report.model.store import ModelFile

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 4, 4), dtype=np.uint8)
KERNEL = np.random.default_rng(1).normal(size=(16, 3)).astype(np.float32)


def file_of(path, content):
    """An .onnx file that nobody looked at yet."""
    path.write_bytes(content)
    return ModelFile(path, "0" * 64, len(content), None, shipped=False, format="onnx")


def dense(*, batch="n", domain="", external=False, kernel=KERNEL):
    """Flatten and multiply, from 1 x 4 x 4 pixels to 3 scores."""
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    make = onnx.helper
    weights = onnx.numpy_helper.from_array(kernel, "k")
    if external:
        onnx.external_data_helper.set_external_data(weights, "/etc/passwd")
    graph = make.make_graph(
        [make.make_node("Flatten", ["x"], ["f"]), make.make_node("MatMul", ["f", "k"], ["y"], domain=domain)],
        "g",
        [make.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [batch, 1, 4, 4])],
        [make.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [batch, 3])],
        [weights],
    )
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8).SerializeToString()


def test_a_missing_library_is_one_line_that_names_the_extra(tmp_path, monkeypatch):
    """Whether or not it is installed here."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"needs the extra onnx: pip install 'mnist-report\[onnx\]'"):
        OnnxRunner(file_of(tmp_path / "m.onnx", b""), "auto")


@pytest.mark.parametrize("batch", ["n", 1, 4])
def test_the_scores_are_those_of_the_layer(tmp_path, batch):
    """The batch may be free or fixed; TensorFlow is not imported."""
    runner = OnnxRunner(file_of(tmp_path / "m.onnx", dense(batch=batch)), "auto")
    pixels = IMAGES.reshape(7, 1, 4, 4).astype(np.float32) / 255
    expected = pixels.reshape(7, 16) @ KERNEL
    np.testing.assert_allclose(runner.predict(pixels), expected, atol=1e-5)
    assert (runner.anatomy.input_shape, runner.anatomy.num_classes, runner.anatomy.parameters) == ((1, 4, 4), 3, 48)
    assert [layer.kind for layer in runner.anatomy.layers] == ["Flatten", "MatMul"]
    assert "tensorflow" not in sys.modules


@pytest.mark.parametrize(
    ("odd", "telling"),
    [
        ({"external": True}, "the numbers of 'k' are in another file"),
        ({"domain": "com.mine"}, "the operator 'MatMul' of 'com.mine' is not one of ONNX's own"),
        ({"kernel": KERNEL[:9]}, "onnxruntime cannot load this model"),
    ],
)
def test_what_is_not_of_this_file_is_refused(tmp_path, odd, telling):
    """Other files, code from elsewhere, and what does not fit together."""
    with pytest.raises(ModelError, match=telling):
        OnnxRunner(file_of(tmp_path / "m.onnx", dense(**odd)), "auto")


@pytest.mark.parametrize("where", ["a branch without nodes", "a constant", "as a functions default"])
def test_other_files_are_refused_wherever_they_are_named(tmp_path, where):
    """In a branch, in a function, in an attribute."""
    attack = next(make for name, make in ATTACKS.items() if name.startswith("onnx: external data") and where in name)
    (tmp_path / "files").mkdir()
    path = attack(SimpleNamespace(root=tmp_path, secret=tmp_path), tmp_path)
    with pytest.raises(ModelError, match="are in another file, and only this one is read"):
        OnnxRunner(file_of(path, path.read_bytes()), "auto")


def test_a_file_of_anything_else_is_an_error(tmp_path):
    """In spite of its suffix."""
    dense()
    with pytest.raises(ModelError, match="not an ONNX file, or a damaged one"):
        OnnxRunner(file_of(tmp_path / "m.onnx", b"\xff" * 99), "auto")


def test_a_gpu_is_not_pretended(tmp_path):
    """Our onnxruntime runs on the CPU."""
    with pytest.raises(DeviceError, match="runs on the CPU"):
        OnnxRunner(file_of(tmp_path / "m.onnx", dense()), "gpu")


def test_a_hundred_mutated_files_end_well(tmp_path):
    """A model or one kind of error."""
    refused = 0
    for content in mutations(dense(), 100):
        try:
            OnnxRunner(file_of(tmp_path / "m.onnx", content), "auto")
        except ModelError:
            refused += 1
    assert 0 < refused <= 100
