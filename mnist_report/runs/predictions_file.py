"""predictions.parquet: a row per image."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import UNREADABLE, DataError, ModelError, OutputError
from mnist_report.evaluation.predictions import Predictions, make_class_predictions, make_predictions
from mnist_report.runs.columns import all_null, numbers, read_table, whole_numbers

# So many rows at a time are read, and written, for Arrow copies what it writes.
ROWS_AT_A_TIME = 8_192
# Of a large set so many parts make a row group: each takes room in the file's last page, which is held until the end.
PARTS_IN_GROUP = 8
BUFFER_BYTES = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class ScoredImages:
    """Predictions with what tells whether others are of the same images.

    Attributes:
        name: the run folder or file they come from.
        predictions: a row per image.
        index: int64, shape (n,), each row's place in the data set.
        data_sha256: digest of the data set, or None where only a predictions file is known.
    """

    name: str
    predictions: Predictions
    index: NDArray[np.int64]
    data_sha256: str | None

    def only(self, index: NDArray[np.int64]) -> "ScoredImages":
        """The rows of these places in the data set, in this order."""
        place = {int(own): row for row, own in enumerate(self.index)}
        rows = np.array([place[int(wanted)] for wanted in index], dtype=np.int64)
        return ScoredImages(self.name, self.predictions.only(rows, self.name), index, self.data_sha256)


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write a row per image: index, label, predicted, confidence, margin, loss and float32 probabilities p0, p1...

    Of predictions without probabilities all after `predicted` are null.
    """
    with predictions_writer(path, len(predictions.class_names)) as write:
        write(predictions)
    _give_back()


