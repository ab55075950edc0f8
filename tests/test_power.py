"""What a test set can see: of a threshold by summing exact binomial tails, of a change by simulation."""

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.paired import tango_interval
from mnist_report.evaluation.power import detectable, detectable_change
from mnist_report.evaluation.predictions import make_predictions

CASES = [(n, p) for n in (892, 1_000, 10_000) for p in (0.97, 0.98, 0.99, 0.995, 0.999)]
LEVEL = 0.025
# Images of the classes; dogs are never right, and there is no eel.
SUPPORT = {"cat": 892, "dog": 5, "eel": 0, "fox": 1_135, "gnu": 60}
# Discordant images, all images, the drop that is allowed.
CHANGES = [
    (80, 10_000, 0.0),
    (80, 10_000, 0.002),
    (80, 10_000, 0.005),
    (40, 10_000, 0.0),
    (20, 10_000, 0.0),
    (9_000, 10_000, 0.0),
    (300, 10_000, 0.01),
    (100, 1_000, 0.0),
    (50, 100, 0.05),
    (90, 100, 0.0),
    (900, 1_000, 0.5),
]
change = st.one_of(st.integers(1, 12), st.integers(1, 20_000)).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n), st.sampled_from([0.0, 0.001, 0.01, 0.2]))
)


def tail(n, p, *, most=None, least=None):
    """The chance of at most, or at least, so many of n."""
    from scipy.stats import binom

    return math.fsum(binom.pmf(range(most + 1) if least is None else range(least, n + 1), n, p))


def fails_up_to(n, threshold, level=LEVEL):
    """The largest count that is too unlikely low at the threshold; -1 where none is."""
    from scipy.stats import binom

    total = 0.0
    for k in range(n + 1):
        total += binom.pmf(k, n, threshold)
        if total > level:
            return k - 1
    return n


def passes_from(n, threshold, level=LEVEL):
    """The smallest count that is too unlikely high at the threshold; n + 1 where none is."""
    from scipy.stats import binom

    total = 0.0
    for k in range(n, -1, -1):
        total += binom.pmf(k, n, threshold)
        if total > level:
            return k + 1
    return 0


@pytest.mark.parametrize(("n", "threshold"), CASES)
def test_the_shortfall_is_found_with_a_chance_of_80_percent(n, threshold):
    """Exactly there, less often for anything nearer; at the threshold itself hardly ever."""
    fails, found = fails_up_to(n, threshold), detectable(threshold, n).shortfall
    assert tail(n, threshold, most=fails) <= LEVEL
    assert tail(n, threshold - found, most=fails) >= 0.80 - 1e-9
    assert tail(n, threshold - found * 0.999, most=fails) < 0.80


@pytest.mark.parametrize(("n", "threshold"), [case for case in CASES if case not in {(892, 0.999), (1_000, 0.999)}])
def test_the_margin_is_found_with_a_chance_of_80_percent(n, threshold):
    """Exactly there, less often for anything nearer; at the threshold itself hardly ever."""
    passes, found = passes_from(n, threshold), detectable(threshold, n).margin
    assert tail(n, threshold, least=passes) <= LEVEL
    assert tail(n, threshold + found, least=passes) >= 0.80 - 1e-9
    assert tail(n, threshold + found * 0.999, least=passes) < 0.80


@pytest.mark.parametrize(("n", "threshold"), [(892, 0.999), (1_000, 0.999), (10, 0.99), (1, 0.5)])
def test_a_set_that_can_never_pass_has_no_margin(n, threshold):
    """Even all right is no surprise at the threshold."""
    assert tail(n, threshold, least=n) > LEVEL
    assert math.isnan(detectable(threshold, n).margin)


@pytest.mark.parametrize(("n", "threshold"), [(1, 0.5), (1, 0.97), (3, 0.1)])
def test_a_set_that_can_never_fail_has_no_shortfall(n, threshold):
    """Even none right is no surprise at the threshold."""
    assert tail(n, threshold, most=0) > LEVEL
    assert math.isnan(detectable(threshold, n).shortfall)


