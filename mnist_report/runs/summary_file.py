"""summary.npz and kept.parquet: a run whose predictions were counted part by part."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.confidences import EDGES, Confidences
from mnist_report.evaluation.kept import Kept, Wanted
from mnist_report.evaluation.predictions import Predictions
from mnist_report.evaluation.quartiles import Column
from mnist_report.evaluation.summary import Summary
from mnist_report.evaluation.tally import BINS, Bins, Sums, Tally
from mnist_report.runs.images_file import ShownImages
from mnist_report.runs.predictions_file import read_predictions, write_predictions

NAME, ROWS = "summary.npz", "kept.parquet"
SUMS = ("loss", "brier", "confidence", "overconfidence", "class_confidence")
COLUMNS = ("ink", "slant")


def write_summary(folder: Path, summary: Summary) -> None:
    """Write both files."""
    arrays = {"belief": summary.belief} | _of_tally("tally", summary.tally)
    if summary.tempered is not None:
        arrays |= _of_tally("tempered", summary.tempered)
    for name, column in summary.columns.items():
        arrays |= {f"{name}.{field.name}": getattr(column, field.name) for field in fields(column)}
    np.savez_compressed(folder / NAME, **arrays)
    write_predictions(folder / ROWS, summary.kept.predictions)


def read_summary(folder: Path, class_names: tuple[str, ...], images: ShownImages, wanted: Wanted) -> Summary:
    """Read both files.

    Args:
        folder: of the run.
        class_names: of the data.
        images: those that the report shows; of the other rows that were kept there are no pixels.
        wanted: what decided which rows were kept.

    Raises:
        OSError, ValueError, LookupError, zipfile.BadZipFile, zlib.error: one of them is missing or damaged.
        ModelError: the rows are not probabilities.
    """
    with (folder / NAME).open("rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = dict(archive.items())
    classes = len(class_names)
    tally = _tally("tally", arrays, classes)
    tempered = _tally("tempered", arrays, classes) if "tempered.top2" in arrays else None
    columns = {name: _column(name, arrays) for name in COLUMNS}
    belief = _array(arrays, "belief", np.float64, (classes,))
    if tally.n <= 0 or (tally.confusion < 0).any():
        raise ValueError(f"{NAME} counts {tally.n} images")
    kept = Kept(_rows(folder, class_names, tally), images.index, images.pixels, wanted)
    return Summary(tally, tempered, belief, columns, kept)


def _rows(folder: Path, class_names: tuple[str, ...], tally: Tally) -> Predictions:
    predictions, places = read_predictions(folder / ROWS, class_names)
    if len(places) and not (places[0] >= 0 and places[-1] < tally.n and (np.diff(places) > 0).all()):
        raise ValueError(f"the rows of {ROWS} are not in the order of {tally.n:,} images")
    return replace(predictions, index=places)


def _of_tally(prefix: str, tally: Tally) -> dict[str, NDArray[Any]]:
    sums = {
        f"{name}.{field.name}": getattr(getattr(tally, name), field.name) for name in SUMS for field in fields(Sums)
    }
    parts = {
        f"{name}.{field.name}": getattr(getattr(tally, name), field.name)
        for name, kind in (("bins", Bins), ("confidences", Confidences))
        for field in fields(kind)
    }
    whole = {"confusion": tally.confusion, "top2": np.array(tally.top2), **sums, **parts}
    return {f"{prefix}.{name}": values for name, values in whole.items()}


def _tally(prefix: str, arrays: dict[str, NDArray[Any]], classes: int) -> Tally:
    def one(name: str, kind: type, shape: tuple[int, ...]) -> NDArray[Any]:
        return _array(arrays, f"{prefix}.{name}", kind, shape)

    def sums(name: str, shape: tuple[int, ...] = ()) -> Sums:
        return Sums(one(f"{name}.total", np.float64, shape), one(f"{name}.squares", np.float64, shape))

    def bins(name: str, kind: type) -> NDArray[Any]:
        return one(f"bins.{name}", kind, (BINS,))

    def confidences(name: str, kind: type, rows: int) -> NDArray[Any]:
        return one(f"confidences.{name}", kind, (rows, 2))

    return Tally(
        confusion=one("confusion", np.int64, (classes, classes)),
        top2=int(one("top2", np.int64, ())),
        loss=sums("loss"),
        brier=sums("brier"),
        confidence=sums("confidence"),
        overconfidence=sums("overconfidence"),
        class_confidence=sums("class_confidence", (classes,)),
        bins=Bins(bins("n", np.int64), bins("right", np.int64), bins("confidence", float), bins("variance", float)),
        confidences=Confidences(
            n=confidences("n", np.int64, classes),
            total=confidences("total", np.float64, classes),
            sure=confidences("sure", np.int64, classes),
            certain=one("confidences.certain", np.int64, (2,)),
            histogram=confidences("histogram", np.int64, len(EDGES) - 1),
        ),
    )


def _column(name: str, arrays: dict[str, NDArray[Any]]) -> Column:
    shape = arrays[f"{name}.values"].shape
    if len(shape) != 1:
        raise ValueError(f"{name}.values has shape {shape}")
    return Column(*(_array(arrays, f"{name}.{field.name}", np.int64, shape) for field in fields(Column)))


def _array(arrays: dict[str, NDArray[Any]], name: str, kind: type, shape: tuple[int, ...]) -> NDArray[Any]:
    values = arrays[name]
    if values.dtype != kind or values.shape != shape:
        raise ValueError(f"{name} is {values.dtype} of shape {values.shape}, expected {np.dtype(kind)} of {shape}")
    return values
