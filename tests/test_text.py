"""Numbers as text."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import law
from tiny_run import tiny_predictions

from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import Metric, mean, proportion
from mnist_report.evaluation.tally import Sums
from mnist_report.report import text

NOTHING = Metric(math.nan, math.nan, math.nan, 0)
counted = st.integers(1, 1_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
nearly = st.integers(2, 10_000_000).map(lambda n: (n - 1, n))


def shown(percentage):
    """The number in "99.4 %" or "> 99.9 %"."""
    return float(percentage.removesuffix(" %").lstrip("<> "))


def places(number):
    """How many decimals are written."""
    return len(number.removesuffix(" %").partition(".")[2])


@law
@given(counted | nearly)
@example((9_999_999, 10_000_000))
def test_100_percent_is_said_of_all_and_only_of_all(count_of_n):
    """99.99999 % is not all."""
    count, n = count_of_n
    assert (shown(text.percent(proportion(count, n))) == 100) == (count == n)


@law
@given(counted | nearly.map(lambda pair: (1, pair[1])))
def test_0_percent_is_said_of_none_and_only_of_none(count_of_n):
    """One in ten million is not none."""
    count, n = count_of_n
    assert (shown(text.percent(proportion(count, n))) == 0) == (count == 0)


@law
@given(counted)
def test_a_share_is_shown_to_within_its_last_digit(count_of_n):
    """Rounded, or one step aside where rounding would say all or none."""
    metric = proportion(*count_of_n)
    step = 10.0 ** -text.decimals(metric)
    assert abs(shown(text.percent(metric)) - 100 * metric.value) <= step * (1 + 1e-6)


@law
@given(counted)
def test_a_share_and_its_interval_have_the_same_decimals(count_of_n):
    """Digits follow the interval."""
    metric = proportion(*count_of_n)
    low, _, high = text.percent_interval(metric).partition(f" {text.DASH} ")
    assert {places(text.percent(metric)), places(low), places(high)} == {text.decimals(metric)}


@law
@given(counted)
def test_the_last_digit_is_no_finer_than_a_hundredth_of_the_interval(count_of_n):
    """Two significant digits of its half width: more would be noise."""
    metric = proportion(*count_of_n)
    half = 50 * (metric.ci_high - metric.ci_low)
    assert text.decimals(metric) == 0 or 10.0 ** -text.decimals(metric) >= half / 100


@law
@given(st.lists(st.floats(0.5, 1), min_size=2, max_size=30))
@example([1.0, 1.0, 0.6])
def test_the_interval_of_a_mean_share_stays_between_0_and_100_percent(values):
    """No probability is 107 %."""
    sums = Sums(np.array(math.fsum(values)), np.array(math.fsum(x * x for x in values)))
    metric = mean(sums, len(values), most=1)
    bounds = [shown(bound) for bound in text.percent_interval(metric).split(f" {text.DASH} ")]
    assert 0 <= min(bounds) <= max(bounds) <= 100


@pytest.mark.parametrize(
    ("count", "n", "percent", "interval"),
    [
        (9_957, 10_000, "99.57 %", "99.42 - 99.69 %"),
        (10_000, 10_000, "100.000 %", "99.963 - 100.000 %"),
        (9_999, 10_000, "99.990 %", "99.944 - 99.999 %"),
        (0, 10_000, "0.000 %", "0.000 - 0.037 %"),
        (50, 100, "50 %", "40 - 60 %"),
        (2, 2, "100 %", "16 - 100 %"),
        (0, 2, "0 %", "0 - 84 %"),
        (1, 2, "50 %", "1 - 99 %"),
    ],
)
def test_a_proportion_is_written_with_its_interval(count, n, percent, interval):
    """As a careful colleague would."""
    metric = proportion(count, n)
    expected = interval.replace("-", text.DASH)
    assert (text.percent(metric), text.percent_interval(metric)) == (percent, expected)


@pytest.mark.parametrize(("n", "decimals"), [(1, 0), (10, 0), (100, 1), (1_000, 2), (10_000, 2), (10_000_000, 2)])
def test_without_an_interval_the_decimals_follow_the_number_of_images(n, decimals):
    """One image more or less should be seen, nothing finer."""
    assert text.decimals(Metric(0.5, math.nan, math.nan, n)) == decimals


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (0.5, 0, "50 %"),
        (0.123456, 2, "12.35 %"),
        (0.99999, 2, "> 99.99 %"),
        (0.999, 0, "> 99 %"),
        (0.00001, 2, "< 0.01 %"),
        (0.001, 0, "< 1 %"),
        (1.0, 2, "100.00 %"),
        (0.0, 1, "0.0 %"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_none(value, places, expected):
    """Neither 0 nor 100 unless it is exactly that."""
    assert text.share(value, places) == expected


@pytest.mark.parametrize(
    "say",
    [
        lambda: text.percent(NOTHING),
        lambda: text.percent_interval(NOTHING),
        lambda: text.interval(NOTHING, 4),
        lambda: text.number(math.nan, 4),
        lambda: text.share(math.nan, 2),
    ],
    ids=["percent", "percent interval", "interval", "number", "share"],
)
def test_what_is_not_defined_is_a_dash(say):
    """Never "nan"."""
    assert say() == text.DASH


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.123456, "0.1235"),
        (5.5, "5.5000"),
        (0, "0.0000"),
        (0.0001, "0.0001"),
        (0.00001234, "1.2e-05"),
        (-0.25, "-0.2500"),
        (-0.00001234, "-1.2e-05"),
    ],
)
def test_a_number_is_written_to_four_places(value, expected):
    """A tiny one keeps two digits: it is not nothing."""
    assert text.number(value, 4) == expected


def test_an_interval_of_numbers_is_written_like_the_number():
    """With the places that were asked for."""
    assert text.interval(Metric(0.2, 0.1, 0.3, 9), 2) == f"0.10 {text.DASH} 0.30"


def test_the_result_is_said_in_one_line():
    """Accuracy, interval, errors and n."""
    said = text.accuracy_sentence(evaluate(tiny_predictions()).overall)
    assert all(part in said for part in ("75 %", f"43 {text.DASH} 95 %", "3 of 12 images"))


@pytest.mark.parametrize(("value", "expected"), [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")])
def test_counts_have_separators(value, expected):
    """Every three digits."""
    assert text.count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0 images"), (1, "1 image"), (2, "2 images"), (10_000, "10,000 images")]
)
def test_one_is_no_plural(value, expected):
    """And nothing is."""
    assert text.plural(value, "image") == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0.0 s"),
        (5.07, "5.1 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (60, "1 min 0 s"),
        (119.7, "2 min 0 s"),
        (605, "10 min 5 s"),
    ],
)
def test_a_duration_is_said_in_minutes_and_seconds(seconds, expected):
    """No minute has 60 seconds."""
    assert text.duration(seconds) == expected


@pytest.mark.parametrize(
    ("n_bytes", "expected"),
    [
        (0, "0.0 kB"),
        (12_345, "12.3 kB"),
        (999_949, "999.9 kB"),
        (999_999, "1.00 MB"),
        (1_000_000, "1.00 MB"),
        (5_693_753, "5.69 MB"),
    ],
)
def test_a_size_is_said_in_powers_of_ten(n_bytes, expected):
    """No megabyte is 1000.0 kB."""
    assert text.size(n_bytes) == expected