@pytest.mark.parametrize("n", range(1, 60))
def test_small_sets_have_what_the_tails_say(n):
    """Defined just where a decision is possible; with the power of 80 % at the deviation."""
    found, fails, passes = detectable(0.8, n), fails_up_to(n, 0.8), passes_from(n, 0.8)
    assert math.isnan(found.shortfall) == (fails < 0)
    assert math.isnan(found.margin) == (passes > n)
    if fails >= 0:
        assert tail(n, 0.8 - found.shortfall, most=fails) == pytest.approx(0.80, abs=1e-9)
    if passes <= n:
        assert tail(n, 0.8 + found.margin, least=passes) == pytest.approx(0.80, abs=1e-9)


@pytest.mark.parametrize("level", [0.005, 0.025, 0.05])
def test_the_level_is_the_gates_own(level):
    """A stricter decision needs a larger deviation."""
    found = detectable(0.99, 2_000, level)
    assert tail(2_000, 0.99 - found.shortfall, most=fails_up_to(2_000, 0.99, level)) == pytest.approx(0.80, abs=1e-9)
    assert tail(2_000, 0.99 + found.margin, least=passes_from(2_000, 0.99, level)) == pytest.approx(0.80, abs=1e-9)


def test_the_deviations_that_the_design_quotes():
    """About 0.29 points at 99 % of 10,000: a little more below the threshold, a little less above it."""
    found = detectable(0.99, 10_000)
    assert [round(100 * found.shortfall, 3), round(100 * found.margin, 3)] == [0.301, 0.266]


@pytest.fixture(scope="module")
def power():
    """The frame of a run with classes of several sizes, its rows by class."""
    labels = np.repeat(np.arange(len(SUPPORT)), list(SUPPORT.values()))
    rows = np.eye(len(SUPPORT))[np.where(labels == 1, 0, labels)]
    return evaluate(make_predictions(rows, labels, tuple(SUPPORT))).frames.power


def deviations(threshold, n):
    """Shortfall and margin by trying every count, and then by looking for the proportion with the power."""
    from scipy.optimize import brentq
    from scipy.stats import binom

    counts = np.arange(n + 1)
    fails = counts[binom.cdf(counts, n, threshold) <= LEVEL]
    passes = counts[binom.sf(counts - 1, n, threshold) <= LEVEL]
    shortfall = margin = math.nan
    if len(fails):
        shortfall = threshold - brentq(lambda p: binom.cdf(fails[-1], n, p) - 0.80, 0, threshold, xtol=1e-14)
    if len(passes):
        margin = brentq(lambda p: binom.sf(passes[0] - 1, n, p) - 0.80, threshold, 1, xtol=1e-14) - threshold
    return shortfall, margin


def test_the_frame_of_power_has_a_row_for_the_whole_set_and_for_each_class(power):
    """With the thresholds of the default gates."""
    assert list(power.columns) == ["metric", "class", "n", "threshold", "shortfall", "margin"]
    rows = list(power[["metric", "class", "n", "threshold"]].itertuples(index=False, name=None))
    expected = [("accuracy", "", sum(SUPPORT.values()), 0.99)]
    assert rows == expected + [("recall", name, n, 0.96) for name, n in SUPPORT.items()]


@pytest.mark.parametrize("row", range(len(SUPPORT) + 1))
def test_a_row_of_the_frame_of_power_is_what_trying_everything_gives(power, row):
    """NaN for a class without images, and where no count would be a surprise."""
    found = power.iloc[row]
    expected = deviations(found["threshold"], found["n"])
    assert (found["shortfall"], found["margin"]) == pytest.approx(expected, rel=1e-8, nan_ok=True)


def test_some_rows_of_the_frame_of_power_are_defined(power):
    """All have a shortfall but the class without images; sixty images are too few for a margin."""
    assert power["shortfall"].isna().tolist() == [False, False, False, True, False, False]
    assert power["margin"].isna().tolist() == [False, False, True, True, False, True]


