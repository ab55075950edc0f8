"""members.parquet: what counts of the answers of each model of an ensemble, one model after the other."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mnist_report.evaluation.ensemble import Member
from mnist_report.evaluation.predictions import Predictions
from mnist_report.runs.columns import read_table, texts
from mnist_report.runs.scores_file import scores_of, scores_table

MEMBERS = "members.parquet"


def write_members(path: Path, members: Sequence[Member]) -> None:
    """Write a row for each model and image: model, and the columns of `scores_file.write_scores`.

    Without members there is nothing to write.
    """
    if not members:
        return
    import pyarrow as pa
    from pyarrow import parquet

    names = pa.array([member.name for member in members])
    tables = []
    for place, member in enumerate(members):
        who = pa.DictionaryArray.from_arrays(np.full(len(member.scores), place, dtype=np.int32), names)
        tables.append(scores_table(member.scores).add_column(0, "model", who))
    parquet.write_table(pa.concat_tables(tables), path, compression="zstd")


def read_members(path: Path, predictions: Predictions) -> tuple[Member, ...]:
    """Read what `write_members` wrote; none where there is no such file.

    Args:
        path: of the file.
        predictions: of the ensemble, for the same images.

    Raises:
        OSError, ValueError, LookupError: it is not such a file, or of other images.
    """
    if not path.exists():
        return ()
    table, n = read_table(path), len(predictions)
    names = texts("model", table["model"])
    if len(names) == 0 or len(names) % n:
        raise ValueError(f"it has {len(names)} rows, expected {n} for each model")
    members = []
    for first in range(0, len(names), n):
        scores, index = scores_of(table.slice(first, n), predictions.class_names)
        own = names[first : first + n]
        if not np.array_equal(index, np.arange(n)) or not np.array_equal(scores.labels, predictions.labels):
            raise ValueError(f"its rows of {own[0]} are not those of the images")
        if (own != own[0]).any() or not scores.graded:
            raise ValueError(f"its rows of {own[0]} are of several models, or without probabilities")
        members.append(Member(str(own[0]), scores))
    return tuple(members)
