"""The trend as small as a word."""

import re
from itertools import pairwise

import pytest
from past_runs import nights, past_run

from mnist_report.report.sparkline import EDGE, HEIGHT, WIDTH, make_sparkline


def points(text):
    """Pairs of numbers, as SVG reads them."""
    return [tuple(float(number) for number in point.split(",")) for point in text.split()]


def test_the_line_goes_from_edge_to_edge_in_equal_steps():
    """A run is a step, however long ago."""
    xs = [x for x, _ in points(make_sparkline("data", nights(5, 400), None).line)]
    assert (xs[0], xs[-1]) == (EDGE, WIDTH - EDGE)
    assert [round(b - a, 1) for a, b in pairwise(xs)] == [57.0] * 4


def test_what_is_higher_is_better():
    """And all of the band is within the picture, which it fills."""
    runs = nights(6, 400)
    drawn = make_sparkline("data", runs, None)
    heights = [y for _, y in points(drawn.line)]
    shares = [run.accuracy.value for run in runs]
    assert sorted(range(6), key=lambda k: heights[k]) == sorted(range(6), key=lambda k: -shares[k])
    band = [y for _, y in points(drawn.band)]
    assert (min(band), max(band)) == (EDGE, HEIGHT - EDGE)


def test_the_band_goes_round_the_line():
    """Above it there and below it back."""
    drawn = make_sparkline("data", nights(4, 400), None)
    line, band = points(drawn.line), points(drawn.band)
    for (x, y), (x_high, high), (x_low, low) in zip(line, band[:4], band[:3:-1], strict=True):
        assert x == x_high == x_low
        assert high < y < low


def test_the_newest_the_failed_and_the_baseline_are_marked():
    """The newest on top of the others."""
    runs = (*nights(3, 100), past_run("bad", nights(1, 100)[0].right, outcome="FAIL"))
    drawn = make_sparkline("data", runs, "night-1")
    places = points(drawn.line)
    assert [(mark.kind, (float(mark.x), float(mark.y))) for mark in drawn.marks] == [
        ("baseline", places[1]),
        ("failed", places[3]),
        ("last", places[3]),
    ]


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_runs_that_are_all_alike_are_a_straight_line(share):
    """Nothing is divided by nothing."""
    drawn = make_sparkline("data", nights(3, 10, share=share), None)
    assert len({y for _, y in points(drawn.line)}) == 1


def test_the_note_says_how_many_since_when_and_between_what():
    """In words, for who does not see the line."""
    runs = nights(3, 1_000)
    least, most = sorted(run.right.mean() for run in runs)[::2]
    drawn = make_sparkline("mnist", runs, None)
    assert drawn.note == f"3 runs since 1 January 2026, 03:00 UTC, {100 * least:.1f} % to {100 * most:.1f} %"
    assert re.fullmatch(r"\d\d\.\d %", drawn.accuracy)
