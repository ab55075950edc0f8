"""Two models on the same images, against statsmodels, scipy and plain loops."""

import math
import statistics
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import law, samples
from tiny_run import LABELS, SAID, all_right, tiny_predictions

from mnist_report.errors import DataError
from mnist_report.evaluation.comparison import compare, comparison_frame
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import overall_metrics
from mnist_report.evaluation.paired import (
    holm,
    mcnemar,
    paired_counts,
    paired_draws,
    paired_means,
    paired_proportions,
    tango_interval,
)
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.evaluation.ranking import overall_ranking
from mnist_report.evaluation.tally import Tally

Z = 1.959963984540054
RESAMPLED = ["balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "mcc", "cohen_kappa"]
WITHOUT_INTERVAL = {"errors", "ece", "ece_equal_mass", "aurc", "coverage_at_999"}
discordant = st.integers(1, 300).flatmap(
    lambda n: st.integers(0, n).flatmap(lambda b: st.tuples(st.just(b), st.integers(0, n - b), st.just(n)))
)


@st.composite
def pairs(draw):
    """Two models on the same labels."""
    candidate = draw(samples(min_rows=2))
    order = draw(st.permutations(range(len(candidate.labels))))
    baseline = candidate._replace(probabilities=candidate.probabilities[list(order)])
    return candidate.predictions(), baseline.predictions()


def score(b, c, n, delta):
    """Tango's statistic, its nuisance parameter found by maximising the multinomial likelihood numerically.

    The cells have probabilities p + delta (only the first right), p (only the second) and 1 - 2 p - delta (both or
    neither); under that, (b - c) / n has the variance (p12 + p21 - delta ** 2) / n.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import xlogy

    def minus_log_likelihood(p):
        return -(xlogy(b, p + delta) + xlogy(c, p) + xlogy(n - b - c, 1 - 2 * p - delta))

    least, most = max(0.0, -delta), (1 - delta) / 2
    inner = minimize_scalar(minus_log_likelihood, bounds=(least, most), method="bounded", options={"xatol": 1e-13})
    p = min((least, most, inner.x), key=minus_log_likelihood)
    variance = (p + delta) + p - delta**2
    return (b - c - n * delta) / math.sqrt(n * variance) if variance > 0 else math.copysign(math.inf, b - c - n * delta)


@law
@given(discordant)
def test_the_ends_of_tangos_interval_solve_the_score_equation(b_c_n):
    """The statistic is 1.96 at the lower end, -1.96 at the upper, where the ends are not those of all differences."""
    low, high = tango_interval(*b_c_n)
    ends = [(low, Z)] * (low > -1 + 1e-9) + [(high, -Z)] * (high < 1 - 1e-9)
    assert [score(*b_c_n, end) for end, _ in ends] == pytest.approx([z for _, z in ends], rel=1e-4)


@pytest.mark.parametrize("b_c_n", [(0, 0, 20), (5, 0, 20), (3, 9, 50), (30, 10, 1_000), (1, 1, 2), (10, 10, 10_000)])
def test_tangos_interval_is_what_a_grid_search_accepts(b_c_n):
    """Every difference between its ends and none outside, on a grid half as wide again on both sides."""
    b, c, n = b_c_n
    low, high = tango_interval(b, c, n)
    width = high - low
    grid = np.linspace(max(-1 + 1e-9, low - width / 2), min(1 - 1e-9, high + width / 2), 2_000)
    accepted = np.array([abs(score(b, c, n, delta)) <= Z for delta in grid])
    step = grid[1] - grid[0]
    inside = grid[accepted]
    assert (inside[0], inside[-1]) == pytest.approx((low, high), abs=1.01 * step)
    assert np.diff(np.flatnonzero(accepted)).max() == 1


@law
@given(discordant)
def test_tangos_interval_holds_the_estimate(b_c_n):
    """And stays between -1 and 1."""
    b, c, n = b_c_n
    low, high = tango_interval(b, c, n)
    assert -1 <= low <= (b - c) / n <= high <= 1
    assert low < high


@law
@given(discordant)
def test_swapping_the_models_mirrors_tangos_interval(b_c_n):
    """Neither of them is special."""
    b, c, n = b_c_n
    low, high = tango_interval(b, c, n)
    assert tango_interval(c, b, n) == pytest.approx((-high, -low), abs=1e-9)


@pytest.mark.parametrize("n", [1, 10, 10_000])
def test_without_discordant_images_tangos_interval_has_its_closed_form(n):
    """Z squared over n plus Z squared, on both sides of 0."""
    bound = Z**2 / (n + Z**2)
    assert tango_interval(0, 0, n) == pytest.approx((-bound, bound), rel=1e-9)


@law
@given(discordant)
def test_mcnemars_test_is_that_of_statsmodels(b_c_n):
    """The exact one, two-sided."""
    from statsmodels.stats.contingency_tables import mcnemar as oracle

    b, c, n = b_c_n
    expected = oracle([[n - b - c, b], [c, 0]], exact=True).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, rel=1e-9)


@law
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_adjustment_is_that_of_statsmodels(p_values):
    """Step by step down."""
    from statsmodels.stats.multitest import multipletests

    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist(), rel=1e-9, abs=1e-300)


def test_a_p_value_that_is_not_defined_takes_no_part_in_the_family():
    """A class without images makes the others no harder to find."""
    adjusted = holm([0.01, math.nan, 0.03])
    assert adjusted[::2] == pytest.approx([0.02, 0.03])
    assert math.isnan(adjusted[1])


@law
@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 40)), min_size=2, max_size=60))
def test_a_paired_mean_has_the_textbooks_interval(both):
    """From Python's statistics of the differences."""
    first, second = (np.array(side) for side in zip(*both, strict=True))
    change = [a - b for a, b in both]
    found = paired_means(first, second)
    half = Z * statistics.stdev(change) / math.sqrt(len(change))
    mean = statistics.fmean(change)
    assert (found.value, found.n) == (pytest.approx(mean, rel=1e-9, abs=1e-12), len(both))
    assert (found.ci_low, found.ci_high) == pytest.approx((mean - half, mean + half), rel=1e-9, abs=2e-6)


def test_a_paired_mean_has_the_interval_of_scipys_normal_distribution():
    """Pairs that go up and down together are compared, not two samples."""
    from scipy import stats

    random = np.random.default_rng(2)
    level = random.exponential(1, 400)
    first, second = level + random.normal(0, 0.1, 400), level
    found = paired_means(first, second)
    change = first - second
    expected = stats.norm.interval(0.95, change.mean(), stats.sem(change))
    assert (found.ci_low, found.ci_high) == pytest.approx(expected, rel=1e-9)


@law
@given(pairs())
def test_the_difference_of_the_accuracies_is_that_of_a_plain_loop(two):
    """With the discordant images of both kinds."""
    candidate, baseline = two
    both = list(zip(candidate.right.tolist(), baseline.right.tolist(), strict=True))
    fixed, regressed = both.count((True, False)), both.count((False, True))
    found = compare(*two).overall["accuracy"]
    assert (found.value, found.n) == ((fixed - regressed) / len(both), len(both))
    assert (found.fixed, found.regressed) == (fixed, regressed)
    assert (found.ci_low, found.ci_high, found.p_value) == (
        *tango_interval(fixed, regressed, len(both)),
        mcnemar(fixed, regressed),
    )


@law
@given(pairs())
def test_regressed_and_fixed_images_are_those_of_a_plain_loop(two):
    """The worse the loss of the wrong model, the earlier; ties by index."""
    candidate, baseline = two
    found = compare(*two)
    for index, wrong, right in ((found.regressed, candidate, baseline), (found.fixed, baseline, candidate)):
        expected = [k for k in range(len(wrong)) if not wrong.right[k] and right.right[k]]
        assert index.tolist() == sorted(expected, key=lambda k, of=wrong: (-of.loss[k], k))
    assert found.negative_flip_rate == len(found.regressed) / len(candidate)


@law
@given(pairs())
def test_agreement_counts_equal_predictions_right_or_wrong(two):
    """A plain loop."""
    said = [p.predicted.tolist() for p in two]
    assert compare(*two).agreement == sum(a == b for a, b in zip(*said, strict=True)) / len(said[0])


@law
@given(pairs())
def test_each_class_is_compared_on_its_own_images(two):
    """NaN where it has none; the p-values are adjusted together."""
    candidate, baseline = two
    found = compare(*two)
    for k, difference in enumerate(found.per_class):
        chosen = candidate.labels == k
        gap = candidate.right[chosen].mean() - baseline.right[chosen].mean() if chosen.any() else math.nan
        assert difference.value == pytest.approx(gap, abs=1e-12, nan_ok=True)
        assert difference.n == chosen.sum()
    adjusted = holm([difference.p_value for difference in found.per_class])
    assert found.per_class_adjusted == pytest.approx(adjusted, nan_ok=True)


def test_a_model_compared_with_itself_differs_in_nothing():
    """Zero, within its interval, and no image moved."""
    found = compare(tiny_predictions(), tiny_predictions())
    assert {difference.value for difference in found.overall.values()} == {0}
    assert (len(found.regressed), len(found.fixed), found.agreement) == (0, 0, 1)


def test_a_share_of_no_images_is_not_defined():
    """No value, no interval, no test."""
    nothing = np.zeros(0, dtype=bool)
    found = paired_proportions(nothing, nothing)
    assert (found.n, found.regressed, found.fixed) == (0, 0, 0)
    assert all(math.isnan(x) for x in (found.value, found.ci_low, found.ci_high, found.p_value))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (tiny_predictions(labels=(*LABELS[:7], 2, *LABELS[8:])), r"labels differ, first at row 7 \(1 row"),
        (tiny_predictions(SAID[:11], LABELS[:11]), "12 images, the baseline 11"),
        (tiny_predictions(names=("cat", "dog", "emu")), "classes are cat, dog, eel, the baseline's cat, dog, emu"),
    ],
    ids=["labels", "count", "classes"],
)
def test_other_images_cannot_be_compared(other, message):
    """The message says what differs."""
    with pytest.raises(DataError, match=message):
        compare(tiny_predictions(), other)


