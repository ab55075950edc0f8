"""Files of Keras 2, as most of the published ones are."""

import json
from functools import partial

from corpus import ACTIVATIONS, Row, digits, labels, right, shape_of

GREY = "28 x 28 x 1"


def mlp(layers, shape):
    return [layers.Flatten(input_shape=shape), layers.Dense(32, activation="relu")]


def wide(layers, shape):
    return [layers.Flatten(input_shape=shape), layers.Dense(128, activation="elu")]


def cnn(layers, shape):
    return [
        layers.Conv2D(8, (3, 3), activation="relu", input_shape=shape),
        layers.MaxPooling2D((2, 2)),
        layers.Dropout(0.1),
        layers.Flatten(),
    ]


def deep(layers, shape):
    return [
        layers.Conv2D(8, 3, strides=2, activation="relu", input_shape=shape),
        layers.DepthwiseConv2D(3),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.SeparableConv2D(16, 3),
        layers.Conv2DTranspose(8, 3, strides=2, activation="relu"),
        layers.Flatten(),
    ]


def lstm(layers, shape):
    return [layers.LSTM(24, input_shape=shape)]


def rescaled(layers, shape):
    return [layers.Rescaling(1 / 255, input_shape=shape), *cnn(layers, shape)]


def normalised(layers, shape):
    layer = layers.Normalization(axis=None, input_shape=shape)
    layer.adapt(digits("train", "raw", GREY))
    return [layer, *cnn(layers, shape)]


def train(body, form, scale, output="probabilities", *, optimizer="adam", dtype="float32", loss=None):
    import tf_keras as keras

    keras.utils.set_random_seed(1)
    keras.backend.set_floatx(dtype)
    try:
        model = keras.Sequential(body(keras.layers, shape_of(form)))
        model.add(keras.layers.Dense(10, activation=ACTIVATIONS[output]))
        if optimizer == "old":
            optimizer = keras.optimizers.legacy.RMSprop(learning_rate=0.002, rho=0.9, decay=1e-5)
        usual = keras.losses.SparseCategoricalCrossentropy(from_logits=output == "logits")
        model.compile(optimizer, loss or usual, metrics=["accuracy"])
        epochs = 5 if scale == "raw" else 2
        model.fit(digits("train", scale, form), labels("train"), epochs=epochs, batch_size=64, verbose=0)
    finally:
        keras.backend.set_floatx("float32")
    return model


def answer(model, form, scale):
    return right(model.predict(digits("test", scale, form), batch_size=500, verbose=0))


def write(path, *, body, form, scale, **options):
    model = train(body, form, scale, **options)
    model.save(path)
    return answer(model, form, scale)


def row(file, body, form, scale, output="probabilities", odd="", **options):
    make = partial(write, form=form, scale=scale, body=body, output=output, **options)
    return Row(file, form, scale, output, make, odd or "Sequential without InputLayer")


def write_functional(path):
    """With a loss and a metric of its maker's own."""
    import tf_keras as keras

    def focal(truth, said):
        return keras.losses.sparse_categorical_crossentropy(truth, said)

    keras.utils.set_random_seed(1)
    image = keras.layers.Input(shape=(28, 28, 1), name="input_1")
    inner = keras.Sequential(deep(keras.layers, (28, 28, 1)), name="inner")
    rows = keras.layers.Dense(10, activation="softmax")(inner(image))
    model = keras.Model(image, rows)
    model.compile(keras.optimizers.legacy.SGD(0.05, momentum=0.9), focal, metrics=[focal])
    model.fit(digits("train", "unit", GREY), labels("train"), epochs=2, batch_size=64, verbose=0)
    model.save(path)
    return answer(model, GREY, "unit")


def write_of_2017(path):
    """As Keras 2.1 wrote it: the configuration a bare list, and fewer keys."""
    import h5py

    right_ones = write(path, body=cnn, form=GREY, scale="unit")
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        layers = [layer for layer in config["config"]["layers"] if layer["class_name"] != "InputLayer"]
        layers[0]["config"]["batch_input_shape"] = [None, 28, 28, 1]
        for layer in layers:
            layer.pop("module", None), layer.pop("registered_name", None), layer.pop("build_config", None)
            layer["config"].pop("groups", None)
            for key, part in layer["config"].items():
                if key.endswith("_initializer"):
                    layer["config"][key] = {"class_name": part["class_name"], "config": part["config"]}
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers}).encode()
        file.attrs["keras_version"] = b"2.1.6"
    return right_ones


def write_weights(path):
    """What `save_weights` wrote into an .h5 file."""
    train(mlp, "28 x 28", "unit").save_weights(path)


def write_initializers(path):
    """As the Keras of TensorFlow 1.x wrote it: initializers with a dtype."""
    import h5py

    right_ones = write(path, body=mlp, form="28 x 28", scale="unit")
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        for layer in config["config"]["layers"]:
            for key, part in layer["config"].items():
                if key.endswith("_initializer"):
                    layer["config"][key] = {
                        "class_name": part["class_name"],
                        "config": part["config"] | {"dtype": "float32"},
                    }
        file.attrs["model_config"] = json.dumps(config).encode()
    return right_ones


def write_lambda(path):
    """Its function is Python's bytecode."""
    import tf_keras as keras

    model = keras.Sequential([keras.layers.Lambda(lambda pixels: pixels / 255, input_shape=(28, 28, 1))])
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(10))
    model.save(path)


OLD = "old optimizer, Sequential without InputLayer"
ROWS = [
    row("k2_tutorial.h5", mlp, "28 x 28", "unit"),
    row("k2_mlp.h5", wide, "784", "raw", "logits", optimizer="old", odd=OLD),
    row("k2_cnn.h5", cnn, GREY, "unit", optimizer="old", odd=OLD),
    row("k2_cnn_raw.hdf5", cnn, GREY, "raw"),
    row("k2_deep.h5", deep, GREY, "symmetric", odd="DepthwiseConv2D, Conv2DTranspose: groups"),
    row("k2_lstm.h5", lstm, "28 x 28", "unit", odd="LSTM"),
    row("k2_rescaling.h5", rescaled, GREY, "raw", odd="Rescaling"),
    row("k2_normalization.h5", normalised, GREY, "raw", odd="Normalization"),
    row("k2_float64.h5", mlp, "784", "unit", odd="float64", dtype="float64"),
    Row("k2_functional.h5", GREY, "unit", "probabilities", write_functional, "an own loss, a model in a model"),
    Row("k2_of_2017.h5", GREY, "unit", "probabilities", write_of_2017, "as Keras 2.1 wrote it: a bare list of layers"),
    Row("k2_initializers.h5", "28 x 28", "unit", "probabilities", write_initializers, "initializers with a dtype"),
    row("k2.keras", cnn, GREY, "unit", odd="a .keras file of Keras 2"),
    row("k2_deep.keras", deep, GREY, "standard", odd="a .keras file of Keras 2: groups"),
    Row("k2_weights.h5", "28 x 28", "", "", write_weights, "weights alone", refused="the file holds only weights"),
    Row("k2_lambda.h5", GREY, "", "", write_lambda, "Lambda", refused=r"holds a Python function \(Lambda\)"),
]
