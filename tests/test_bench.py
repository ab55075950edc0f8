"""The benchmark's arithmetic, tables and pictures, on made-up numbers; what it measures is for `tox -e bench`."""

import dataclasses
import functools
import importlib
import re
import statistics
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import bench_page as page
import estimates
import figures
import growth
import memory
import numpy as np
import pictures
import probe
import pytest
import rounds
import scaling
import timeline
from figures import Group
from rounds import Bar, Measured, Point, Row

DOCS = Path(__file__).parents[1] / "docs"

BARS = (
    Bar("report", "read the data", 0.0, 1.0),
    Bar("report", probe.WAITS, 1.0, 6.0),
    Bar("report", "PDF", 6.5, 8.5),
    Bar("report", "end", 8.5, 9.0),
    Bar("model", "import keras, TensorFlow", 0.5, 4.0),
    Bar("model", "predict", 4.0, 6.0),
)


def points_of(series, sizes, image, start):
    """Of five rounds, each a tenth of a second slower than the one before, and each repeat slower than the first."""
    return [
        Point(series, n, late, seconds, seconds / 2, 300 + n / 10_000, {"inference": n * image})
        for late in range(5)
        for repeat in range(growth.REPEATS.get(series, 1))
        for n in sizes
        for seconds in [start + late / 10 + repeat / 5 + n * image]
    ]


POINTS = (
    *points_of(growth.PREDICTED, growth.PREDICTIONS, 2e-6, 6.0),
    *points_of(growth.HTML, growth.PREDICTIONS, 2e-6, 3.0),
    *points_of(growth.TALLIED, growth.PREDICTIONS, 4e-7, 0.7),
    *points_of(growth.INFERRED, growth.IMAGES, 2e-4, 7.0),
)
GROUPS = {
    "growth": Group(
        Measured(growth.rows_of(growth.HTML, POINTS, 1.15, 1.3), POINTS),
        "a machine",
        {"numpy": "2"},
        5,
        "2026-01-01",
    ),
    "timeline": Group(Measured(timeline.rows_of([BARS], [6.0]), bars=BARS), "a machine", {}, 1, "2026-01-01"),
}


@pytest.fixture(scope="module")
def text():
    """The page of the made-up numbers."""
    return page.page_text(GROUPS, "benchmarks")


def test_the_page_explains_only_what_it_shows(text):
    """A reader would look for it."""
    words = {"growth": "- Growth is", "peers": "- Evidently runs"}
    for name, said in words.items():
        without = {other: group for other, group in GROUPS.items() if other != name}
        assert (said in text) == (name in GROUPS)
        assert said not in page.page_text(without, "benchmarks")


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    """Not the ratio of the medians, which would mix rounds."""
    mine, theirs = [2.0, 9.0, 4.0], [1.0, 3.0, 4.0]
    row = rounds.times_row("x", mine, theirs, 1.5)
    assert (row.ratio, row.low, row.high) == (2.0, 1.0, 3.0)
    assert (row.value, row.spread) == ("4.00 s", "2.00 to 9.00")


def test_growth_that_is_linear_is_one_whatever_drifts():
    """The rounds' own slowness cancels, as both ends of a difference have it."""
    of = growth.by_size(POINTS, growth.INFERRED, "seconds")
    assert estimates.slope(of, 10_000, 50_000) == pytest.approx(2e-4)
    assert estimates.growth(of) == pytest.approx((1, 1, 1))


def test_growth_is_the_ratio_of_the_median_slopes():
    """Against the same written out."""
    random = np.random.default_rng(1)
    of = {n: (n * 1e-4 + random.random(7)).tolist() for n in (10_000, 50_000, 200_000)}
    first, second = (
        statistics.median((b - a) / (n - m) for a, b in zip(of[m], of[n], strict=True))
        for m, n in ((10_000, 50_000), (50_000, 200_000))
    )
    ratio, low, high = estimates.growth(of)
    assert ratio == pytest.approx(second / first)
    assert low <= ratio <= high


