"""Inference through the model's process."""

import os
import signal
import sys
from contextlib import ExitStack

import numpy as np
import process_work
import pytest

from mnist_report import inference
from mnist_report.errors import DeviceError, ModelError
from mnist_report.inference import RunningModel, start_model
from mnist_report.model.process import ModelProcess
from mnist_report.model.store import ModelFile, identify_model

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)


@pytest.fixture(scope="module")
def served(models):
    """The good model's anatomy, backend and answer to seven images in batches of three, and the progress shown."""
    shown = []
    with start_model(identify_model(models / "good.keras"), device="cpu", batch_size=3) as model:
        anatomy, backend = model.wait_until_loaded()
        inference = model.predict(IMAGES, lambda done, total: shown.append((done, total)))
    return anatomy, backend, inference, shown


def test_the_probabilities_are_those_of_the_network(served, models):
    """An independent softmax regression over pixels in [0, 1] gives the same rows, the padded last batch included."""
    weights = np.load(models / "weights.npz")
    scores = IMAGES.reshape(7, 784) / 255 @ weights["kernel"] + weights["bias"]
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(served[2].answer, expected, atol=1e-6)


def test_the_old_format_gives_the_same_rows(served, models):
    """The same model as .h5."""
    with start_model(identify_model(models / "good.h5"), device="cpu", batch_size=7) as model:
        assert model.wait_until_loaded()[0].parameters == 7850
        inference = model.predict(IMAGES, lambda *_: None)
    np.testing.assert_allclose(inference.answer, served[2].answer, atol=1e-6)


def test_the_answer_is_float32_with_a_row_an_image(served):
    """What is stored is what the model gave."""
    assert (served[2].answer.shape, served[2].answer.dtype) == ((7, 10), np.float32)


def test_progress_is_told_after_each_batch(served):
    """Seven images in batches of three."""
    assert served[3] == [(3, 7), (6, 7), (7, 7)]


def test_the_backend_says_what_it_is(served):
    """Device and versions come from where keras runs."""
    backend = served[1]
    assert backend.device == "cpu"
    assert set(backend.versions) == {"keras", backend.name}


def test_the_anatomy_lists_every_layer(served):
    """Kinds, shapes and parameters as keras counts them."""
    anatomy = served[0]
    assert (anatomy.input_shape, anatomy.num_classes, anatomy.parameters) == ((28, 28, 1), 10, 7850)
    assert [(layer.kind, layer.output_shape, layer.parameters) for layer in anatomy.layers] == [
        ("Flatten", "784", 0),
        ("Dense", "10", 7850),
    ]


def test_a_model_that_nobody_vouches_for_has_no_network(served):
    """Wherever a process that does nothing else is cut off too; the model runs all the same."""
    with ModelProcess(process_work.add, 2, 3, environment={}, offline=True) as process:
        process.receive("adding")
        assert served[1].offline == process.offline


def test_a_trusted_model_keeps_the_network(models):
    """Its maker may have meant it to."""
    trusted = identify_model(models / "good.keras", trusted=True)
    with start_model(trusted, device="cpu", batch_size=3) as model:
        assert not model.wait_until_loaded()[1].offline


@pytest.mark.usefixtures("served")
def test_this_process_never_imports_keras():
    """The parent stays light while the child holds the model."""
    assert not {"keras", "tensorflow", "jax"} & set(sys.modules)


def test_a_model_that_dies_while_predicting_is_an_error_that_says_how(models):
    """A SIGKILL, as from the system's out-of-memory killer, is named."""
    with start_model(identify_model(models / "good.keras"), device="cpu", batch_size=3) as model:
        model.wait_until_loaded()

        def kill(*_):
            os.kill(model.process.pid, signal.SIGKILL)

        # So many that they are not all answered before it.
        with pytest.raises(ModelError, match=r"killed by SIGKILL .* while predicting image \d+ of 7000"):
            model.predict(np.tile(IMAGES, (1_000, 1, 1)), kill)


