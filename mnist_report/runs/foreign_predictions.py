"""Predictions that another program made: `.npy`, `.npz`, CSV or Parquet.

Rows are probabilities, each of which sums to 1 within SUM_TOLERANCE of `evaluation/predictions.py`, or there is a class
alone for each image.
"""

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset, data_digest
from mnist_report.errors import DataError
from mnist_report.evaluation.predictions import Predictions, interpret, make_class_predictions
from mnist_report.model.store import file_sha256
from mnist_report.runs.foreign_classes import class_indices, names_of, renamed
from mnist_report.runs.foreign_files import MOST_CLASSES, Content, check_rows
from mnist_report.runs.foreign_reading import DAMAGE, READERS, read_content, unreadable

SUFFIXES = tuple(READERS)


@dataclass(frozen=True, slots=True, eq=False)
class ForeignPredictions:
    """A file of predictions, as far as it goes.

    Attributes:
        path: the file.
        sha256: of its bytes.
        size_bytes: its size.
        probabilities: float32, shape (n, classes), at least one row and two classes; None where the file has classes
            alone.
        predicted: those: shape (n,), int64 or text, the classes' indices or names; None where it has probabilities.
        labels: shape (n,), likewise; None where the file has none.
        class_names: one per class; None where the file has none.
    """

    path: Path
    sha256: str
    size_bytes: int
    probabilities: NDArray[np.float32] | None
    predicted: NDArray[Any] | None
    labels: NDArray[Any] | None
    class_names: tuple[str, ...] | None

    def __len__(self) -> int:
        return sum(len(rows) for rows in (self.probabilities, self.predicted) if rows is not None)

    def of(self, dataset: Dataset) -> Predictions:
        """The predictions, held against the images that they are of.

        Raises:
            DataError: numbers, classes or labels differ.
            ModelError: a row is not one of probabilities.
        """
        where = f"{dataset.source} ({dataset.split} split)"
        names = dataset.class_names
        if len(self) != len(dataset):
            raise DataError(
                f"{self.path}: found {len(self):,} rows, but {where} has {len(dataset):,} images: give a row each"
            )
        own = self.class_names or names
        classes = len(own) if self.probabilities is None else self.probabilities.shape[1]
        if classes != len(names):
            column = "" if self.probabilities is None else ": give a column each"
            raise DataError(f"{self.path}: found {classes} classes, but {where} has {len(names)}{column}")
        for called, name in zip(own, names, strict=True):
            if called != name:
                raise DataError(f"{self.path}: a class is called {called!r}, but {where} calls it {name!r}")
        if self.labels is not None:
            labels = class_indices(self.labels, names, "the label", self.path)
            differs = np.flatnonzero(labels != dataset.labels)
            if len(differs):
                row = differs[0]
                raise DataError(
                    f"{self.path}: the label of row {row} is {labels[row]}, but {where} says "
                    f"{dataset.labels[row]} ({len(differs):,} such rows): give the rows in the order of the data"
                )
        return self._predictions(dataset.labels, names)

    def without_images(self, wanted: tuple[str, ...] | None = None) -> tuple[Dataset, Predictions]:
        """A data set that is nothing but the file's labels, and the predictions.

        Args:
            wanted: the names of the classes in their order, or None for those of the file.

        Raises:
            DataError: the file has no labels, or the wanted names do not fit it.
            ModelError: a row is not one of probabilities.
        """
        if self.labels is None:
            raise DataError(
                f"{self.path}: has no labels, which --data none needs; name the data set with --data, or give an "
                ".npz, CSV or Parquet file with labels"
            )
        if self.class_names is not None:
            own = self.class_names
        elif self.probabilities is not None:
            own = tuple(map(str, range(self.probabilities.shape[1])))
        else:
            assert self.predicted is not None  # noqa: S101  one of the two is there
            own = wanted or names_of(self.labels, self.predicted, self.path)
        names = own if wanted is None else renamed(own, wanted, self.path, named=self.class_names is not None)
        labels = class_indices(self.labels, own, "the label", self.path)
        images = np.empty((len(self), 0, 0), dtype=np.uint8)
        dataset = Dataset(images, labels, names, f"labels of {self.path.name}", "", data_digest(images, labels))
        return dataset, self._predictions(labels, names, own)

    def _predictions(
        self, labels: NDArray[np.int64], names: tuple[str, ...], own: tuple[str, ...] | None = None
    ) -> Predictions:
        """Held against the labels; `own` is what the file calls the classes, where they get other names."""
        if self.probabilities is not None:
            return interpret(self.probabilities, labels, names, str(self.path), saved=True)
        assert self.predicted is not None  # noqa: S101  one of the two is there
        said = class_indices(self.predicted, own or names, "the prediction", self.path)
        return make_class_predictions(said, labels, names, str(self.path))


