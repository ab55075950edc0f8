"""How often a gate is wrong: exact binomial tails where there are some, simulation elsewhere."""

import math
from functools import cache

import numpy as np
import pytest
from gate_work import TODAY, classes_right, flipped, gate, gate_set, right_ones
from scipy.stats import binom

from mnist_report.evaluation.metrics import Metric
from mnist_report.gates.evidence import Observation, _skewed
from mnist_report.gates.measurements import Mean, PairedProportion, Proportion
from mnist_report.gates.verdict import _decide, judge

LEVEL, POWER = 0.025, 0.80
SIZES = (892, 1_000, 10_000)
THRESHOLDS = (0.97, 0.98, 0.99, 0.995, 0.999)
DECIDABLE = [(n, p) for n in SIZES for p in THRESHOLDS if p**n <= LEVEL]
# Nothing is drawn where the tail is summed; the sums are exact but for rounding.
ROUNDING = 1e-9
DRAWS = 20_000


@cache
def finding(count, n, threshold, sense="min"):
    """What a gate finds, all the way from the images."""
    rule = gate_set({"metric": "accuracy", sense: threshold})
    return judge(rule, right_ones(count, n), TODAY).results[0].findings[0]


def first(n, holds):
    """The smallest count from 0 to n + 1 from which on `holds` is true."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


@cache
def regions(n, threshold):
    """The counts that FAIL lie below the first number, those that PASS from the second on."""
    fails = first(n, lambda count: count > n or finding(count, n, threshold).outcome != "FAIL")
    passes = first(n, lambda count: count > n or finding(count, n, threshold).outcome == "PASS")
    return fails, passes


def chance_of_fail(n, threshold, truth):
    """Summed over the counts that fail."""
    return binom.cdf(regions(n, threshold)[0] - 1, n, truth)


def chance_of_pass(n, threshold, truth):
    """Summed over the counts that pass."""
    return binom.sf(regions(n, threshold)[1] - 1, n, truth)


def test_the_cases_are_those_that_can_be_decided():
    """At 99.9 % it takes 3,688 images; the others say so."""
    assert len(DECIDABLE) == 13
    for n in (892, 1_000):
        assert finding(n, n, 0.999).outcome == "ERROR"


@pytest.mark.parametrize(("n", "threshold"), DECIDABLE)
def test_the_counts_between_fail_and_pass_are_open(n, threshold):
    """Three regions in this order, each an interval: the counts beside their ends show it."""
    fails, passes = regions(n, threshold)
    assert 0 < fails <= passes <= n
    for count in {0, fails // 2, fails - 1}:
        assert finding(count, n, threshold).outcome == "FAIL"
    for count in {fails, (fails + passes) // 2, passes - 1}:
        assert finding(count, n, threshold).outcome == "INCONCLUSIVE"
    for count in {passes, (passes + n) // 2, n}:
        assert finding(count, n, threshold).outcome == "PASS"


@pytest.mark.parametrize(("n", "threshold"), DECIDABLE)
def test_a_model_at_the_threshold_fails_in_at_most_a_fortieth(n, threshold):
    """It holds."""
    assert chance_of_fail(n, threshold, threshold) <= LEVEL


@pytest.mark.parametrize(("n", "threshold"), DECIDABLE)
def test_a_model_just_below_the_threshold_passes_in_at_most_a_fortieth(n, threshold):
    """It does not hold."""
    assert chance_of_pass(n, threshold, math.nextafter(threshold, 0)) <= LEVEL + ROUNDING


@pytest.mark.parametrize(("n", "threshold"), DECIDABLE)
def test_no_count_is_given_away(n, threshold):
    """One more count in either region would break the level."""
    fails, passes = regions(n, threshold)
    assert binom.cdf(fails, n, threshold) > LEVEL
    assert binom.sf(passes - 2, n, threshold) > LEVEL


@pytest.mark.parametrize(("n", "threshold"), DECIDABLE)
def test_a_model_at_the_printed_shortfall_fails_with_a_chance_of_80_percent(n, threshold):
    """Whatever was observed, the printed number is the same."""
    printed = {finding(count, n, threshold).shortfall for count in (n // 2, int(n * threshold), n)}
    assert len(printed) == 1
    assert chance_of_fail(n, threshold, threshold - printed.pop()) >= POWER - ROUNDING


@pytest.mark.parametrize(("n", "threshold"), DECIDABLE)
def test_a_model_at_the_printed_margin_passes_with_a_chance_of_80_percent(n, threshold):
    """The twin."""
    printed = finding(int(n * threshold), n, threshold).twin
    assert threshold + printed <= 1
    assert chance_of_pass(n, threshold, threshold + printed) >= POWER - ROUNDING


def members_fail(right, n, threshold):
    """Whether any member of a family fails."""
    rule = gate(metric="recall", class_="each", min=threshold)
    seen = [(str(k), Observation(Metric(c / n, 0.0, 1.0, n), Proportion(c, n))) for k, c in enumerate(right)]
    return any(found.outcome == "FAIL" for found in _decide(rule, seen))


def fails_of_family(n, threshold, classes):
    """The largest count with which the worst class fails while the others are as expected."""
    usual = int(n * threshold)
    return first(n, lambda count: not members_fail([count] + [usual] * (classes - 1), n, threshold)) - 1


@pytest.mark.parametrize(("n", "threshold"), [(892, 0.96), (1_000, 0.96), (1_000, 0.97), (10_000, 0.99)])
def test_any_class_at_the_threshold_fails_in_at_most_a_fortieth_of_families(n, threshold):
    """Exactly: a family fails if and only if its worst class is below Holm's first step."""
    worst = fails_of_family(n, threshold, 10)
    assert 1 - (1 - binom.cdf(worst, n, threshold)) ** 10 <= LEVEL