def found_share(difference, discordant, n, finds, draws=4_000):
    """How often `finds` is true of Tango's interval, over comparisons with this true difference."""
    interval = cache(tango_interval)
    share = max(discordant / n, abs(difference))
    cells = ((share + difference) / 2, (share - difference) / 2, 1 - share)
    drawn = np.random.default_rng(8).multinomial(n, np.clip(cells, 0, 1), size=draws).tolist()
    return sum(finds(*interval(fixed, regressed, n)) for fixed, regressed, _ in drawn) / draws


@pytest.mark.parametrize(("discordant", "n", "max_drop"), CHANGES)
def test_a_shortfall_between_models_is_found_in_about_80_percent(discordant, n, max_drop):
    """Tango's interval lies below the allowed drop so often; counts are whole, so it is not quite 80."""
    shortfall = detectable_change(discordant, n, max_drop).shortfall
    share = found_share(-max_drop - shortfall, discordant, n, lambda _, high: high < -max_drop)
    assert 0.74 <= share <= 0.88


@pytest.mark.parametrize(("discordant", "n", "max_drop"), [*CHANGES, (20, 10_000, 0.002)])
def test_a_margin_between_models_is_found_in_about_80_percent(discordant, n, max_drop):
    """Tango's interval lies above the allowed drop so often."""
    margin = detectable_change(discordant, n, max_drop).margin
    share = found_share(margin - max_drop, discordant, n, lambda low, _: low > -max_drop)
    assert 0.74 <= share <= 0.88


@pytest.mark.parametrize(("discordant", "n"), [*((k, 10_000) for k in (1, 2, 3, 4, 5, 8, 10)), (1, 1_000), (2, 100)])
def test_no_more_is_promised_where_few_images_are_discordant(discordant, n):
    """The change is found more often than said, because four regressed images of four are the least that tell."""
    shortfall = detectable_change(discordant, n).shortfall
    assert found_share(-shortfall, discordant, n, lambda _, high: high < 0) >= 0.74


@pytest.mark.parametrize(("max_drop", "expected"), [(0.002, 0.61), (0.003, 0.92), (0.005, 0.9999)])
def test_an_equal_candidate_passes_as_often_as_the_design_says(max_drop, expected):
    """With 80 discordant of 10,000 images."""
    share = found_share(0.0, 80, 10_000, lambda low, _: low > -max_drop)
    assert share == pytest.approx(expected, abs=0.04)


def variance_at(change, discordant, n, max_drop):
    """The variance of the difference of one image, and that which the test takes it to have, by maximum likelihood.

    As so many images are expected to be discordant, with this true change beyond the drop that is allowed; under the
    test, p are regressed and p - max_drop are fixed, p the most likely of all.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import xlogy

    difference = change - max_drop
    share = max(discordant / n, abs(difference))
    fixed, regressed = (share + difference) / 2, (share - difference) / 2

    def minus_log_likelihood(p):
        return -(xlogy(fixed, p - max_drop) + xlogy(regressed, p) + xlogy(1 - share, 1 - 2 * p + max_drop))

    least, most = max_drop, (1 + max_drop) / 2
    inner = minimize_scalar(minus_log_likelihood, bounds=(least, most), method="bounded", options={"xatol": 1e-13})
    p = min((least, most, inner.x), key=minus_log_likelihood)
    return share - difference**2, 2 * p - max_drop - max_drop**2


@pytest.mark.parametrize("sign", [-1, 1], ids=["shortfall", "margin"])
@pytest.mark.parametrize(("discordant", "n", "max_drop"), [*CHANGES, (1, 10_000, 0.0), (20, 10_000, 0.002)])
def test_a_change_is_measured_by_both_variances(discordant, n, max_drop, sign):
    """The one there, and Tango's under the test: by as many standard errors as the test and the power ask for."""
    from scipy.stats import norm

    found = detectable_change(discordant, n, max_drop)
    change = found.shortfall if sign < 0 else found.margin
    there, under_test = variance_at(sign * change, discordant, n, max_drop)
    expected = norm.isf(LEVEL) * math.sqrt(under_test) + norm.isf(0.20) * math.sqrt(max(0.0, there))
    assert change * math.sqrt(n) == pytest.approx(expected, rel=1e-4)


