"""Images in portions to a model that is loaded."""

import numpy as np
import pytest

from mnist_report.errors import ConfigError, ModelError
from mnist_report.model.adapter import Anatomy
from mnist_report.model.backend import Backend
from mnist_report.model.pace import Pace
from mnist_report.model.runner import NetworkRunner, begin_images, check_rows, open_runner, predict_images
from mnist_report.model.store import ModelFile

IMAGES = np.random.default_rng(2).integers(0, 256, (11, 4, 4), dtype=np.uint8)
EXPECTED = IMAGES.reshape(11, 16)[:, :3].astype(np.float32)


class Device:
    """Computes only when it is waited for, and counts what is on its way."""

    anatomy = Anatomy((4, 4), 3, 0, 0, ())
    backend = Backend("none", {}, "gpu", "a test")

    def __init__(self, pace):
        self.pace, self.sizes, self.flying, self.most = pace, [], 0, 0

    def begin(self, pixels, _preparation):
        """The first three pixels."""
        self.sizes.append(len(pixels))
        self.flying += 1
        self.most = max(self.most, self.flying)

        def finish():
            self.flying -= 1
            return pixels.reshape(len(pixels), -1)[:, :3].astype(np.float32)

        return finish


def test_what_fits_goes_in_one_transfer():
    """And nothing waits before it is asked to."""
    device = Device(Pace(2, 1_000))
    waiting = begin_images(device, IMAGES, None)
    assert (device.sizes, device.flying) == ([11], 1)
    np.testing.assert_array_equal(waiting(), EXPECTED)


def test_what_does_not_fit_is_double_buffered():
    """Two transfers of two batches at once, not three; the rows keep their order."""
    device = Device(Pace(2, 4 * 16))
    np.testing.assert_array_equal(predict_images(device, IMAGES, None), EXPECTED)
    assert (device.sizes, device.most) == ([4, 4, 3], 2)


def test_a_cpu_gets_one_batch_after_the_other():
    """However many images there are."""
    device = Device(Pace(2))
    np.testing.assert_array_equal(predict_images(device, IMAGES, None), EXPECTED)
    assert (device.sizes, device.most) == ([2, 2, 2, 2, 2, 1], 1)


def test_a_network_that_takes_float32_gets_scaled_pixels_in_batches():
    """From 0 to 1, of the size that was asked for."""

    class Network:
        anatomy, backend, sizes = Device.anatomy, Device.backend, []

        def predict(self, pixels):
            self.sizes.append(len(pixels))
            return pixels.reshape(len(pixels), -1)[:, :3]

    network = Network()
    np.testing.assert_array_equal(predict_images(NetworkRunner(network, 4), IMAGES, None), EXPECTED / np.float32(255))
    assert network.sizes == [4, 4, 3]
    assert NetworkRunner(network, None).pace == Pace(500)


@pytest.mark.parametrize("rows", [1, 22])
def test_another_number_of_rows_is_an_error(rows):
    """A model that mixes its images up gives numbers that look sound."""
    with pytest.raises(
        ModelError, match=rf"m: the model answers 11 images with shape \({rows}, 3\), expected \(11, 3\)"
    ):
        check_rows(np.ones((rows, 3), np.float32), 11, Device.anatomy, "m")


def test_another_precision_is_refused_before_anything_is_loaded(tmp_path):
    """Of formats other than Keras's."""
    file = ModelFile(tmp_path / "m.tflite", "0" * 64, 1, None, shipped=False, format="tflite")
    with pytest.raises(ConfigError, match="format tflite"):
        open_runner(file, "cpu", None, "bfloat16")
