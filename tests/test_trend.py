"""The section of the report on the runs before."""

import numpy as np
import pytest
from past_runs import nights, past_run

from mnist_report.evaluation.metrics import proportion
from mnist_report.evaluation.paired import paired_proportions
from mnist_report.evaluation.past import SHOWN
from mnist_report.report.trend import make_trend, shown_runs

DASH = "\N{EN DASH}"
RIGHT = np.random.default_rng(9).random(1_000) < 0.95
ACCURACY = proportion(int(RIGHT.sum()), len(RIGHT))


def test_without_earlier_runs_there_is_no_section():
    """The first run of all."""
    assert make_trend((), ACCURACY, RIGHT) is None


def test_the_sentence_spans_what_is_shown():
    """From the oldest of the picture to this run, with the paired interval."""
    past = nights(40, 1_000)
    oldest = past[-(SHOWN - 1)]
    sentence = make_trend(past, ACCURACY, RIGHT).sentence
    assert sentence.startswith("Since the run of 12 January 2026, 03:00 UTC, accuracy went from ")
    found = paired_proportions(RIGHT, oldest.right)
    assert f": {100 * found.value:+.2f} pp on the same images (95 % interval {100 * found.ci_low:+.2f} to" in sentence


def test_the_newest_are_listed_first():
    """At most ten."""
    trend = make_trend(nights(12, 1_000), ACCURACY, RIGHT)
    assert [row[0][:2] for row in trend.table.rows] == [f"{k} "[:2] for k in range(12, 2, -1)]
    assert trend.caption == "The last 10 earlier runs of the same images"


def test_each_row_has_this_runs_change_from_it():
    """On the same images."""
    before = past_run("before", ~RIGHT, outcome="")
    row = make_trend([before], ACCURACY, RIGHT).table.rows[0]
    change = 100 * (RIGHT.mean() - (~RIGHT).mean())
    assert (row[1], row[2], row[5]) == ("cnn", DASH, f"{change:+.2f} pp")


@pytest.mark.parametrize("right", [None, np.ones(3, dtype=bool)], ids=["not kept", "of other images"])
def test_a_run_whose_images_are_not_known_has_no_change(right):
    """But its accuracy is still shown."""
    trend = make_trend([past_run("blind", right, n=1_000, wrong=100)], ACCURACY, RIGHT)
    assert trend.table.rows[0][5:] == (DASH, DASH)
    assert trend.sentence.endswith(f"to {100 * ACCURACY.value:.1f} %.")


def test_with_this_run_so_many_are_shown():
    """The oldest are left out."""
    past = nights(40, 10)
    assert [run.run_id for run in shown_runs(past)] == [f"night-{k}" for k in range(11, 40)]
