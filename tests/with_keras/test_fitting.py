"""Fitting in this process, on few images and a small network; keras is the oracle."""

import itertools

import numpy as np
import pytest

from mnist_report.data.sources import load_dataset
from mnist_report.errors import ModelError
from mnist_report.model.epochs import Epoch
from mnist_report.model.fitting import fit
from mnist_report.model.pacing import best_epoch, ends_early, plateau_rate
from mnist_report.model.recipes import Recipe

keras = pytest.importorskip("keras")

N = 200
FEW = Recipe(epochs=3, batch_size=32, seed=5)
STRONGER = Recipe(
    epochs=3, batch_size=32, seed=5, schedule="cosine", warm_up=0.2, weight_averaging=0.9, rotation=10, shift=1
)


@pytest.fixture(scope="module")
def digits():
    """200 training images as pixels, and their labels."""
    dataset = load_dataset(split="train")
    return (dataset.images[:N] / 255).astype(np.float32)[..., np.newaxis], dataset.labels[:N]


def small_network():
    """One that has all that the real one has: normalisation, whose statistics move, and dropout, which draws."""
    keras.utils.set_random_seed(5)
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(2, 3, strides=3, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def fitted(digits, recipe, **options):
    """A network, what fitting it did, and its states after each epoch."""
    model, states = small_network(), []
    given = {"show": lambda _: None, "stopped": lambda: False, "keep": states.append, **options}
    return model, fit(model, *digits, recipe, **given), states


@pytest.mark.parametrize("recipe", [FEW, STRONGER], ids=["seed's way", "strong's way"])
def test_a_resumed_training_ends_as_an_uninterrupted_one(digits, recipe):
    """Weights and history, whichever epoch it was interrupted after."""
    straight, whole, states = fitted(digits, recipe)
    for state in states[:2]:
        model, resumed, _ = fitted(digits, recipe, resumed=state)
        for one, other in zip(straight.get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)  # threads add up in another order
        assert [epoch.val_loss for epoch in resumed.history] == pytest.approx(
            [epoch.val_loss for epoch in whole.history], rel=1e-4
        )
        assert [epoch.learning_rate for epoch in resumed.history] == [epoch.learning_rate for epoch in whole.history]


def test_a_training_that_was_over_is_not_gone_on_with(digits):
    """Its best weights are put in place, and that is all."""
    straight, _, states = fitted(digits, FEW)
    model, _, more = fitted(digits, FEW, resumed=states[-1])
    assert more == []
    for one, other in zip(straight.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_state_of_another_network_is_refused(digits):
    """It says what may have happened."""
    states = fitted(digits, FEW)[2]
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    with pytest.raises(ModelError, match="was the architecture changed since"):
        fit(model, *digits, FEW, show=lambda _: None, stopped=lambda: False, resumed=states[0])


def test_the_weights_that_are_kept_are_those_that_were_validated(digits):
    """With averaged weights too: keras finds the best epoch's loss again."""
    for recipe in (FEW, STRONGER):
        model, done, _ = fitted(digits, recipe)
        one_hot = np.eye(10)[digits[1][-20:]]
        found = keras.losses.CategoricalCrossentropy()(one_hot, model.predict(digits[0][-20:], verbose=0))
        assert float(found) == pytest.approx(done.best.val_loss, rel=1e-4)


@pytest.mark.parametrize(("decay", "restarts"), [(0.9, 2), (0.99, 3)])
def test_averaged_weights_are_the_moving_average_of_those_after_each_step(digits, decay, restarts):
    """By a plain loop over what the optimizer made of them: 6 steps an epoch.

    While fewer steps are done than the average remembers, 1 / (1 - decay), it begins anew with each epoch.
    """
    after = []
    recipe = Recipe(epochs=3, batch_size=32, seed=5, weight_averaging=decay, schedule="cosine", stop_patience=0)
    model, kept = small_network(), []

    def stopped():
        after.append([weight.numpy().copy() for weight in model.trainable_weights])
        return False

    fit(model, *digits, recipe, show=lambda _: None, stopped=stopped, keep=kept.append)
    average = before = None
    for step, weights in enumerate(after):
        if step in [6 * epoch for epoch in range(1, restarts)]:
            average = before
        # The very first step's weights are what the average starts from, in keras too.
        pairs = zip(average or weights, weights, strict=True)
        average, before = [decay * old + (1 - decay) * new for old, new in pairs], weights
    averages = [array for array in kept[-1].optimizer if array.shape][: len(average)]  # before its moments
    assert len(average) == len(model.trainable_weights)
    for expected, found in zip(average, averages, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_the_losses_that_are_told_are_of_the_labels_as_they_are(digits):
    """However much the objective smooths them, or recipes could not be compared."""
    recipe = Recipe(epochs=1, batch_size=32, seed=5, label_smoothing=0.9, stop_patience=0)
    model, done, _ = fitted(digits, recipe)
    said = model.predict(digits[0][-20:], verbose=0)[np.arange(20), digits[1][-20:]]
    assert done.best.val_loss == pytest.approx(float(-np.log(said).mean()), rel=1e-4)


def test_a_cosine_schedule_rises_falls_and_ends_at_nothing(digits):
    """Held against keras's own formula at the first and the last step of each epoch."""
    recipe = Recipe(epochs=4, batch_size=60, schedule="cosine", warm_up=0.25, stop_patience=0)
    rates = [epoch.learning_rate for epoch in fitted(digits, recipe)[1].history]
    cosine = [0.5 * (1 + np.cos(np.pi * done / 9)) * 1e-3 for done in (0, 3, 6, 9)]
    expected = [1e-3 / 2, *(float(sum(pair)) / 2 for pair in itertools.pairwise(cosine))]
    assert rates == pytest.approx(expected, rel=1e-5)


def test_a_training_that_diverges_keeps_the_best_epoch_before(digits):
    """And says so."""
    model, states = small_network(), []

    def keep(state):
        states.append(state)
        if len(states) == 2:
            model.layers[-1].bias.assign(np.full(10, np.nan))  # what a learning rate too high ends with

    recipe = Recipe(epochs=9, batch_size=32, seed=5)
    done = fit(model, *digits, recipe, show=lambda _: None, stopped=lambda: False, keep=keep)
    assert done.diverged
    assert len(done.history) == 2
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_stopping_keeps_the_best_so_far(digits):
    """None where no epoch was finished."""
    told = []
    _, done, _ = fitted(digits, FEW, show=told.append, stopped=lambda: any(isinstance(one, Epoch) for one in told))
    assert len(done.history) == 1
    assert fitted(digits, FEW, stopped=lambda: True)[1] is None


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # keras's own reading of its rate
def test_the_plateau_rule_and_the_end_are_kerass_own():
    """Its callbacks, told random losses, set the same rates and stop at the same epoch."""
    generator = np.random.default_rng(0)
    for patience in (1, 2, 3):
        recipe = Recipe(plateau_patience=patience, stop_patience=patience + 3, min_learning_rate=2e-4)
        for _ in range(20):
            losses = np.round(generator.random(14) * 0.001 + 0.1, 4).tolist()
            model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
            model.compile(optimizer=keras.optimizers.Adam(recipe.learning_rate), loss="mse")
            plateau = keras.callbacks.ReduceLROnPlateau(
                "val_loss", factor=0.5, patience=patience, min_lr=recipe.min_learning_rate
            )
            stopping = keras.callbacks.EarlyStopping("val_loss", patience=recipe.stop_patience)
            for callback in (plateau, stopping):
                callback.set_model(model)
                callback.on_train_begin()
            for epoch, loss in enumerate(losses):
                model.stop_training = False
                for callback in (plateau, stopping):
                    callback.on_epoch_end(epoch, {"val_loss": loss})
                so_far = losses[: epoch + 1]
                assert plateau_rate(recipe, so_far) == pytest.approx(float(model.optimizer.learning_rate))
                assert ends_early(recipe, so_far) == model.stop_training
                assert stopping.best_epoch == best_epoch(so_far)
                if model.stop_training:
                    break
