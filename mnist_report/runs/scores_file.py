"""Scores on disk: what counts of a model's answers, without the probabilities."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.predictions import Scores
from mnist_report.runs.columns import all_null, numbers, read_table, whole_numbers

COLUMNS = ("label", "predicted", "runner_up", "confidence", "loss", "brier")
FIELDS = ("labels", *COLUMNS[1:])
OF_PROBABILITIES = COLUMNS[2:]


def write_scores(path: Path, scores: Scores) -> None:
    """Write a row per image: index, label, predicted, runner_up, confidence, loss and Brier score.

    The last four are null where there are no probabilities.
    """
    from pyarrow import parquet

    parquet.write_table(scores_table(scores), path, compression="zstd")


def scores_table(scores: Scores) -> Any:
    """The table that `write_scores` writes, of pyarrow."""
    import pyarrow as pa

    smallest = np.uint8 if len(scores.class_names) <= 256 else np.int32
    columns: dict[str, Any] = {"index": np.arange(len(scores), dtype=np.int32)}
    for name, field in zip(COLUMNS, FIELDS, strict=True):
        values = getattr(scores, field)
        kind = smallest if values.dtype.kind == "i" else np.float64
        known = scores.graded or name not in OF_PROBABILITIES
        columns[name] = values.astype(kind) if known else pa.nulls(len(values), pa.from_numpy_dtype(kind))
    return pa.table(columns)


def read_scores(path: Path, class_names: tuple[str, ...]) -> tuple[Scores, NDArray[np.int64]]:
    """Read what `write_scores` wrote, and each row's index.

    Raises:
        OSError, ValueError, LookupError: it is not such a file.
    """
    return scores_of(read_table(path), class_names)


def scores_of(table: Any, class_names: tuple[str, ...]) -> tuple[Scores, NDArray[np.int64]]:
    """The scores of a pyarrow table, and each row's index.

    Raises:
        ValueError, LookupError: it is not such a table.
    """
    graded = not all_null(table, OF_PROBABILITIES)
    classes = ("label", "predicted", *(("runner_up",) if graded else ()))
    whole = {name: whole_numbers(table[name]) for name in ("index", *classes)}
    for name in classes:
        if len(whole[name]) and not 0 <= whole[name].min() <= whole[name].max() < len(class_names):
            raise ValueError(f"a {name} lies outside 0 to {len(class_names) - 1}")
    unknown = np.full(len(table), np.nan)
    floats = {
        name: numbers(table[name]).astype(np.float64) if graded else unknown for name in ("confidence", "loss", "brier")
    }
    if graded and not all(np.isfinite(values).all() for values in floats.values()):
        raise ValueError("a confidence, loss or Brier score is not a number")
    scores = Scores(
        class_names=class_names,
        labels=whole["label"],
        predicted=whole["predicted"],
        runner_up=whole["runner_up"].astype(np.int16) if graded else np.full(len(table), -1, np.int16),
        **floats,
    )
    return scores, whole["index"]
