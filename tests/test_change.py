"""The change from the baseline as it is shown: every number against scikit-learn, scipy and plain loops."""

import math
import re

import numpy as np
import pytest
from gate_work import pair
from test_comparison import Z, score
from tiny_run import HOSTILE, LABELS, WORST_FIRST, all_right, tiny_predictions, tiny_run

from mnist_report.evaluation.comparison import compare
from mnist_report.evaluation.mistakes import MOST_FLIPS
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.evaluation.tally import bin_of
from mnist_report.report.change import baseline_name, change_headline, make_change
from mnist_report.report.tables import METRIC_NAMES, SHARES
from mnist_report.runs.images_file import NO_IMAGES, ShownImages

DASH = "\N{EN DASH}"
NUMBER = r"[+-]\d+\.\d+"
MEANS = ("log_loss", "brier", "mean_confidence", "overconfidence")
RESAMPLED = ("balanced_accuracy", "macro_precision", "macro_recall", "macro_f1", "mcc", "cohen_kappa")
WITHOUT_INTERVAL = ("ece", "ece_equal_mass", "aurc", "coverage_at_999")
FACTS = {"run_id": "20260102T030405Z-pets-0123ab", "path": "runs/pets"}


def model(seed, n=400, classes=4):
    """Right two times in three, on labels that are the same for every seed; the last class does not occur."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % (classes - 1)
    rows = random.dirichlet(np.full(classes, 0.7), n)
    rows[np.arange(n), labels] += random.random(n)
    rows /= rows.sum(axis=1, keepdims=True)
    return make_predictions(rows, labels, tuple(f"kind {k}" for k in range(classes)))


def change_of(candidate, baseline, images=NO_IMAGES):
    """As the report shows it."""
    return make_change(compare(candidate, baseline), candidate, baseline, images, "theirs")


def all_images(n):
    """A picture of each."""
    return ShownImages(np.arange(n), np.random.default_rng(1).integers(0, 256, (n, 4, 4), dtype=np.uint8))


@pytest.fixture(scope="module")
def sides():
    """Two models that flip more images than are shown."""
    return model(1), model(2)


@pytest.fixture(scope="module")
def change(sides):
    return change_of(*sides, all_images(400))


def of_counts(labels, predicted):
    """The functions of the confusion counts, by scikit-learn."""
    from sklearn import metrics as sk

    both = {"average": "macro", "zero_division": 0}
    return {
        "balanced_accuracy": sk.recall_score(labels, predicted, labels=np.unique(labels), **both),
        "macro_precision": sk.precision_score(labels, predicted, **both),
        "macro_recall": sk.recall_score(labels, predicted, labels=np.unique(labels), **both),
        "macro_f1": sk.f1_score(labels, predicted, **both),
        "mcc": sk.matthews_corrcoef(labels, predicted),
        "cohen_kappa": sk.cohen_kappa_score(labels, predicted),
    }


@pytest.fixture(scope="module")
def bootstrap(sides):
    """The differences of those on 200 resamples of the images."""
    random, draws = np.random.default_rng(9), []
    for rows in random.integers(0, 400, (200, 400)):
        ours, theirs = (of_counts(side.labels[rows], side.predicted[rows]) for side in sides)
        draws.append({name: ours[name] - theirs[name] for name in ours})
    return draws


def plain_metrics(p):
    """Each metric by another way than the package's."""
    from sklearn import metrics as sk

    rows, order = p.rows, np.argsort(-p.confidence, kind="stable")
    truth = np.eye(len(p.class_names))[p.labels]
    gaps = np.bincount(bin_of(p.confidence), weights=p.confidence - p.right, minlength=15)
    risks = [float((~p.right[order[:k]]).mean()) for k in range(1, len(p) + 1)]
    masses = [abs((p.confidence[part] - p.right[part]).sum()) for part in np.array_split(order[::-1], 15)]
    return of_counts(p.labels, p.predicted) | {
        "accuracy": sk.accuracy_score(p.labels, p.predicted),
        "top2_accuracy": np.mean([label in row.argsort()[-2:] for label, row in zip(p.labels, rows, strict=True)]),
        "log_loss": -np.log(rows[np.arange(len(p)), p.labels]).mean(),
        "ece": np.abs(gaps).sum() / len(p),
        "ece_equal_mass": sum(masses) / len(p),
        "overconfidence": (p.confidence - p.right).mean(),
        "aurc": np.mean(risks),
        "coverage_at_999": max([k for k, risk in enumerate(risks, 1) if risk <= 0.001], default=0) / len(p),
        "brier": ((rows - truth) ** 2).sum(axis=1).mean(),
        "mean_confidence": rows.max(axis=1).mean(),
    }


