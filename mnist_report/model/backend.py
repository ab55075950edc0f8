"""What keras runs on. Only the model's process may call this: importing keras takes seconds."""

import importlib.metadata
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from mnist_report.errors import DeviceError


@dataclass(frozen=True, slots=True)
class Backend:
    """The library and the device below keras.

    Attributes:
        name: keras's backend, "tensorflow" or "jax".
        versions: of keras and the backend.
        device: "cpu" or "gpu".
        device_name: as the system calls it.
        offline: whether the process is cut off from the network.
    """

    name: str
    versions: dict[str, str]
    device: str
    device_name: str
    offline: bool = False


def keep_no_settings() -> None:
    """Keep keras, which is not imported yet, from writing its settings into a home folder that has none."""
    if "KERAS_HOME" not in os.environ and not Path("~/.keras/keras.json").expanduser().exists():
        os.environ["KERAS_HOME"] = os.devnull


def find_backend(device: str) -> Backend:
    """Import keras and see where it runs.

    Args:
        device: "auto", "cpu" or "gpu"; "gpu" insists on one.

    Raises:
        DeviceError: a GPU was asked for by name and the backend sees none, or the backend is not installed.
    """
    try:
        import keras
    except (ImportError, ValueError) as error:  # how keras says that it lacks, or does not know, a backend
        wanted = os.environ.get("KERAS_BACKEND", "tensorflow")
        raise DeviceError(
            f"KERAS_BACKEND is {wanted!r}, and keras cannot be imported with it ({error}); install that backend, "
            "or unset the variable for tensorflow"
        ) from error
    name = keras.config.backend()
    gpus = [] if device == "cpu" else _gpus()
    if device == "gpu" and not gpus:
        raise DeviceError(
            f"--device gpu: {name} sees no GPU here; check the driver and install the extra gpu, or use --device auto"
        )
    versions = {library: importlib.metadata.version(library) for library in ("keras", name)}
    return Backend(name, versions, "gpu" if gpus else "cpu", _gpu_name(name) if gpus else cpu_name())


def cpu_name() -> str:
    """The processor's name as the system gives it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _gpus() -> list[str]:
    import keras

    try:
        return list(keras.distribution.list_devices("gpu"))
    except RuntimeError:  # how JAX says that it knows no such device
        return []


def _gpu_name(backend: str) -> str:
    if backend == "tensorflow":
        import tensorflow as tf

        details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
        return str(details.get("device_name", "GPU"))
    if backend == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    return "GPU"
