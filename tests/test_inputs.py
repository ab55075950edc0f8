"""Model, data, rules and baseline, as a run would read them."""

import json
import shutil

import numpy as np
import pytest
from corrupting_work import some_digits, write_mnist_c
from data_files import write_idx_folder
from makers import digits, write_hollow_model, write_npz
from test_folder import finished_run

from mnist_report.data import limits, sources
from mnist_report.data.reading import AS_IT_IS
from mnist_report.doctoring import inputs
from mnist_report.doctoring.inputs import (
    look_at_baseline,
    look_at_corrupted,
    look_at_data,
    look_at_gates,
    look_at_model,
    look_at_predictions,
    look_at_shards,
)
from mnist_report.errors import ConfigError
from mnist_report.model import store
from mnist_report.model.store import file_sha256, shipped_model


def model(path, sha256=None):
    """The checks of a model file."""
    return list(look_at_model(path, trusted=False, sha256=sha256))


def test_the_shipped_model_is_the_one_of_its_card():
    """By its digest."""
    (check,) = model(shipped_model())
    assert (check.state, check.found) == (
        "ok",
        f"mnist_cnn.keras, sha256 {file_sha256(shipped_model())[:12]}..., as its card says",
    )


def test_a_shipped_model_that_was_changed_fails(tmp_path, monkeypatch):
    """A damaged installation: another bit at its end, where the archive has room for a remark."""
    for name in (shipped_model(), shipped_model().with_suffix(".card.json")):
        shutil.copy(name, tmp_path)
    changed = tmp_path / shipped_model().name
    content = bytearray(changed.read_bytes())
    content[-2:] = b"\x01\x00!"
    changed.write_bytes(content)
    monkeypatch.setattr(store, "shipped_model", lambda: changed)
    (check,) = model(changed)
    assert (check.state, "install mnist-report again" in check.fix) == ("fail", True)


def test_a_model_without_a_card_is_fine(tmp_path):
    """Other people's have none."""
    (check,) = model(write_hollow_model(tmp_path / "mine.keras"))
    assert (check.state, check.found.endswith("..., without a card")) == ("ok", True)


def test_a_card_of_another_model_is_a_warning(tmp_path):
    """It would silently not be used."""
    path = write_hollow_model(tmp_path / "mine.keras")
    shutil.copy(shipped_model().with_suffix(".card.json"), tmp_path / "mine.card.json")
    (check,) = model(path)
    assert check.state == "warn"


def test_a_missing_model_fails(tmp_path):
    """As a run would."""
    (check,) = model(tmp_path / "mine.keras")
    assert (check.state, check.found) == ("fail", f"{tmp_path / 'mine.keras'}: no such model file")


def test_a_model_that_is_not_the_pinned_one_fails():
    """Somebody replaced it."""
    assert [check.state for check in model(shipped_model(), "0" * 64)] == ["fail"]
    assert [check.state for check in model(shipped_model(), file_sha256(shipped_model()).upper())] == ["ok"]


def test_a_format_whose_library_is_missing_fails(tmp_path, monkeypatch):
    """The extra is named."""
    (tmp_path / "mine.onnx").write_bytes(b"\x08\x07")
    monkeypatch.setattr(inputs, "find_spec", lambda _: None)
    *_, check = model(tmp_path / "mine.onnx")
    assert (check.state, check.found) == ("fail", ".onnx needs onnxruntime, which is not installed")
    assert "[onnx]" in check.fix


def test_the_embedded_data_are_those_that_were_published():
    """Both splits."""
    check, data = look_at_data("mnist", "test", AS_IT_IS)
    assert (check.state, len(data)) == ("ok", 10_000)


@pytest.mark.parametrize("split", ["test", "train"])
def test_embedded_data_that_were_changed_fail(monkeypatch, split):
    """Of whichever split, whatever is asked for."""
    digests = sources.EMBEDDED_SHA256
    monkeypatch.setattr(sources, "EMBEDDED_SHA256", digests | {split: ("0" * 64, digests[split][1])})
    check, data = look_at_data("mnist", "test", AS_IT_IS)
    assert (check.state, data) == ("fail", None)
    assert "install mnist-report again" in check.fix