def said(predicted, labels, classes):
    """A model that says so, each time with the same confidence."""
    rows = np.full((len(labels), classes), 0.2 / (classes - 1))
    rows[np.arange(len(labels)), predicted] = 0.8
    return make_predictions(rows, np.asarray(labels), tuple(f"kind {k}" for k in range(classes)))


def two_models(n, classes, seed=5):
    """A candidate and a baseline that make mostly the same mistakes: a fifth of all images, and each a few more."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    shared = np.where(generator.random(n) < 0.2, generator.integers(0, classes, n), labels)
    sides = (np.where(generator.random(n) < 0.03, generator.integers(0, classes, n), shared) for _ in range(2))
    return tuple(said(side, labels, classes) for side in sides)


def plain_metrics(counts, classes):
    """The functions of the confusion counts, by loops; `counts` has a number per pair of label and prediction.

    With a class neither there nor predicted, or with one class alone, they are not the package's.
    """
    every = range(classes)
    n = sum(counts.values())
    actual = [sum(counts[k, other] for other in every) for k in every]
    predicted = [sum(counts[other, k] for other in every) for k in every]
    right = sum(counts[k, k] for k in every)
    by_chance = sum(a * p for a, p in zip(actual, predicted, strict=True))
    recall = statistics.fmean(counts[k, k] / actual[k] for k in every)
    spread = (n**2 - sum(p**2 for p in predicted)) * (n**2 - sum(a**2 for a in actual))
    return {
        "balanced_accuracy": recall,
        "macro_precision": statistics.fmean(counts[k, k] / predicted[k] for k in every),
        "macro_recall": recall,
        "macro_f1": statistics.fmean(2 * counts[k, k] / (actual[k] + predicted[k]) for k in every),
        "mcc": (right * n - by_chance) / math.sqrt(spread),
        "cohen_kappa": (right / n - by_chance / n**2) / (1 - by_chance / n**2),
    }


@pytest.fixture(scope="module")
def drawn_again():
    """Two models, and the difference of each metric over 1,500 draws of their images and one more with replacement.

    That one is any error, as likely as another, of either side; the other side is right.
    """
    candidate, baseline = two_models(400, 3)
    errors = [
        (label, *sides) for label in range(3) for k in range(3) if k != label for sides in ((k, label), (label, k))
    ]
    images = list(
        zip(candidate.labels.tolist(), candidate.predicted.tolist(), baseline.predicted.tolist(), strict=True)
    )
    generator = np.random.default_rng(11)
    draws = []
    for _ in range(1_500):
        numbers = generator.integers(0, len(images) + 1, len(images)).tolist()
        unseen = [errors[k] for k in generator.integers(0, len(errors), numbers.count(len(images))).tolist()]
        chosen = Counter(images[k] for k in numbers if k < len(images)) + Counter(unseen)
        ours, theirs = Counter(), Counter()
        for (label, said_by_us, said_by_them), times in chosen.items():
            ours[label, said_by_us] += times
            theirs[label, said_by_them] += times
        ours, theirs = plain_metrics(ours, 3), plain_metrics(theirs, 3)
        draws.append({name: ours[name] - theirs[name] for name in RESAMPLED})
    return candidate, baseline, draws


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_resampled_difference_has_the_interval_of_a_plain_loop_over_images(drawn_again, name):
    """Each draw has the same images on both sides; the ends of two such draws differ by some percent of the width."""
    candidate, baseline, draws = drawn_again
    low, high = np.quantile([draw[name] for draw in draws], [0.025, 0.975])
    found = compare(candidate, baseline).overall[name]
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=0.1 * (high - low))


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_paired_difference_is_known_better_than_the_metrics_themselves(drawn_again, name):
    """Two models that make the same mistakes are not two independent samples."""
    candidate, baseline, _ = drawn_again
    found = compare(candidate, baseline).overall[name]
    ours, theirs = (overall_metrics(Tally.of(side))[name] for side in (candidate, baseline))
    independent = math.hypot(ours.ci_high - ours.ci_low, theirs.ci_high - theirs.ci_low)
    assert 0 < found.ci_high - found.ci_low < 0.7 * independent


@law
@given(pairs())
def test_every_metric_is_compared_by_the_difference_of_its_values(two):
    """In the order of the metrics of one model; NaN where one side has none."""
    ours, theirs = (evaluate(side).overall for side in two)
    found = compare(*two).overall
    assert list(found) == list(ours)
    for name, difference in found.items():
        expected = ours[name].value - theirs[name].value
        assert difference.value == pytest.approx(expected, abs=1e-12, nan_ok=True), name
        assert difference.n == len(two[0])


def test_the_metrics_that_are_compared_are_all_there_are():
    """Counted and ranked ones."""
    predictions = tiny_predictions()
    known = list(overall_metrics(Tally.of(predictions)) | overall_ranking(predictions))
    assert list(compare(predictions, predictions).overall) == known


@law
@given(pairs())
def test_an_interval_holds_its_difference(two):
    """Where there is one; the kinds without interval have none, and only shares have discordant images."""
    for name, difference in compare(*two).overall.items():
        if name in WITHOUT_INTERVAL:
            assert math.isnan(difference.ci_low)
            assert math.isnan(difference.ci_high)
        elif not math.isnan(difference.ci_low):
            assert difference.ci_low - 1e-12 <= difference.value <= difference.ci_high + 1e-12, name
        assert (difference.fixed is not None) == (name in {"accuracy", "top2_accuracy"})


@law
@given(pairs())
def test_swapping_the_models_mirrors_every_difference(two):
    """A rise becomes a fall by as much."""
    there, back = compare(*two).overall, compare(*two[::-1]).overall
    for name, difference in there.items():
        assert back[name].value == pytest.approx(-difference.value, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("name", RESAMPLED)
def test_swapping_the_models_mirrors_a_resampled_interval(name):
    """But for other draws."""
    candidate, baseline = two_models(600, 4)
    there, back = compare(candidate, baseline).overall[name], compare(baseline, candidate).overall[name]
    width = there.ci_high - there.ci_low
    assert (-back.ci_high, -back.ci_low) == pytest.approx((there.ci_low, there.ci_high), abs=0.1 * width)


@law
@given(samples(min_rows=2))
def test_a_model_and_itself_differ_by_a_point_in_all_that_is_a_mean(sample):
    """No image has another loss."""
    predictions = sample.predictions()
    found = compare(predictions, predictions).overall
    for name in ("log_loss", "brier", "mean_confidence", "overconfidence"):
        assert (found[name].value, found[name].ci_low, found[name].ci_high) == (0, 0, 0), name


@law
@given(samples(min_rows=2))
def test_a_resampled_interval_of_a_model_and_itself_is_around_zero(sample):
    """Or NaN where a draw has no value, as for the model alone."""
    predictions = sample.predictions()
    for name, difference in paired_counts(predictions, predictions, seed=0).items():
        ends = (difference.ci_low, difference.ci_high)
        assert difference.value == 0 or math.isnan(difference.value), name
        assert ends[0] <= 0 <= ends[1] or all(math.isnan(end) for end in ends), name


@pytest.mark.parametrize("name", RESAMPLED)
@pytest.mark.parametrize("model", [two_models(400, 3)[0], all_right()], ids=["mistakes", "no mistake"])
def test_a_resampled_interval_of_a_model_and_itself_is_no_point(model, name):
    """That they agree on these images does not prove that they do on all; neither side is special."""
    found = compare(model, model).overall[name]
    assert found.value == 0
    assert found.ci_low < 0 < found.ci_high
    assert found.ci_low == pytest.approx(-found.ci_high, rel=0.35)


def test_two_perfect_models_differ_in_the_draws_by_one_error_more_than_was_seen():
    """Of either side, as often as Poisson's law with a mean of one half says; to five standard errors of the draws."""
    from scipy.stats import skellam

    n, labels = 10_000, np.arange(10_000) % 2
    value, draws = paired_draws(said(labels, labels, 2), said(labels, labels, 2), 0)["macro_recall"]
    images = np.rint(draws * n)
    assert value == 0
    for k in range(-3, 4):
        p = skellam.pmf(k, 0.5, 0.5)
        assert (images == k).mean() == pytest.approx(p, abs=5 * math.sqrt(p * (1 - p) / len(draws)))