def test_growth_from_nothing_has_no_end():
    """Noise may make the smaller step cost nothing: that is said, not divided by."""
    of = {1: [1.0, 1.0, 1.0], 2: [1.0, 0.9, 1.1], 3: [2.0, 2.0, 2.0]}
    ratio, _, high = estimates.growth(of)
    assert (ratio, high) == (np.inf, np.inf)
    assert page.spread_text(Row("x", "1", ratio=1.0, low=0.5)) == "0.50 to no end"


def test_more_images_that_cost_less_settle_nothing():
    """A machine that was busy in the first half is no proof of growth that shrinks."""
    points = [Point("x", n, 1, seconds, 1.0, 1.0, {}) for n, seconds in ((1, 3.0), (2, 4.0), (3, 3.5))]
    row = next(row for row in growth.rows_of("x", points, time_most=1.15) if row.most)
    assert (row.ratio, page.outcome(row)) == (None, "not settled")


def test_a_rounds_figure_is_the_least_of_its_repeats():
    """Round by round: the tenth of a second between them stays."""
    of = growth.by_size(POINTS, growth.HTML, "seconds")
    assert of[10_000] == pytest.approx([3.02, 3.12, 3.22, 3.32, 3.42])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (Row("x", "1", ratio=1.4, most=1.4), "met"),
        (Row("x", "1", ratio=1.54, most=1.4), "**missed by 10 %**"),
        (Row("x", "1", ratio=1.4001, most=1.4), "**missed by 0.1 %**"),
        (Row("x", "1", ratio=900_000, least=1_000_000, unit="images/s"), "**missed by 10 %**"),
        (Row("x", "1", ratio=2_000_000, least=1_000_000, unit="images/s"), "met"),
        (rounds.skipped("x", "not here", 0.4), "skipped"),
        (Row("x", "-1 µs over 2 µs", most=1.15), "not settled"),
    ],
)
def test_a_bound_is_met_or_missed(row, said):
    """By how much, and never by nothing."""
    assert page.outcome(row) == said


def test_every_bound_is_in_the_table_of_bounds(text):
    """With what was measured; other figures are not."""
    table = text.partition("## The bounds")[2].partition("##")[0]
    assert "| 1.00 | 1.00 to 1.00 | at most 1.15 | met |" in table
    assert "100,000 images |" not in table
    assert table.count("\n| mnist-report") == 2


def test_a_table_keeps_its_columns():
    """Whatever a cell holds."""
    assert page.markdown_table(("a", "b"), [("x|y", "z")]).splitlines()[2] == r"| x\|y | z |"


def test_figures_come_back_as_they_were_written(tmp_path):
    """Within a tenth of a millisecond."""
    rounded = dataclasses.replace(
        GROUPS["timeline"], measured=Measured([Row("x", "1 s", ratio=1.25, most=1.5)], (), BARS)
    )
    figures.write_groups(tmp_path / "f.json", {"timeline": rounded})
    back = figures.read_groups(tmp_path / "f.json")["timeline"]
    assert tuple(back.measured.bars) == BARS
    assert back.measured.rows == rounded.measured.rows
    assert (back.machine, back.rounds, back.date) == ("a machine", 1, "2026-01-01")


def test_pieces_of_one_kind_are_one_bar():
    """Twenty batches are one prediction; and what could not be seen is left out."""
    pieces = [Bar("model", "predict", k / 10, k / 10 + 0.09) for k in range(20)]
    pieces += [Bar("report", "a", 0.0, 1.0), Bar("report", "b", 1.0, 1.001), Bar("report", "a", 1.5, 2.0)]
    assert timeline.merged(pieces) == [
        Bar("report", "a", 0.0, 1.0),
        Bar("report", "a", 1.5, 2.0),
        Bar("model", "predict", 0.0, pytest.approx(1.99)),
    ]


def test_what_comes_after_the_last_answer_adds_up():
    """To the whole command."""
    rows = {row.what: row for row in timeline.rows_of([BARS], [6.0])}
    after = [row.ratio * 6 for what, row in rows.items() if what.startswith("after it")]
    assert sum(after) == pytest.approx(9.0 - 6.0)
    assert rows["after it: PDF"].value == "2.00 s"
    assert rows["more than 1.25 times the bare script"].value == "+1.50 s"


