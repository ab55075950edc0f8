"""How many images a model gets at a time."""

import keras_work
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_report.model.backend import Backend
from mnist_report.model.pace import (
    CPU_BATCH,
    MOST_BYTES_AT_ONCE,
    MOST_GPU_BATCH,
    Pace,
    batch_that_fits,
    bytes_per_image,
    find_pace,
)
from mnist_report.model.process import ModelProcess, device_environment

GIB = 1 << 30


def test_a_cpu_gets_five_hundred_images_a_batch_and_a_batch_at_a_time():
    """Unless another number is asked for."""
    cpu = Backend("tensorflow", {}, "cpu", "a processor")
    assert find_pace(None, cpu, None, 1) == Pace(CPU_BATCH, 0)
    assert find_pace(None, cpu, 7, 1) == Pace(7, 0)
    assert (Pace(7).portion(784), Pace(7).ahead) == (7, 1)


def test_on_a_cpu_large_images_come_in_fewer():
    """A thousand by a thousand pixels, which become float32, stay within the bytes at once."""
    assert Pace(500).portion(1_000_000) == MOST_BYTES_AT_ONCE // 4_000_000


def test_a_gpu_gets_whole_batches_and_two_transfers_on_their_way():
    """The embedded test set goes in one."""
    pace = Pace(8_192, MOST_BYTES_AT_ONCE)
    assert (pace.portion(784), pace.ahead) == (10 * 8_192, 2)
    assert pace.portion(1_000_000) == 8_192


@pytest.mark.parametrize(
    ("free", "image_bytes", "devices", "batch"),
    [
        # The shipped model's layers on 100 GiB: more would not help.
        (100 * GIB, 500_000, 1, MOST_GPU_BATCH),
        # On 4 GiB: a quarter holds 2,147 images, and the power of two below is taken.
        (4 * GIB, 500_000, 1, 2_048),
        # A batch is shared by the devices, each of which has that memory.
        (4 * GIB, 500_000, 4, 8_192),
        # One image at least, whatever it needs.
        (GIB, 2 * GIB, 1, 1),
        # Nobody knows how large the images are.
        (100 * GIB, None, 1, CPU_BATCH),
    ],
)
def test_the_batch_is_what_a_quarter_of_the_memory_holds(free, image_bytes, devices, batch):
    """By hand."""
    assert batch_that_fits(free, image_bytes, devices) == batch


@given(st.integers(1, 1 << 40), st.integers(1, 1 << 32), st.integers(1, 8))
def test_a_batch_never_takes_more_than_a_quarter(free, image_bytes, devices):
    """Except for a single image a device; and the devices get equally many."""
    batch = batch_that_fits(free, image_bytes, devices)
    each, rest = divmod(batch, devices)
    assert rest == 0
    assert each == 1 or each * image_bytes <= free / 4


def test_the_bytes_of_an_image_are_those_of_all_layers():
    """Four a value; where a size is open nobody knows."""
    assert bytes_per_image([(28, 28, 1), (784,), (10,), ()]) == 4 * (784 + 784 + 10 + 1)
    assert bytes_per_image([(None, 28, 1), (10,)]) is None


def test_the_layers_of_a_model_say_their_shapes(models):
    """Those of the input, too."""
    with ModelProcess(keras_work.tell_shapes, models / "good.keras", environment=device_environment("cpu")) as process:
        _, shapes = process.receive("looking")
    assert sorted(shapes) == [(10,), (28, 28, 1), (784,)]
