"""A comparison as lines for a terminal."""

import math
import re

import numpy as np
import pytest
from gate_work import pair
from tiny_run import WORST_FIRST, all_right, tiny_predictions

from mnist_report.evaluation.comparison import compare
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.report.comparison_text import MOST_LISTED, change_lines, comparison_text
from mnist_report.report.tables import METRIC_NAMES, SHARES
from mnist_report.runs.predictions_file import ScoredImages

DASH = "\N{EN DASH}"
WITHOUT_INTERVAL = {"ece", "ece_equal_mass", "aurc", "coverage_at_999"}
# The flips say what the number of errors would.
SHOWN = METRIC_NAMES.keys() - {"errors"}
UNIT_AT = 41
UNKNOWN = "which drop these images would show is not known: too few flipped"
# A bound or a value, with its sign.
NUMBER = r"[+-]\d+\.\d{4}"


def scored(name, predictions, index=None):
    """Predictions under a name, their rows at these places of the data set."""
    place = np.arange(len(predictions)) if index is None else np.asarray(index)
    return ScoredImages(name, predictions, place, None)


def lines_of(candidate, baseline, index=None):
    """What is printed of two sides."""
    sides = scored("mine", candidate, index), scored("theirs", baseline, index)
    return comparison_text(compare(candidate, baseline), *sides).splitlines()


def line_of(lines, title):
    """What stands behind a title, less the blanks in front."""
    (line,) = [line for line in lines if line[:30].strip() == title]
    return line[30:].strip()


@pytest.fixture(scope="module")
def lines():
    """Three mistakes against none."""
    return lines_of(tiny_predictions(), all_right())


def few(said, labels):
    """Two classes and so many images."""
    rows = np.array([[0.9, 0.1], [0.1, 0.9]])[list(said)]
    return make_predictions(rows, np.array(labels), ("cat", "dog"))


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_every_metric_has_a_line(lines, name):
    """With a signed value, directly behind it its unit if it is a share, and its interval; a dash where it has none."""
    unit = "pp" if name in SHARES else "  "
    spread = DASH if name in WITHOUT_INTERVAL else f"{NUMBER} to {NUMBER}"
    assert re.fullmatch(rf"{NUMBER} {unit}   {spread}", line_of(lines, METRIC_NAMES[name][0]))


def test_the_lines_of_the_metrics_are_those_of_the_shown_ones(lines):
    """In their order; errors are left out, for the flips say it better."""
    first = lines.index(next(line for line in lines if line.startswith("difference"))) + 1
    titles = [line[:30].strip() for line in lines[first : lines.index("", first)]]
    found = compare(tiny_predictions(), all_right()).overall
    assert titles == [METRIC_NAMES[name][0] for name in found if name != "errors"]


def test_values_units_and_intervals_stand_below_each_other(lines):
    """Below their titles, for classes as for metrics."""
    head = next(line for line in lines if line.startswith("difference"))
    rows = [line for line in lines if re.search(rf"({NUMBER}|{DASH}) (pp|  )   ", line)]
    assert len(rows) == len(SHOWN) + 3
    assert head[:40].endswith("value")
    assert head[UNIT_AT + 5 :] == "95 % interval"
    for row in rows:
        assert row[UNIT_AT - 1] == " "
        assert row[UNIT_AT : UNIT_AT + 5] in {"pp   ", "     "}
        assert row[UNIT_AT + 5] in f"+-{DASH}"


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_the_numbers_are_those_of_the_comparison(lines, name):
    """Times a hundred where they are shares."""
    difference = compare(tiny_predictions(), all_right()).overall[name]
    factor = 100 if name in SHARES else 1
    expected = [factor * x for x in (difference.value, difference.ci_low, difference.ci_high) if not math.isnan(x)]
    found = [float(number) for number in re.findall(NUMBER, line_of(lines, METRIC_NAMES[name][0]))]
    assert found == pytest.approx(expected, abs=5.1e-5)


def test_what_is_not_defined_is_a_dash():
    """Matthews correlation of images of one class, all right."""
    lines = lines_of(few([0, 0, 0], [0, 0, 0]), few([0, 0, 1], [0, 0, 0]))
    assert line_of(lines, "Matthews correlation") == f"{DASH}      {DASH}"


