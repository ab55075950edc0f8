"""The notebook user's door: train, load and evaluate in this very process."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_report.arrays import arrays_digest, as_array, check_labels, fitting, shown_images, slice_column
from mnist_report.data.sources import load_dataset
from mnist_report.errors import ConfigError, DataError, ModelError
from mnist_report.evaluation import evaluation
from mnist_report.evaluation.evaluation import NO_COLUMNS
from mnist_report.evaluation.predictions import interpret
from mnist_report.evaluation.streamed import StreamedEvaluation, evaluate_parts
from mnist_report.model.adapter import as_pixels
from mnist_report.model.backend import find_backend
from mnist_report.model.card import make_card
from mnist_report.model.cnn import build_cnn
from mnist_report.model.epochs import Epoch, Progress
from mnist_report.model.fitting import Fit, fit, held_out
from mnist_report.model.process import device_environment
from mnist_report.model.recipes import Recipe
from mnist_report.model.store import file_sha256, identify_model, load_model, save_model, shipped_model, write_card
from mnist_report.report.notebook import EvaluationResult
from mnist_report.runs.predictions_file import stream_predictions

if TYPE_CHECKING:
    import keras
    import pandas as pd

BATCH = 500


def evaluate(
    probabilities: ArrayLike,
    labels: ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    images: ArrayLike | None = None,
    slices: Mapping[str, ArrayLike] | None = None,
    seed: int = 0,
) -> EvaluationResult:
    """Every number, table and figure about one model's answers.

    Args:
        probabilities: shape (n, classes), each row sums to 1. Where all of 100 rows or more are one-hot they are taken
            as classes without probabilities, and what those do not have is NaN.
        labels: shape (n,), whole numbers that say the true classes.
        class_names: one per column; by default "0", "1"...
        images: shape (n, height, width) or (n, height, width, 1), to show the mistakes; uint8, or floats in [0, 1].
        slices: by column, one value per image; the accuracy of the images that share a value is reported.
        seed: of the resampled intervals.

    Raises:
        ConfigError: the seed is out of its range.
        DataError: labels, class names, images or slices do not fit.
        ModelError: the rows are not probabilities.
    """
    rows = as_array(probabilities, "probabilities")
    if rows.ndim != 2 or rows.shape[1] < 2 or not np.issubdtype(rows.dtype, np.floating):
        raise ModelError(f"probabilities: {rows.dtype} of shape {rows.shape}, expected floats of shape (n, classes)")
    if len(rows) == 0:
        raise DataError("there are no predictions to evaluate")
    names = tuple(map(str, class_names if class_names is not None else range(rows.shape[1])))
    if len(names) != rows.shape[1]:
        raise DataError(f"class_names: found {len(names)}, expected {rows.shape[1]}, one for each column")
    if len(set(names)) < len(names) or isinstance(class_names, str):
        raise DataError(f"class_names: found {class_names!r}, expected {len(names)} different names")
    if type(seed) is not int or seed < 0:
        raise ConfigError(f"seed is {seed!r}, expected a whole number from 0")
    truth = check_labels(as_array(labels, "labels"), len(rows), len(names))
    predictions = interpret(rows, truth, names, "probabilities")
    columns = {str(name): slice_column(name, values, len(truth)) for name, values in (slices or NO_COLUMNS).items()}
    shown = None if images is None else shown_images(images, len(truth))
    return EvaluationResult(evaluation.evaluate(predictions, seed, columns), predictions, shown, ())


def evaluate_parquet(
    path: str | Path, *, class_names: Sequence[str] | None = None, seed: int = 0
) -> StreamedEvaluation:
    """The numbers about a predictions file of any size, read part by part.

    Args:
        path: a Parquet file with the columns label, p0, p1..., such as a run's predictions.parquet.
        class_names: one per column; by default "0", "1"...
        seed: of the resampled intervals.

    Raises:
        OutputError: it is not such a file.
        DataError: it has no rows.
        ModelError: its rows are not probabilities.
    """
    names = None if class_names is None else tuple(map(str, class_names))
    return evaluate_parts(stream_predictions(Path(path), names), seed)


class MNISTClassifier:
    """The digit classifier, from training to a saved model.

    Attributes:
        model: the Keras model, once it is built or loaded.
        seed: of weight initialisation, shuffling and dropout.
        verbose: whether to print each epoch and each result.
    """

    def __init__(self, seed: int = 42, *, verbose: bool = True) -> None:
        self.model: keras.Model | None = None
        self.seed = Recipe(seed=seed).seed
        self.verbose = verbose
        self._trained: tuple[Recipe, Fit, dict[str, Any]] | None = None

    def load_and_preprocess_data(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        """The embedded MNIST: training images and labels, test images and labels.

        Returns:
            Images are float32 of shape (n, 28, 28, 1) in [0, 1], labels int64 of shape (n,).
        """
        train, test = load_dataset("mnist", "train"), load_dataset("mnist", "test")
        pixels = [as_pixels(split.images, split.split) for split in (train, test)]
        return pixels[0], train.labels.copy(), pixels[1], test.labels.copy()

    def build_model(self, input_shape: tuple[int, ...] = (28, 28, 1), num_classes: int = 10) -> "keras.Model":
        """Build the network with fresh weights.

        Args:
            input_shape: height, width and 1.
            num_classes: the number of outputs.

        Raises:
            DataError: another shape, or fewer than two classes.
        """
        sizes = (*input_shape, num_classes)
        whole = all(type(size) is int and size > 0 for size in sizes)
        if len(sizes) != 4 or not whole or input_shape[-1] != 1 or num_classes < 2:
            raise DataError(
                f"input_shape is {input_shape}, num_classes {num_classes}: expected (height, width, 1) and two or more"
            )
        keras = _import_keras()
        keras.utils.set_random_seed(self.seed)
        self.model, self._trained = build_cnn((sizes[0], sizes[1], 1), num_classes), None
        return self.model

    def load_model(self, filepath: str | Path | None = None) -> "keras.Model":
        """Load a `.keras` file, by default the model that comes with this package.

        Raises:
            ModelError: it is not one, or keras cannot load it.
        """
        path = Path(filepath) if filepath is not None else shipped_model()
        if identify_model(path).format not in ("keras", "hdf5"):
            raise ModelError(f"{path}: expected a .keras or .h5 file; mnist-report run takes the other formats")
        _import_keras()
        self.model, self._trained = load_model(path), None
        return self.model

    def train(
        self,
        X_train: ArrayLike,
        y_train: ArrayLike,
        epochs: int = 15,
        batch_size: int = 128,
        validation_split: float = 0.1,
    ) -> "pd.DataFrame":
        """Train the model; it ends with the weights of the epoch with the lowest held-out loss.

        Args:
            X_train: shape (n, height, width) or (n, height, width, 1): floats in [0, 1], or uint8, which are scaled.
            y_train: shape (n,), the classes.
            epochs: at most so many passes; early stopping may end it before.
            batch_size: images per gradient step.
            validation_split: the share of the images, taken from their end, that is held out.

        Returns:
            A row per epoch.

        Raises:
            ConfigError: a number is out of its range.
            DataError: the arrays do not fit.
            ModelError: there is no model yet, or training diverged.
        """
        import pandas as pd

        model, pixels = self._model("train"), as_pixels(X_train, "X_train")
        if not 0 < validation_split < 1:
            raise ConfigError(f"validation_split is {validation_split}, expected between 0 and 1")
        recipe = Recipe(epochs=epochs, batch_size=batch_size, validation_share=validation_split, seed=self.seed)
        anatomy = fitting(model, pixels, "X_train")
        labels = check_labels(as_array(y_train, "labels"), len(pixels), anatomy.num_classes)
        held_out(len(labels), recipe.validation_share)
        data = {"source": "arrays", "split": "train", "sha256": arrays_digest(pixels, labels), "n": len(labels)}
        # What the card says is true of the weights, or there is none.
        self._trained = None
        done = fit(
            model, pixels.reshape(-1, *anatomy.input_shape), labels, recipe, show=self._show, stopped=lambda: False
        )
        assert done is not None  # noqa: S101  nobody can ask it to stop
        self._trained = recipe, done, data
        return pd.DataFrame([asdict(epoch) for epoch in done.history])

    def predict(self, X: ArrayLike) -> NDArray[np.float32]:
        """The model's probabilities, shape (n, classes).

        Raises:
            DataError: the images do not fit.
            ModelError: there is no model yet, or it does not take such images.
        """
        model, pixels = self._model("predict"), as_pixels(X, "X")
        anatomy = fitting(model, pixels, "X")
        answer = model.predict(pixels.reshape(-1, *anatomy.input_shape), batch_size=BATCH, verbose=0)
        if answer.shape != (len(pixels), anatomy.num_classes):
            raise ModelError(
                f"the model answers {len(pixels)} images with shape {answer.shape}: expected a row an image"
            )
        return np.asarray(answer, np.float32)

    def evaluate(self, X_test: ArrayLike, y_test: ArrayLike) -> EvaluationResult:
        """Predict the images and evaluate what the model says about them.

        Args:
            X_test: as for `train`.
            y_test: shape (n,), the classes.

        Raises:
            DataError: the arrays do not fit.
            ModelError: there is no model yet, or it does not answer with probabilities.
        """
        model, pixels = self._model("evaluate"), as_pixels(X_test, "X_test")
        labels = check_labels(as_array(y_test, "labels"), len(pixels), fitting(model, pixels, "X_test").num_classes)
        result = evaluate(self.predict(pixels), labels, images=pixels)
        history = [asdict(epoch) for epoch in self._trained[1].history] if self._trained else ()
        result = EvaluationResult(result.evaluation, result.predictions, result.images, history)
        if self.verbose:
            print(result)
        return result

    def save_model(self, filepath: str | Path) -> Path:
        """Write the model and, where it was trained here, its card and its history beside it.

        Args:
            filepath: a name that ends in `.keras`.

        Raises:
            ModelError: there is no model yet, or the name ends otherwise.
            OutputError: it cannot be written.
        """
        model, path = self._model("save_model"), Path(filepath)
        if path.suffix != ".keras":
            raise ModelError(f"{path}: expected a name that ends in .keras, found {path.suffix or 'no suffix'}")
        save_model(model, path)
        if self._trained:
            recipe, done, data = self._trained
            card = make_card(
                path,
                sha256=file_sha256(path),
                created=datetime.now(UTC).isoformat(),
                recipe=recipe,
                data=data,
                fit=done,
                interrupted=False,
                backend=find_backend("auto"),
            )
            write_card(path, card, done.history)
        return path

    def _model(self, wanted: str) -> "keras.Model":
        if self.model is None:
            raise ModelError(f"{wanted}() needs a model; call build_model() or load_model() first")
        return self.model

    def _show(self, news: Epoch | Progress) -> None:
        if self.verbose and isinstance(news, Epoch):
            print(news.line)


def _import_keras() -> Any:
    """Import keras, with as few of TensorFlow's greetings as it lets one have."""
    for name, value in device_environment("auto").items():
        os.environ.setdefault(name, value)
    find_backend("auto")
    import keras

    return keras
