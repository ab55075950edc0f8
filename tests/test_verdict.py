"""The verdict: three values, severity, policy, waivers, families, and what these images can see."""

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from gate_work import (
    TODAY,
    classes_right,
    flipped,
    gate,
    gate_set,
    made_result,
    made_verdict,
    outcome_of,
    result_of,
    right_ones,
    yes_or_no,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests
from strategies import law
from tiny_run import tiny_predictions

from mnist_report.evaluation.intervals import exact_interval
from mnist_report.evaluation.metrics import Metric
from mnist_report.gates.evidence import Observation, gather
from mnist_report.gates.measurements import F1, Mean, Negated, PairedProportion, Proportion
from mnist_report.gates.rules import GateSet
from mnist_report.gates.verdict import Verdict, _decide, _images, _never, judge

PLAIN = ("PASS", "FAIL", "INCONCLUSIVE", "ERROR")
# 9,800 of 10,000 fail at 0.99, 9,900 are open, 9,950 pass; and a metric that no run has.
SEEN = {"PASS": (9_950, {}), "FAIL": (9_800, {}), "INCONCLUSIVE": (9_900, {}), "ERROR": (9_950, {"metric": "acuracy"})}
# By outcome, severity and policy: what the gate becomes and the exit status.
TABLE = {
    ("PASS", "error", "warn"): ("PASS", 0),
    ("PASS", "error", "fail"): ("PASS", 0),
    ("PASS", "warning", "warn"): ("PASS", 0),
    ("PASS", "warning", "fail"): ("PASS", 0),
    ("FAIL", "error", "warn"): ("FAIL", 1),
    ("FAIL", "error", "fail"): ("FAIL", 1),
    ("FAIL", "warning", "warn"): ("WARN", 0),
    ("FAIL", "warning", "fail"): ("WARN", 0),
    ("INCONCLUSIVE", "error", "warn"): ("INCONCLUSIVE", 0),
    ("INCONCLUSIVE", "error", "fail"): ("INCONCLUSIVE", 4),
    ("INCONCLUSIVE", "warning", "warn"): ("INCONCLUSIVE", 0),
    ("INCONCLUSIVE", "warning", "fail"): ("INCONCLUSIVE", 0),
    ("ERROR", "error", "warn"): ("ERROR", 1),
    ("ERROR", "error", "fail"): ("ERROR", 1),
    ("ERROR", "warning", "warn"): ("ERROR", 1),
    ("ERROR", "warning", "fail"): ("ERROR", 1),
}
WAIVER = {"reason": "new data", "owner": "ann", "expires": TODAY}


def seen(outcome, **table):
    """The evidence and the rule that have an outcome."""
    count, other = SEEN[outcome]
    return right_ones(count, 10_000), {"metric": "accuracy", "min": 0.99} | other | table


def number_of(reason):
    """The n in "it needs 1,234 of them"."""
    return int(reason.rsplit("needs ", 1)[1].removesuffix(" of them").replace(",", ""))


@pytest.mark.parametrize(("outcome", "severity", "policy"), TABLE)
def test_outcome_severity_and_policy_make_the_exit_status(outcome, severity, policy):
    """A warning never changes it, unless the gate could not be decided."""
    evidence, table = seen(outcome, severity=severity)
    verdict = judge(gate_set(table, inconclusive=policy), evidence, TODAY)
    assert (verdict.results[0].outcome, verdict.exit_status) == TABLE[outcome, severity, policy]
    assert verdict.blocks(verdict.results[0]) == (verdict.exit_status != 0)
    assert (verdict.outcome, verdict.count(verdict.outcome)) == (verdict.results[0].outcome, 1)


@pytest.mark.parametrize("first", PLAIN)
@pytest.mark.parametrize("second", PLAIN)
def test_the_worst_of_several_gates_decides(first, second):
    """1 before 4 before 0, in whatever order."""
    status = 1 if {first, second} & {"FAIL", "ERROR"} else 4 if "INCONCLUSIVE" in {first, second} else 0
    assert made_verdict(first, second, inconclusive="fail").exit_status == status


def test_no_gates_are_a_pass():
    """Nothing was asked."""
    verdict = Verdict((), "fail")
    assert (verdict.outcome, verdict.exit_status, verdict.count("PASS")) == ("PASS", 0, 0)


@pytest.mark.parametrize(("count", "n"), [(9_879, 10_000), (9_880, 10_000), (9_919, 10_000), (9_920, 10_000)])
def test_the_bound_of_the_report_decides(count, n):
    """FAIL where the whole interval lies below, PASS where it does not reach below."""
    low, high = exact_interval(count, n)
    expected = "FAIL" if high < 0.99 else "PASS" if low >= 0.99 else "INCONCLUSIVE"
    assert outcome_of(right_ones(count, n), metric="accuracy", min=0.99) == expected


@pytest.mark.parametrize("count", [900, 9_000])
def test_a_bound_that_is_the_threshold_passes(count):
    """The exact one, to the last digit or the next."""
    low = exact_interval(count, 10_000)[0]
    evidence = right_ones(count, 10_000)
    assert outcome_of(evidence, metric="accuracy", min=low - 1e-13) == "PASS"
    assert outcome_of(evidence, metric="accuracy", min=low + 1e-13) == "INCONCLUSIVE"


@pytest.mark.parametrize(("error", "outcome"), [(0.0, "PASS"), (1e-12, "INCONCLUSIVE")])
def test_a_mean_that_is_the_threshold_passes_if_it_has_no_spread(error, outcome):
    """Bound and value are then one."""
    found = decided(Mean(0.2, error, 100), metric="log_loss", max=0.2)
    assert found.outcome == outcome


def decided(measurement, **table):
    """The finding about one measurement."""
    metric = Metric(measurement.value, math.nan, math.nan, measurement.n)
    return _decide(gate(**table), [("", Observation(metric, measurement))])[0]


@law
@given(st.integers(1, 400), st.data())
def test_pass_and_fail_exclude_each_other_and_follow_the_interval(n, data):
    """For any count and threshold that could both pass and fail."""
    count = data.draw(st.integers(0, n))
    threshold = data.draw(st.floats(0.001, 0.999))
    finding = decided(Proportion(count, n), metric="accuracy", min=threshold)
    p_low, p_high = binom.cdf(count, n, threshold), binom.sf(count - 1, n, threshold)
    can_pass, can_fail = threshold**n <= 0.025, (1 - threshold) ** n <= 0.025
    if min(abs(p - 0.025) for p in (p_low, p_high, threshold**n, (1 - threshold) ** n)) < 1e-12:
        return
    if not (can_pass and can_fail):
        expected = "ERROR"
    else:
        expected = "FAIL" if p_low <= 0.025 else "PASS" if p_high <= 0.025 else "INCONCLUSIVE"
    assert finding.outcome == expected


@law
@given(st.integers(1, 400), st.data())
def test_a_metric_that_must_stay_low_is_the_mirror_image(n, data):
    """As if wrong were right: same outcome, margin, deviations and images."""
    count, threshold = data.draw(st.integers(0, n)), data.draw(st.floats(0.001, 0.999))
    low = decided(Proportion(count, n), metric="accuracy", max=threshold)
    high = decided(Proportion(n - count, n), metric="accuracy", min=1 - threshold)
    assert low.outcome == high.outcome
    assert (low.margin, low.shortfall, low.twin) == pytest.approx(
        (high.margin, high.shortfall, high.twin), abs=1e-9, nan_ok=True
    )


@pytest.mark.parametrize("sense", ["min", "max"])
@pytest.mark.parametrize(("away", "outcome"), [(-1, "FAIL"), (0, "PASS"), (1, "PASS")])
def test_a_point_is_held_against_the_unrounded_threshold(sense, away, outcome):
    """One unit in the last place is enough to fail."""
    value = 0.75
    threshold = math.nextafter(value, {"min": -away, "max": away}[sense] * math.inf) if away else value
    evidence = right_ones(3, 4)
    assert outcome_of(evidence, metric="accuracy", **{sense: threshold}, decide="point") == outcome


@pytest.mark.parametrize("sense", ["min", "max", "max_drop", "max_increase"])
def test_nan_fails(sense):
    """A value that is none is never good enough."""
    rule = gate(metric="ece", **{sense: 0.5}, decide="point")
    finding = _decide(rule, [("", Observation(Metric(math.nan, math.nan, math.nan, 9), None))])[0]
    assert finding.outcome == "FAIL"


@pytest.mark.parametrize("metric", ["mcc", "cohen_kappa"])
def test_a_metric_without_a_value_never_passes(metric):
    """One class, always said: there is no correlation."""
    evidence = gather(tiny_predictions(((0, 0.9),) * 12, (0,) * 12), {}, 0, None)
    result = result_of(evidence, metric=metric, min=0.0, decide="point")
    assert result.outcome in {"ERROR", "FAIL"}
    assert judge(GateSet((result.gate,)), evidence, TODAY).exit_status == 1


def test_a_mean_of_one_image_cannot_be_decided():
    """It has no interval."""
    finding = decided(Mean(0.2, math.nan, 1), metric="log_loss", max=0.3)
    assert (finding.outcome, finding.reason) == ("ERROR", "log_loss has no interval on 1 images")


@pytest.mark.parametrize("outcome", ["FAIL", "INCONCLUSIVE"])
@pytest.mark.parametrize(("days", "waived"), [(-1, False), (0, True), (1, True), (400, True)])
def test_a_waiver_holds_through_its_last_day(outcome, days, waived):
    """And not a day longer."""
    evidence, table = seen(outcome)
    waiver = WAIVER | {"expires": TODAY + timedelta(days)}
    result = result_of(evidence, TODAY, **table, waiver=waiver)
    assert (result.outcome == "WAIVED") == waived
    if waived:
        assert judge(GateSet((result.gate,), "fail"), evidence, TODAY).exit_status == 0


def test_an_expired_waiver_is_mentioned():
    """So that somebody renews or removes it."""
    evidence, table = seen("FAIL")
    result = result_of(evidence, date(2026, 3, 1), **table, waiver=WAIVER)
    assert (result.outcome, result.notes) == ("FAIL", ("the waiver of ann expired on 2026-01-02",))


def test_an_expired_waiver_of_an_open_question_is_told():
    """What was waived is not quietly left open."""
    evidence, table = seen("INCONCLUSIVE")
    result = result_of(evidence, date(2026, 3, 1), **table, waiver=WAIVER)
    assert (result.outcome, result.notes) == ("INCONCLUSIVE", ("the waiver of ann expired on 2026-01-02",))


@pytest.mark.parametrize("outcome", ["PASS", "ERROR"])
def test_a_waiver_changes_nothing_else(outcome):
    """A gate that passes needs none, one that cannot be decided has no excuse."""
    evidence, table = seen(outcome)
    assert outcome_of(evidence, **table, waiver=WAIVER) == outcome


def test_a_waived_warning_is_waived():
    """The waiver comes first."""
    evidence, table = seen("FAIL", severity="warning")
    assert outcome_of(evidence, **table, waiver=WAIVER) == "WAIVED"


def test_a_warning_with_an_expired_waiver_is_a_warning():
    """Its severity stays."""
    evidence, table = seen("FAIL", severity="warning")
    assert outcome_of(evidence, date(2026, 3, 1), **table, waiver=WAIVER) == "WARN"


# Families


@settings(law, max_examples=20)
@given(st.lists(st.integers(300, 400), min_size=1, max_size=10))
def test_a_family_fails_by_holm(right):
    """As statsmodels adjusts the exact one-sided p-values."""
    rule = gate(metric="recall", class_="each", min=0.9)
    members = [Proportion(count, 400) for count in right]
    findings = _decide(rule, [(str(k), Observation(Metric(m.value, 0, 1, m.n), m)) for k, m in enumerate(members)])
    p_values = [binom.cdf(count, 400, 0.9) for count in right]
    rejected = multipletests(p_values, 0.025, method="holm")[0]
    assert [finding.outcome == "FAIL" for finding in findings] == rejected.tolist()
    passed = [binom.sf(count - 1, 400, 0.9) <= 0.025 for count in right]
    assert [finding.outcome == "PASS" for finding in findings] == passed


@pytest.mark.parametrize(
    ("counts", "outcome"),
    [
        ([(980, 1_000)] * 3, "PASS"),
        ([(980, 1_000), (960, 1_000), (980, 1_000)], "INCONCLUSIVE"),
        ([(980, 1_000), (930, 1_000), (960, 1_000)], "FAIL"),
        ([(980, 1_000), (930, 1_000), (9, 10)], "ERROR"),
    ],
)
def test_a_family_has_the_worst_outcome_of_its_members(counts, outcome):
    """It passes only if every class does."""
    result = result_of(classes_right(counts), metric="recall", class_="each", min=0.96)
    assert result.outcome == outcome
    assert result.deciding.outcome == outcome


def test_a_member_that_fails_alone_need_not_fail_in_a_family():
    """One of ten classes may be this bad by chance."""
    count = max(k for k in range(1_000) if binom.cdf(k, 1_000, 0.96) <= 0.025)
    evidence = classes_right([(count, 1_000)] + [(975, 1_000)] * 9)
    assert outcome_of(evidence, metric="recall", class_="class 0", min=0.96) == "FAIL"
    assert outcome_of(evidence, metric="recall", class_="each", min=0.96) == "INCONCLUSIVE"


def test_a_member_that_passes_alone_passes_in_a_family():
    """Without any adjustment."""
    evidence = classes_right([(973, 1_000)] * 10)
    assert binom.sf(972, 1_000, 0.96) <= 0.025 < 10 * binom.sf(972, 1_000, 0.96)
    assert outcome_of(evidence, metric="recall", class_="each", min=0.96) == "PASS"


def test_a_warned_family_with_a_member_that_cannot_be_decided_is_an_error():
    """A warning excuses no gate that cannot work."""
    evidence = classes_right([(900, 1_000), (9, 10)])
    result = result_of(evidence, metric="recall", class_="each", min=0.96, severity="warning")
    assert (result.outcome, result.deciding.subject) == ("ERROR", "class 1")


def test_the_deciding_member_is_the_worst_of_its_outcome():
    """The one with the smallest margin."""
    evidence = classes_right([(930, 1_000), (920, 1_000), (990, 1_000)])
    result = result_of(evidence, metric="recall", class_="each", min=0.96)
    assert (result.deciding.subject, [f.outcome for f in result.findings]) == ("class 1", ["FAIL", "FAIL", "PASS"])


def test_a_family_that_must_stay_low_is_decided_by_its_highest():
    """The margin tells which is worst, not the value."""
    evidence = classes_right([(990, 1_000), (970, 1_000)])
    result = result_of(evidence, metric="recall", class_="each", max=0.5)
    assert result.deciding.subject == "class 0"


# What a number of images can and cannot do


@pytest.mark.parametrize("threshold", [0.9, 0.98, 0.99, 0.999])
def test_a_gate_that_can_never_pass_names_the_first_n_that_can(threshold):
    """By trying every n."""
    result = result_of(right_ones(5, 5), metric="accuracy", min=threshold)
    first = next(n for n in range(1, 10_000) if binom.sf(n - 1, n, threshold) <= 0.025)
    assert result.outcome == "ERROR"
    assert result.deciding.reason.startswith("it can never pass on 5 images")
    assert number_of(result.deciding.reason) == first


@pytest.mark.parametrize("threshold", [0.1, 0.02, 0.01])
def test_a_gate_that_can_never_fail_names_the_first_n_that_can(threshold):
    """By trying every n."""
    result = result_of(right_ones(5, 5), metric="accuracy", min=threshold)
    first = next(n for n in range(1, 10_000) if binom.cdf(0, n, threshold) <= 0.025)
    assert result.outcome == "ERROR"
    assert result.deciding.reason.startswith("it can never fail on 5 images")
    assert number_of(result.deciding.reason) == first


@pytest.mark.parametrize(("level", "members"), [(0.025, 1), (0.01, 1), (0.025, 10)])
def test_a_family_needs_more_images_to_fail(level, members):
    """Its members are tested at a part of the level."""
    worst = Proportion(4, 4)
    reason = _never(worst, 0.2, level, level / members)
    first = next(n for n in range(1, 10_000) if 0.8**n <= level / members)
    assert (number_of(reason), "never fail" in reason) == (first, True)


@pytest.mark.parametrize("n", range(1, 12))
def test_a_gate_that_can_do_both_is_decided(n):
    """Exactly from the first n on that allows it."""
    possible = 0.7**n <= 0.025 and 0.3**n <= 0.025
    assert (outcome_of(right_ones(n, n), metric="accuracy", min=0.7) != "ERROR") == possible


@pytest.mark.parametrize(
    ("sense", "threshold", "never"),
    [("min", 1.0, "pass"), ("min", 0.0, "fail"), ("max", 0.0, "pass"), ("max", 1.0, "fail")],
)
def test_a_threshold_at_the_end_of_the_range_is_beyond_any_number_of_images(sense, threshold, never):
    """It says so, and what to do."""
    result = result_of(right_ones(900, 1_000), metric="accuracy", **{sense: threshold})
    assert result.outcome == "ERROR"
    assert f"it can never {never} on 1000 images" in result.deciding.reason
    assert 'decide = "point"' in result.deciding.reason


@pytest.mark.parametrize("sense", ["max_drop", "max_increase"])
def test_a_change_that_no_model_can_exceed_is_never_failed(sense):
    """A drop of all images at most."""
    result = result_of(flipped(3, 5, 100), metric="accuracy", **{sense: 1.0})
    assert (result.outcome, "it can never fail on 100 images" in result.deciding.reason) == ("ERROR", True)


@pytest.mark.parametrize("n", range(1, 40))
def test_a_paired_gate_is_undecidable_exactly_where_no_flips_would_decide(n):
    """By trying every number of fixed and regressed images."""
    rule = {"metric": "accuracy", "max_drop": 0.1}
    measured = [PairedProportion(fixed, wrong, n) for fixed in range(n + 1) for wrong in range(n + 1 - fixed)]
    possible = any(m.as_high(-0.1) <= 0.025 for m in measured) and any(m.as_low(-0.1) <= 0.025 for m in measured)
    assert (decided(PairedProportion(0, 0, n), **rule).outcome != "ERROR") == possible


OPEN = [
    (Proportion(9_900, 10_000), 0.99, 0.025, 0.025),
    (Proportion(9_910, 10_000), 0.99, 0.025, 0.025),
    (Proportion(9_890, 10_000), 0.99, 0.025, 0.0025),
    (Proportion(955, 1_000), 0.96, 0.025, 0.0025),
    (Proportion(95, 100), 0.9, 0.025, 0.025),
    (Proportion(7, 9), 0.5, 0.025, 0.025),
    (F1(Proportion(930, 1_000), 960), 0.96, 0.025, 0.025),
    (Negated(Proportion(95, 10_000)), -0.01, 0.025, 0.025),
    (Mean(0.21, 0.01, 1_000), 0.2, 0.025, 0.025),
    (PairedProportion(40, 55, 10_000), -0.003, 0.025, 0.025),
    (PairedProportion(40, 55, 10_000), 0.0, 0.025, 0.025),
]


@pytest.mark.parametrize(("measured", "threshold", "level", "fail_level"), OPEN)
def test_so_many_images_would_settle_an_open_question(measured, threshold, level, fail_level):
    """Counts are whole, so it is settled at some numbers and open again a little later: it is about there."""
    settled = [
        larger.as_high(threshold) <= level or larger.as_low(threshold) <= fail_level
        for larger in (measured.scaled(images / measured.n) for images in range(measured.n + 1, 10 * measured.n + 1))
    ]
    images = _images(measured, threshold, level, fail_level)
    if not any(settled):
        assert images == math.inf
        return
    first = measured.n + 1 + settled.index(True)
    last = 10 * measured.n - settled[::-1].index(False)
    assert 0.98 * first <= images <= 1.02 * last + 1


@pytest.mark.parametrize(("count", "n", "threshold"), [(5, 8, 0.8), (7, 9, 0.5), (9_890, 10_000, 0.99)])
def test_the_number_of_images_itself_would_settle_it(count, n, threshold):
    """If they went on like these."""
    measured = Proportion(count, n)
    fail_level = 0.0025 if n == 10_000 else 0.025
    larger = measured.scaled(_images(measured, threshold, 0.025, fail_level) / n)
    assert larger.as_high(threshold) <= 0.025 or larger.as_low(threshold) <= fail_level


@pytest.mark.parametrize("n", range(2, 101))
def test_up_to_a_hundred_images_the_first_number_is_found(n):
    """There, every number is tried."""

    def settled(images):
        larger = measured.scaled(images / n)
        return min(larger.as_high(0.7), larger.as_low(0.7)) <= 0.025

    for count in {n // 2, 7 * n // 10, n * 4 // 5}:
        measured = Proportion(count, n)
        first = next((images for images in range(n + 1, 10 * n + 1) if settled(images)), math.inf)
        assert _images(measured, 0.7, 0.025, 0.025) == first


@pytest.mark.parametrize("n", [100, 1_000, 10_000])
def test_an_observed_value_at_the_threshold_would_take_more_than_ten_times_the_images(n):
    """It would take any number."""
    result = result_of(right_ones(n * 9 // 10, n), metric="accuracy", min=0.9)
    assert (result.outcome, result.deciding.images) == ("INCONCLUSIVE", math.inf)


def test_a_decided_gate_asks_for_no_images():
    """Neither way."""
    for outcome in ("PASS", "FAIL"):
        evidence, table = seen(outcome)
        assert math.isnan(result_of(evidence, **table).deciding.images)


@pytest.mark.parametrize(("n", "threshold"), [(892, 0.97), (1_000, 0.99), (10_000, 0.999)])
def test_the_detectable_deviations_are_the_smallest_with_the_power(n, threshold):
    """Brute force over the counts: 0.80 there, less a little nearer."""
    finding = result_of(right_ones(int(n * threshold), n), metric="accuracy", min=threshold).deciding
    counts = np.arange(n + 1)
    fails = counts[binom.cdf(counts, n, threshold) <= 0.025].max()
    passes = counts[binom.sf(counts - 1, n, threshold) <= 0.025].min()
    below, above = finding.shortfall, finding.twin
    assert binom.cdf(fails, n, threshold - below) >= 0.80 - 1e-9 > binom.cdf(fails, n, threshold - 0.999 * below)
    assert binom.sf(passes - 1, n, threshold + above) >= 0.80 - 1e-9
    assert binom.sf(passes - 1, n, threshold + 0.999 * above) < 0.80


def test_the_detectable_shortfall_of_a_family_is_that_of_its_stricter_test():
    """Each member fails at a tenth of the level, and passes at the whole."""
    alone = result_of(classes_right([(960, 1_000)] * 10), metric="recall", class_="class 0", min=0.96).deciding
    family = result_of(classes_right([(960, 1_000)] * 10), metric="recall", class_="each", min=0.96).findings[0]
    fails = max(k for k in range(1_001) if binom.cdf(k, 1_000, 0.96) <= 0.0025)
    assert binom.cdf(fails, 1_000, 0.96 - family.shortfall) == pytest.approx(0.80, abs=1e-9)
    assert family.shortfall > alone.shortfall
    assert family.twin == alone.twin


# Notes


@pytest.mark.parametrize(("n", "blind"), [(400, True), (2_000, False)])
def test_a_threshold_that_is_finer_than_the_images_is_noted(n, blind):
    """Where even a perfect model would pass less often than not quite always."""
    result = result_of(right_ones(n, n), metric="accuracy", min=0.99)
    perfect = result.deciding.twin > 1 - 0.99
    assert bool(result.notes) == perfect
    assert perfect <= blind


@pytest.mark.parametrize(("drop", "noted"), [(0.001, True), (0.01, False)])
def test_a_margin_that_is_finer_than_the_flips_is_noted(drop, noted):
    """An equal candidate would often not pass."""
    result = result_of(flipped(40, 40, 10_000), metric="accuracy", max_drop=drop)
    assert (result.deciding.twin > drop) == noted
    assert [note for note in result.notes if "an equal candidate would pass" in note] == list(result.notes)
    assert bool(result.notes) == noted


def test_an_equal_candidate_often_fails_to_pass_a_margin_of_nothing():
    """The note says so."""
    assert result_of(flipped(10, 10, 1_000), metric="accuracy", max_drop=0.0).notes


@pytest.mark.parametrize("table", [{"metric": "accuracy", "max": 0.01}, {"metric": "mcc", "min": 0.999}])
def test_only_a_share_that_must_be_high_is_noted(table):
    """Of the others nobody knows what would be perfect."""
    evidence = classes_right([(2, 400), (1, 400)])
    assert result_of(evidence, **table).notes == ()


def test_a_point_has_no_notes():
    """It sees what it sees."""
    assert result_of(right_ones(5, 5), metric="accuracy", min=0.99, decide="point").notes == ()


# Baselines


def test_a_missing_baseline_is_an_error():
    """With its reason."""
    result = result_of(right_ones(9, 10), metric="accuracy", max_drop=0.1)
    assert (result.outcome, result.deciding.reason) == ("ERROR", "no baseline was given")


@pytest.mark.parametrize("class_name", [None, "each"])
def test_a_missing_baseline_can_be_allowed(class_name):
    """For the first run of all."""
    table = {"metric": "accuracy", "max_drop": 0.1, "baseline_missing": "allow"}
    result = result_of(right_ones(9, 10), **table, **({"class_": class_name} if class_name else {}))
    assert (result.outcome, result.notes) == ("PASS", ("no baseline was given, which this gate allows",))


@pytest.mark.parametrize("problem", ["of other data", "has other labels", "metrics.json has no row per image"])
def test_a_baseline_that_does_not_fit_is_not_a_missing_one(problem):
    """Another class list or digest is an ERROR with its reason."""
    evidence = replace(right_ones(9, 10), no_baseline=f"the baseline b {problem}", baseline_missing=False)
    assert outcome_of(evidence, metric="accuracy", max_drop=0.1, baseline_missing="allow") == "ERROR"


@pytest.mark.parametrize(
    ("fixed", "regressed", "drop", "outcome"),
    [
        (40, 40, 0.01, "PASS"),
        (0, 0, 0.003, "PASS"),
        (0, 0, 0.0, "INCONCLUSIVE"),
        (40, 50, 0.0, "INCONCLUSIVE"),
        (10, 100, 0.0, "FAIL"),
        (100, 10, 0.0, "PASS"),
        (0, 200, 0.01, "FAIL"),
    ],
)
def test_a_drop_is_decided_by_the_flips(fixed, regressed, drop, outcome):
    """Of ten thousand images."""
    assert outcome_of(flipped(fixed, regressed, 10_000), metric="accuracy", max_drop=drop) == outcome


@pytest.mark.parametrize(("fixed", "regressed"), [(40, 40), (10, 100), (100, 10), (3, 0)])
def test_an_increase_is_a_drop_the_other_way_round(fixed, regressed):
    """Outcome and margin."""
    up = result_of(flipped(fixed, regressed, 10_000), metric="accuracy", max_increase=0.002)
    down = result_of(flipped(regressed, fixed, 10_000), metric="accuracy", max_drop=0.002)
    assert up.outcome == down.outcome
    assert up.deciding.margin == pytest.approx(down.deciding.margin)


def test_the_first_result_of_the_worst_outcome_is_kept_in_order():
    """Results stand in the order of the rules."""
    evidence = right_ones(9_950, 10_000)
    rules = gate_set({"metric": "accuracy", "min": 0.999, "name": "z"}, {"metric": "accuracy", "min": 0.9, "name": "a"})
    assert [result.gate.name for result in judge(rules, evidence, TODAY).results] == ["z", "a"]


def test_a_finding_without_a_margin_can_decide():
    """NaN sorts behind every number."""
    result = made_result("FAIL")
    other = replace(result.findings[0], subject="b", margin=math.nan)
    assert replace(result, findings=(other, *result.findings)).deciding.subject == ""


@pytest.mark.parametrize(("decide", "noted"), [("bound", True), ("point", False)])
def test_what_a_test_has_to_say_is_a_note_of_the_gate(decide, noted):
    """Where the value alone decides, there was no test."""
    rule = gate_set({"metric": "log_loss", "max": 0.5, "decide": decide})
    evidence = gather(yes_or_no(np.arange(1_000) >= 2), {}, 0, None)
    notes = judge(rule, evidence, TODAY).results[0].notes
    assert any("a few images carry most of it" in note for note in notes) == noted
