"""Tests of `mnist_report.exporting`: real exports of small models and of the shipped one, and the arithmetic."""

import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from makers import digits, write_hollow_model, write_npz

from mnist_report import exporting
from mnist_report.errors import ModelError
from mnist_report.exporting import Exported, ExportJob, Side, export, export_text
from mnist_report.inference import Inference, start_model
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.store import identify_model, shipped_model

N = 70
IMAGES, LABELS = digits(N)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Seventy images of noise."""
    return write_npz(tmp_path_factory.mktemp("data") / "data.npz", IMAGES, LABELS)


def job(model, to, output, data, **more):
    """In batches that leave a smaller last one."""
    options = {"split": "test", "device": "cpu", "batch_size": 32} | more
    return ExportJob(model=model, to=to, output=output, data=str(data), **options)


@pytest.fixture(scope="module")
def expected(models):
    """The good model's probabilities by numpy."""
    weights = np.load(models / "weights.npz")
    scores = IMAGES.reshape(N, 784) / 255 @ weights["kernel"] + weights["bias"]
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


def check(exported, output, expected):
    """What holds of both formats of the good model."""
    right = int((expected.argmax(axis=1) == LABELS).sum())
    assert (exported.n, exported.differing, exported.original.right, exported.export.right) == (N, (), right, right)
    assert exported.largest_difference < 1e-6
    assert exported.export.path == output
    assert min(exported.original.images_per_second, exported.export.images_per_second) > 0
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    assert not {"keras", "tensorflow"} & set(sys.modules)


@pytest.fixture(scope="module")
def saved(models, data, tmp_path_factory):
    """The good model as a SavedModel: what was said, and where it is."""
    output = tmp_path_factory.mktemp("exports") / "saved"
    shown = []
    result = export(job(models / "good.keras", "savedmodel", output, data), lambda *news: shown.append(news))
    return result, output, shown


def test_a_saved_model_is_the_same_model(saved, expected):
    """To float32, by numpy; loaded again from where it was put."""
    result, output, _ = saved
    check(result, output, expected)
    with start_model(identify_model(output, trusted=True), device="cpu", batch_size=N) as model:
        model.wait_until_loaded()
        rows = model.predict(IMAGES, lambda *_: None).answer
    np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_the_sizes_are_those_on_disk(saved, models):
    """Of a folder, of all its files."""
    result, output, _ = saved
    assert result.original.size_bytes == (models / "good.keras").stat().st_size
    assert result.export.size_bytes == sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    assert (result.original.format, result.export.format) == ("keras", "savedmodel")


def test_both_predict_all_images(saved):
    """Progress is told of the original, then of the export; the first batch of each is not shown."""
    assert saved[2] == [(32, N), (64, N), (N, N)] * 2


