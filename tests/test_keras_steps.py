"""Keras models as compiled functions of raw pixels, on every backend that is installed."""

import importlib.util

import keras_work
import numpy as np
import pytest

from mnist_report.model.process import ModelProcess, device_environment
from mnist_report.model.scaling import SCALES

NEEDS_JAX = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is not installed; `tox -e jax` installs it"
)
BACKENDS = ["tensorflow", pytest.param("jax", marks=NEEDS_JAX)]
TWO_DEVICES = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}


def ask(work, *arguments, backend="tensorflow", **more):
    """What a process of its own says."""
    environment = device_environment("cpu") | {"KERAS_BACKEND": backend} | more
    with ModelProcess(work, *arguments, environment=environment) as process:
        return process.receive(work.__name__)[1]


@pytest.fixture(scope="module")
def convolutions(tmp_path_factory):
    """A network with weights that were drawn at random."""
    path = tmp_path_factory.mktemp("steps") / "cnn.keras"
    ask(keras_work.save_convolutions, path)
    return path


@pytest.mark.parametrize("backend", BACKENDS)
def test_scaling_in_the_compiled_function_gives_the_same_bits(convolutions, backend):
    """As numpy before it did: TensorFlow would turn a division by a constant into a product."""
    found = ask(keras_work.answer_by_both, convolutions, backend=backend)
    assert found.keys() == SCALES.keys()
    for slow, fast in found.values():
        np.testing.assert_array_equal(fast.view(np.uint32), slow.view(np.uint32))


@pytest.mark.parametrize("backend", BACKENDS)
def test_several_batches_in_a_transfer_give_the_same_rows(convolutions, backend):
    """Seventy images in batches of 16, two batches a transfer and two transfers on their way."""
    small, large, devices = ask(keras_work.answer_as_on_a_gpu, convolutions, backend=backend)
    assert devices == 1
    np.testing.assert_array_equal(large, small)


@NEEDS_JAX
def test_two_devices_share_each_batch(convolutions):
    """Their rows are those of one device, in the same order."""
    one, _, _ = ask(keras_work.answer_as_on_a_gpu, convolutions, backend="jax")
    small, large, devices = ask(keras_work.answer_as_on_a_gpu, convolutions, backend="jax", **TWO_DEVICES)
    assert devices == 2
    np.testing.assert_allclose(small, one, atol=1e-6)
    np.testing.assert_allclose(large, one, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_models_of_whole_numbers_get_rounded_pixels(tmp_path, backend):
    """Rounded to even, and held to what the numbers can be: by hand."""
    image = np.array([0, 100, 128, 255], np.uint8).reshape(1, 2, 2)
    found = ask(keras_work.answer_of_whole_numbers, tmp_path, image, backend=backend)
    assert found["uint8", "raw"] == [0, 100, 128, 255]
    assert found["int8", "raw"] == [0, 100, 127, 127]
    assert found["uint8", "standard"] == [0, 1, 1, 3]
    assert found["int8", "symmetric"] == [-1, 0, 0, 1]
