"""Ctrl-C, as a terminal sends it: to the whole process group."""

import json
import os
import signal
import subprocess

import pytest
from conftest import COMMAND
from makers import write_idx
from operating_work import PREDICTED, left_in, write_pets
from operating_work import start as start_run

from mnist_report.data.sources import load_dataset


def start(arguments, cwd):
    """The installed command in a process group of its own."""
    return subprocess.Popen(
        [COMMAND, *arguments],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def interrupt_after(process, telling, interrupt=None):
    """Send Ctrl-C once a line on stderr contains `telling`; returns the status and the rest of stderr."""
    for line in process.stderr:
        if telling in line:
            break
    if interrupt is None:
        os.killpg(process.pid, signal.SIGINT)
    else:
        interrupt()
    _, rest = process.communicate(timeout=120)
    return process.returncode, rest


@pytest.fixture
def few(tmp_path):
    """A data folder with 300 training images."""
    whole = load_dataset(split="train")
    folder = tmp_path / "few"
    folder.mkdir()
    write_idx(folder / "train-images-idx3-ubyte", whole.images[:300])
    write_idx(folder / "train-labels-idx1-ubyte", whole.labels[:300].astype("uint8"))
    return folder


def test_an_interrupted_run_ends_with_130_and_leaves_nothing(tmp_path):
    """No half-written folder, no model process that lives on."""
    status, rest = interrupt_after(start(["run"], tmp_path), "10,000 images")
    assert (status, "Traceback" in rest) == (130, False)
    assert left_in(tmp_path / "reports") == []


def test_a_terminated_run_ends_like_an_interrupted_one(tmp_path):
    """SIGTERM is how cron, systemd and `timeout` end a command."""
    process = start(["run"], tmp_path)
    status, rest = interrupt_after(process, "10,000 images", process.terminate)
    assert (status, "Traceback" in rest) == (130, False)
    assert left_in(tmp_path / "reports") == []


def test_an_interrupted_training_keeps_the_best_model_and_says_so(tmp_path, few):
    """The model, its card, its history and its report are whole, and the checkpoint is there to go on from."""
    command = start(["train", "--data", few, "--epochs", "500", "--output", "kept.keras"], tmp_path)
    status, rest = interrupt_after(command, "epoch  1")
    assert status == 130
    assert "interrupted; kept the best model so far" in rest
    left = {path.name.removeprefix("kept.") for path in tmp_path.glob("kept*")}
    assert left == {"keras", "card.json", "history.csv", "checkpoint.npz", "training.html"}
    assert "The training was interrupted after epoch" in (tmp_path / "kept.training.html").read_text("utf-8")


@pytest.mark.parametrize("second", [None, signal.SIGTERM, signal.SIGINT])
def test_a_closed_terminal_ends_a_run_likewise_and_a_second_signal_changes_nothing(tmp_path, second):
    """SIGHUP; what comes while everything is cleaned up is not heeded."""
    write_pets(tmp_path)
    with start_run(tmp_path, *PREDICTED) as process:
        for line in process.stderr:
            if "predictions" in line:
                break
        process.send_signal(signal.SIGHUP)
        if second:
            process.send_signal(second)
        _, rest = process.communicate(timeout=120)
    assert (process.returncode, rest) == (130, "error: interrupted; nothing half-written was left behind\n")
    assert left_in(tmp_path / "reports") == []
    assert json.loads((tmp_path / "reports" / "last-failure.json").read_text())["exit_status"] == 130
