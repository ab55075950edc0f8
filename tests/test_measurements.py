"""Each kind of measurement against scipy.stats or a plain loop."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm
from strategies import law

from mnist_report.evaluation.intervals import exact_interval
from mnist_report.evaluation.metrics import f1_score
from mnist_report.evaluation.paired import tango_interval
from mnist_report.gates.measurements import F1, Draws, Mean, Negated, PairedProportion, Proportion

SHARES = [(0, 10), (10, 10), (3, 10), (1, 1), (0, 1), (9_950, 10_000), (882, 892), (123_456, 1_000_000)]
THRESHOLDS = [0.0, 1e-9, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0]
# Fixed, regressed, all images.
FLIPS = [(5, 12, 100), (40, 40, 10_000), (0, 7, 50), (7, 0, 50), (1, 1, 3), (150, 120, 10_000), (30, 70, 100)]
DRAWN = np.random.default_rng(3).normal(0.9, 0.01, 2_000)
EVERY = [
    Proportion(95, 100),
    F1(Proportion(90, 100), 97),
    Mean(0.2, 0.01, 400),
    Draws(0.9, DRAWN, 1_000),
    PairedProportion(3, 9, 500),
    Negated(Proportion(95, 100)),
]
counts = st.integers(1, 3_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def tango_by_search(fixed, regressed, n, delta):
    """Tango's score with its restricted estimate found by maximising the likelihood."""

    def against(q):
        parts = ((fixed, q + delta), (regressed, q), (n - fixed - regressed, 1 - 2 * q - delta))
        return -sum(count * math.log(max(p, 1e-300)) for count, p in parts if count)

    low, high = max(0.0, -delta), (1 - delta) / 2
    q = minimize_scalar(against, bounds=(low, high), method="bounded", options={"xatol": 1e-14}).x
    return (fixed - regressed - n * delta) / math.sqrt(n * (2 * q + delta * (1 - delta)))


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize(("count", "n"), SHARES)
def test_a_share_has_exact_binomial_tails(count, n, threshold):
    """Both ends included."""
    share = Proportion(count, n)
    assert share.value == count / n
    assert share.as_low(threshold) == pytest.approx(binom.cdf(count, n, threshold), rel=1e-9, abs=1e-300)
    assert share.as_high(threshold) == pytest.approx(binom.sf(count - 1, n, threshold), rel=1e-9, abs=1e-300)


@law
@given(counts, st.floats(0.001, 0.999))
def test_a_share_passes_where_its_exact_bound_reaches_the_threshold(share, threshold):
    """The test and the interval of the report are one."""
    low, high = exact_interval(*share)
    measured = Proportion(*share)
    if abs(low - threshold) > 1e-12:
        assert (measured.as_high(threshold) <= 0.025) == (low >= threshold)
    if abs(high - threshold) > 1e-12:
        assert (measured.as_low(threshold) <= 0.025) == (high <= threshold)


@law
@given(st.integers(1, 300), st.integers(0, 300), st.integers(0, 300), st.floats(0.001, 0.999))
def test_f1_passes_where_the_bound_of_the_report_reaches_the_threshold(support, predicted, right, threshold):
    """By the share of right ones among the images that concern the class."""
    right = min(right, support, predicted)
    metric = f1_score(right, support, predicted)
    measured = F1(Proportion(right, support + predicted - right), support)
    assert measured.value == pytest.approx(metric.value)
    if abs(metric.ci_low - threshold) > 1e-12:
        assert (measured.as_high(threshold) <= 0.025) == (metric.ci_low >= threshold)
    if abs(metric.ci_high - threshold) > 1e-12:
        assert (measured.as_low(threshold) <= 0.025) == (metric.ci_high <= threshold)


@pytest.mark.parametrize("threshold", [0.0, 0.18, 0.2, 0.23, 5.0, -1.0])
def test_a_mean_has_normal_tails(threshold):
    """By its standard error."""
    mean = Mean(0.2, 0.01, 400)
    assert mean.as_low(threshold) == pytest.approx(norm.cdf(0.2, threshold, 0.01))
    assert mean.as_high(threshold) == pytest.approx(norm.sf(0.2, threshold, 0.01))


@pytest.mark.parametrize(
    ("value", "low", "high"), [(0.2, 1.0, 0.0), (math.nextafter(0.2, 0), 0.0, 1.0), (math.nextafter(0.2, 1), 1.0, 0.0)]
)
def test_a_mean_without_spread_is_decided_by_its_value(value, low, high):
    """Equal to the threshold is good enough."""
    mean = Mean(value, 0.0, 400)
    assert (mean.as_low(0.2), mean.as_high(0.2)) == (low, high)


def test_a_mean_of_one_image_knows_nothing():
    """It has no spread to know."""
    mean = Mean(0.2, math.nan, 1)
    assert math.isnan(mean.as_low(0.1))
    assert math.isnan(mean.as_high(0.1))


@pytest.mark.parametrize("threshold", [0.8, 0.88, 0.9, 0.93, 1.0, float(DRAWN[7])])
def test_draws_are_counted(threshold):
    """Those that reach the threshold, and those that do not."""
    measured = Draws(0.9, DRAWN, 1_000)
    reach = sum(draw >= threshold for draw in DRAWN.tolist())
    assert measured.as_low(threshold) == reach / 2_000
    assert measured.as_high(threshold) == (2_000 - reach) / 2_000


def test_a_draw_without_a_value_leaves_all_undefined():
    """As the interval of the report does."""
    measured = Draws(0.9, np.array([0.9, math.nan]), 1_000)
    assert math.isnan(measured.as_low(0.5))
    assert math.isnan(measured.as_high(0.5))


