"""Temperature scaling, against softmax on the logits themselves."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from strategies import law, permutations, plain_rows, samples

from mnist_report.model.temperature import HIGHEST, LOWEST, fit_temperature, with_temperature

temperatures = st.floats(math.log(LOWEST), math.log(HIGHEST)).map(math.exp)


def drawn(scale, *, n=2_000, classes=5, seed=3):
    """Logits, and labels drawn from what they say: reported `scale` times too large, their temperature is `scale`."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, 1.5, (n, classes))
    points = generator.random((n, 1))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < points).sum(axis=1).clip(max=classes - 1)
    return scale * logits, labels


def log_loss(logits, labels, temperature):
    """From the logits; nothing is clipped."""
    return -log_softmax(logits / temperature, axis=1)[np.arange(len(labels)), labels].mean()


@law
@given(samples())
def test_temperature_one_leaves_the_rows_as_they_are(sample):
    """Each divided by its sum, which float32 misses a little."""
    rows = sample.probabilities.astype(np.float32)
    assert with_temperature(rows, 1) == pytest.approx(np.array(plain_rows(sample)), rel=1e-12, abs=1e-14)


@law
@given(samples(), temperatures)
def test_no_temperature_changes_the_most_probable_class(sample, temperature):
    """Hence accuracy and its kin stay what they are, ties included."""
    rows = sample.probabilities.astype(np.float32)
    assert np.array_equal(with_temperature(rows, temperature).argmax(axis=1), rows.argmax(axis=1))


@law
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 5), temperatures)
def test_it_is_the_softmax_of_the_logits_over_the_temperature(seed, spread, temperature):
    """Without knowing the logits; to nine digits in the logarithm, so in the smallest probability too."""
    logits = np.random.default_rng(seed).uniform(-spread, spread, (20, 4))
    found = np.log(with_temperature(softmax(logits, axis=1), temperature))
    np.testing.assert_allclose(found, log_softmax(logits / temperature, axis=1), rtol=1e-9, atol=1e-9)


@law
@given(samples(ties=False), st.floats(0.7, 5), st.floats(0.7, 5))
def test_two_temperatures_in_turn_are_their_product(sample, first, second):
    """Dividing twice; as long as nothing comes near the clip."""
    twice = with_temperature(with_temperature(sample.probabilities, first), second)
    assert twice == pytest.approx(with_temperature(sample.probabilities, first * second), rel=1e-9)


@law
@given(samples(), temperatures, temperatures)
def test_a_higher_temperature_is_never_surer(sample, first, second):
    """The confidence of each row falls towards a tie of all classes."""
    low, high = sorted((first, second))
    sure, less = (with_temperature(sample.probabilities, t).max(axis=1) for t in (low, high))
    assert np.all(less <= sure + 1e-12)
    assert np.all(less >= 1 / len(sample.class_names) - 1e-12)


@law
@given(samples(), temperatures)
def test_every_row_still_sums_to_one(sample, temperature):
    """They are probabilities as before."""
    rows = with_temperature(sample.probabilities, temperature)
    assert rows.min() >= 0
    assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)), rel=1e-12)


@pytest.mark.parametrize("temperature", [LOWEST, 1.0, HIGHEST])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_of_one_and_zeros_is_never_nan(temperature, dtype):
    """The logarithm of 0 is clipped at the float64 epsilon."""
    rows = with_temperature(np.eye(10, dtype=dtype), temperature)
    assert np.isfinite(rows).all()
    assert rows.argmax(axis=1).tolist() == list(range(10))


def test_float32_rows_are_computed_in_float64():
    """What keras gives loses no digit here."""
    rows = softmax(np.random.default_rng(1).normal(0, 3, (50, 10)), axis=1).astype(np.float32)
    found = with_temperature(rows, 2.5)
    assert found.dtype == np.float64
    assert np.array_equal(found, with_temperature(rows.astype(np.float64), 2.5))


def test_the_rows_that_are_given_stay_as_they_are():
    """They are stored as the model gave them."""
    rows = np.array([[0.2, 0.8], [1.0, 0.0]])
    with_temperature(rows, 3)
    assert rows.tolist() == [[0.2, 0.8], [1.0, 0.0]]


