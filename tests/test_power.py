"""What a test set can see of a threshold, by summing exact binomial tails."""

import math

import pytest

from mnist_report.evaluation.power import detectable

CASES = [(n, p) for n in (892, 1_000, 10_000) for p in (0.97, 0.98, 0.99, 0.995, 0.999)]
LEVEL = 0.025


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