def never(deviation):
    """A deviation, infinite where none is large enough."""
    return math.inf if math.isnan(deviation) else deviation


@law
@given(change, st.integers(0, 500))
def test_the_more_discordant_images_the_larger_the_change_must_be(case, more):
    """They are what hides it."""
    discordant, n, max_drop = case
    fewer, many = (
        detectable_change(discordant or 1, n, max_drop),
        detectable_change(min(discordant + more + 1, n), n, max_drop),
    )
    assert never(fewer.shortfall) <= never(many.shortfall) + 1e-9
    assert never(fewer.margin) <= never(many.margin) + 1e-9


@law
@given(change, st.integers(2, 9))
@pytest.mark.parametrize("grows", [False, True], ids=["as many discordant", "the same share"])
def test_the_more_images_the_smaller_a_change_is_seen(grows, case, times):
    """Whether as many of them are discordant as before, or the same share."""
    few_ones, n, max_drop = case[0] or 1, *case[1:]
    small = detectable_change(few_ones, n, max_drop)
    large = detectable_change(few_ones * times if grows else few_ones, n * times, max_drop)
    assert never(large.shortfall) <= never(small.shortfall) + 1e-9
    assert never(large.margin) <= never(small.margin) + 1e-9


@law
@given(change)
def test_without_an_allowed_drop_a_rise_is_seen_like_a_fall(case):
    """Neither model is special."""
    discordant, n, _ = case
    found = detectable_change(discordant, n)
    assert found.shortfall == pytest.approx(found.margin, rel=1e-9, nan_ok=True)


@law
@given(change)
def test_a_change_lies_within_what_accuracies_can_do(case):
    """Between 0 and a fall from all to none, or a rise from none to all."""
    discordant, n, max_drop = case
    found = detectable_change(discordant, n, max_drop)
    assert math.isnan(found.shortfall) or 0 < found.shortfall <= 1 - max_drop
    assert math.isnan(found.margin) or 0 < found.margin <= 1 + max_drop


@pytest.mark.parametrize("max_drop", [0.5, 0.9])
def test_a_shortfall_that_no_accuracy_can_have_is_none(max_drop):
    """Four images cannot regress by more than all, and an allowed half of them is most of it."""
    assert math.isnan(detectable_change(4, 4, max_drop).shortfall)


@pytest.mark.parametrize("n", [1, 10, 10_000])
@pytest.mark.parametrize("max_drop", [0.0, 0.01])
def test_without_a_discordant_image_nothing_is_known_of_a_change(n, max_drop):
    """Nobody knows how much two such models would differ."""
    found = detectable_change(0, n, max_drop)
    assert math.isnan(found.shortfall)
    assert math.isnan(found.margin)


@pytest.mark.parametrize("n", range(1, 12))
def test_where_all_images_are_discordant_a_change_is_seen_just_where_tangos_interval_can_see_one(n):
    """Three images that all regress are no surprise yet, four are."""
    possible = tango_interval(0, n, n)[1] < 0
    assert math.isnan(detectable_change(n, n).shortfall) != possible
    assert possible == (n > 3)


@pytest.mark.parametrize(("discordant", "n"), [(1, 2), (1, 3), (2, 3)])
def test_so_few_images_that_tangos_interval_sees_nothing_have_no_shortfall(discordant, n):
    """Even if all of them regressed."""
    assert tango_interval(0, n, n)[1] > 0
    assert math.isnan(detectable_change(discordant, n).shortfall)


@pytest.mark.parametrize("level", [0.005, 0.025, 0.05])
def test_the_level_of_a_comparison_is_the_gates_own(level):
    """As in a textbook: both normal quantiles over the root of n, and a little less for the change's own variance."""
    from scipy.stats import norm

    found = detectable_change(1_000, 10_000, level=level).shortfall
    simple = (norm.isf(level) + norm.isf(0.20)) * math.sqrt(0.1 / 10_000)
    assert found == pytest.approx(simple, rel=0.001)
    assert found < simple