@pytest.mark.parametrize("scale", [0.3, 0.7, 1.0, 1.8, 3.0])
def test_logits_of_a_known_scale_have_that_temperature(scale):
    """Labels are drawn from softmax(z), but softmax(scale z) is reported; 2,000 images tell it to a tenth."""
    logits, labels = drawn(scale)
    assert fit_temperature(softmax(logits, axis=1), labels) == pytest.approx(scale, rel=0.1)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_the_fit_is_the_optimum_that_scipy_finds_on_the_logits(scale):
    """Brent's method over 1 / T, where the loss is convex."""
    logits, labels = drawn(scale, seed=11)
    best = minimize_scalar(lambda inverse: log_loss(logits, labels, 1 / inverse), bracket=(0.2, 2.0), tol=1e-10)
    assert fit_temperature(softmax(logits, axis=1), labels) == pytest.approx(1 / best.x, rel=1e-5)


@pytest.mark.parametrize("seed", range(8))
def test_no_temperature_of_a_fine_grid_is_better(seed):
    """Small sets of any quality, from useless to nearly perfect models."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(0, generator.uniform(0.3, 4), (40, 4))
    asked = generator.random(40) < generator.random()
    labels = np.where(asked, logits.argmax(axis=1), generator.integers(0, 4, 40))
    found = fit_temperature(softmax(logits, axis=1), labels)
    grid = np.exp(np.linspace(math.log(LOWEST), math.log(HIGHEST), 2_000))
    assert log_loss(logits, labels, found) <= min(log_loss(logits, labels, t) for t in grid) + 1e-7


def test_the_images_order_does_not_matter():
    """A sum is a sum."""
    logits, labels = drawn(1.4, n=300)
    order = np.random.default_rng(2).permutation(300)
    rows = softmax(logits, axis=1)
    assert fit_temperature(rows[order], labels[order]) == pytest.approx(fit_temperature(rows, labels), rel=1e-5)


@law
@given(st.data())
def test_the_classes_order_does_not_matter(data):
    """No class is special."""
    logits, labels = drawn(1.4, n=100)
    order = data.draw(permutations(5))
    rows = softmax(logits, axis=1)
    relabelled = fit_temperature(rows[:, order], np.argsort(order)[labels])
    assert relabelled == pytest.approx(fit_temperature(rows, labels), rel=1e-4)


def test_float32_rows_give_the_same_temperature():
    """Those of a model on the logits' own digits."""
    logits, labels = drawn(2.0)
    rows = softmax(logits, axis=1)
    assert fit_temperature(rows.astype(np.float32), labels) == pytest.approx(fit_temperature(rows, labels), rel=1e-5)


def test_a_model_that_is_always_right_is_told_to_be_surer():
    """As sure as the bound lets it, not infinitely."""
    assert fit_temperature(np.array([[0.6, 0.4]] * 5), np.zeros(5, int)) == pytest.approx(LOWEST, rel=1e-3)


def test_a_model_that_is_always_wrong_is_told_to_know_nothing():
    """The other bound."""
    assert fit_temperature(np.array([[0.6, 0.4]] * 5), np.ones(5, int)) == pytest.approx(HIGHEST, rel=1e-3)


@law
@given(samples())
def test_the_fit_stays_within_its_bounds(sample):
    """Whatever the rows, one-hot and tied ones among them."""
    assert LOWEST <= fit_temperature(sample.probabilities, sample.labels) <= HIGHEST


def test_one_very_sure_mistake_among_many_forbids_to_be_surer():
    """Its loss grows without end as T falls: at 0.05 the log loss is five times that at the optimum."""
    rows = np.array([[0.55, 0.45 - 1e-12, 1e-12]] * 180)
    labels = np.array([0] * 179 + [2])
    best = min((log_loss(np.log(rows), labels, t), t) for t in np.geomspace(LOWEST, HIGHEST, 500))
    assert log_loss(np.log(rows), labels, fit_temperature(rows, labels)) <= best[0] + 1e-6