def tango(fixed, regressed, n):
    """Tango's interval by root finding on a score that is maximised numerically."""
    from scipy.optimize import brentq

    def beyond(end, z):
        return score(fixed, regressed, n, end) - z

    value = (fixed - regressed) / n
    return [brentq(beyond, -1 + 1e-6, value, args=(Z,)), brentq(beyond, value, 1 - 1e-6, args=(-Z,))]


def row_of(table, title):
    """The cells behind a heading."""
    (row,) = [row for row in table.rows if row[0] == title]
    return row[1:]


def said(value, *, share):
    """As the tables say it."""
    shown = f"{100 * value:+.2f} pp" if share else f"{value:+.4f}"
    return shown.replace("-", "+") if re.fullmatch(r"-0\.0+( pp)?", shown) else shown


def numbers(cell):
    """The numbers of a cell."""
    return [float(number) for number in re.findall(NUMBER, cell)]


@pytest.mark.parametrize("name", sorted(METRIC_NAMES.keys() - {"errors"}))
def test_a_metrics_change_is_candidate_less_baseline(sides, change, name):
    """With its sign; shares in percentage points."""
    ours, theirs = (plain_metrics(side)[name] for side in sides)
    shown, _ = row_of(change.overall, METRIC_NAMES[name][0])
    assert shown == said(ours - theirs, share=name in SHARES)


def test_every_metric_but_the_errors_has_a_row(change):
    """The flips say it better."""
    assert {row[0] for row in change.overall.rows} == {
        METRIC_NAMES[name][0] for name in METRIC_NAMES.keys() - {"errors"}
    }
    assert all(len(row) == len(change.overall.columns) for row in change.overall.rows)


@pytest.mark.parametrize("name", ["accuracy", "top2_accuracy"])
def test_the_interval_of_a_share_is_tangos(sides, change, name):
    """In percentage points, found by another way."""
    hits = [side.right if name == "accuracy" else side.in_top2 for side in sides]
    ends = tango(int((hits[0] & ~hits[1]).sum()), int((hits[1] & ~hits[0]).sum()), 400)
    _, shown = row_of(change.overall, METRIC_NAMES[name][0])
    assert numbers(shown) == pytest.approx([100 * end for end in ends], abs=0.00501)
    assert re.fullmatch(rf"{NUMBER} to {NUMBER} pp", shown)


@pytest.mark.parametrize("name", MEANS)
def test_the_interval_of_a_mean_is_the_normal_one(sides, change, name):
    """Of the differences, image by image."""
    from scipy.stats import norm, sem

    of = {
        "log_loss": lambda p: -np.log(p.rows[np.arange(400), p.labels]),
        "brier": lambda p: ((p.rows - np.eye(4)[p.labels]) ** 2).sum(axis=1),
        "mean_confidence": lambda p: p.rows.max(axis=1),
        "overconfidence": lambda p: p.rows.max(axis=1) - (p.predicted == p.labels),
    }[name]
    differences = of(sides[0]) - of(sides[1])
    ends = norm.interval(0.95, differences.mean(), sem(differences))
    _, shown = row_of(change.overall, METRIC_NAMES[name][0])
    factor, places = (100, 2) if name in SHARES else (1, 4)
    assert numbers(shown) == pytest.approx([factor * end for end in ends], abs=0.501 * 10**-places)


@pytest.mark.parametrize("name", RESAMPLED)
def test_a_resampled_interval_is_near_a_bootstrap_of_the_images(bootstrap, change, name):
    """Drawn by another generator: both ends within a quarter of its width."""
    factor = 100 if name in SHARES else 1
    low, high = np.quantile([factor * draw[name] for draw in bootstrap], [0.025, 0.975])
    _, shown = row_of(change.overall, METRIC_NAMES[name][0])
    assert numbers(shown) == pytest.approx([low, high], abs=(high - low) / 4)