def test_a_tflite_file_is_the_same_model(models, data, tmp_path, expected):
    """From an .h5 file, by LiteRT itself."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    output = tmp_path / "m.tflite"
    check(export(job(models / "good.h5", "tflite", output, data, device="auto"), print), output, expected)
    model = interpreter.Interpreter(str(output))
    model.resize_tensor_input(0, (N, 28, 28, 1))
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]["index"], (IMAGES / 255).astype(np.float32)[..., np.newaxis])
    model.invoke()
    np.testing.assert_allclose(model.get_tensor(model.get_output_details()[0]["index"]), expected, atol=1e-6)


def test_the_shipped_model_can_be_exported(data, tmp_path):
    """With convolution, normalisation and pooling in built-in operators alone."""
    pytest.importorskip("ai_edge_litert")
    result = export(job(shipped_model(), "tflite", tmp_path / "cnn.tflite", data), lambda *_: None)
    assert (result.n, result.differing) == (N, ())
    assert result.largest_difference < 1e-4


def test_a_model_that_the_target_cannot_hold_is_an_error(models, data, tmp_path):
    """TensorFlow Lite lacks an operator of it; nothing is left."""
    pytest.importorskip("ai_edge_litert")
    with pytest.raises(ModelError, match=r"odd\.keras: cannot be exported as tflite .* built-in operators"):
        export(job(models / "odd.keras", "tflite", tmp_path / "m.tflite", data), lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def noise(seed):
    """A row of probabilities an image."""
    rows = np.random.default_rng(seed).random((N, 10), dtype=np.float32)
    return rows / rows.sum(axis=1, keepdims=True)


class Fake:
    """Stands in for a model in a process of its own."""

    def __init__(self, model, rows):
        self.model, self.rows = model, rows

    def wait_until_loaded(self):
        """What it is and what it runs on."""
        return Anatomy((28, 28), 10, 0, 0, ()), Backend("fake", {}, "cpu", "test")

    def predict(self, images, _show, _preparation):
        """A row an image."""
        return Inference(self.rows[: len(images)], 32, 0.5)


@pytest.fixture
def faked(monkeypatch, tmp_path):
    """Original and export that answer differently; the model files that were started."""
    started = []

    @contextmanager
    def start_fake(model, *, device, batch_size):
        assert (device, batch_size) == ("cpu", 32)
        started.append(model)
        yield Fake(model, noise(len(started)))

    def export_nothing(_model, _to, unfinished, _output, **_limits):
        unfinished.mkdir()
        (unfinished / "saved_model.pb").write_bytes(b"graph")

    monkeypatch.setattr(exporting, "start_model", start_fake)
    monkeypatch.setattr(exporting, "export_model", export_nothing)
    write_hollow_model(tmp_path / "hollow.keras")
    return started


def test_the_numbers_are_those_of_the_rows(faked, tmp_path, data):
    """By a plain loop over images and classes."""
    result = export(job(tmp_path / "hollow.keras", "savedmodel", tmp_path / "m", data), lambda *_: None)
    ours, theirs = noise(1).tolist(), noise(2).tolist()
    pairs = list(zip(ours, theirs, strict=True))
    differing = tuple(k for k, (a, b) in enumerate(pairs) if a.index(max(a)) != b.index(max(b)))
    assert len(faked) == 2
    assert result.differing == differing
    largest = max(abs(p - q) for a, b in pairs for p, q in zip(a, b, strict=True))
    assert result.largest_difference == pytest.approx(largest, rel=1e-9)
    assert result.export.right == sum(row.index(max(row)) == label for row, label in zip(theirs, LABELS, strict=True))
    assert result.export.images_per_second == N / 0.5


def test_a_model_that_does_not_fit_the_data_is_refused_before_exporting(faked, tmp_path, data, monkeypatch):
    """With the words of `run`."""
    eleven = Anatomy((28, 28), 11, 0, 0, ()), Backend("fake", {}, "cpu", "test")
    monkeypatch.setattr(Fake, "wait_until_loaded", lambda _: eleven)
    monkeypatch.setattr(exporting, "export_model", None)
    with pytest.raises(ModelError, match="has 11 outputs, the data has 10 classes"):
        export(job(tmp_path / "hollow.keras", "savedmodel", tmp_path / "m", data), lambda *_: None)
    assert (len(faked), (tmp_path / "m").exists()) == (1, False)


@pytest.mark.parametrize("trusted", [False, True])
def test_the_export_of_a_stranger_is_held_to_the_strangers_limits(faked, tmp_path, data, trusted):
    """Though it may be loaded, as we wrote it."""
    export(job(tmp_path / "hollow.keras", "savedmodel", tmp_path / "m", data, trust_model=trusted), lambda *_: None)
    assert [(model.format, model.limited) for model in faked] == [("keras", not trusted), ("savedmodel", not trusted)]


def side(right, **more):
    """One of two files."""
    facts = {"path": Path("m\n.keras"), "format": "keras", "size_bytes": 1234567, "runs_on": "cpu (tensorflow)"}
    return Side(right=right, images_per_second=1234.5, **facts | more)


def test_the_table_says_everything():
    """A file's name breaks no line."""
    export_side = side(9_999, path=Path("m.tflite"), format="tflite", size_bytes=99, runs_on="cpu (litert)")
    lines = export_text(Exported(side(9_998), export_side, 10_000, (3, 77), 0.0123)).splitlines()
    assert lines[:2] == ["original  m\\n.keras", "export    m.tflite"]
    words = [" ".join(line.split()) for line in lines[3:]]
    assert words == [
        "original export",
        "format keras tflite",
        "runs on cpu (tensorflow) cpu (litert)",
        "size in bytes 1,234,567 99",
        "images per second 1,234 1,234",
        "right 9,998 9,999",
        "accuracy 99.98 % 99.99 %",
        "",
        "images 10,000",
        "agreement 9,998 of 10,000 (99.98 %)",
        "largest probability difference 0.012",
        "labels disagree on 2 images: 3, 77",
    ]


def test_whole_agreement_is_said_of_all_alone():
    """One image in a million is no agreement."""
    assert export_text(Exported(side(5), side(5), 10, (), 0.0)).splitlines()[-1] == "all labels agree"
    almost = export_text(Exported(side(5), side(5), 10**6, (7,), 0.1))
    assert "(> 99.99 %)" in almost
    assert almost.endswith("labels disagree on 1 image: 7\n")


def test_of_many_images_that_differ_twenty_are_listed():
    """The rest is dots."""
    last = export_text(Exported(side(5), side(5), 100, tuple(range(21)), 0.1)).splitlines()[-1]
    assert last.startswith("labels disagree on 21 images: 0, 1, ")
    assert last.endswith("18, 19, ...")
