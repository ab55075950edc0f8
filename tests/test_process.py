"""Tests of `mnist_report.model.process`, with work that needs no keras."""

import os
import pickle
import signal
import tempfile

import process_work
import pytest

from mnist_report.errors import DataError, MnistReportError, ModelError
from mnist_report.model.process import SEES_MEMORY, ModelProcess, device_environment


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    """The folder where the child's output goes."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def start(work, *arguments, **environment):
    """A process that does this."""
    return ModelProcess(work, *arguments, environment=environment)


def outcome(work, *arguments):
    """The error that comes of waiting for this."""
    with start(work, *arguments) as process, pytest.raises((MnistReportError, RuntimeError)) as caught:
        process.receive("counting sheep")
    return caught.value


def test_a_message_comes_back():
    """Its kind and its value."""
    with start(process_work.add, 2, 3) as process:
        assert process.receive("adding") == ("done", 5)


def test_values_go_there_and_come_back():
    """As often as one likes."""
    with start(process_work.double) as process:
        process.receive("starting")
        for value in (2, 21):
            process.send(value, "doubling")
            assert process.receive("doubling") == ("doubled", 2 * value)


def test_the_environment_is_set_before_the_work_begins():
    """Libraries look at it when they are imported."""
    with start(process_work.tell_variable, "SHEEP", SHEEP="woolly") as process:
        assert process.receive("looking") == ("done", "woolly")


def test_the_parents_environment_is_left_alone():
    """It is the child's alone."""
    with start(process_work.tell_variable, "SHEEP", SHEEP="woolly") as process:
        process.receive("looking")
    assert "SHEEP" not in os.environ


def test_the_child_starts_without_keras():
    """So that the environment can still decide about its backend."""
    with start(process_work.tell_keras) as process:
        assert process.receive("looking") == ("done", False)


def test_an_expected_error_crosses():
    """With its class, so with its exit status, and its message."""
    error = outcome(process_work.meet_bad_data)
    assert (type(error), str(error)) == (DataError, "image 3 is upside down")


def test_an_unexpected_error_brings_the_childs_traceback():
    """It is a bug, and the bug report needs the place."""
    error = outcome(process_work.meet_a_bug)
    assert type(error) is RuntimeError
    assert str(error).startswith("the model process failed while counting sheep:\nTraceback")
    assert "in meet_a_bug" in str(error)
    assert str(error).rstrip().endswith("ZeroDivisionError: nobody expects this")


def test_a_killed_child_is_an_error_that_says_by_what_and_when():
    """With the usual cause, which the user can do something about."""
    error = outcome(process_work.die_by_signal, signal.SIGKILL)
    assert type(error) is ModelError
    assert str(error) == (
        "the model process was killed by SIGKILL (often the system's answer to too little memory) while counting sheep"
    )


def test_another_signal_is_named_too():
    """Without talk of memory."""
    error = outcome(process_work.die_by_signal, signal.SIGTERM)
    assert type(error) is ModelError
    assert str(error) == "the model process was killed by SIGTERM while counting sheep"


def test_a_child_that_exits_is_an_error_that_quotes_its_last_line():
    """Its status and what it said last, blank lines aside."""
    error = outcome(process_work.exit_with, 3, "first\nno such instruction\n\n")
    assert type(error) is ModelError
    assert str(error) == (
        "the model process ended with status 3 while counting sheep; its last line was: no such instruction"
    )


def test_a_child_that_exits_silently_is_an_error_too():
    """Even with status 0: the answer is missing."""
    error = outcome(process_work.exit_with, 0, "")
    assert type(error) is ModelError
    assert str(error) == "the model process ended with status 0 while counting sheep"


def test_sending_to_a_dead_child_is_an_error_that_says_how_it_died():
    """Whoever only sends must hear of it as well."""
    with start(process_work.exit_with, 3, "") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ModelError, match="ended with status 3 while counting sheep"):
            process.send(b"0", "counting sheep")


def test_what_the_child_prints_does_not_reach_the_terminal(capfd):
    """Neither Python's lines nor those of libraries in C."""
    with start(process_work.chatter) as process:
        process.receive("chattering")
    assert capfd.readouterr() == ("", "")