def _give_back() -> None:
    """Return to the system what Arrow keeps of the memory it no longer needs: drawing a report needs more than that."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


@contextmanager
def predictions_writer(path: Path, classes: int) -> Iterator[Callable[[Predictions], None]]:
    """Write predictions as they come; see `write_predictions`.

    The first eight row groups have `ROWS_AT_A_TIME` rows, those after them eight times as many, however the rows come.
    """
    import pyarrow as pa
    from pyarrow import parquet

    whole = dict.fromkeys(("index", "label", "predicted"), pa.int64())
    of_scores = dict.fromkeys(("confidence", "margin", "loss"), pa.float64())
    schema = pa.schema({**whole, **of_scores, **{f"p{k}": pa.float32() for k in range(classes)}})
    # Hardly two images share a probability: a dictionary of them would take four times as long and a third more room.
    with parquet.ParquetWriter(path, schema, use_dictionary=["label", "predicted"]) as writer:
        waiting: list[Any] = []
        rows = groups = 0

        def flush(*, last: bool) -> None:
            nonlocal waiting, rows, groups
            while rows >= (size := _group_size(groups)) or (last and rows):
                table = pa.concat_tables(waiting)
                writer.write_table(table[:size])
                waiting, rows, groups = [table[size:]], max(rows - size, 0), groups + 1

        def write(predictions: Predictions) -> None:
            nonlocal rows
            unknown = set() if predictions.graded else set(schema.names) - set(whole)
            # In parts, for Arrow copies what it writes.
            for first in range(0, len(predictions), ROWS_AT_A_TIME):
                part = _columns(predictions, np.arange(first, min(first + ROWS_AT_A_TIME, len(predictions))))
                known = {
                    name: pa.nulls(len(values), schema.field(name).type) if name in unknown else pa.array(values)
                    for name, values in part.items()
                }
                waiting.append(pa.table(known, schema))
                rows += len(waiting[-1])
                flush(last=False)

        yield write
        flush(last=True)


def _group_size(k: int) -> int:
    """How many rows a row group has; those of a small set remain as they were before there were large ones."""
    return ROWS_AT_A_TIME * (1 if k < PARTS_IN_GROUP else PARTS_IN_GROUP)


def _columns(predictions: Predictions, rows: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    columns: dict[str, Any] = {
        "index": predictions.places(rows),
        "label": predictions.labels[rows],
        "predicted": predictions.predicted[rows],
        "confidence": predictions.confidence[rows],
        "margin": predictions.margins(rows),
        "loss": predictions.loss[rows],
    }
    return columns | {f"p{k}": predictions.probabilities[rows, k] for k in range(len(predictions.class_names))}


def read_predictions(path: Path, class_names: tuple[str, ...] | None = None) -> tuple[Predictions, NDArray[np.int64]]:
    """Read predictions and each row's index; without class names, the classes are called 0, 1, 2...

    Raises:
        OSError, ValueError, LookupError: it is not such a file.
        ModelError: its rows are not probabilities.
    """
    table = read_table(path)
    names = _class_names(table.column_names, class_names)
    index = whole_numbers(table["index"])
    if len(set(index.tolist())) != len(index):
        raise ValueError("an index occurs twice")
    return _predictions(table, names, path), index


def stream_predictions(path: Path, class_names: tuple[str, ...] | None = None) -> Iterator[Predictions]:
    """Read predictions in parts of some thousand rows, for files larger than memory.

    Args:
        path: a Parquet file with the columns label, p0, p1...
        class_names: by default "0", "1"...

    Raises:
        OutputError: it is not such a file.
        DataError: it has no rows.
        ModelError: its rows are not probabilities.
    """
    from pyarrow import parquet

    try:
        # Neither cached nor read ahead: what was counted is not kept.
        with parquet.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER_BYTES) as file:
            names = _class_names(file.schema_arrow.names, class_names)
            first = 0
            columns = ["label", *(f"p{k}" for k in range(len(names)))]
            # Which is needed where there are no probabilities.
            columns += ["predicted"] if "predicted" in file.schema_arrow.names else []
            for batch in file.iter_batches(batch_size=ROWS_AT_A_TIME, columns=columns, use_threads=False):
                yield _predictions(batch, names, path, first)
                first += len(batch)
        if first == 0:
            raise DataError(f"{path}: holds no predictions")
    except UNREADABLE as error:
        raise OutputError(f"{path}: not readable as predictions ({type(error).__name__}: {error})") from error


def _class_names(columns: Iterable[str], class_names: tuple[str, ...] | None) -> tuple[str, ...]:
    """A name for each column p0, p1...; by default its number."""
    found = sum(bool(re.fullmatch(r"p\d+", column)) for column in columns)
    names = class_names if class_names is not None else tuple(map(str, range(found)))
    if len(names) != found or found < 2:
        raise ValueError(f"{found} columns p0, p1..., {len(names)} classes; expected as many, at least two")
    return names


def _predictions(table: Any, class_names: tuple[str, ...], path: Path, first_row: int = 0) -> Predictions:
    """The rows of a pyarrow table or batch."""
    columns = [f"p{k}" for k in range(len(class_names))]
    if "predicted" in table.schema.names and all_null(table, columns):
        said = whole_numbers(table["predicted"])
        return make_class_predictions(said, _labels(table, class_names), class_names, str(path))
    probabilities = np.column_stack([numbers(table[name]) for name in columns])
    return make_predictions(probabilities, _labels(table, class_names), class_names, str(path), first_row)


def _labels(table: Any, class_names: tuple[str, ...]) -> NDArray[np.int64]:
    labels = whole_numbers(table["label"])
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(class_names):
        raise ValueError(f"a label lies outside 0 to {len(class_names) - 1}")
    return labels


def read_scored_images(path: Path) -> ScoredImages:
    """The predictions of a run folder, or of a predictions file alone.

    Raises:
        OutputError: neither is there, or it is damaged.
        DataError: there are no rows.
    """
    facts: dict[str, Any] = {"class_names": None, "sha256": None}
    try:
        file = path
        if path.is_dir():
            file = path / "run.json"
            facts = json.loads(file.read_text("utf-8"))["data"]
            file = path / "predictions.parquet"
            if not file.exists() and (path / "summary.npz").exists():
                raise OutputError(f"{path}: its predictions were not stored; run it again without --no-predictions")
        names = facts["class_names"]
        predictions, index = read_predictions(file, tuple(names) if names is not None else None)
    except FileNotFoundError as error:
        raise OutputError(f"{file}: no such file; give a run folder or a predictions.parquet") from error
    except (*UNREADABLE, ModelError) as error:
        raise OutputError(f"{file}: not readable as predictions ({type(error).__name__}: {error})") from error
    if len(predictions) == 0:
        raise DataError(f"{file}: holds no predictions")
    return ScoredImages(str(path), predictions, index, facts["sha256"])
