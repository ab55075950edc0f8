"""What the doctor's child process may meet; a spawned process imports this module by name."""

import sys
import time

from mnist_report.errors import DeviceError
from mnist_report.model.backend import Backend


def healthy(connection):
    """A backend on the processor that can sum up."""
    connection.send(("backend", (_backend("cpu", "a processor"), 324.0)))


def with_gpu(connection):
    """A backend that found a GPU."""
    connection.send(("backend", (_backend("gpu", "NVIDIA X1"), 324.0)))


def miscounting(connection):
    """A device that computes something else."""
    connection.send(("backend", (_backend("gpu", "NVIDIA X1"), float("nan"))))


def silent(_connection):
    """An import that never ends."""
    time.sleep(600)


def without_backend(_connection):
    """How keras's lack of its backend reaches us."""
    raise DeviceError("KERAS_BACKEND is 'torch', and keras cannot be imported with it")


def with_a_bug(_connection):
    """An error that nobody expects."""
    raise ZeroDivisionError("cuDNN could not be loaded")


def without_tensorflow(_connection):
    """A module that is not there."""
    sys.modules["tensorflow"] = None
    import tensorflow as tf  # noqa: F401


def _backend(device, name):
    return Backend("tensorflow", {"keras": "3.99", "tensorflow": "2.99"}, device, name)