@pytest.mark.parametrize("delta", [-0.1, -0.01, -0.003, 0.0, 0.002, 0.05])
@pytest.mark.parametrize(("fixed", "regressed", "n"), FLIPS)
def test_a_paired_difference_has_tangos_score(fixed, regressed, n, delta):
    """With the restricted estimate found by search."""
    paired, score = PairedProportion(fixed, regressed, n), tango_by_search(fixed, regressed, n, delta)
    assert paired.value == (fixed - regressed) / n
    assert paired.as_low(delta) == pytest.approx(norm.cdf(score), rel=1e-4, abs=1e-12)
    assert paired.as_high(delta) == pytest.approx(norm.sf(score), rel=1e-4, abs=1e-12)


@pytest.mark.parametrize(("fixed", "regressed", "n"), FLIPS)
def test_a_paired_difference_passes_where_tangos_bound_reaches_the_threshold(fixed, regressed, n):
    """The test and the interval of the report are one."""
    low, high = tango_interval(fixed, regressed, n)
    paired = PairedProportion(fixed, regressed, n)
    assert (paired.as_high(low - 1e-9) <= 0.025, paired.as_high(low + 1e-9) <= 0.025) == (True, False)
    assert (paired.as_low(high + 1e-9) <= 0.025, paired.as_low(high - 1e-9) <= 0.025) == (True, False)


def test_two_models_that_answer_alike_are_not_called_different():
    """Without a flipped image nothing speaks against a difference of 0, nor for more than it."""
    same = PairedProportion(0, 0, 1_000)
    assert (same.as_low(0.0), same.as_high(0.0)) == (0.5, 0.5)
    assert same.as_high(-0.01) < 0.025


@pytest.mark.parametrize("measured", EVERY, ids=lambda measured: type(measured).__name__)
@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.9, 0.95])
def test_the_negative_swaps_high_and_low(measured, threshold):
    """A metric that must stay low is one whose negative must stay high."""
    own = -threshold if isinstance(measured, Negated) else threshold
    turned = measured.negated()
    assert turned.as_low(-own) == pytest.approx(measured.as_high(own))
    assert turned.as_high(-own) == pytest.approx(measured.as_low(own))
    assert (turned.value, turned.n) == (pytest.approx(-measured.value), measured.n)
    assert turned.negated().value == measured.value


def test_a_negated_draw_that_equals_the_threshold_still_holds():
    """A bound that is the threshold passes, whichever way the metric must go."""
    draws = np.full(2_000, 0.3)
    assert Draws(0.3, draws, 9).as_high(0.3) == 0
    assert Draws(0.3, draws, 9).negated().as_high(-0.3) == 0


@pytest.mark.parametrize("measured", EVERY, ids=lambda measured: type(measured).__name__)
def test_the_same_on_four_times_the_images(measured):
    """The value stays, the number grows."""
    larger = measured.scaled(4)
    assert (larger.value, larger.n) == (pytest.approx(measured.value), 4 * measured.n)


def test_the_spread_of_four_times_the_images_is_half():
    """Of a mean and of draws."""
    assert Mean(0.2, 0.01, 400).scaled(4).error == pytest.approx(0.005)
    assert Draws(0.9, DRAWN, 1_000).scaled(4).draws.std() == pytest.approx(DRAWN.std() / 2)


@law
@given(counts, st.floats(1, 10))
def test_a_scaled_share_stays_a_share(share, factor):
    """Whole images, never more of them right than there are."""
    larger = Proportion(*share).scaled(factor)
    assert 0 <= larger.count <= larger.n
    assert isinstance(larger.count, int)


@pytest.mark.parametrize("measured", EVERY, ids=lambda measured: type(measured).__name__)
def test_the_extremes_are_the_best_and_the_worst(measured):
    """Of as many images; a mean and draws have none."""
    if isinstance(measured, Mean | Draws):
        assert measured.extremes() is None
        return
    best, worst = measured.extremes()
    assert (best.n, worst.n) == (measured.n, measured.n)
    assert worst.value <= measured.value <= best.value
    expected = {PairedProportion: (1, -1), Negated: (0, -1)}.get(type(measured), (1, 0))
    assert (best.value, worst.value) == expected


@pytest.mark.parametrize("measured", [Mean(0.2, 0.01, 400), Draws(0.9, DRAWN, 1_000)], ids=["mean", "draws"])
@pytest.mark.parametrize(("fail", "passing"), [(0.025, 0.025), (0.0025, 0.025)])
def test_a_normal_test_has_the_power_of_80_percent_at_its_deviations(measured, fail, passing):
    """Each at its own level."""
    found = measured.detectable(0.5, fail, passing)
    error = measured.error if isinstance(measured, Mean) else DRAWN.std()
    assert norm.cdf(found.shortfall / error - norm.isf(fail)) == pytest.approx(0.80)
    assert norm.cdf(found.margin / error - norm.isf(passing)) == pytest.approx(0.80)


def test_the_negatives_deviations_are_swapped():
    """What lies below the negative threshold lies above the positive one."""
    share = Proportion(95, 1_000)
    found, turned = share.detectable(0.1, 0.01, 0.025), share.negated().detectable(-0.1, 0.025, 0.01)
    assert (turned.shortfall, turned.margin) == (found.margin, found.shortfall)


def test_f1_has_the_power_of_80_percent_at_its_deviations():
    """Through the share."""
    measured = F1(Proportion(950, 1_000), 980)
    found = measured.detectable(0.95, 0.025, 0.025)
    share = 0.95 / 1.05
    fails = max(k for k in range(1_001) if binom.cdf(k, 1_000, share) <= 0.025)
    low = 0.95 - found.shortfall
    assert binom.cdf(fails, 1_000, low / (2 - low)) == pytest.approx(0.80, abs=1e-9)