def test_two_models_of_one_class_have_no_other_errors():
    """Where no other class is there or said, there is nothing that a draw could get wrong."""
    alone = said([0] * 9, [0] * 9, 2)
    found = paired_counts(alone, alone, seed=0)["macro_recall"]
    assert (found.value, found.ci_low, found.ci_high) == (0, 0, 0)


def never_said_is(k, n=30_000):
    """A model of three classes that is right but for the images of this class, which it says are of the one before."""
    labels = np.arange(n) % 3
    return said(np.where(labels == k, labels - 1, labels), labels, 3)


def test_a_precision_that_neither_side_has_is_not_drawn():
    """Of 30,000 images, an error more or less moves no mean by eight points."""
    found = paired_counts(never_said_is(2), never_said_is(2), seed=0)["macro_precision"]
    assert -0.001 < found.ci_low <= 0 <= found.ci_high < 0.001


def test_a_precision_that_one_side_has_is_not_drawn_for_the_other():
    """The interval is about as wide as each side's own."""
    labels = np.arange(30_000) % 3
    found = paired_counts(said(labels, labels, 3), never_said_is(2), seed=0)["macro_precision"]
    own = overall_metrics(Tally.of(never_said_is(2)))["macro_precision"]
    assert found.value == pytest.approx(0.25)
    assert found.ci_high - found.ci_low < 2 * (own.ci_high - own.ci_low)


