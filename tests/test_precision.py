"""The numbers that a Keras model computes in."""

from dataclasses import replace

import keras_work
import numpy as np
import pytest
from operating_work import left_in

from mnist_report.cli import run_cli
from mnist_report.errors import ConfigError
from mnist_report.model.precision import check_precision
from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.store import identify_model


def ask(work, *arguments):
    with ModelProcess(work, *arguments, environment=device_environment("cpu")) as process:
        return process.receive(work.__name__)[1]


def test_only_keras_models_can_be_computed_in_another_precision(models):
    """The message names the file and its format; nothing is loaded."""
    good = identify_model(models / "good.keras")
    check_precision(good, "bfloat16")
    check_precision(replace(good, format="onnx"), "float32")
    with pytest.raises(ConfigError, match=r"--precision bfloat16: .*good\.keras is a model of the format onnx"):
        check_precision(replace(good, format="onnx"), "bfloat16")


def test_asking_for_it_is_a_usage_error(tmp_path, capsys):
    """Status 2 in one line; nothing is left."""
    (tmp_path / "m.tflite").write_bytes(b"\x1c\0\0\0TFL3")
    words = ["evaluate", "--model", str(tmp_path / "m.tflite"), "--reports", str(tmp_path / "reports"), "-q"]
    assert run_cli([*words, "--precision", "bfloat16"]) == 2
    err = capsys.readouterr().err
    assert (err.count("\n"), "m.tflite is a model of the format tflite" in err) == (1, True)
    assert left_in(tmp_path / "reports") == []


def test_all_layers_but_the_last_compute_in_bfloat16(tmp_path):
    """Those inside of others too; the weights stay as they are, and so does the row of probabilities."""
    computed, weights = ask(keras_work.tell_policies, tmp_path / "m.keras")
    assert (computed["inner"], computed["middle"], computed["last"]) == ("bfloat16",) * 3
    assert computed["softmax"] == "float32"
    assert weights == {"float32"}


def test_bfloat16_gives_float32_rows_that_sum_to_one_and_hardly_differ(tmp_path):
    """Eight bits are good for two digits; but they are other numbers."""
    full, short = ask(keras_work.answer_in_both_precisions, tmp_path / "cnn.keras")
    assert short.dtype == np.float32
    np.testing.assert_allclose(short.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(short, full, atol=0.02)
    assert not np.array_equal(short, full)
