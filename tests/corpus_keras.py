"""Models of Keras 3: every input form, scaling and form of the output, and layers that are less usual."""

from functools import cache, partial

from corpus import ACTIVATIONS, Row, digits, labels, right, shape_of


def mlp(layers):
    return [layers.Flatten(), layers.Dense(32, activation="relu")]


def wide(layers):
    """For raw pixels, which smaller ones do not learn well from."""
    return [layers.Flatten(), layers.Dense(128, activation="elu")]


def cnn(layers):
    return [
        layers.Conv2D(8, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
    ]


def pooled(layers):
    """Takes images of any size."""
    return [
        *(layers.Conv2D(n, 3, strides=s, activation="relu") for n, s in ((12, 1), (24, 2), (32, 2))),
        layers.GlobalMaxPooling2D(),
    ]


def to_one_pixel(layers):
    return [layers.Conv2D(8, 4, strides=4, activation="relu"), layers.Conv2D(16, 7, activation="relu")]


def rescaled(layers, factor=1 / 255, offset=0.0):
    return [layers.Rescaling(factor, offset=offset), *cnn(layers)]


def first(layers, *, layer, rest=cnn, **options):
    """A network with one layer before it."""
    return [getattr(layers, layer)(**options), *rest(layers)]


def busy(layers):
    """What is at work only while a model is trained."""
    return [
        layers.RandomRotation(0.02),
        layers.GaussianNoise(0.01),
        layers.Flatten(),
        layers.Dense(32),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.Dropout(0.1),
    ]


def normalised(layers, scale="raw"):
    layer = layers.Normalization(axis=None)
    layer.adapt(digits("train", scale, "28 x 28 x 1"))
    return [layer, *cnn(layers)]


def nested(layers):
    import keras

    image = keras.Input((28, 28, 1))
    inner = keras.Model(image, layers.Flatten()(layers.Conv2D(8, 5, strides=3, activation="relu")(image)), name="inner")
    return [inner, layers.Dense(32, activation="relu")]


@cache
def train(
    body,
    form,
    scale,
    output="probabilities",
    *,
    shape=None,
    dtype=None,
    policy="float32",
    built=True,
    loss=None,
    end=None,
):
    """A trained model; `end` comes in place of the last layer."""
    import keras

    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(policy)
    layers = keras.layers
    try:
        last = end(layers) if end else layers.Dense(10, activation=ACTIVATIONS[output])
        start = [keras.Input(shape or shape_of(form), dtype=dtype)] if built else []
        model = keras.Sequential([*start, *body(layers), last])
        usual = keras.losses.SparseCategoricalCrossentropy(
            from_logits=ACTIVATIONS[output] not in {"softmax", "sigmoid"}
        )
        rate, epochs = (0.001, 5) if scale == "raw" else (0.002, 2)
        model.compile(keras.optimizers.Adam(rate), loss or usual)
        images, truth = digits("train", scale, form), labels("train")
        truth = truth.reshape(-1, 1, 1, 1) if end else truth
        truth = keras.utils.to_categorical(truth) if loss else truth
        model.fit(images, truth, epochs=epochs, batch_size=64, verbose=0)
    finally:
        keras.config.set_dtype_policy("float32")
    return model


@cache
def answer(model, form, scale):
    """What Keras says of the test images."""
    return right(model.predict(digits("test", scale, form), batch_size=500, verbose=0))


def write(path, *, form, scale, body, batch=None, **options):
    import keras

    model = train(body, form, scale, **options)
    if batch:
        image = keras.Input(shape_of(form), batch_size=batch)
        keras.models.clone_model(model, input_tensors=image).save(path)
        fixed = keras.models.load_model(path)
        fixed.set_weights(model.get_weights())
        fixed.save(path)
    else:
        model.save(path)
    return answer(model, form, scale)


def row(file, body, form, scale, output="probabilities", odd="", found="", differs=0, **options):
    make = partial(write, form=form, scale=scale, body=body, output=output, **options)
    return Row(file, form, scale, output, make, odd, found=found, differs=differs)


def write_functional(path):
    """Two branches, and how it was trained is somebody's own."""
    import keras

    def my_loss(truth, said):
        return keras.ops.mean(keras.losses.sparse_categorical_crossentropy(truth, said))

    keras.utils.set_random_seed(1)
    image = keras.Input((28, 28, 1), name="a picture, greyish")
    wide, deep = (keras.layers.Conv2D(6, size, strides=3, activation="relu")(image) for size in (3, 7))
    both = keras.layers.Concatenate()([keras.layers.Flatten()(wide), keras.layers.Flatten()(deep)])
    rows = keras.layers.Softmax()(keras.layers.Dense(10)(keras.layers.Dropout(0.1)(both)))
    model = keras.Model(image, rows)
    model.compile(keras.optimizers.RMSprop(0.002, weight_decay=1e-4), my_loss, metrics=[my_loss])
    model.fit(digits("train", "unit", "28 x 28 x 1"), labels("train"), epochs=2, batch_size=64, verbose=0)
    model.save(path)
    return answer(model, "28 x 28 x 1", "unit")


def write_class(path, one_hot):
    """The class that is most probable, and nothing else."""
    import keras

    model = train(cnn, "28 x 28 x 1", "unit", "logits")
    best = keras.ops.argmax(model.outputs[0], axis=-1)
    keras.Model(model.inputs, keras.ops.one_hot(best, 10) if one_hot else best).save(path)
    return answer(model, "28 x 28 x 1", "unit")


def write_function(path):
    """A Lambda, which is run where its maker is trusted."""
    import keras

    model = train(partial(first, layer="Lambda", function=lambda pixels: pixels / 255), "28 x 28 x 1", "raw")
    model.save(path)
    keras.config.enable_unsafe_deserialization()
    return answer(model, "28 x 28 x 1", "raw")


GREY = "28 x 28 x 1"
COLUMNS = {"found": "unit", "differs": 10_000}
ROWS = [
    *(row(f"cnn_{scale}.keras", cnn, GREY, scale) for scale in ("unit", "raw", "standard", "symmetric", "inverted")),
    row("mlp_raw.keras", wide, "784", "raw", "logits"),
    row("mlp_symmetric.keras", mlp, "784", "symmetric", "logits"),
    row("tutorial.keras", mlp, "28 x 28", "unit"),
    row("sigmoid.keras", mlp, "28 x 28", "standard", "sigmoids"),
    row("sigmoid_raw.keras", cnn, GREY, "raw", "sigmoids", "binary cross-entropy", loss="binary_crossentropy"),
    row("columns.keras", mlp, "28 x 28", "columns", odd="keras.utils.normalize: no scale of ours", **COLUMNS),
    row("stretched.keras", cnn, "32 x 32 x 1, stretched", "unit", odd="TensorFlow's resizing: not rounded", differs=10),
    row("log.keras", mlp, "1 x 784", "inverted", "log-probabilities"),
    row("first.keras", partial(first, layer="Permute", dims=(2, 3, 1)), "1 x 28 x 28", "symmetric", "logits"),
    row("line.keras", lambda k: [k.Conv1D(8, 28, strides=14, activation="relu"), *mlp(k)], "784 x 1", "unit"),
    row("pixel.keras", to_one_pixel, GREY, "standard", "logits", "scores of 1 x 1 x 10", end=lambda k: k.Conv2D(10, 1)),
    row("padded.keras", cnn, "32 x 32 x 1, padded", "unit"),
    row("resized32.keras", cnn, "32 x 32 x 1, resized", "raw"),
    row("resized14.keras", mlp, "14 x 14 x 1, resized", "unit"),
    row("row1024.keras", mlp, "1024, padded", "unit"),
    row("rgb32.keras", cnn, "32 x 32 x 3, resized", "unit", "logits"),
    row("any.keras", pooled, GREY, "unit", shape=(None, None, 1), odd="any height and width"),
    row("batch32.keras", cnn, GREY, "unit", batch=32, odd="batches of 32"),
    row("uint8.keras", rescaled, GREY, "raw", dtype="uint8", odd="takes uint8; Rescaling"),
    row("rescaling.keras", rescaled, GREY, "raw", odd="Rescaling"),
    row("rescaling_unit.keras", partial(rescaled, factor=2.0, offset=-1.0), GREY, "unit", odd="Rescaling of 0 to 1"),
    row("normalization.keras", normalised, GREY, "raw", odd="Normalization"),
    row("normalization_unit.keras", partial(normalised, scale="unit"), GREY, "unit", "logits", odd="Normalization"),
    row("float64.keras", cnn, GREY, "unit", policy="float64", odd="float64"),
    row("float16.keras", cnn, GREY, "unit", "rounded probabilities", policy="mixed_float16", odd="mixed_float16"),
    row("lstm.keras", lambda k: [k.LSTM(24)], "28 x 28", "unit", odd="LSTM over 28 rows"),
    row("nested.keras", nested, GREY, "unit", odd="a model in a model"),
    row("busy.keras", busy, GREY, "unit", odd="augmentation, dropout, batch normalisation"),
    row("unbuilt.keras", cnn, GREY, "unit", built=False, odd="no Input layer"),
    row("keras3.h5", cnn, GREY, "unit", odd="written by Keras 3"),
    row("keras3.hdf5", mlp, "784", "symmetric", "logits", odd="written by Keras 3"),
    Row("functional.keras", GREY, "unit", "probabilities", write_functional, "an own loss, a name with blanks"),
    Row("one_hot.keras", GREY, "unit", "labels", partial(write_class, one_hot=True), "argmax inside"),
    Row("class.keras", GREY, "unit", "labels", partial(write_class, one_hot=False), "argmax inside"),
    Row("lambda.keras", GREY, "raw", "probabilities", write_function, "Lambda", trust=True),
]