@pytest.mark.parametrize("name", WITHOUT_INTERVAL)
def test_without_an_interval_there_is_a_dash(change, name):
    """Nobody knows it."""
    assert row_of(change.overall, METRIC_NAMES[name][0])[1] == DASH


@pytest.mark.parametrize("k", range(3))
def test_a_classs_change_is_that_of_its_recall(sides, change, k):
    """With Tango's interval of its images."""
    ours, theirs = (side.right[side.labels == k] for side in sides)
    fixed, regressed = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    shown, spread, _ = row_of(change.per_class, f"kind {k}")
    assert shown == said((fixed - regressed) / len(ours), share=True)
    assert numbers(spread) == pytest.approx([100 * e for e in tango(fixed, regressed, len(ours))], abs=0.00501)


def test_p_values_are_adjusted_by_holm(sides, change):
    """Exact binomial tests of the flips, by statsmodels; the class that does not occur takes no part."""
    from scipy.stats import binomtest
    from statsmodels.stats.multitest import multipletests

    raw = []
    for k in range(3):
        ours, theirs = (side.right[side.labels == k] for side in sides)
        raw.append(binomtest(int((ours & ~theirs).sum()), int((ours != theirs).sum())).pvalue)
    expected = multipletests(raw, method="holm")[1]
    shown = [float(row_of(change.per_class, f"kind {k}")[2]) for k in range(3)]
    assert shown == pytest.approx(expected, rel=0.006)


def test_a_class_that_does_not_occur_has_dashes(change):
    """Neither nan nor 0."""
    assert row_of(change.per_class, "kind 3") == (DASH, DASH, DASH)


def test_the_headline_counts_the_flips(sides, change):
    """By a plain loop; a better candidate has a plus."""
    ours, theirs = (side.right.tolist() for side in sides)
    regressed = sum(b and not c for c, b in zip(ours, theirs, strict=True))
    fixed = sum(c and not b for c, b in zip(ours, theirs, strict=True))
    low, high = tango(fixed, regressed, 400)
    value = said((fixed - regressed) / 400, share=True)
    spread = f"{100 * low:+.2f} to {100 * high:+.2f} pp"
    flipped = f"{regressed} images regressed, {fixed} fixed"
    expected = f"Accuracy {value} against the baseline (95 % interval {spread}): {flipped}"
    assert change.headline == expected


def test_a_worse_candidate_has_a_minus():
    """And swapped, the same with a plus: every sign turns."""
    worse, better = (
        change_of(*sides) for sides in ((tiny_predictions(), all_right()), (all_right(), tiny_predictions()))
    )
    assert worse.headline.startswith("Accuracy -25.00 pp against the baseline")
    assert better.headline.startswith("Accuracy +25.00 pp against the baseline")
    for table, other in ((worse.overall, better.overall), (worse.per_class, better.per_class)):
        for row, mirrored in zip(table.rows, other.rows, strict=True):
            assert row[1].translate(str.maketrans("+-", "-+")) == mirrored[1] or not any(numbers(row[1]))


def test_large_counts_have_separators():
    """As everywhere."""
    assert "1,200 images regressed, 2,000 fixed" in change_headline(compare(*pair(2_000, 1_200, 10_000)))


@pytest.mark.parametrize("sides", [(1, 0), (0, 1), (0, 0), (1, 1)])
def test_nothing_is_minus_zero(sides):
    """Neither a change that is too small to be seen nor one that is none, in values as in bounds."""
    change = change_of(*pair(*sides, 50_000))
    cells = [cell for table in (change.overall, change.per_class) for row in table.rows for cell in row[1:]]
    assert [text for text in [change.headline, *cells] if re.search(r"-0\.0+(?!\d)", text)] == []


def test_equal_models_change_nothing():
    """Every value is 0, nothing flipped, and what would have been seen is not known."""
    change = change_of(all_right(), all_right())
    assert change.headline.startswith("Accuracy +0.00 pp ")
    assert {row[1] for row in change.overall.rows} == {"+0.00 pp", "+0.0000"}
    assert (change.regressed.digits, change.fixed.digits, change.regressed.omitted) == ((), (), "")
    assert "not known" in change.power


def test_one_image_has_no_interval_of_means():
    """But of shares."""
    one = make_predictions(np.array([[0.9, 0.1]]), np.array([0]), ("cat", "dog"))
    change = change_of(one, one)
    assert row_of(change.overall, "Log loss") == ("+0.0000", DASH)
    assert not any("nan" in cell for table in (change.overall, change.per_class) for row in table.rows for cell in row)


