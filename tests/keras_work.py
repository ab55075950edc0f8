"""What the tests of Keras models let a process of its own do: it imports keras, and they do not."""

from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from mnist_report.model.arranging import find_layout
from mnist_report.model.keras_runner import KerasRunner
from mnist_report.model.pace import Pace
from mnist_report.model.runner import predict_images
from mnist_report.model.scaling import SCALES, Preparation, scaled
from mnist_report.model.store import identify_model, load_model

LAYOUT = find_layout((28, 28, 1), (28, 28))
# Every value that a pixel can have, in each place.
IMAGES = np.random.default_rng(5).integers(0, 256, (70, 28, 28), dtype=np.uint8)


def save_convolutions(connection: Connection, path: Path) -> None:
    """A network whose first layer is a convolution, into which a compiler could pull the scale."""
    save_cnn(path)
    connection.send(("done", None))


def save_cnn(path: Path) -> None:
    """Untrained, and always the same."""
    import keras

    from mnist_report.model.cnn import build_cnn

    keras.utils.set_random_seed(3)
    build_cnn().save(path)


def answer_of_whole_numbers(connection: Connection, folder: Path, image: np.ndarray) -> None:
    """What networks get that take whole numbers and give them back, by the name of those and the scale."""
    import keras

    found = {}
    for name in ("uint8", "int8"):
        given = keras.Input((2, 2), dtype=name)
        rows = keras.layers.Flatten()(keras.ops.cast(given, "float32"))
        keras.Model(given, rows).save(folder / f"{name}.keras")
        runner = KerasRunner(identify_model(folder / f"{name}.keras"), "cpu")
        for scale in SCALES:
            preparation = Preparation(find_layout((2, 2), (2, 2)), "as they are", scale)
            found[name, scale] = predict_images(runner, image, preparation)[0].tolist()
    connection.send(("done", found))


def answer_by_both(connection: Connection, path: Path) -> None:
    """On every scale: what Keras's own `predict_on_batch` says of pixels that numpy scaled, and what we say."""
    found = {}
    for scale in SCALES:
        preparation = Preparation(LAYOUT, "as they are", scale)
        runner = KerasRunner(identify_model(path), "cpu", 50)
        pixels = scaled(IMAGES[..., np.newaxis], preparation)
        padded = np.concatenate([pixels, np.zeros((30, 28, 28, 1), np.float32)])
        model = load_model(path)
        slow = np.concatenate([np.asarray(model.predict_on_batch(part)) for part in (padded[:50], padded[50:])])
        found[scale] = slow[: len(IMAGES)], predict_images(runner, IMAGES, preparation)
    connection.send(("done", found))


def answer_as_on_a_gpu(connection: Connection, path: Path) -> None:
    """Batch by batch, and with several batches a transfer, two of these at once; and on how many devices."""
    runner = KerasRunner(identify_model(path), "cpu", 16)
    small = predict_images(runner, IMAGES, None)
    runner.pace = Pace(16, 2 * 16 * 784)
    connection.send(("done", (small, predict_images(runner, IMAGES, None), runner._steps.devices)))


def answer_in_both_precisions(connection: Connection, path: Path) -> None:
    """The rows of a convolutional network in float32, and those in bfloat16."""
    save_cnn(path)
    runners = [KerasRunner(identify_model(path), "cpu", None, precision) for precision in ("float32", "bfloat16")]
    connection.send(("done", [predict_images(runner, IMAGES, None) for runner in runners]))


def tell_policies(connection: Connection, path: Path) -> None:
    """The numbers that each layer computes in, once bfloat16 was asked for, and what its weights are."""
    import keras

    from mnist_report.model.precision import compute_in_bfloat16

    image = keras.Input((28, 28, 1))
    inner = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(4, name="inner")])
    rows = keras.layers.Dense(10, name="last")(keras.layers.Dense(8, name="middle")(inner(image)))
    keras.Model(image, keras.layers.Activation("softmax", name="softmax")(rows)).save(path)
    model = load_model(path)
    compute_in_bfloat16(model)
    computed = {layer.name: layer.compute_dtype for layer in model._flatten_layers()}
    connection.send(("done", (computed, {weight.dtype for weight in model.weights})))


def tell_shapes(connection: Connection, path: Path) -> None:
    """What its layers give for an image."""
    from mnist_report.model.pace import layer_shapes

    connection.send(("done", layer_shapes(load_model(path))))
