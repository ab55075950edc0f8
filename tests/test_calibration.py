"""Calibration and risk-coverage, against plain loops, statsmodels and a simulation."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law, samples

from mnist_report.evaluation.calibration import (
    equal_mass_error,
    expected_calibration_error,
    noise_floor,
    risk_coverage,
)
from mnist_report.evaluation.frames import calibration_frame, risk_coverage_frame
from mnist_report.evaluation.tally import Tally, _bins, bin_of

answers = st.lists(
    st.tuples(st.one_of(st.floats(0.1, 1), st.sampled_from([0.5, 0.9, 1.0])), st.booleans()), min_size=1, max_size=80
)


def columns(pairs):
    """Confidence and whether right, as arrays."""
    return np.array([c for c, _ in pairs]), np.array([r for _, r in pairs])


def loop_bin(confidence):
    """The k with k / 15 < confidence <= (k + 1) / 15, in exact arithmetic."""
    return next(k for k in range(15) if Fraction(confidence) <= Fraction(k + 1, 15))


def gap(pairs):
    """The distance of the sum of confidences and the number of right answers."""
    return abs(math.fsum(c - r for c, r in pairs))


@law
@given(samples())
def test_ece_is_that_of_a_plain_loop(sample):
    """Fifteen bins of the same width, weighted by their images."""
    p = sample.predictions()
    pairs = list(zip(p.confidence.tolist(), p.right.tolist(), strict=True))
    place = bin_of(p.confidence).tolist()
    expected = sum(gap([pair for pair, k in zip(pairs, place, strict=True) if k == b]) for b in range(15)) / len(p)
    assert expected_calibration_error(Tally.of(p).bins) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@law
@given(answers)
def test_equal_mass_ece_is_that_of_a_plain_loop(pairs):
    """Fifteen bins that differ by one image at most, the larger ones first, ties by index."""
    rising = sorted(pairs, key=lambda pair: pair[0])
    expected, at = 0.0, 0
    for k in range(15):
        size = len(pairs) // 15 + (k < len(pairs) % 15)
        expected += gap(rising[at : at + size])
        at += size
    assert equal_mass_error(*columns(pairs)) == pytest.approx(expected / len(pairs), rel=1e-9, abs=1e-12)


@law
@given(st.floats(1e-9, 1).filter(lambda c: min(abs(c * 15 - k) for k in range(16)) > 1e-9))
def test_a_confidence_lies_in_its_bin(confidence):
    """Bins are open below and closed above."""
    assert bin_of(np.array([confidence])).tolist() == [loop_bin(confidence)]


@pytest.mark.parametrize("k", range(15))
def test_an_upper_edge_belongs_to_the_bin_below_it(k):
    """(k / 15, (k + 1) / 15], to the last bit of the quotient."""
    assert bin_of(np.array([(k + 1) / 15])).tolist() == [k]


@pytest.mark.parametrize("k", range(1, 15))
def test_what_lies_above_an_edge_belongs_to_the_next_bin(k):
    """A little more than k / 15."""
    assert bin_of(np.array([k / 15 + 1e-12])).tolist() == [k]


def test_zero_belongs_to_the_first_bin():
    """There is none below."""
    assert bin_of(np.array([0.0])).tolist() == [0]


def test_the_noise_floor_is_the_mean_ece_of_calibrated_models():
    """2,000 draws of 30,000 answers, each right with the probability of its confidence; within 3 %."""
    random = np.random.default_rng(8)
    confidence = np.repeat(random.uniform(0.2, 1, 3_000), 10)
    place = np.minimum(np.ceil(confidence * 15).astype(int) - 1, 14)
    n = len(confidence)
    sums = np.bincount(place, confidence, 15)
    shown = [
        np.abs(sums - np.bincount(place[random.random(n) < confidence], minlength=15)).sum() / n for _ in range(2_000)
    ]
    assert noise_floor(bins_of(confidence, random.random(n) < confidence)) == pytest.approx(np.mean(shown), rel=0.03)


def test_the_noise_floor_halves_with_four_times_the_images():
    """As chance does."""
    confidence = np.linspace(0.3, 0.99, 500)
    right = np.ones(500, dtype=bool)
    once, four_times = bins_of(confidence, right), bins_of(np.tile(confidence, 4), np.tile(right, 4))
    assert noise_floor(four_times) == pytest.approx(noise_floor(once) / 2, rel=1e-12)


def test_the_noise_floor_of_certainty_is_zero():
    """Where nothing is left to chance."""
    assert noise_floor(bins_of(np.ones(5), np.array([True, False, True, True, True]))) == 0


def bins_of(confidence, right):
    """The bins of answers that were given with these confidences."""
    return _bins(confidence, right)


@law
@given(samples())
def test_the_calibration_frame_has_the_intervals_of_statsmodels(sample):
    """Clopper and Pearson's, bin by bin."""
    from statsmodels.stats.proportion import proportion_confint

    p = sample.predictions()
    frame = calibration_frame(Tally.of(p).bins)
    place = bin_of(p.confidence)
    for row in frame.to_dict("records"):
        chosen = place == round(row["low"] * 15)
        expected = proportion_confint(int(p.right[chosen].sum()), int(chosen.sum()), method="beta")
        assert (row["n"], row["accuracy"]) == (chosen.sum(), pytest.approx(p.right[chosen].mean()))
        assert row["mean_confidence"] == pytest.approx(p.confidence[chosen].mean(), rel=1e-12)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected, rel=1e-9, abs=1e-15)
    assert frame["n"].sum() == len(p)


