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


def label_and(onnx, *outputs):
    """As skl2onnx has it: the label first, then these; all are made of the pixels' class scores."""
    make, types = onnx.helper, onnx.TensorProto
    shapes = {"label": (types.INT64, ["n"]), "rows": (types.FLOAT, ["n", 3]), "maps": (types.FLOAT, ["n", 3, 1])}
    nodes = [
        make.make_node("Flatten", ["x"], ["f"]),
        make.make_node("MatMul", ["f", "k"], ["rows"]),
        make.make_node("ArgMax", ["rows"], ["label"], axis=1, keepdims=0),
        make.make_node("Unsqueeze", ["rows", "two"], ["maps"]),
        make.make_node("Identity", ["rows"], ["other"]),
        make.make_node("ZipMap", ["rows"], ["zipped"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2]),
    ]
    values = [make.make_tensor_value_info(name, *shapes.get(name, shapes["rows"])) for name in ("label", *outputs)]
    if "zipped" in outputs:
        of_maps = make.make_map_type_proto(types.INT64, make.make_tensor_type_proto(types.FLOAT, []))
        values[-1] = make.make_value_info("zipped", make.make_sequence_type_proto(of_maps))
    graph = make.make_graph(
        nodes,
        "g",
        [make.make_tensor_value_info("x", types.FLOAT, ["n", 1, 4, 4])],
        values,
        [onnx.numpy_helper.from_array(KERNEL, "k"), onnx.numpy_helper.from_array(np.array([2]), "two")],
    )
    opsets = [make.make_opsetid("", 17), make.make_opsetid("ai.onnx.ml", 3)]
    return make.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


@pytest.mark.parametrize("others", [("rows",), ("rows", "maps"), ("maps", "rows")])
def test_of_several_outputs_the_scores_are_taken(tmp_path, others):
    """A classifier of scikit-learn gives the label first."""
    onnx = pytest.importorskip("onnx")
    runner = OnnxRunner(file_of(tmp_path / "m.onnx", label_and(onnx, *others)), "auto")
    pixels = IMAGES.reshape(7, 1, 4, 4).astype(np.float32) / 255
    np.testing.assert_allclose(runner.predict(pixels), pixels.reshape(7, 16) @ KERNEL, atol=1e-5)
    assert runner.anatomy.num_classes == 3


@pytest.mark.parametrize(
    ("others", "telling"),
    [
        (
            ("rows", "other"),
            "found 3 outputs, of which 2 could be scores of classes; expected one output with a column",
        ),
        (("maps",), "found 2 outputs, of which 0 could be scores"),
        (("zipped",), "a list of dictionaries .ZipMap.; convert the model again with skl2onnx's option zipmap=False"),
    ],
)
def test_outputs_that_nobody_can_choose_from_are_refused(tmp_path, others, telling):
    """With what to do about scikit-learn's usual form."""
    onnx = pytest.importorskip("onnx")
    with pytest.raises(ModelError, match=telling):
        OnnxRunner(file_of(tmp_path / "m.onnx", label_and(onnx, *others)), "auto")


@pytest.mark.parametrize("says", [None, ["n", "classes"]])
def test_how_many_classes_there_are_is_tried_out_where_the_file_is_silent(tmp_path, says):
    """Older exporters wrote no shape for the output."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.load_model_from_string(dense())
    graph.graph.output[0].CopyFrom(onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, says))
    runner = OnnxRunner(file_of(tmp_path / "m.onnx", graph.SerializeToString()), "auto")
    assert runner.anatomy.num_classes == 3


@pytest.mark.parametrize("kind", ["UINT8", "INT32", "INT64"])
def test_a_model_of_whole_numbers_gets_them(tmp_path, kind):
    """The pixels as they are."""
    onnx = pytest.importorskip("onnx")
    graph = onnx.load_model_from_string(dense())
    graph.graph.input[0].type.tensor_type.elem_type = getattr(onnx.TensorProto, kind)
    graph.graph.node[0].input[0] = "c"
    graph.graph.node.insert(0, onnx.helper.make_node("Cast", ["x"], ["c"], to=onnx.TensorProto.FLOAT))
    runner = OnnxRunner(file_of(tmp_path / "m.onnx", graph.SerializeToString()), "auto")
    pixels = IMAGES.reshape(7, 1, 4, 4).astype(np.float32)
    np.testing.assert_allclose(runner.predict(pixels), pixels.reshape(7, 16) @ KERNEL, rtol=1e-4)
    assert runner.anatomy.implied_scale == "raw"


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
