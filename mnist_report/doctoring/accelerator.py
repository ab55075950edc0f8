"""TensorFlow (or another backend) and the GPU, looked at in a process of their own, which may die."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from mnist_report.doctoring.check import Check
from mnist_report.errors import MnistReportError
from mnist_report.model.backend import Backend, find_backend, keep_no_settings
from mnist_report.model.process import ModelProcess, device_environment

# Importing takes 5 s where the disk is warm and the machine idle.
MOST_SECONDS = 120.0
SMI_SECONDS = 20.0
SMI = ("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
EXTRA = "pip install '.[gpu]' in a checkout, or 'mnist-report[gpu]'"


@contextmanager
def started_probe(device: str) -> Iterator[ModelProcess]:
    """Start the process; it works while others are looked at, and is ended with the context."""
    with ModelProcess(probe, device, environment=device_environment(device)) as process:
        yield process


def probe(connection: Connection, device: str) -> None:
    """The child's side: import the backend, see what it runs on, and compute something there."""
    keep_no_settings()
    # Whether a GPU is insisted on is the parent's to judge: it also wants to know what there is instead.
    backend = find_backend("cpu" if device == "cpu" else "auto")
    import keras
    import numpy as np

    image, kernel = np.ones((1, 8, 8, 1), np.float32), np.ones((3, 3, 1, 1), np.float32)
    answer = float(np.asarray(keras.ops.convert_to_numpy(keras.ops.conv(image, kernel))).sum())
    connection.send(("backend", (backend, answer)))


def look_at_driver(device: str) -> tuple[Check, bool]:
    """NVIDIA's driver; also whether it names a GPU.

    Args:
        device: "auto", "cpu" or "gpu".
    """
    insists = device == "gpu"
    if shutil.which(SMI[0]) is None:
        found = "none: there is no nvidia-smi"
        if not insists:
            return Check("GPU driver", "ok", found), False
        fix = "install NVIDIA's driver; in a container, start it with --gpus all"
        return Check("GPU driver", "warn", found, fix), False
    try:
        answer = subprocess.run(SMI, capture_output=True, text=True, errors="replace", timeout=SMI_SECONDS, check=False)  # noqa: S603
        said, works = (answer.stdout or answer.stderr).strip(), answer.returncode == 0 and bool(answer.stdout.strip())
    except (OSError, subprocess.TimeoutExpired) as error:
        said, works = str(error), False
    found = "; ".join(said.splitlines()[:8]) or "nvidia-smi says nothing"
    if works:
        return Check("GPU driver", "ok", found), True
    fix = "load the driver that fits the kernel, often by a restart after its update"
    return Check("GPU driver", "fail" if insists else "warn", found, fix), False


def look_at_backend(
    process: ModelProcess, device: str, *, gpu_there: bool, seconds: float = MOST_SECONDS
) -> Iterator[Check]:
    """The backend's version, and the device that it runs on.

    Args:
        process: see `started_probe`.
        device: "auto", "cpu" or "gpu".
        gpu_there: whether the driver names a GPU.
        seconds: so long it may take.
    """
    fix = "install it again: pip install --force-reinstall tensorflow keras; see whether the memory suffices"
    try:
        if not process.connection.poll(seconds):
            yield Check(
                "backend",
                "fail",
                f"gave no answer within {seconds:g} s",
                "see whether disk and memory are slow or full",
            )
            return
        _, (backend, answer) = process.receive("importing the backend")
    except MnistReportError as error:
        yield Check("backend", "fail", str(error), fix)
        return
    except RuntimeError as error:  # its last line is the cause
        yield Check("backend", "fail", str(error).strip().splitlines()[-1], fix)
        return
    versions = ", ".join(f"{name} {version}" for name, version in backend.versions.items())
    yield Check("backend", "ok", versions)
    if answer != 6 * 6 * 9:
        yield Check(
            "device", "fail", f"{backend.device_name} says that a sum of {6 * 6 * 9} ones is {answer}", "replace it"
        )
        return
    yield _device(backend, device, gpu_there=gpu_there)


def _device(backend: Backend, device: str, *, gpu_there: bool) -> Check:
    found = f"{backend.device}: {backend.device_name}"
    if backend.device == "gpu" or device == "cpu":
        return Check("device", "ok", found)
    if device == "gpu":
        fix = f"check the driver with nvidia-smi, then {EXTRA}; or take --device auto"
        return Check("device", "fail", f"--device gpu, and {backend.name} sees no GPU here", fix)
    if gpu_there:
        fix = f"{EXTRA}; or say --device cpu"
        return Check("device", "warn", f"{found}, though the driver names a GPU", fix)
    return Check("device", "ok", f"{found}, no GPU")