def curve_of(pairs):
    """The points (coverage, risk, threshold) of a plain loop."""
    points, wrong = [], 0
    for kept, k in enumerate(sorted(range(len(pairs)), key=lambda k: (-pairs[k][0], k)), start=1):
        wrong += not pairs[k][1]
        points.append((kept / len(pairs), wrong / kept, pairs[k][0]))
    return points


@law
@given(answers)
def test_the_risk_coverage_curve_is_that_of_a_plain_loop(pairs):
    """Surest first, ties by index."""
    curve = risk_coverage(*columns(pairs))
    found = list(zip(curve.coverage.tolist(), curve.risk.tolist(), curve.threshold.tolist(), strict=True))
    assert found == curve_of(pairs)


@law
@given(answers)
def test_aurc_is_the_mean_risk_of_a_plain_loop(pairs):
    """Over all coverages."""
    expected = math.fsum(risk for _, risk, _ in curve_of(pairs)) / len(pairs)
    assert risk_coverage(*columns(pairs)).area == pytest.approx(expected, rel=1e-12, abs=1e-15)


@law
@given(st.integers(1, 4_000), st.lists(st.integers(0, 3_999), max_size=5))
def test_coverage_at_999_is_that_of_a_plain_loop(n, wrong):
    """The most images of which at most one in a thousand is wrong, in whole numbers."""
    right = ~np.isin(np.arange(n), wrong)
    expected, errors = 0, 0
    for kept in range(1, n + 1):
        errors += not right[kept - 1]
        expected = kept if 1_000 * errors <= kept else expected
    assert risk_coverage(np.linspace(1, 0.5, n), right).coverage_at_target == expected / n


def test_exactly_999_of_1000_is_enough():
    """The target is reached, not missed by a rounding error."""
    right = np.arange(1_000) != 500
    assert risk_coverage(np.linspace(1, 0.5, 1_000), right).coverage_at_target == 1


def test_998_of_999_is_not_enough():
    """Only the images before the first error can be kept."""
    right = np.arange(999) != 500
    assert risk_coverage(np.linspace(1, 0.5, 999), right).coverage_at_target == 500 / 999


def test_nothing_can_be_kept_where_the_surest_answer_is_wrong():
    """And no later one makes up for it."""
    assert risk_coverage(np.array([0.9, 0.8]), np.array([False, True])).coverage_at_target == 0


@law
@given(samples())
def test_the_risk_coverage_frame_is_the_curve_where_it_has_200_points_or_fewer(sample):
    """Nothing is left out of a short curve."""
    p = sample.predictions()
    pairs = list(zip(p.confidence.tolist(), p.right.tolist(), strict=True))
    assert [tuple(row) for row in risk_coverage_frame(p).to_numpy().tolist()] == curve_of(pairs)
