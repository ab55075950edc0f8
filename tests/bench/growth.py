"""What one image more costs, in time and in memory."""

import json
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from estimates import BySize, growth, slope
from rounds import COMMAND, Measured, Point, Row, say, skipped, spend

from mnist_report.data.sources import load_dataset

PREDICTIONS = (10_000, 100_000, 1_000_000)
IMAGES = (10_000, 50_000, 200_000)
PREDICTED, INFERRED = "mnist-report run --predictions", "mnist-report run"
HTML = f"{PREDICTED} --format html"
TALLIED, STREAMED = "evaluate_parquet()", "mnist-report run --no-predictions"
# Ninety thousand predictions more add tenths to seconds: the report that has the least around them is run so often in
# a round, and its figure is the least of them, for what else a machine does only ever adds. The same for each size, or
# the least would favour one.
REPEATS = {HTML: 5, TALLIED: 3}
TIME_MOST, MEMORY_MOST = 1.15, 1.3
TALLY = "import sys; from mnist_report import evaluate_parquet; evaluate_parquet(sys.argv[1]).frames"


def measure(rounds: int, folder: Path) -> Measured:
    """A report of so many predictions; one of so many images that a model predicts; either of them streamed."""
    for n in PREDICTIONS:
        _write_predictions(folder, n)
    for n in IMAGES:
        _write_images(folder, n)
    points = [
        *_measured(PREDICTED, PREDICTIONS, rounds, folder, _of_predictions),
        *_measured(HTML, PREDICTIONS, rounds, folder, _of_html),
        *_measured(TALLIED, PREDICTIONS, rounds, folder, _of_tally),
        *_measured(INFERRED, IMAGES, rounds, folder, _of_images),
    ]
    rows = [
        *rows_of(PREDICTED, points, memory_most=MEMORY_MOST),
        *rows_of(HTML, points, time_most=TIME_MOST),
        *rows_of(TALLIED, points),
        *rows_of(INFERRED, points, TIME_MOST, MEMORY_MOST),
    ]
    try:
        streamed = _measured(STREAMED, IMAGES, rounds, folder, _of_stream)
    except RuntimeError as error:
        if "Unknown option" not in str(error):
            raise
        return Measured([*rows, skipped(STREAMED, "this version has no --no-predictions")], points)
    return Measured([*rows, *rows_of(STREAMED, streamed, TIME_MOST, MEMORY_MOST)], [*points, *streamed])


def _write_predictions(folder: Path, n: int) -> None:
    """Of a model that is mostly right."""
    import pyarrow as pa
    from pyarrow import parquet

    random = np.random.default_rng(n)
    labels = random.integers(0, 10, n)
    logits = random.normal(0, 1, (n, 10)).astype(np.float32)
    logits[np.arange(n), labels] += random.normal(7, 2, n)
    rows = np.exp(logits - logits.max(axis=1, keepdims=True))
    rows /= rows.sum(axis=1, keepdims=True)
    columns = {"label": labels, **{f"p{k}": rows[:, k] for k in range(10)}}
    parquet.write_table(pa.table(columns), folder / f"{n}.parquet", row_group_size=8_192)


def _write_images(folder: Path, n: int) -> None:
    """The test images over and over."""
    data = load_dataset()
    again = np.arange(n) % len(data)
    np.savez(folder / f"{n}.npz", x_test=data.images[again], y_test=data.labels[again])


def _of_predictions(n: int) -> list[str]:
    return [COMMAND, "run", "--predictions", f"{n}.parquet", "--data", "none"]


def _of_html(n: int) -> list[str]:
    return [*_of_predictions(n), "--format", "html"]


def _of_tally(n: int) -> list[str]:
    return [sys.executable, "-c", TALLY, f"{n}.parquet"]


def _of_images(n: int) -> list[str]:
    return [COMMAND, "run", "--data", f"{n}.npz"]


def _of_stream(n: int) -> list[str]:
    return [*_of_images(n), "--no-predictions"]


def _measured(
    series: str, sizes: Sequence[int], rounds: int, folder: Path, command: Callable[[int], list[str]]
) -> list[Point]:
    points = []
    for number in range(1, rounds + 1):
        for _ in range(REPEATS.get(series, 1)):
            for n in sizes:
                # Each is the first of its folder: a trend of earlier runs would be drawn, too.
                shutil.rmtree(folder / "reports", ignore_errors=True)
                spent = spend(command(n), folder)
                found = folder / "reports" / "latest" / "run.json"
                laps = json.loads(found.read_text("utf-8"))["durations_s"] if found.exists() else {}
                points.append(Point(series, n, number, spent.seconds, spent.processor, spent.megabytes, laps))
                say(f"{number}/{rounds} {series}, {n:,}: {spent.seconds:.2f} s, {spent.megabytes:.0f} MB")
    return points


def by_size(points: Sequence[Point], series: str, figure: str) -> BySize:
    """A figure of each round by size: the least of the round's repeats, of memory the most.

    Args:
        points: of any series.
        series: which of them.
        figure: "seconds", "processor", "megabytes" or the name of a lap.
    """
    found: dict[int, dict[int, list[float]]] = {}
    for point in points:
        if point.series == series:
            value = point.laps[figure] if figure in point.laps else getattr(point, figure)
            found.setdefault(point.n, {}).setdefault(point.round, []).append(value)
    choose = max if figure == "megabytes" else min
    return {n: [choose(values) for _, values in sorted(rounds.items())] for n, rounds in sorted(found.items())}


def rows_of(
    series: str, points: Sequence[Point], time_most: float | None = None, memory_most: float | None = None
) -> list[Row]:
    """The times of each size, growth in time and in processor time, and in memory.

    Args:
        series: which of them.
        points: of any series.
        time_most: that the cost of an image more may grow by, or None.
        memory_most: that the peak of the memory may grow by, or None.
    """
    seconds, processor, megabytes = (
        by_size(points, series, figure) for figure in ("seconds", "processor", "megabytes")
    )
    sizes = tuple(seconds)
    return [
        *(
            Row(f"{series}, {n:,} images", f"{statistics.median(of):.2f} s", f"{min(of):.2f} to {max(of):.2f}")
            for n, of in seconds.items()
        ),
        _growth_row(f"{series}: seconds per image, {_steps(sizes)}", seconds, time_most),
        _growth_row(f"{series}: the same in processor time", processor, None),
        _memory_row(f"{series}: peak memory of {sizes[-1]:,} over {sizes[0]:,}", megabytes, memory_most),
    ]


def _steps(sizes: Sequence[int]) -> str:
    few, some, many = (f"{n:,}" for n in sizes)
    return f"{some} to {many} over {few} to {some}"


def _growth_row(what: str, of: BySize, most: float | None) -> Row:
    few, some, many = of
    first, second = slope(of, few, some), slope(of, some, many)
    # Where noise makes more images cost less, nothing can be said.
    ratio, low, high = (_finite(number) for number in growth(of)) if first > 0 < second else (None, None, None)
    return Row(what, f"{1e6 * second:.2f} µs over {1e6 * first:.2f} µs", "", ratio, most, low=low, high=high)


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None


def _memory_row(what: str, of: BySize, most: float | None) -> Row:
    few, *_, many = of.values()
    ratios = [a / b for a, b in zip(many, few, strict=True)]
    value = f"{statistics.median(many):.0f} MB over {statistics.median(few):.0f} MB"
    return Row(what, value, "", statistics.median(ratios), most, low=min(ratios), high=max(ratios))
