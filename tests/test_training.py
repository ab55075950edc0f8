"""Training in the model's process, on a few real images."""

import csv
import hashlib
import json

import numpy as np
import pytest

from mnist_report.data.dataset import make_dataset
from mnist_report.data.sources import load_dataset
from mnist_report.errors import DataError, ModelError
from mnist_report.inference import start_model
from mnist_report.model.card import card_temperature, read_card
from mnist_report.model.checkpoint import checkpoint_path, read_checkpoint
from mnist_report.model.epochs import Epoch
from mnist_report.model.recipes import Recipe
from mnist_report.model.store import identify_model
from mnist_report.model.temperature import fit_temperature
from mnist_report.model.training import train


@pytest.fixture(scope="module")
def few():
    """The first 300 training images."""
    whole = load_dataset(split="train")
    return make_dataset(
        whole.images[:300], whole.labels[:300], class_names=whole.class_names, source="few", split="train"
    )


def train_few(few, folder, *, epochs, stop_after=None):
    """Train on a few images; returns what `train` does and the news it told."""
    news = []

    def stopped():
        return stop_after is not None and sum(isinstance(item, Epoch) for item in news) >= stop_after

    recipe = Recipe(epochs=epochs, batch_size=32, seed=7)
    output = folder / "few.keras"
    trained = train(few, recipe, output, device="cpu", created="2026-01-02", show=news.append, stopped=stopped)
    return trained, news


@pytest.fixture(scope="module")
def trained(few, tmp_path_factory):
    """Two epochs, uninterrupted."""
    return train_few(few, tmp_path_factory.mktemp("trained"), epochs=2)


def test_every_epoch_is_told_and_kept(trained):
    """What was shown is what the history holds."""
    result, news = trained
    assert [item for item in news if isinstance(item, Epoch)] == list(result.history)
    assert [epoch.epoch for epoch in result.history] == [1, 2]


def test_the_best_epoch_is_the_one_with_the_lowest_validation_loss(trained):
    """The kept weights are its weights."""
    result, _ = trained
    assert result.best.val_loss == min(epoch.val_loss for epoch in result.history)


def test_a_training_that_came_to_its_end_leaves_no_checkpoint(trained):
    """The model is enough."""
    left = sorted(path.name for path in trained[0].model.parent.iterdir())
    assert left == ["few.card.json", "few.history.csv", "few.keras"]


def test_the_card_belongs_to_the_file(trained):
    """Its sha256 is the file's."""
    result, _ = trained
    sha256 = hashlib.sha256(result.model.read_bytes()).hexdigest()
    card = read_card(result.model, sha256)
    assert card is not None
    assert card["model"] == {"sha256": sha256, "parameters": 468_714, "trainable_parameters": 468_266}


def test_the_card_says_how_it_was_trained(trained, few):
    """Recipe, data, device and history."""
    result, _ = trained
    card = json.loads(result.model.with_suffix(".card.json").read_text("utf-8"))
    assert card["recipe"]["seed"] == 7
    assert card["data"] == {
        "source": "few",
        "split": "train",
        "sha256": few.sha256,
        "n_trained_on": 270,
        "n_held_out": 30,
    }
    assert card["device"]["kind"] == "cpu"
    assert [epoch["val_loss"] for epoch in card["training"]["history"]] == [e.val_loss for e in result.history]


def test_the_history_is_a_table_too(trained):
    """One row an epoch, for a spreadsheet."""
    result, _ = trained
    with result.model.with_suffix(".history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_loss"]) for row in rows] == [epoch.val_loss for epoch in result.history]


def test_the_model_carries_no_optimizer_state(trained):
    """Adam's moments would triple the file."""
    assert trained[0].model.stat().st_size < 2_000_000


@pytest.fixture(scope="module")
def stopped_early(few, tmp_path_factory):
    """What a training leaves that was asked to stop after its first epoch."""
    result, _ = train_few(few, tmp_path_factory.mktemp("stopped"), epochs=50, stop_after=1)
    return result


def test_stopping_early_keeps_the_best_model_so_far(stopped_early):
    """What Ctrl-C leaves is a whole model with its card."""
    assert stopped_early.interrupted
    assert 1 <= len(stopped_early.history) < 50
    left = sorted(path.name for path in stopped_early.model.parent.iterdir())
    assert left == ["few.card.json", "few.checkpoint.npz", "few.history.csv", "few.keras"]


def test_a_training_that_was_stopped_can_be_gone_on_with(stopped_early):
    """Its checkpoint says what it set out to do, and where it is."""
    plan, state = read_checkpoint(checkpoint_path(stopped_early.model))
    assert (plan.recipe.epochs, plan.output) == (50, "few.keras")
    assert state.history == stopped_early.history


def test_stopping_before_the_first_epoch_leaves_nothing(few, tmp_path):
    """There is no best model yet."""
    result, _ = train_few(few, tmp_path, epochs=50, stop_after=0)
    assert result is None
    assert list(tmp_path.iterdir()) == []


def test_the_test_set_is_never_opened(few, tmp_path, monkeypatch):
    """Training reads the training files alone: with the test files out of reach it trains all the same."""
    from mnist_report.data import sources

    folder = tmp_path / "mnist"
    folder.mkdir()
    for file in sources.EMBEDDED_FOLDER.glob("train-*"):
        (folder / file.name).symlink_to(file)
    monkeypatch.setattr(sources, "EMBEDDED_FOLDER", folder)
    whole = load_dataset("mnist", "train")
    np.testing.assert_array_equal(whole.labels[:300], few.labels)
    some = make_dataset(whole.images[:300], whole.labels[:300], class_names=whole.class_names, source="", split="train")
    result, _ = train_few(some, tmp_path, epochs=1)
    assert result.model.exists()


def test_a_training_that_diverges_says_so_and_leaves_nothing(few, tmp_path):
    """No model of NaN is ever called the best."""
    with pytest.raises(ModelError, match="training diverged in its first epoch"):
        train(
            few,
            Recipe(epochs=2, learning_rate=1e30),
            tmp_path / "m.keras",
            device="cpu",
            created="",
            show=print,
            stopped=lambda: False,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_share_that_holds_out_nothing_is_an_error(few, tmp_path):
    """It is found before keras is imported."""
    with pytest.raises(DataError, match=r"a validation share of 0\.001 leaves 300 of 300 images to train on"):
        train(
            few,
            Recipe(validation_share=0.001),
            tmp_path / "m.keras",
            device="cpu",
            created="",
            show=print,
            stopped=lambda: False,
        )


def test_the_card_has_the_temperature_of_the_held_out_images(trained, few):
    """Fitted to what the saved model says about them, and to nothing else."""
    result, _ = trained
    with start_model(identify_model(result.model), device="cpu", batch_size=30) as model:
        model.wait_until_loaded()
        said = model.predict(few.images[270:], lambda *_: None).answer
    card = json.loads(result.model.with_suffix(".card.json").read_text("utf-8"))
    assert card["calibration"]["n"] == 30
    assert card["calibration"]["temperature"] == pytest.approx(fit_temperature(said, few.labels[270:]), rel=1e-3)


def test_a_training_that_was_stopped_has_a_temperature_too(stopped_early):
    """Of the best weights so far."""
    assert 0.05 <= card_temperature(identify_model(stopped_early.model).card) <= 20