@pytest.mark.parametrize(("classes", "n"), [(2, 50), (100, 700)])
@pytest.mark.parametrize("name", ["mcc", "cohen_kappa", "balanced_accuracy"])
def test_few_and_many_classes_are_compared_like_scikit_learn_does(classes, n, name):
    """The difference of what it says of either side, within a defined interval."""
    from sklearn import metrics

    score = {
        "mcc": metrics.matthews_corrcoef,
        "cohen_kappa": metrics.cohen_kappa_score,
        "balanced_accuracy": metrics.balanced_accuracy_score,
    }[name]
    candidate, baseline = two_models(n, classes)
    ours, theirs = (score(candidate.labels, side.predicted) for side in (candidate, baseline))
    found = paired_counts(candidate, baseline, seed=0)[name]
    assert found.value == pytest.approx(ours - theirs, abs=1e-12)
    assert found.ci_low < found.value < found.ci_high


@pytest.mark.parametrize("name", ["mcc", "cohen_kappa"])
@pytest.mark.parametrize("other", [0, 1], ids=["as well", "alone"])
def test_what_is_not_defined_of_a_side_has_no_difference(name, other):
    """Chance alone would always agree with a model that says the one class there is."""
    found = compare(said([0] * 9, [0] * 9, 2), said([0] * 8 + [other], [0] * 9, 2)).overall[name]
    assert [math.isnan(x) for x in (found.value, found.ci_low, found.ci_high)] == [True] * 3