def test_the_power_is_a_sentence(sides, change):
    """It begins with a capital and ends with a full stop, and names the drop that the comparison knows."""
    drop = compare(*sides).detectable.shortfall
    assert change.power == f"A true drop of {100 * drop:.2f} pp would be found with probability 0.80."


def test_the_drop_is_found_four_times_in_five(sides, change):
    """Simulated flips of that drop, held against Tango's interval by its score at 0."""
    drop = float(re.search(r"drop of ([\d.]+) pp", change.power)[1]) / 100
    share = float((sides[0].right != sides[1].right).mean())
    cells = [(share - drop) / 2, (share + drop) / 2, 1 - share]
    drawn = np.random.default_rng(4).multinomial(400, cells, 4_000)
    # Where there is no difference, Tango's statistic is McNemar's.
    found = (drawn[:, 0] - drawn[:, 1]) / np.sqrt(drawn[:, 0] + drawn[:, 1]) <= -Z
    assert found.mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("kind", ["regressed", "fixed"])
def test_only_the_worst_flips_are_shown(sides, change, kind):
    """The first of them by the loss of the side that is wrong, and how many of how many they are."""
    candidate, baseline = sides
    wrong, right = (candidate, baseline) if kind == "regressed" else (baseline, candidate)
    flipped = [k for k in range(400) if right.right[k] and not wrong.right[k]]
    flipped.sort(key=lambda k: (-wrong.loss[k], k))
    gallery = getattr(change, kind)
    assert len(flipped) > MOST_FLIPS
    assert [digit.anchor for digit in gallery.digits] == [f"{kind}-{k}" for k in flipped[:MOST_FLIPS]]
    assert gallery.omitted == f"{MOST_FLIPS} of {len(flipped)} are shown"


def test_flips_that_all_fit_leave_nothing_out():
    """And nothing is said of it."""
    change = change_of(tiny_predictions(), all_right(), tiny_run().stored.images)
    assert [digit.index for digit in change.regressed.digits] == [f"#{k}" for k in WORST_FIRST]
    assert (change.regressed.omitted, change.fixed.omitted) == ("", "")


def test_flips_without_a_picture_are_counted():
    """None of three is there."""
    change = change_of(tiny_predictions(), all_right())
    assert (change.regressed.digits, change.regressed.omitted) == ((), "0 of 3 are shown")


def test_a_fixed_image_says_what_the_baseline_took_it_for():
    """And is right itself."""
    change = change_of(all_right(), tiny_predictions(), tiny_run(all_right()).stored.images)
    notes = {digit.index: digit.note for digit in change.fixed.digits if digit.right}
    expected = {"#4": "baseline: dog, 98.0 %", "#8": "baseline: eel, 90.0 %", "#3": "baseline: dog, 70.0 %"}
    assert notes == expected


def test_hostile_class_names_are_kept_as_they_are():
    """Escaping is the template's business."""
    names = HOSTILE[:3]
    change = change_of(tiny_predictions(names=names), tiny_predictions(tuple((k, 0.9) for k in LABELS), names=names))
    assert [row[0] for row in change.per_class.rows] == list(names)


def test_a_run_is_named_by_its_id():
    """Wherever it lies."""
    assert baseline_name(FACTS) == "run 20260102T030405Z-pets-0123ab"


def test_a_predictions_file_is_named_by_its_path():
    """It has no run."""
    assert baseline_name({"path": "old/predictions.parquet", "run_id": None}) == "old/predictions.parquet"


def test_an_accepted_baseline_says_by_whom_when_and_why():
    """The day is enough."""
    accepted = {"by": "Ann", "why": "a new recipe", "when": "2026-01-02T03:04:05+00:00"}
    expected = "run 20260102T030405Z-pets-0123ab, accepted by Ann on 2026-01-02: a new recipe"
    assert baseline_name(FACTS | {"accepted": accepted}) == expected


@pytest.mark.parametrize("accepted", [None, "Ann", [], 3, math.nan])
def test_an_acceptance_of_another_kind_is_left_out(accepted):
    """A baseline.json may have been written by hand."""
    assert baseline_name(FACTS | {"accepted": accepted}) == "run 20260102T030405Z-pets-0123ab"