def test_a_backend_that_is_not_installed_is_an_error(models, monkeypatch):
    """The message names the variable that asked for it."""
    monkeypatch.setenv("KERAS_BACKEND", "nonsense")
    with (
        start_model(identify_model(models / "good.keras"), device="cpu", batch_size=3) as model,
        pytest.raises(DeviceError, match="KERAS_BACKEND is 'nonsense'"),
    ):
        model.wait_until_loaded()


def test_a_gpu_that_is_not_there_is_an_error(models):
    """`gpu` never turns into a silent run on the CPU."""
    with (
        start_model(identify_model(models / "good.keras"), device="gpu", batch_size=3) as model,
        pytest.raises(DeviceError, match="sees no GPU"),
    ):
        model.wait_until_loaded()


def test_a_device_gets_the_next_images_while_it_works(tmp_path):
    """Portions of two batches, two on their way; the rows keep their order, and none waits for images to come."""
    images = np.arange(19 * 4, dtype=np.uint8).reshape(19, 2, 2)
    with ModelProcess(process_work.serve_ahead, environment={}) as process:
        file = ModelFile(tmp_path / "m.onnx", "0" * 64, 1, None, shipped=False, format="onnx", trusted=True)
        model, shown = RunningModel(file, process), []
        model.wait_until_loaded()
        inference = model.predict(images, lambda done, total: shown.append((done, total)))
    np.testing.assert_array_equal(inference.answer[:, 0], images[:, 0, 0])
    assert (inference.batch_size, shown) == (2, [(4, 19), (8, 19), (12, 19), (16, 19), (19, 19)])
    assert inference.answer[:, 1].max() == 2


@pytest.fixture
def answering(tmp_path):
    """A function of pauses, for a model that takes so long for each batch of three images."""
    with ExitStack() as stack:

        def start(*pauses, trusted=False):
            process = ModelProcess(process_work.answer, list(pauses), environment={})
            stack.enter_context(process)
            file = ModelFile(tmp_path / "m.onnx", "0" * 64, 1, None, shipped=False, format="onnx", trusted=trusted)
            model = RunningModel(file, process)
            model.wait_until_loaded()
            return model

        yield start


def nobody(*_):
    """Nobody watches the progress."""


def test_a_model_that_never_answers_is_ended_soon(answering, monkeypatch):
    """The line names the file; the minute is for loading and the first answer together."""
    model = answering()
    monkeypatch.setattr(inference, "FIRST_SECONDS", model.patience.loading + 0.5)
    with pytest.raises(ModelError, match=r"ended after 0\.5 s .*, while predicting image 0 of 7 by .*m\.onnx"):
        model.predict(IMAGES, nobody)


def test_a_model_that_stops_answering_is_ended(answering, monkeypatch):
    """After some multiple of what its answers took so far."""
    monkeypatch.setattr(inference, "LEAST_SECONDS", 0.5)
    with pytest.raises(ModelError, match=r"ended after 0\.5 s .*, while predicting image 3 of 7 by .*m\.onnx"):
        answering(0, 0).predict(IMAGES, nobody)


def test_a_model_that_is_slow_from_the_start_gets_more_time(answering, monkeypatch):
    """It said so with its first answer."""
    monkeypatch.setattr(inference, "LEAST_SECONDS", 0.01)
    assert len(answering(0.4, 0.4, 0.4, 0.4).predict(IMAGES, nobody).answer) == 7


def test_the_first_few_images_are_asked_once_and_do_not_count(answering):
    """Their answer is thrown away, so that it does not depend on who vouches for the model."""
    model = answering(*[0] * 7)
    assert model.predict(IMAGES, nobody).answer[:, 0].tolist() == [1, 1, 1, 2, 2, 2, 3]
    assert model.predict(IMAGES, nobody).answer[:, 0].tolist() == [4, 4, 4, 5, 5, 5, 6]


def test_a_trusted_model_is_not_tried_first(answering):
    """It has no limits."""
    assert answering(0, 0, 0, trusted=True).predict(IMAGES, nobody).answer[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 2]
