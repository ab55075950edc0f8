"""Scores on disk: what counts of a model's answers, without the probabilities."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.predictions import Scores
from mnist_report.runs.columns import numbers, read_table, whole_numbers

COLUMNS = ("label", "predicted", "runner_up", "confidence", "loss", "brier")
FIELDS = ("labels", *COLUMNS[1:])


def write_scores(path: Path, scores: Scores) -> None:
    """Write a row per image: index, label, predicted, runner_up, confidence, loss and Brier score."""
    import pyarrow as pa
    from pyarrow import parquet

    smallest = np.uint8 if len(scores.class_names) <= 256 else np.int32
    columns: dict[str, NDArray[Any]] = {"index": np.arange(len(scores), dtype=np.int32)}
    for name, field in zip(COLUMNS, FIELDS, strict=True):
        values = getattr(scores, field)
        columns[name] = values.astype(smallest) if values.dtype == np.int64 else values
    parquet.write_table(pa.table(columns), path, compression="zstd")


def read_scores(path: Path, class_names: tuple[str, ...]) -> tuple[Scores, NDArray[np.int64]]:
    """Read what `write_scores` wrote, and each row's index.

    Raises:
        OSError, ValueError, LookupError: it is not such a file.
    """
    table = read_table(path)
    whole = {name: whole_numbers(table[name]) for name in ("index", "label", "predicted", "runner_up")}
    for name in ("label", "predicted", "runner_up"):
        if len(whole[name]) and not 0 <= whole[name].min() <= whole[name].max() < len(class_names):
            raise ValueError(f"a {name} lies outside 0 to {len(class_names) - 1}")
    floats = {name: numbers(table[name]).astype(np.float64) for name in ("confidence", "loss", "brier")}
    if not all(np.isfinite(values).all() for values in floats.values()):
        raise ValueError("a confidence, loss or Brier score is not a number")
    scores = Scores(
        class_names=class_names,
        labels=whole["label"],
        predicted=whole["predicted"],
        runner_up=whole["runner_up"],
        **floats,
    )
    return scores, whole["index"]
