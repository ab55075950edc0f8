"""From what one image more costs: what very many would."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import growth
from estimates import slope
from rounds import Point, Row

SIZES = (10**8, 10**10)
WORKERS = (1, 10, 100, 1_000)
# An assumption for the worked example, not a figure of ours.
DOLLARS_PER_HOUR = 0.10


@dataclass(frozen=True)
class Cost:
    """What a machine needs, in seconds.

    Attributes:
        start: once, whatever the number of images.
        inference: for each image.
        evaluation: for each image.
        streamed: for each image, all of a run that streams, where that was measured; else None.
    """

    start: float
    inference: float
    evaluation: float
    streamed: float | None = None

    @property
    def image(self) -> float:
        """All that an image more costs: as it was measured, else inference and evaluation."""
        return self.streamed or self.inference + self.evaluation


def cost_of(points: Sequence[Point]) -> Cost | None:
    """From measurements of growth; None where they lack inference or evaluation, or drown in noise.

    Inference is that stage of `run`, evaluation is all of `evaluate_parquet`, which reads its rows part by part.
    """
    inference = growth.by_size(points, growth.INFERRED, "inference")
    whole = growth.by_size(points, growth.INFERRED, "seconds")
    evaluation = growth.by_size(points, growth.TALLIED, "seconds")
    if not inference or not evaluation:
        return None
    each = slope(inference, min(inference), max(inference)), slope(evaluation, min(evaluation), max(evaluation))
    if min(each) <= 0:
        return None
    few = min(whole)
    streamed = growth.by_size(points, growth.STREAMED, "seconds")
    whole_image = slope(streamed, min(streamed), max(streamed)) if streamed else None
    return Cost(statistics.median(whole[few]) - few * sum(each), *each, whole_image)


def accelerated(cost: Cost, rows: Iterable[Row]) -> Cost | None:
    """The same evaluation behind the inference of an accelerator, where one was measured."""
    rates = [row.ratio for row in rows if row.unit == "images/s" and row.least is not None and row.ratio]
    return Cost(cost.start, 1 / max(rates), cost.evaluation) if rates else None


def hours(cost: Cost, images: int, workers: int) -> float:
    """What all workers take together: the start of each, and each image once."""
    return (workers * cost.start + images * cost.image) / 3600


def part_rows(cost: Cost) -> list[tuple[str, ...]]:
    """A line for each part: what, seconds for a million images, images a second."""
    parts = [
        ("inference", cost.inference),
        ("evaluation, streamed", cost.evaluation),
        ("both", cost.inference + cost.evaluation),
    ]
    if cost.streamed is not None:
        parts.append((f"all of `{growth.STREAMED}`, as measured", cost.streamed))
    return [(what, f"{1e6 * seconds:,.2f} s", f"{1 / seconds:,.0f}") for what, seconds in parts]


def time_rows(cost: Cost) -> list[tuple[str, ...]]:
    """A line for each number of images: machine-hours, the example's price, and the time on so many workers."""
    rows = []
    for images in SIZES:
        needed = hours(cost, images, 1)
        times = [duration(3600 * hours(cost, images, workers) / workers) for workers in WORKERS]
        rows.append((f"{images:,}", f"{needed:,.2f}", f"{DOLLARS_PER_HOUR * needed:,.2f} $", *times))
    return rows


def duration(seconds: float) -> str:
    """In the unit that a person would take."""
    for most, unit, size in ((120, "s", 1), (7_200, "min", 60), (172_800, "h", 3_600)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}" if seconds / size >= 10 else f"{seconds / size:.1f} {unit}"
    return f"{seconds / 86_400:,.1f} days"
