"""The pictures of the page, in the visual language of the reports."""

import io
import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import growth
from probe import END, MODEL, REPORT, WAITS
from rounds import Bar, Point
from timeline import end_of, last_answer

from mnist_report.report.canvas import INK, PALE, QUIET, RIGHT, RULE, STYLE, WRONG, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LANES = {REPORT: "process of the report", MODEL: "process of the model"}
COLOURS = {REPORT: RIGHT, MODEL: QUIET}
WIDTH_INCHES, ROW_INCHES, LETTER_INCHES = 7.4, 0.2, 0.06


class Line(NamedTuple):
    """How a series looks."""

    series: str
    mark: str
    colour: str


# The left and the right half of the picture of growth, by what is counted.
HALVES = {
    "predictions": (Line(growth.PREDICTED, "o", RIGHT), Line(growth.TALLIED, "s", WRONG)),
    "images": (Line(growth.INFERRED, "o", RIGHT), Line(growth.STREAMED, "s", WRONG)),
}


def to_svg(figure: "Figure") -> str:
    """The drawing on white, as pages have it that show it on a ground of their own; the same bytes each time."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white")
    # Constrained layout would move everything a little at each save.
    figure.set_layout_engine("none")
    return file.getvalue()


def timeline_figure(bars: Sequence[Bar]) -> "Figure":
    """A lane for each process, in it a row for each thing that it does, and the moment of the model's last answer."""
    rows = {name: list(dict.fromkeys(bar.what for bar in bars if bar.process == name)) for name in LANES}
    count = sum(map(len, rows.values())) + len(LANES)
    end = end_of(bars)
    with drawing(WIDTH_INCHES, 0.7 + ROW_INCHES * count) as (figure, axes):
        top = 0.0
        for name, title in LANES.items():
            height = len(rows[name]) + 1
            axes.axhspan(top + 0.06, top + height - 0.06, color=PALE, linewidth=0)
            axes.text(0.006 * end, top + 0.55, title, va="center", fontweight="bold", color=COLOURS[name], fontsize=8.5)
            for place, what in enumerate(rows[name]):
                mine = [bar for bar in bars if (bar.process, bar.what) == (name, what)]
                _draw_row(axes, mine, top + place + 1.45, end)
            top += height
        answered = last_answer(bars)
        axes.axvline(answered, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set_title("the model's last answer", x=answered / end, ha="center", color=INK, fontsize=8, pad=3)
        axes.set_xlim(0, end)
        axes.set_ylim(top, 0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("seconds since the command was started")
    return figure


def _draw_row(axes: "Axes", bars: Sequence[Bar], middle: float, end: float) -> None:
    process, what = bars[0].process, bars[0].what
    waits = what == WAITS
    axes.broken_barh(
        [(bar.began, bar.ended - bar.began) for bar in bars],
        (middle - 0.36, 0.72),
        facecolor="white" if waits else COLOURS[process],
        edgecolor=QUIET if waits else COLOURS[process],
        linewidth=0.6,
        linestyle=(0, (2, 2)) if waits else "-",
    )
    seconds = sum(bar.ended - bar.began for bar in bars)
    label = f"{what}  {seconds:.2f} s" if seconds < 1 else f"{what}  {seconds:.1f} s"
    began, ended = bars[0].began, bars[-1].ended
    needs = LETTER_INCHES * len(label) / WIDTH_INCHES * end
    place, align, gap = ended, "left", 4
    if len(bars) == 1 and ended - began > needs:
        place, gap = began, 4
    elif ended + needs > end:
        place, align, gap = began, "right", -4
    inside = place == began and align == "left"
    axes.annotate(
        label,
        (place, middle),
        xytext=(gap, 0),
        textcoords="offset points",
        ha=align,
        va="center_baseline",
        fontsize=7.5,
        color="white" if inside and not waits else INK,
        # The dashed line passes behind the words.
        bbox=None if inside else {"facecolor": PALE, "edgecolor": "none", "pad": 0.6},
    )


def timeline_words(bars: Sequence[Bar]) -> str:
    """What the picture shows, for who does not see it."""
    lengths: dict[tuple[str, str], float] = {}
    for bar in bars:
        if bar.what not in {WAITS, END}:
            key = bar.process, bar.what
            lengths[key] = lengths.get(key, 0.0) + bar.ended - bar.began
    said = [
        f"The {title}: "
        + ", ".join(f"{what} {seconds:.1f} s" for (own, what), seconds in lengths.items() if own == name)
        for name, title in LANES.items()
    ]
    return (
        f"Two processes side by side over {end_of(bars):.1f} s; the model's last answer comes after "
        f"{last_answer(bars):.1f} s. {'. '.join(said)}."
    )


def growth_figure(points: Sequence[Point]) -> "Figure":
    """Time above and peak memory below, predictions on the left and images on the right.

    Both axes are linear and begin at nothing, for on logarithmic ones everything looks straight; dashed is the line
    through the least and the most, on which what lies between them is where growth is linear.
    """
    with drawing(7.4, 5.0) as (figure, axes):
        axes.remove()
        grid = figure.subplots(2, 2)
        for column, (counted, lines) in enumerate(HALVES.items()):
            above, below = grid[0][column], grid[1][column]
            for line in lines:
                _draw_series(above, points, line, "seconds")
                _draw_series(below, points, line, "megabytes")
            for one, what in ((above, "seconds"), (below, "peak memory in MB")):
                _finish_axes(one, counted, what)
            above.legend(loc="upper left", fontsize=7.5)
    return figure


def _draw_series(axes: "Axes", points: Sequence[Point], line: Line, figure: str) -> None:
    of = growth.by_size(points, line.series, figure)
    if not of:
        return
    medians = {n: statistics.median(values) for n, values in of.items()}
    ends = [min(medians), max(medians)]
    axes.plot(ends, [medians[n] for n in ends], color=line.colour, linewidth=0.9, linestyle=(0, (4, 3)))
    for n, values in of.items():
        axes.plot([n, n], [min(values), max(values)], color=line.colour, linewidth=1.2)
    style = {"color": line.colour, "label": line.series, "markersize": 5, "clip_on": False}
    hollow = {"markerfacecolor": "white"} if line.mark == "s" else {}
    axes.plot(list(medians), list(medians.values()), line.mark, **style, **hollow)
    for n, value in medians.items():
        axes.annotate(
            _short(value),
            (n, value),
            # The least two stand close together, so the first has its number beside it.
            xytext=(-5, 0) if n == ends[0] else (0, 6),
            textcoords="offset points",
            ha="right" if n == ends[0] else "center",
            va="center" if n == ends[0] else "bottom",
            fontsize=6.5,
            color=QUIET,
        )


def _short(value: float) -> str:
    """Three digits, and none behind the point from a hundred on."""
    return f"{value:,.0f}" if value >= 100 else f"{value:#.3g}"


def _finish_axes(axes: "Axes", counted: str, what: str) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.set_ylim(0, 1.25 * axes.dataLim.y1)
    # Room for the first number.
    axes.set_xlim(-0.11 * axes.dataLim.x1, 1.06 * axes.dataLim.x1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.locator_params(axis="x", nbins=4)
    axes.set_xlabel(counted)
    axes.set_ylabel(what)
    axes.grid(visible=True, color=RULE)


def growth_words(points: Sequence[Point]) -> str:
    """What the picture shows, for who does not see it."""
    said = []
    there = {point.series for point in points}
    for series in (line.series for lines in HALVES.values() for line in lines if line.series in there):
        for figure, unit in (("seconds", "s"), ("megabytes", "MB")):
            of = growth.by_size(points, series, figure)
            medians = ", ".join(f"{_short(statistics.median(values))} {unit} for {n:,}" for n, values in of.items())
            said.append(f"{series}: {medians}")
    return "Time and peak memory by number of images, on linear axes. " + "; ".join(said) + "."
