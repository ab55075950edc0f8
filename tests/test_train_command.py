"""`mnist-report train`: several members, and a training that is gone on with."""

import json
import os
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import COMMAND
from makers import write_idx

from mnist_report.cli import run_cli
from mnist_report.data.sources import load_dataset
from mnist_report.model.checkpoint import Checkpoint, Plan, write_checkpoint
from mnist_report.model.epochs import Epoch
from mnist_report.model.recipes import Recipe

SMALL = ["--architecture", "small_network:build"]
STRAIGHT = ["--epochs", "40", "--batch-size", "16", "--recipe", "strong", "--deterministic", *SMALL]


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A data folder with 300 training images."""
    whole = load_dataset(split="train")
    folder = tmp_path_factory.mktemp("few")
    write_idx(folder / "train-images-idx3-ubyte", whole.images[:300])
    write_idx(folder / "train-labels-idx1-ubyte", whole.labels[:300].astype("uint8"))
    return folder


def start(folder, few, *arguments):
    """The command in a folder that has the small network, in a process group of its own."""
    (folder / "small_network.py").write_bytes((Path(__file__).parent / "small_network.py").read_bytes())
    return subprocess.Popen(
        [COMMAND, "train", "--data", few, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process):
    """What the command printed to stdout, when it ended with 0."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return out


def card_of(model):
    """A model's card."""
    return json.loads(model.with_suffix(".card.json").read_text("utf-8"))


def test_a_killed_training_that_is_gone_on_with_ends_as_an_uninterrupted_one(tmp_path, few):
    """The same bytes of weights, on the same machine, whatever the epoch in which it was killed."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    finish(start(whole, few, "--output", "m.keras", *STRAIGHT))
    process = start(killed, few, "--output", "m.keras", *STRAIGHT)
    for line in process.stderr:
        if "epoch  3" in line:
            break
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (killed / "m.keras").exists()
    assert finish(start(killed, few, "--resume", "m.checkpoint.npz")) == "m.keras\n"
    assert not (killed / "m.checkpoint.npz").exists()
    ours, theirs = (card_of(folder / "m.keras")["training"]["history"] for folder in (killed, whole))
    assert [{**epoch, "seconds": 0} for epoch in ours] == [{**epoch, "seconds": 0} for epoch in theirs]
    assert weights_of(killed / "m.keras") == weights_of(whole / "m.keras")


def weights_of(model):
    """The bytes of each weight in a .keras file, by name."""
    import io
    import zipfile

    import h5py

    with zipfile.ZipFile(model) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        found = {}
        file.visititems(lambda name, part: found.update({name: part[()].tobytes()}) if hasattr(part, "shape") else None)
    assert len(found) > 5
    return found


def test_members_have_a_seed_and_a_file_each(tmp_path, few):
    """And so different weights."""
    out = finish(start(tmp_path, few, "--members", "2", "--epochs", "1", "--seed", "7", "--output", "m.keras", *SMALL))
    assert out.splitlines() == ["m-1.keras", "m-2.keras"]
    assert [(tmp_path / f"m-{member}.training.html").is_file() for member in (1, 2)] == [True, True]
    cards = [card_of(tmp_path / name) for name in out.splitlines()]
    assert [card["recipe"]["seed"] for card in cards] == [7, 8]
    assert weights_of(tmp_path / "m-1.keras") != weights_of(tmp_path / "m-2.keras")


def test_the_report_says_what_was_trained(tmp_path, few):
    """The layers of one's own network, the recipe, and that the test set took no part."""
    finish(start(tmp_path, few, "--epochs", "1", "--output", "m.keras", *SMALL))
    page = (tmp_path / "m.training.html").read_text("utf-8")
    layers = page.partition('id="layers"')[2].partition("</table>")[0]
    assert [kind in layers for kind in ("Conv2D", "BatchNormalization", "Dense")] == [True] * 3
    assert "<td>small_network:build</td>" in page
    assert "never looked at" in page
    assert card_of(tmp_path / "m.keras")["model"]["sha256"] in page


def test_a_report_that_cannot_be_drawn_does_not_lose_the_model(tmp_path, few):
    """Here a folder stands in its place."""
    (tmp_path / "m.training.html" / "x").mkdir(parents=True)
    process = start(tmp_path, few, "--epochs", "1", "--output", "m.keras", *SMALL)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (0, "m.keras\n")
    assert "warning: no report of the training was drawn" in err
    assert card_of(tmp_path / "m.keras")["training"]["best_epoch"] == 1


@pytest.fixture
def checkpoint(tmp_path, few, monkeypatch):
    """A checkpoint of a training on `few` with the seed recipe, in the current folder."""
    monkeypatch.chdir(tmp_path)
    epoch = Epoch(1, 0.2, 0.9, 0.1, 0.95, 1e-3, 1.0)
    state = Checkpoint((epoch,), 1.0, (np.zeros(2),), (np.zeros(2),), (np.zeros(2),))
    plan = Plan(Recipe(), load_dataset(str(few), "train").sha256, "m.keras")
    write_checkpoint(Path("m.checkpoint.npz"), plan, state)
    return "m.checkpoint.npz"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--epochs", "9"], (2, "--epochs is 9, and the training that --resume names began with 15; leave it out")),
        (["--output", "other.keras"], (2, "--output is other.keras, and m.checkpoint.npz belongs to m.keras")),
        (["--members", "2"], (2, "--resume goes on with one training, and --members begins several")),
        (["--data", "mnist"], (3, "m.checkpoint.npz: was trained on images with sha256 ")),
    ],
)
def test_what_a_checkpoint_does_not_belong_to_is_named(checkpoint, few, capsys, arguments, complaint):
    """Before a process is started."""
    data = [] if "--data" in arguments else ["--data", str(few)]
    status, message = complaint
    assert run_cli(["train", "--resume", checkpoint, *data, *arguments]) == status
    assert message in capsys.readouterr().err


def test_a_checkpoint_that_is_not_there_is_named(few, tmp_path, monkeypatch, capsys):
    """As a wrong path is everywhere."""
    monkeypatch.chdir(tmp_path)
    assert run_cli(["train", "--data", str(few), "--resume", "m.checkpoint.npz"]) == 3
    assert "m.checkpoint.npz: no such checkpoint" in capsys.readouterr().err


def test_no_members_are_named(capsys):
    """There is at least one."""
    assert run_cli(["train", "--members", "0"]) == 2
    assert "--members is 0, expected at least 1" in capsys.readouterr().err


@pytest.mark.parametrize("recipe", ["seed", "strong"])
def test_help_says_what_each_recipe_has(capsys, recipe):
    """A user sees what an option is without it."""
    run_cli(["train", "--help"])
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert f"{'[15' if recipe == 'seed' else 'strong: 22]'}" in words
