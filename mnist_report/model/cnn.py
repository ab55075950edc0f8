"""The convolutional network of the seed project."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


def build_cnn(input_shape: tuple[int, int, int] = (28, 28, 1), num_classes: int = 10) -> "keras.Model":
    """Two convolution blocks and a dense head; 468,714 parameters at the default sizes, 468,266 of them trainable.

    Args:
        input_shape: (height, width, channels) of the float32 images in [0, 1].
        num_classes: the number of softmax outputs.

    Returns:
        An uncompiled model from (n, *input_shape) to (n, num_classes) probabilities.
    """
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(input_shape, name="image"),
            *_block(32, "block1"),
            *_block(64, "block2"),
            layers.Flatten(name="flatten"),
            layers.Dense(128, activation="relu", name="dense"),
            layers.BatchNormalization(name="dense_norm"),
            layers.Dropout(0.5, name="dense_dropout"),
            # In full precision whatever the rest computes in: a loss is a logarithm of these.
            layers.Dense(num_classes, activation="softmax", name="probabilities", dtype="float32"),
        ],
        name="mnist_cnn",
    )


def _block(filters: int, name: str) -> list["keras.layers.Layer"]:
    from keras import layers

    return [
        layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_conv1"),
        layers.BatchNormalization(name=f"{name}_norm"),
        layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"{name}_conv2"),
        layers.MaxPooling2D(2, name=f"{name}_pool"),
        layers.Dropout(0.25, name=f"{name}_dropout"),
    ]