def test_an_interrupt_does_not_end_the_child():
    """Ctrl-C reaches the whole process group; the parent alone decides."""
    with start(process_work.double) as process:
        process.receive("starting")
        os.kill(process.pid, signal.SIGINT)
        process.send(3, "doubling")
        assert process.receive("doubling") == ("doubled", 6)


def test_leaving_the_context_ends_the_child():
    """Though it would work for ever."""
    with start(process_work.double) as process:
        process.receive("starting")
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


@pytest.mark.parametrize("work", [process_work.chatter, process_work.meet_a_bug])
def test_no_log_is_left_behind(logs, work):
    """Whether the work went well or not; meanwhile there is one."""
    with start(work) as process:
        assert len(list(logs.iterdir())) == 1
        process.connection.poll(None)
    assert list(logs.iterdir()) == []


def test_a_child_that_cannot_start_leaves_no_log_behind(logs):
    """Here because its work cannot be sent to it."""
    with pytest.raises((pickle.PicklingError, AttributeError)):
        start(lambda connection: connection.send(("done", None)))
    assert list(logs.iterdir()) == []


def test_the_cpu_is_chosen_by_hiding_every_gpu():
    """From TensorFlow and from JAX."""
    environment = device_environment("cpu")
    assert (environment["CUDA_VISIBLE_DEVICES"], environment["JAX_PLATFORMS"]) == ("-1", "cpu")


@pytest.mark.parametrize("device", ["auto", "gpu"])
def test_no_gpu_is_hidden_unless_the_cpu_is_asked_for(device):
    """The user's own CUDA_VISIBLE_DEVICES stays in force."""
    assert not {"CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS"} & set(device_environment(device))


@pytest.mark.parametrize("device", ["auto", "cpu", "gpu"])
def test_tensorflow_is_told_to_be_quiet(device):
    """On every device."""
    assert device_environment(device)["TF_CPP_MIN_LOG_LEVEL"] == "3"


def test_no_library_tells_its_makers():
    """As onnxruntime would, from version 1.29 on, with an identity that it keeps in the home folder."""
    assert device_environment("cpu")["ORT_DISABLE_TELEMETRY"] == "1"


@pytest.mark.skipif(not SEES_MEMORY, reason="needs /proc")
def test_a_child_that_holds_too_much_memory_is_ended():
    """Long before the machine is."""
    process = ModelProcess(process_work.eat, 600 << 20, environment={}, memory=300 << 20)
    with process, pytest.raises(ModelError, match=r"was ended, as it held 0\.\d GiB .* a model may hold 0\.3 GiB"):
        process.receive("counting sheep", 30)


def test_a_child_that_takes_too_long_is_ended():
    """The message says after how long, and what it was doing."""
    with (
        start(process_work.sleep) as process,
        pytest.raises(ModelError, match=r"was ended after 0\.5 s without an answer .*, while counting sheep"),
    ):
        process.receive("counting sheep", 0.5)


ORPHAN = """
import os, signal, sys
from mnist_report.model.process import ModelProcess
from process_work import sleep
if __name__ == "__main__":
    with ModelProcess(sleep, environment={}, offline=sys.argv[1] == "offline") as process:
        print(process.pid, flush=True)
        signal.pause()
"""


@pytest.mark.parametrize("network", ["offline", "online"])
def test_a_child_ends_with_its_parent(tmp_path, network):
    """SIGKILL leaves the parent no time to end it."""
    import subprocess
    import sys
    import time
    from pathlib import Path

    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    here = os.pathsep.join(map(str, [Path(__file__).parent, *sys.path]))
    environment = os.environ | {"PYTHONPATH": here, "TMPDIR": str(tmp_path)}
    command = [sys.executable, script, network]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        child = int(parent.stdout.readline())
        time.sleep(1)
        parent.kill()
    until = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and "\nState:\tZ" not in Path(f"/proc/{child}/status").read_text():
        assert time.monotonic() < until
        time.sleep(0.05)