def test_a_class_without_images_has_dashes():
    """No recall, no interval, and no p-value: nothing was tested."""
    lines = lines_of(few([0, 0, 0], [0, 0, 0]), few([0, 0, 1], [0, 0, 0]))
    assert line_of(lines, "dog") == f"{DASH} pp   {DASH}   p = {DASH}"


def test_a_class_with_images_has_its_adjusted_p_value():
    """That of the other class, which has none, does not adjust it."""
    candidate, baseline = few([1] * 6, [0] * 6), few([0] * 6, [0] * 6)
    assert line_of(lines_of(candidate, baseline), "cat").endswith("   p = 0.0312")


def test_a_p_value_that_is_tiny_is_not_said_to_be_zero():
    """No test proves that something is impossible."""
    n = 2_000
    lines = lines_of(few([0] * n, [0] * n), few([1] * n, [0] * n))
    assert "fixed 2000; exact McNemar p < 1e-300" in "\n".join(lines)


def test_the_shown_drop_is_in_percentage_points(lines):
    """That a comparison with as many discordant images would have found."""
    shortfall = compare(tiny_predictions(), all_right()).detectable.shortfall
    assert f"a true drop of {100 * shortfall:.2f} pp would be found with probability 0.80" in lines


def test_without_a_flip_nobody_knows_what_could_be_seen():
    """And it says why."""
    assert UNKNOWN in lines_of(all_right(), all_right())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_comparison_that_is_too_small_does_not_say_that_nothing_flipped(n):
    """Where all images did."""
    lines = lines_of(few([1] * n, [0] * n), few([0] * n, [0] * n))
    assert f"regressed {n}, fixed 0; exact McNemar p = {2 / 2**n:.3g}" in lines
    assert UNKNOWN in lines
    assert "no image flipped" not in "\n".join(lines)


def test_where_enough_images_flipped_a_drop_is_named():
    """Four of four are enough."""
    lines = lines_of(few([1] * 4, [0] * 4), few([0] * 4, [0] * 4))
    assert UNKNOWN not in lines
    assert any(
        re.fullmatch(r"a true drop of \d+\.\d\d pp would be found with probability 0\.80", line) for line in lines
    )


def test_flipped_images_are_listed_by_their_place_in_the_data_set():
    """Worst first; a predictions file may be of other rows than the first."""
    index = np.arange(12) * 7 + 100
    lines = lines_of(tiny_predictions(), all_right(), index)
    assert f"regressed images: {', '.join(f'#{100 + 7 * k}' for k in WORST_FIRST)}" in lines
    assert "fixed images:     none" in lines


@pytest.mark.parametrize("more", [0, 1, 30])
def test_a_long_list_is_cut(more):
    """And says how many it leaves out."""
    n = MOST_LISTED + more
    (listed,) = [line for line in lines_of(few([1] * n, [0] * n), few([0] * n, [0] * n)) if "regressed images" in line]
    assert listed.count("#") == MOST_LISTED
    assert listed.endswith(f" and {more} more") == (more > 0)


@pytest.mark.parametrize("nudge", [1e-6, -1e-6])
def test_a_number_that_rounds_to_zero_is_not_negative(nudge):
    """+0.0000 and -0.0000 would look like two results, in values as in bounds."""
    rows = np.array([[0.9, 0.1], [0.8, 0.2]])
    nudged = np.array([[0.9, 0.1], [0.8 - nudge, 0.2 + nudge]])
    sides = (make_predictions(side, np.array([0, 0]), ("cat", "dog")) for side in (nudged, rows))
    lines = lines_of(*sides)
    assert line_of(lines, "Over-confidence") == "+0.0000      +0.0000 to +0.0000"
    assert "-0.0000" not in "\n".join(lines)


def test_a_number_that_does_not_round_to_zero_keeps_its_sign():
    """Half of the last digit and a little more."""
    rows = np.array([[0.9, 0.1], [0.8, 0.2]])
    nudged = np.array([[0.9, 0.1], [0.8 - 2.2e-4, 0.2 + 2.2e-4]])
    sides = (make_predictions(side, np.array([0, 0]), ("cat", "dog")) for side in (nudged, rows))
    assert line_of(lines_of(*sides), "Over-confidence").startswith("-0.0001 ")


def test_no_change_has_a_minus():
    """One image of 50,000 is less than a hundredth of a point."""
    assert "-0.00" not in change_lines(compare(*pair(0, 1, 50_000)))[0]