def test_macro_averages_are_of_the_classes_that_are_there():
    """Two of nine images of the only class regressed and one was fixed; the draws have one error more, of either."""
    from scipy.stats import multinomial

    candidate, baseline = said([0] * 7 + [1] * 2, [0] * 9, 2), said([1] + [0] * 8, [0] * 9, 2)
    value, draws = paired_draws(candidate, baseline, 0)["macro_recall"]
    chances = Counter()
    for fixed, regressed in np.ndindex(10, 10):
        if fixed + regressed <= 9:
            cells = [fixed, regressed, 9 - fixed - regressed]
            chances[fixed - regressed] += multinomial.pmf(cells, 9, [0.15, 0.25, 0.6])
    assert value == pytest.approx(-1 / 9)
    for images, p in chances.items():
        spread = math.sqrt(p * (1 - p) / len(draws))
        assert (np.rint(9 * draws) == images).mean() == pytest.approx(p, abs=5 * spread + 1 / len(draws))


def test_the_seed_decides_about_the_draws():
    """And about nothing else."""
    two = two_models(100, 3)
    first, again, other = (compare(*two, seed=seed).overall for seed in (1, 1, 2))
    assert repr(first) == repr(again)
    assert (first["mcc"].ci_low, first["mcc"].ci_high) != (other["mcc"].ci_low, other["mcc"].ci_high)
    assert [first[name].value for name in first] == [other[name].value for name in first]
    assert first["accuracy"] == other["accuracy"]


def test_the_frame_of_a_comparison_has_every_metric_and_every_class():
    """With its interval; what has none is empty."""
    two = two_models(100, 3)
    compared = compare(*two)
    frame = comparison_frame(compared, two[0].class_names)
    assert frame["metric"].tolist() == [*compared.overall, *["recall"] * 3]
    assert frame["class"].tolist() == [""] * len(compared.overall) + list(two[0].class_names)
    without = frame.loc[frame["ci_low"].isna(), "metric"].tolist()
    assert set(without) == WITHOUT_INTERVAL
    assert frame["difference"].tolist()[:-3] == [difference.value for difference in compared.overall.values()]