@pytest.mark.slow
@pytest.mark.parametrize(("n", "threshold"), [(1_000, 0.96), (892, 0.97)])
def test_a_family_of_ten_at_the_threshold_rarely_fails(n, threshold):
    """In at most a fortieth, within three standard errors."""
    drawn = np.random.default_rng(11).binomial(n, threshold, size=(DRAWS, 10))
    # Only the lowest can be the first to fail.
    suspicious = drawn[drawn.min(axis=1) <= fails_of_family(n, threshold, 10) + 3]
    failed = sum(members_fail(row, n, threshold) for row in suspicious.tolist())
    assert failed / DRAWS <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / DRAWS)


@pytest.mark.slow
def test_a_family_is_the_same_from_the_images_on():
    """What the simulation asks of the test is what the gate says."""
    random = np.random.default_rng(12)
    rules = gate_set({"metric": "recall", "class": "each", "min": 0.96})
    for row in random.binomial(400, 0.945, size=(30, 10)).tolist():
        verdict = judge(rules, classes_right([(count, 400) for count in row]), TODAY)
        assert (verdict.outcome == "FAIL") == members_fail(row, 400, 0.96)


@cache
def drop_fails(fixed, regressed, n, max_drop):
    """Whether a paired gate fails."""
    rule = gate(metric="accuracy", max_drop=max_drop)
    measured = PairedProportion(fixed, regressed, n)
    return _decide(rule, [("", Observation(Metric(measured.value, -1.0, 1.0, n), measured))])[0].outcome == "FAIL"


@pytest.mark.parametrize(("fixed", "regressed"), [(40, 40), (30, 50), (25, 55), (20, 60), (130, 170), (100, 200)])
def test_a_paired_gate_is_the_same_from_the_images_on(fixed, regressed):
    """What the simulation asks of the test is what the gate says."""
    verdict = judge(gate_set({"metric": "accuracy", "max_drop": 0.0}), flipped(fixed, regressed, 10_000), TODAY)
    assert (verdict.outcome == "FAIL") == drop_fails(fixed, regressed, 10_000, 0.0)


def equal_candidates_fail(discordant, n):
    """Exactly: the chance of FAIL where each image is flipped either way with the same probability."""
    share, total = discordant / n, 0.0
    most = int(binom.isf(1e-12, n, share))
    for flips in range(most + 1):
        fixed = np.arange(flips + 1)
        fails = first(flips, lambda k, flips=flips: k > flips or not drop_fails(k, flips - k, n, 0.0))
        total += binom.pmf(flips, n, share) * binom.pmf(fixed[:fails], flips, 0.5).sum()
    return total


@pytest.mark.parametrize("discordant", [80, 300])
def test_an_equal_candidate_fails_a_margin_of_nothing_in_about_a_fortieth(discordant):
    """Tango's test is not exact; this sums over every number of flips and both kinds."""
    assert equal_candidates_fail(discordant, 10_000) <= LEVEL * 1.05


@pytest.mark.slow
@pytest.mark.parametrize("discordant", [80, 300])
def test_an_equal_candidate_rarely_fails_a_margin_of_nothing(discordant):
    """In at most a fortieth, within three standard errors."""
    n, share = 10_000, discordant / 10_000
    drawn = np.random.default_rng(13).multinomial(n, [share / 2, share / 2, 1 - share], size=DRAWS)
    failed = sum(drop_fails(fixed, regressed, n, 0.0) for fixed, regressed, _ in drawn.tolist())
    assert failed / DRAWS <= LEVEL + 3 * math.sqrt(LEVEL * (1 - LEVEL) / DRAWS)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "noted"), [(1_000, True), (60_000, False)])
def test_a_mean_without_a_note_keeps_its_level(n, noted):
    """Losses as of a good model, one in a hundred large: where the gate says that its error is larger, it is."""
    rng = np.random.default_rng(5)
    passes, notes, rounds = 0, 0, 2_000
    for _ in range(rounds):
        losses = np.where(rng.random(n) < 0.01, rng.exponential(2.0, n), 0.001)
        mean = Mean(float(losses.mean()), float(losses.std(ddof=1)) / math.sqrt(n), n)
        # The truth is just above the most that is allowed.
        passes += mean.as_low(0.01 * 2.0 + 0.99 * 0.001) <= LEVEL
        notes += bool(_skewed(losses))
    assert (notes > rounds / 2) == noted
    limit = LEVEL * 1.5
    assert (passes / rounds > limit) == noted
