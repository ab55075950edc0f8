"""The backend and the GPU, looked at in a process that may die; and NVIDIA's own program, by stand-ins."""

import os
import signal

import doctor_work
import process_work
import pytest

from mnist_report.doctoring.accelerator import look_at_backend, look_at_driver
from mnist_report.model.process import ModelProcess


def looked(work, *arguments, device="auto", gpu_there=False, seconds=60):
    """The checks of a process that does this."""
    with ModelProcess(work, *arguments, environment={}) as process:
        return list(look_at_backend(process, device, gpu_there=gpu_there, seconds=seconds))


def test_a_processor_is_enough():
    """Where nobody insists on a GPU."""
    backend, device = looked(doctor_work.healthy)
    assert (backend.state, backend.found) == ("ok", "keras 3.99, tensorflow 2.99")
    assert (device.state, device.found) == ("ok", "cpu: a processor, no GPU")


def test_a_gpu_that_was_asked_for_and_is_absent_fails():
    """With what to do."""
    _, device = looked(doctor_work.healthy, device="gpu")
    assert (device.state, device.found) == ("fail", "--device gpu, and tensorflow sees no GPU here")
    assert "nvidia-smi" in device.fix
    assert "--device auto" in device.fix


def test_a_gpu_that_is_used_is_named():
    """By the backend."""
    assert [check.state for check in looked(doctor_work.with_gpu, device="gpu")] == ["ok", "ok"]


def test_a_gpu_that_lies_idle_is_a_warning():
    """The driver names one, and the backend does not use it."""
    _, device = looked(doctor_work.healthy, gpu_there=True)
    assert (device.state, device.found) == ("warn", "cpu: a processor, though the driver names a GPU")


def test_an_idle_gpu_is_fine_where_the_processor_is_wanted():
    """Somebody said so."""
    _, device = looked(doctor_work.healthy, device="cpu", gpu_there=True)
    assert device.state == "ok"


def test_a_device_that_miscounts_fails():
    """A GPU may be seen and not work."""
    _, device = looked(doctor_work.miscounting)
    assert (device.state, device.found) == ("fail", "NVIDIA X1 says that a sum of 324 ones is nan")


@pytest.mark.parametrize(
    ("work", "arguments", "telling"),
    [
        (process_work.die_by_signal, [int(signal.SIGSEGV)], "was killed by SIGSEGV while importing the backend"),
        (process_work.die_by_signal, [int(signal.SIGKILL)], "too little memory"),
        (process_work.exit_with, [9, "no AVX here\n"], "its last line was: no AVX here"),
        (doctor_work.without_backend, [], "KERAS_BACKEND is 'torch'"),
        (doctor_work.with_a_bug, [], "ZeroDivisionError: cuDNN could not be loaded"),
        (doctor_work.without_tensorflow, [], "ModuleNotFoundError: "),
    ],
    ids=["crash", "memory", "exit", "backend", "bug", "missing"],
)
def test_a_backend_that_dies_is_one_line_that_fails(work, arguments, telling):
    """The doctor survives."""
    (check,) = looked(work, *arguments)
    assert (check.name, check.state) == ("backend", "fail")
    assert telling in check.found
    assert check.fix


def test_a_backend_that_never_answers_is_given_up():
    """After a while."""
    (check,) = looked(doctor_work.silent, seconds=0.5)
    assert (check.state, check.found) == ("fail", "gave no answer within 0.5 s")


@pytest.fixture
def smi(tmp_path, monkeypatch):
    """Put a program of that name first in PATH; nothing else is there."""

    def install(script=None):
        monkeypatch.setenv("PATH", str(tmp_path))
        if script is not None:
            (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n", "utf-8")
            (tmp_path / "nvidia-smi").chmod(0o755)

    return install


def test_the_driver_is_named(smi):
    """A line for each GPU."""
    smi("echo 'NVIDIA H200, 570.1'; echo 'NVIDIA H200, 570.1'")
    check, gpu_there = look_at_driver("auto")
    assert (check.state, check.found, gpu_there) == ("ok", "NVIDIA H200, 570.1; NVIDIA H200, 570.1", True)


@pytest.mark.parametrize(("device", "state"), [("auto", "ok"), ("cpu", "ok"), ("gpu", "warn")])
def test_no_driver_matters_where_a_gpu_is_wanted(smi, device, state):
    """It is the backend that decides; other drivers have other programs."""
    smi()
    check, gpu_there = look_at_driver(device)
    assert (check.state, bool(check.fix), gpu_there) == (state, state == "warn", False)


@pytest.mark.parametrize(("device", "state"), [("auto", "warn"), ("gpu", "fail")])
@pytest.mark.parametrize(
    "script", ["echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18", "exit 9", "kill -11 $$"]
)
def test_a_broken_driver_is_told(smi, device, state, script):
    """In its own words, if it has any."""
    smi(script)
    check, gpu_there = look_at_driver(device)
    assert (check.state, gpu_there) == (state, False)
    assert ("version mismatch" in check.found) == ("mismatch" in script)


def test_what_cannot_be_started_is_told(smi, tmp_path):
    """A program for another machine."""
    smi("")
    (tmp_path / "nvidia-smi").write_bytes(os.urandom(64))
    check, _ = look_at_driver("auto")
    assert check.state == "warn"
