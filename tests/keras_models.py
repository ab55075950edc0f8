"""Small Keras models, built in a process of their own so that the tests never import keras."""

from multiprocessing.connection import Connection
from pathlib import Path


def build_models(connection: Connection, folder: Path) -> None:
    """Save one small model per case; the name says what is odd about it."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(1)

    def save(name, input_shape, outputs, activation="softmax"):
        layers = [keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(outputs, activation=activation)]
        model = keras.Sequential(layers)
        model.save(folder / f"{name}.keras")
        return model

    save("good", (28, 28, 1), 10).save(folder / "good.h5")
    save("vector", (784,), 10)
    save("large", (32, 32, 1), 10)
    save("eleven", (28, 28, 1), 11)
    save("logits", (28, 28, 1), 10, activation=None)
    broken = save("nan", (28, 28, 1), 10)
    broken.set_weights([np.full_like(weight, np.nan) for weight in broken.get_weights()])
    broken.save(folder / "nan.keras")
    image, mask = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    both = keras.layers.Flatten()(keras.layers.Add()([image, mask]))
    keras.Model([image, mask], keras.layers.Dense(10, activation="softmax")(both)).save(folder / "two.keras")
    image = keras.Input((28, 28, 1))
    rows = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(image))
    keras.Model(image, keras.ops.mean(rows, axis=0, keepdims=True)).save(folder / "mean.keras")
    keras.Model(image, keras.ops.concatenate([rows, rows], axis=0)).save(folder / "double.keras")
    keras.Model(image, [rows, keras.layers.Activation("softmax")(rows)]).save(folder / "twice.keras")
    rows = keras.layers.Dense(10, activation="softmax", dtype="float64")(keras.layers.Flatten()(image))
    keras.Model(image, rows).save(folder / "odd.keras")
    weights = keras.models.load_model(folder / "good.keras").get_weights()
    connection.send(("done", [np.asarray(weight) for weight in weights]))