def test_your_own_data_are_read(tmp_path):
    """With their number and their digest."""
    check, data = look_at_data(str(write_npz(tmp_path / "mine.npz", *digits(30))), "test", AS_IT_IS)
    assert check.state == "ok"
    assert check.found.endswith(f"test split: 30 images, sha256 {data.sha256[:12]}...")


def test_data_that_cannot_be_read_fail(tmp_path):
    """As a run would."""
    check, _ = look_at_data(str(tmp_path / "nowhere"), "test", AS_IT_IS)
    assert (check.state, "nowhere: no such file or folder" in check.found) == ("fail", True)


def test_data_that_are_counted_are_not_read_at_once(tmp_path, monkeypatch):
    """They may be more than memory holds: that is no reason to fail."""
    path = str(write_idx_folder(tmp_path / "idx", np.zeros((30, 4, 4), np.uint8), np.zeros(30, np.uint8)))
    monkeypatch.setattr(limits, "MOST_ROWS", 20)
    monkeypatch.setattr(limits, "MOST_IN_SHARD", 10)
    assert look_at_data(path, "test", AS_IT_IS)[0].state == "fail"
    check, names = look_at_shards(path, "test", AS_IT_IS, shared=False)
    assert (check.state, len(names)) == ("ok", 10)
    assert check.found.endswith("idx, test split: 30 images in 3 shards")
    assert look_at_shards(str(tmp_path / "nowhere"), "test", AS_IT_IS, shared=False)[0].state == "fail"


def test_data_that_workers_cannot_share_fail(tmp_path):
    """A gzipped file of more than one shard has no middle."""
    n = 65_537
    folder = write_idx_folder(tmp_path / "idx", np.zeros((n, 4, 4), np.uint8), np.zeros(n, np.uint8), suffix=".gz")
    assert look_at_shards(str(folder), "test", AS_IT_IS, shared=False)[0].state == "ok"
    check, _ = look_at_shards(str(folder), "test", AS_IT_IS, shared=True)
    assert (check.state, "65,537 images in 2 shards, which workers cannot share" in check.found) == ("fail", True)


@pytest.mark.parametrize(("name", "state"), [("answers.npz", "ok"), ("nowhere.npz", "fail"), ("", "fail")])
def test_a_file_of_predictions_is_looked_at(tmp_path, name, state):
    """There, not there, a folder."""
    (tmp_path / "answers.npz").write_bytes(b"x")
    assert look_at_predictions(tmp_path / name).state == state


def test_rules_are_counted():
    """Those that somebody wrote."""
    assert look_at_gates(lambda: (1, 2)).found == "2 of your own"
    assert look_at_gates(lambda: None).found == "the default ones"


def test_a_rule_at_fault_fails():
    """In the words of a run."""

    def load():
        raise ConfigError("gates.toml: min is 99")

    check = look_at_gates(load)
    assert (check.state, check.found) == ("fail", "gates.toml: min is 99")


def test_a_baseline_is_read(tmp_path):
    """All of it."""
    check = look_at_baseline(finished_run(tmp_path), ("cat", "dog", "eel"))
    assert (check.state, check.found.endswith(", 12 predictions")) == ("ok", True)


def test_a_baseline_that_is_not_there_is_a_warning(tmp_path):
    """A rule may allow that."""
    assert look_at_baseline(tmp_path / "baseline", ()).state == "warn"


def test_a_damaged_baseline_fails(tmp_path):
    """A run would too."""
    (tmp_path / "baseline.json").write_text(json.dumps({"format": 1}), "utf-8")
    assert look_at_baseline(tmp_path, ()).state == "fail"


def test_a_folder_of_corrupted_images_is_looked_at(tmp_path):
    """It must be of the data."""
    folder = write_mnist_c(tmp_path / "c")
    images, labels = some_digits()
    data = look_at_data(str(write_npz(tmp_path / "mine.npz", images, labels)), "test", AS_IT_IS)[1]
    check = look_at_corrupted(folder, data)
    assert (check.state, check.found) == ("ok", f"{folder}: 2 corruptions of {tmp_path / 'mine.npz'}")
    check = look_at_corrupted(folder, look_at_data("mnist", "test", AS_IT_IS)[1])
    assert check.state == "fail"
    assert "expected whole numbers of shape (10000,)" in check.found
