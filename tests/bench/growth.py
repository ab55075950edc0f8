"""What one image more costs, in time and in memory."""

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rounds import COMMAND, Row, Spent, in_rounds

from mnist_report.data.sources import load_dataset

PREDICTIONS = (10_000, 100_000, 1_000_000)
IMAGES = (10_000, 50_000, 200_000)
STREAMED = "import sys; from mnist_report import evaluate_parquet; evaluate_parquet(sys.argv[1]).frames"


def measure(rounds: int, folder: Path) -> list[Row]:
    """A report of so many predictions; one of so many images that a model predicts; frames alone, part by part."""
    predicted = {str(n): _report_of(folder, n) for n in PREDICTIONS}
    streamed = {str(n): [sys.executable, "-c", STREAMED, f"{n}.parquet"] for n in (PREDICTIONS[0], PREDICTIONS[-1])}
    inferred = {str(n): _inference_on(folder, n) for n in IMAGES}
    return [
        *_rows("run --predictions", PREDICTIONS, in_rounds(predicted, rounds, folder)),
        *_rows("run", IMAGES, in_rounds(inferred, rounds, folder)),
        *_memory("evaluate_parquet", PREDICTIONS, in_rounds(streamed, 1, folder)),
    ]


def _report_of(folder: Path, n: int) -> list[str]:
    """Writes n predictions of a model that is mostly right; the command that reports on them."""
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
    return [COMMAND, "run", "--predictions", f"{n}.parquet", "--data", "none", "--reports", "predicted"]


def _inference_on(folder: Path, n: int) -> list[str]:
    """Writes the test images over and over; the command that runs the shipped model on them."""
    data = load_dataset()
    again = np.arange(n) % len(data)
    np.savez(folder / f"{n}.npz", images=data.images[again], labels=data.labels[again])
    return [COMMAND, "run", "--data", f"{n}.npz", "--reports", "inferred"]


def _rows(what: str, sizes: Sequence[int], spent: dict[str, list[Spent]]) -> list[Row]:
    few, some, many = (np.array([one.seconds for one in spent[str(n)]]) for n in sizes)
    first, second = (some - few) / (sizes[1] - sizes[0]), (many - some) / (sizes[2] - sizes[1])
    rows = [
        Row(f"{what}, {n:,} images", f"{np.median(times):.2f} s", f"{times.min():.2f} to {times.max():.2f}")
        for n, times in zip(sizes, (few, some, many), strict=True)
    ]
    label = f"{what}: seconds for a million images more, {sizes[1]:,} to {sizes[2]:,} over {sizes[0]:,} to {sizes[1]:,}"
    # Of medians: in the first step little is added, and a difference within one round would be mostly noise.
    ratio = float((np.median(many) - np.median(some)) / (sizes[2] - sizes[1])) / float(
        (np.median(some) - np.median(few)) / (sizes[1] - sizes[0])
    )
    value = f"{1e6 * np.median(second):.2f} s over {1e6 * np.median(first):.2f} s"
    return [*rows, Row(label, value, "", ratio, 1.15), *_memory(what, sizes, spent)]


def _memory(what: str, sizes: Sequence[int], spent: dict[str, list[Spent]]) -> list[Row]:
    few, many = (statistics.median(one.megabytes for one in spent[str(n)]) for n in (sizes[0], sizes[-1]))
    label = f"{what}: peak memory of {sizes[-1]:,} images over {sizes[0]:,}"
    return [Row(label, f"{many:.0f} MB over {few:.0f} MB", "", many / few, 1.3)]
