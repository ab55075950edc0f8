"""The intervals, against statsmodels, scipy and Python's own statistics."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law

from mnist_report.evaluation import intervals
from mnist_report.evaluation.intervals import exact_interval, normal_interval

counted = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
values = st.lists(st.floats(0, 40), min_size=2, max_size=60)


def normal_of(numbers):
    """The normal interval of some values, through their sums."""
    return normal_interval(math.fsum(numbers), math.fsum(x * x for x in numbers), len(numbers))


@law
@given(counted)
def test_the_exact_interval_is_that_of_statsmodels(count_of_n):
    """Its `beta` method is Clopper and Pearson's."""
    from statsmodels.stats.proportion import proportion_confint

    expected = proportion_confint(*count_of_n, alpha=0.05, method="beta")
    assert exact_interval(*count_of_n) == pytest.approx(expected, rel=1e-9, abs=1e-15)


@law
@given(counted)
def test_the_exact_interval_holds_the_estimate(count_of_n):
    """And stays a proportion."""
    low, high = exact_interval(*count_of_n)
    assert 0 <= low <= count_of_n[0] / count_of_n[1] <= high <= 1


@law
@given(counted)
def test_the_exact_interval_of_the_others_is_its_mirror_image(count_of_n):
    """What is not right is wrong."""
    count, n = count_of_n
    low, high = exact_interval(n - count, n)
    assert exact_interval(count, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 30, 10_000])
def test_none_of_n_starts_at_exactly_0(n):
    """And ends where the chance to see none falls to 2.5 %."""
    low, high = exact_interval(0, n)
    assert low == 0
    assert (1 - high) ** n == pytest.approx(0.025)


@pytest.mark.parametrize("n", [1, 2, 30, 10_000])
def test_all_of_n_ends_at_exactly_1(n):
    """And starts where the chance to see all falls to 2.5 %."""
    low, high = exact_interval(n, n)
    assert high == 1
    assert low**n == pytest.approx(0.025)


def test_the_interval_that_the_design_quotes():
    """99.0 % of 10,000: 98.785 to 99.186 %."""
    assert [round(100 * bound, 3) for bound in exact_interval(9_900, 10_000)] == [98.785, 99.186]


@pytest.mark.parametrize("n", [5, 30, 200])
def test_the_exact_interval_covers_the_truth_in_95_percent_of_cases_or_more(n):
    """Whatever the truth is: the chance is summed over everything that could be counted."""
    import numpy as np
    from scipy.stats import binom

    truths = np.linspace(0.001, 0.999, 400)
    bounds = np.array([exact_interval(count, n) for count in range(n + 1)])
    covered = (bounds[:, :1] <= truths) & (truths <= bounds[:, 1:])
    chances = binom.pmf(np.arange(n + 1)[:, np.newaxis], n, truths)
    assert (chances * covered).sum(axis=0).min() >= 0.95


@law
@given(values)
def test_the_normal_interval_is_the_textbooks(numbers):
    """Mean and 1.96 standard errors, from Python's statistics module."""
    half = statistics.NormalDist().inv_cdf(0.975) * statistics.stdev(numbers) / math.sqrt(len(numbers))
    mean = statistics.fmean(numbers)
    # The variance comes from a difference of sums: its rounding error is in the root.
    assert normal_of(numbers) == pytest.approx((mean - half, mean + half), rel=1e-9, abs=2e-6)


@law
@given(values)
def test_the_normal_interval_holds_the_mean(numbers):
    """Always in its middle."""
    low, high = normal_of(numbers)
    mean = math.fsum(numbers) / len(numbers)
    assert low <= mean <= high
    assert (low + high) / 2 == pytest.approx(mean, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0, 36.04])
def test_equal_values_have_next_to_no_interval(value):
    """No rounding error makes the variance negative."""
    low, high = normal_of([value] * 1_000)
    assert 0 <= high - low < 1e-6


def test_one_value_has_no_normal_interval():
    """Nothing is known of its spread."""
    assert all(math.isnan(bound) for bound in normal_of([0.5]))


@pytest.mark.parametrize(
    ("count", "n", "p"), [(0, 1, 0.5), (7, 20, 0.3), (20, 20, 0.9), (990, 1_000, 0.985), (5, 9, 0.0)]
)
def test_the_binomial_tails_are_the_same_by_either_function(count, n, p, monkeypatch):
    """And scipy.stats has the same."""
    from scipy.stats import binom

    small = intervals.at_most(count, n, p), intervals.at_least(count, n, p)
    monkeypatch.setattr(intervals, "MOST_COUNTED", 0)
    assert (intervals.at_most(count, n, p), intervals.at_least(count, n, p)) == pytest.approx(small, rel=1e-10)
    assert small == pytest.approx((binom.cdf(count, n, p), binom.sf(count - 1, n, p)), rel=1e-10)


def test_ten_thousand_million_images_have_binomial_tails():
    """Where scipy's own give NaN; the normal limit is the oracle."""
    from scipy.stats import norm

    n, p = 10_000_000_000, 0.9999
    count = round(n * p) + 1_500
    z = (count + 0.5 - n * p) / (n * p * (1 - p)) ** 0.5
    assert intervals.at_most(count, n, p) == pytest.approx(norm.cdf(z), rel=1e-3)
    assert intervals.at_least(count + 1, n, p) == pytest.approx(norm.sf(z), rel=1e-2)
    assert (intervals.at_most(-1, n, p), intervals.at_most(n, n, p)) == (0.0, 1.0)
    assert (intervals.at_least(0, n, p), intervals.at_least(n + 1, n, p)) == (1.0, 0.0)