def read_foreign_predictions(path: Path) -> ForeignPredictions:
    """Read a file of predictions.

    Args:
        path: `.npy` of shape (n, classes), or of classes in shape (n,); `.npz` with `probabilities`, or with
            `predicted`, and perhaps `labels` and `class_names`; or CSV or Parquet with columns p0, p1..., or with
            `predicted`, and perhaps `label` and `index`, each row's place in the data set.

    Raises:
        DataError: it is missing, damaged or laid out otherwise.
    """
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            raise DataError(f"{path}: is a folder, expected a file of predictions: {', '.join(SUFFIXES)}")
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            found = path.suffix or "no suffix"
            raise DataError(f"{path}: expected a file of predictions ({', '.join(SUFFIXES)}), found {found}")
        if path.stat().st_size == 0:
            raise DataError(f"{path}: is empty, expected predictions; write it again")
        content = read_content(path)
        _check(content, path)
        rows = predicted = None
        if content.probabilities is not None:
            # What float32 does not hold becomes infinite, and is refused as that, as is any kind of NaN.
            with np.errstate(over="ignore", invalid="ignore"):
                rows = np.asarray(content.probabilities, dtype=np.float32, order="C")
        elif content.predicted is not None:
            predicted = np.array(content.predicted)
        parts = (rows, predicted, content.labels, content.class_names)
        return ForeignPredictions(path, file_sha256(path), path.stat().st_size, *parts)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file of predictions") from error
    except DAMAGE as error:
        raise unreadable(path, error) from error


def _check(content: Content, path: Path) -> None:
    """See that the parts of a file fit together."""
    if content.probabilities is not None:
        answers, classes = content.probabilities, _check_rows(content.probabilities, path)
    else:
        assert content.predicted is not None  # noqa: S101  one of the two is there
        answers, classes = content.predicted, len(content.class_names or ())
        _check_classes(answers, len(answers) if answers.ndim else 0, "predicted", path)
        check_rows(len(answers), path)
    if len(answers) == 0:
        raise DataError(f"{path}: holds no predictions, expected a row an image")
    names = content.class_names
    if names is not None and (not 2 <= len(names) == classes <= MOST_CLASSES or len(set(names)) < len(names)):
        expected = f"2 to {MOST_CLASSES:,}" if content.probabilities is None else str(classes)
        raise DataError(f"{path}: found {len(set(names))} class_names, expected {expected} different ones")
    if content.labels is not None:
        _check_classes(content.labels, len(answers), "labels", path)


def _check_rows(probabilities: NDArray[Any], path: Path) -> int:
    """The number of classes of a table of probabilities."""
    shape = probabilities.shape
    if probabilities.dtype.kind not in "fiu" or len(shape) != 2 or not 2 <= shape[1] <= MOST_CLASSES:
        column = len(shape) == 1 or shape[1:] == (1,)
        classes = "; classes alone are whole numbers of shape (n,), as .astype(int).ravel() makes them"
        raise DataError(
            f"{path}: probabilities are {probabilities.dtype} of shape {shape}, expected floats of shape (n, classes) "
            f"with 2 to {MOST_CLASSES:,} classes: a row an image, a column a class{classes if column else ''}"
        )
    return int(shape[1])


def _check_classes(classes: NDArray[Any], n: int, what: str, path: Path) -> None:
    """See that it is a class for each of n images."""
    if classes.dtype.kind not in "iuUO" or classes.shape != (n,):
        raise DataError(
            f"{path}: {what} are {classes.dtype} of shape {classes.shape}, expected whole numbers of shape ({n},), or "
            "the classes' names"
        )
