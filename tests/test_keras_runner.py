"""Tests of `mnist_report.model.keras_runner`, as far as they need no keras."""

import importlib.util
import json

import h5py  # noqa: TID253  these files are its own
import pytest
from makers import KERAS_PARTS, zip_bytes
from operating_work import left_in

from mnist_report.cli import run_cli
from mnist_report.errors import ModelError
from mnist_report.model import keras_runner
from mnist_report.model.keras_runner import KerasRunner, _cause, _load_by_keras_2
from mnist_report.model.store import ModelFile

OLD = {"class_name": "InputLayer", "config": {"name": "image", "batch_input_shape": [None, 28, 28, 1]}}


def test_a_file_of_keras_2_names_its_cause_and_the_extra(tmp_path, monkeypatch):
    """One public file in four needs it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    file = ModelFile(tmp_path / "old.h5", "0" * 64, 1, None, shipped=False, format="hdf5")
    with pytest.raises(
        ModelError, match=r"old\.h5: Keras 2 wrote .* \(batch_input_shape\); install the extra legacy: pip install"
    ):
        _load_by_keras_2(file, {"config": {"layers": [OLD]}}, ModelError("rejected"))


def test_a_keras_archive_of_keras_2_goes_the_same_way(tmp_path, monkeypatch):
    """TensorFlow 2.12 to 2.15 wrote such; Keras 3 takes none of them."""

    def reject(*_, **__):
        raise ModelError("rejected")

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(keras_runner, "load_model", reject)
    monkeypatch.setattr(keras_runner, "find_backend", lambda _device: None)
    monkeypatch.setattr(keras_runner, "check_archive_weights", lambda *_: None)
    config = json.dumps({"class_name": "Sequential", "config": {"layers": [OLD]}}).encode()
    path = tmp_path / "old.keras"
    path.write_bytes(zip_bytes(KERAS_PARTS | {"config.json": config}))
    with pytest.raises(ModelError, match=r"old\.keras: Keras 2 wrote .* \(batch_input_shape\); install the extra"):
        KerasRunner(ModelFile(path, "0" * 64, 1, None, shipped=False), "cpu")


def test_what_keras_2_would_not_load_either_keeps_its_message(tmp_path):
    """Another library would not help."""
    file = ModelFile(tmp_path / "bad.h5", "0" * 64, 1, None, shipped=False, format="hdf5")
    with pytest.raises(ModelError, match="rejected"):
        _load_by_keras_2(file, {"config": {"layers": []}}, ModelError("rejected"))


def test_code_in_an_h5_file_ends_with_status_3_and_one_line(tmp_path, capsys):
    """The model's process says so before it imports keras; nothing is left."""
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Lambda", "config": {"name": "twice"}}]}}
    with h5py.File(tmp_path / "mine.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
    reports = tmp_path / "reports"
    status = run_cli(["evaluate", "--model", str(tmp_path / "mine.h5"), "--reports", str(reports), "-q"])
    err = capsys.readouterr().err
    assert (status, err.count("\n"), left_in(reports)) == (3, 1, [])
    assert f"{tmp_path / 'mine.h5'}: layer 'twice' holds a Python function (Lambda)" in err


def test_of_a_failing_graph_only_the_reason_is_said():
    """TensorFlow puts the whole way there before it."""
    told = (
        "Graph execution error:\n\nDetected at node x\n  File a, line 1\nOOM when allocating tensor\n\t [[{{node x}}]]"
    )
    assert _cause(RuntimeError(told)) == "OOM when allocating tensor"
    assert _cause(ValueError("no\nnode")) == "ValueError: no node"
