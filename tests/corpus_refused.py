"""Files of Keras that are no classifier of ten classes, or that would bring code along."""

from functools import partial

from corpus import Row
from corpus_keras import mlp

GREY = "28 x 28 x 1"


def model_of(layers, shape=(28, 28, 1)):
    import keras

    return keras.Sequential([keras.Input(shape), *layers])


def write(path, build, save="save"):
    """Not trained: nobody gets to see an answer."""
    import keras

    keras.utils.set_random_seed(1)
    getattr(build(keras.layers), save)(path)


def eleven(layers):
    return model_of([*mlp(layers), layers.Dense(11, activation="softmax")])


def regression(layers):
    return model_of([*mlp(layers), layers.Dense(1)])


def autoencoder(layers):
    return model_of(
        [layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dense(784), layers.Reshape(GREY_SHAPE)]
    )


def flat_autoencoder(layers):
    return model_of([layers.Dense(8, activation="relu"), layers.Dense(784, activation="sigmoid")], (784,))


def siamese(layers):
    import keras

    one, other = keras.Input((28, 28, 1)), keras.Input((28, 28, 1))
    return keras.Model([one, other], layers.Dense(10)(layers.Flatten()(layers.Subtract()([one, other]))))


def two_heads(layers):
    import keras

    image = keras.Input((28, 28, 1))
    return keras.Model(image, [layers.Dense(10)(layers.Flatten()(image)), layers.Dense(4)(layers.Flatten()(image))])


def table(layers):
    return model_of([layers.Dense(10)], (13,))


def large(layers):
    return model_of([layers.GlobalAveragePooling2D(), layers.Dense(10)], (2000, 2000, 3))


def function(layers):
    return model_of([layers.Lambda(lambda pixels: pixels / 255), *mlp(layers), layers.Dense(10)])


def own_layer(layers):
    import keras

    @keras.saving.register_keras_serializable("mine")
    class Own(layers.Layer):
        def call(self, pixels):
            return pixels / 255

    return model_of([Own(), *mlp(layers), layers.Dense(10)])


def own_model(layers):
    import keras
    import numpy as np

    @keras.saving.register_keras_serializable("mine")
    class OwnModel(keras.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.flat, self.last = layers.Flatten(), layers.Dense(10)

        def call(self, pixels):
            return self.last(self.flat(pixels))

    model = OwnModel()
    model(np.zeros((1, 28, 28, 1), np.float32))
    return model


def own_function(layers):
    import keras

    @keras.saving.register_keras_serializable("mine")
    def swoosh(values):
        return keras.ops.tanh(values)

    return model_of([layers.Flatten(), layers.Dense(10, activation=swoosh)])


def whole(layers):
    return model_of([*mlp(layers), layers.Dense(10)])


def row(file, build, refused, odd="", form=GREY, output="", save="save", *, trust=False):
    return Row(file, form, "", output, partial(write, build=build, save=save), odd, trust, refused=refused)


GREY_SHAPE = (28, 28, 1)
ROWS = [
    row("eleven.keras", eleven, "the model has 11 outputs, the data has 10 classes", output="11 classes"),
    row("regression.keras", regression, "the model has one output, the data has 10 classes", output="a number"),
    row("autoencoder.keras", autoencoder, r"output shape is \(None, 28, 28, 1\), expected", output="an image"),
    row("autoencoder.h5", flat_autoencoder, "the model has 784 outputs", output="784 pixels", form="784"),
    row("siamese.keras", siamese, "found 2 inputs and 1 outputs, expected one of each", "two inputs"),
    row("two_heads.keras", two_heads, "found 1 inputs and 2 outputs, expected one of each", "two outputs"),
    row("table.keras", table, r"the model takes images of shape \(13,\), the data has \(28, 28\)", form="13"),
    row("large.keras", large, "2,000 x 2,000 pixels, at most 1,000 x 1,000", form="2000 x 2000 x 3"),
    row("function.keras", function, r"holds a Python function \(Lambda\).*--trust-model", "Lambda"),
    row("function.h5", function, r"holds a Python function \(Lambda\).*--trust-model", "Lambda"),
    row("own_layer.keras", own_layer, r"is custom code, registered as 'mine>Own'.*--trust-model", "an own layer"),
    row("own_layer_trusted.keras", own_layer, "keras cannot load this model", "an own layer", trust=True),
    row("own_model.keras", own_model, r"is custom code, registered as 'mine>OwnModel'", "an own class"),
    row("own_function.keras", own_function, "calls a function that is not one of Keras's", "an own activation"),
    row("weights.weights.h5", whole, "the file holds only weights", "weights alone", save="save_weights"),
]