def test_pieces_never_overlap(tmp_path):
    """What a function calls is taken out of its own time."""
    pieces = probe.Pieces(probe.REPORT, tmp_path / "log", 0.0)
    pieces.enter("outer")
    pieces.enter("inner")
    pieces.leave()
    pieces.leave()
    said = re.findall(r'"what": "(.*?)"', (tmp_path / "log").read_text())
    assert said == [probe.START, "outer", "inner", "outer"]


@pytest.mark.parametrize(("module", "name", "_"), [*probe.REPORT_WATCHED, *probe.MODEL_WATCHED])
def test_what_the_timeline_watches_exists(module, name, _):
    """A function that got another name would leave no bar, and nobody would miss it."""
    assert callable(functools.reduce(getattr, name.split("."), importlib.import_module(module)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pictures.timeline_figure(BARS), lambda: pictures.timeline_words(BARS)),
        (lambda: pictures.growth_figure(POINTS), lambda: pictures.growth_words(POINTS)),
    ],
)
def test_a_picture_is_the_same_bytes_each_time(make, words):
    """And is said in words too."""
    drawn = pictures.to_svg(make())
    assert drawn == pictures.to_svg(make())
    assert ET.fromstring(drawn).tag.endswith("svg")  # noqa: S314  our own
    assert len(words().split()) > 20


def test_labels_of_the_timeline_stay_apart():
    """No label touches another one or leaves the picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = pictures.timeline_figure(BARS)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    axes = figure.axes[0]
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    assert len(boxes) == len(BARS) + 2
    for k, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])


def test_scaling_is_the_cost_of_an_image_times_the_images():
    """Written out for a thousand workers."""
    cost = scaling.cost_of(POINTS)
    assert (cost.inference, cost.evaluation) == pytest.approx((2e-4, 4e-7))
    assert cost.start == pytest.approx(7.2 - 10_000 * 4e-7)
    assert scaling.hours(cost, 10**10, 1_000) == pytest.approx((1_000 * cost.start + 10**10 * 2.004e-4) / 3600)
    assert scaling.cost_of(POINTS[:15]) is None


@pytest.mark.parametrize(
    ("seconds", "said"), [(9.96, "10.0 s"), (100, "100 s"), (600, "10 min"), (9_000, "2.5 h"), (864_000, "10.0 days")]
)
def test_a_duration_is_in_a_persons_unit(seconds, said):
    """Nobody reads 864000 s."""
    assert scaling.duration(seconds) == said


def peak_of(code):
    """The peak of a Python program, in MB."""
    if not memory.PROCESSES.is_dir():
        pytest.skip("no /proc")
    process = subprocess.Popen([sys.executable, "-c", code])
    with memory.Watched(process.pid) as watched:
        process.wait()
    return watched.peak / 1e6


def test_memory_counts_the_child_too():
    """Of a process that holds 40 MB and has a child that holds 80 MB."""
    child = "b = b'x' * 80_000_000; import time; time.sleep(0.5)"
    code = f"import subprocess, sys; a = b'x' * 40_000_000; subprocess.run([sys.executable, '-c', {child!r}])"
    assert 120 < peak_of(code) < 180


def test_memory_is_not_that_of_the_one_who_measures():
    """The system counts it as the child's peak, where the child was started by it."""
    held = b"x" * 200_000_000
    assert 0 < peak_of("import time; time.sleep(0.3)") < 50
    del held


def test_a_peak_between_two_looks_is_seen():
    """The system has kept it."""
    code = "import time; time.sleep(0.1); a = b'x' * 100_000_000; del a; time.sleep(0.1)"
    assert peak_of(code) > 100


def test_the_page_is_what_its_figures_and_words_give():
    """Neither was changed by hand: `tox -e bench -- --rounds 0` writes it anew."""
    stored = DOCS / "benchmarks" / "figures.json"
    if not stored.exists():
        pytest.skip("nothing was measured yet")
    written = (DOCS / "benchmarks.md").read_text("utf-8")
    assert page.page_text(figures.read_groups(stored), "benchmarks") == written
    for name in re.findall(r"\]\(benchmarks/(.*?)\)", written):
        assert (DOCS / "benchmarks" / name).exists()
