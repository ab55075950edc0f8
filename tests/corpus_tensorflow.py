"""SavedModels and TensorFlow Lite files; what is right of the latter, TensorFlow's own interpreter says."""

import warnings
from functools import partial

import numpy as np
from corpus import Row, digits, right
from corpus_keras import answer, cnn, mlp, rescaled, train, wide

GREY = "28 x 28 x 1"
NEEDS_TRUST = "a SavedModel is a program of arbitrary operations; .* --trust-model"


def saved(path, form=GREY, scale="unit", body=cnn, **options):
    """By `model.export`."""
    model = train(body, form, scale, **options)
    model.export(path, verbose=False)
    return answer(model, form, scale)


def signed(path, shape=(None, 784), *, keys=("scores",), dtype="float32", name="serving_default"):
    """By `tf.saved_model.save`, with a signature of its maker's own."""
    import tensorflow as tf

    model = train(wide, "784", "raw", "logits")
    kernel, bias, last, end = (tf.Variable(weight) for weight in model.get_weights())

    @tf.function(input_signature=[tf.TensorSpec(shape, dtype, name="pixels")])
    def scores(pixels):
        rows = tf.nn.elu(tf.cast(pixels, tf.float32) @ kernel + bias) @ last + end
        return {key: tf.argmax(rows, axis=1) if key == "class" else rows for key in keys}

    bare = tf.Module()
    bare.weights, bare.scores = [kernel, bias, last, end], scores
    tf.saved_model.save(bare, str(path), signatures={name: scores})
    return answer(model, "784", "raw")


def lite(
    path, form=GREY, scale="unit", body=cnn, *, output="probabilities", how=(), numbers=None, batch=None, last=None
):
    """Converted, and run by `tf.lite.Interpreter`."""
    import keras
    import tensorflow as tf

    model = train(body, form, scale, "logits" if output == "logits" else "probabilities")
    if batch:
        image = keras.Input(model.inputs[0].shape[1:], batch_size=batch)
        model = keras.Model(image, model(image))
    if last:
        model = keras.Model(model.inputs, ended(model.outputs[0], last))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if "quantised" in how or numbers or "half" in how:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if "half" in how:
        converter.target_spec.supported_types = [tf.float16]
    if numbers:
        sample = digits("train", scale, form)[:200]
        converter.representative_dataset = lambda: ([one[np.newaxis]] for one in sample)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if numbers != "inside":
            converter.inference_input_type = converter.inference_output_type = getattr(tf, numbers)
    if last == "flex":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    path.write_bytes(converter.convert())
    return None if last == "flex" else interpreted(path, digits("test", scale, form))


def interpreted(path, images):
    """A plain loop over TensorFlow's own interpreter."""
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = tf.lite.Interpreter(str(path))
    given, gives = model.get_input_details()[0], model.get_output_details()[0]
    batch = int(given["shape"][0])
    if given["shape_signature"][0] == -1:
        batch = 500
        model.resize_tensor_input(given["index"], (batch, *given["shape"][1:]))
    model.allocate_tensors()
    step, zero = given["quantization"]
    if step:
        limits = np.iinfo(given["dtype"])
        images = np.clip(np.round(images / step + zero), limits.min, limits.max)
    rows, images = [], np.resize(images, (-(-len(images) // batch) * batch, *images.shape[1:]))
    for first in range(0, len(images), batch):
        model.set_tensor(given["index"], images[first : first + batch].astype(given["dtype"]))
        model.invoke()
        rows.append(model.get_tensor(gives["index"]))
    answer = np.concatenate(rows)[:10_000]
    return right(np.eye(10)[answer] if answer.ndim == 1 else answer)


def ended(rows, last):
    """The class alone, or an operation that TensorFlow Lite does not have."""
    import keras
    import tensorflow as tf

    class End(keras.layers.Layer):
        def call(self, values):
            if last == "class":
                return tf.argmax(values, axis=-1)
            return values + tf.linalg.det(tf.eye(3, batch_shape=[1]) * tf.reduce_mean(values))[0]

    return End()(rows)


def folder(file, form, scale, output, make, odd="", **options):
    return Row(file, form, scale, output, make, odd, trust=True, **options)


def lite_row(file, form, scale, output="probabilities", odd="", body=cnn, **options):
    return Row(
        file, form, scale, output, partial(lite, form=form, scale=scale, output=output, body=body, **options), odd
    )


ROWS = [
    folder("exported", GREY, "unit", "probabilities", saved, "model.export()"),
    folder(
        "exported_uint8",
        GREY,
        "raw",
        "probabilities",
        partial(saved, scale="raw", body=rescaled, dtype="uint8"),
        "takes uint8",
    ),
    folder("signed", "784", "raw", "logits", signed, "tf.saved_model.save, no Keras in it"),
    folder("signed16", "784", "raw", "logits", partial(signed, shape=(16, 784)), "batches of 16"),
    folder("signed_double", "784", "raw", "logits", partial(signed, dtype="float64"), "takes float64"),
    folder("signed_class", "784", "raw", "labels", partial(signed, keys=("class",)), "argmax inside"),
    folder(
        "signed_twice", "784", "", "", partial(signed, keys=("a", "b")), "two outputs", refused="1 inputs and 2 outputs"
    ),
    folder(
        "signed_else",
        "784",
        "",
        "",
        partial(signed, name="predict"),
        "another signature",
        refused="no signature serving_default",
    ),
    Row("untrusted", GREY, "", "", saved, "model.export()", refused=NEEDS_TRUST),
    lite_row("float.tflite", GREY, "unit"),
    lite_row("half.tflite", GREY, "standard", odd="float16 weights", how=("half",)),
    lite_row("dynamic.tflite", GREY, "symmetric", "logits", odd="dynamic range", how=("quantised",)),
    lite_row(
        "weights8.tflite", GREY, "unit", "rounded probabilities", odd="int8 inside, float32 outside", numbers="inside"
    ),
    lite_row("uint8.tflite", GREY, "unit", "rounded probabilities", "uint8, quantised", numbers="uint8"),
    lite_row("int8.tflite", "28 x 28", "unit", "rounded probabilities", "int8, quantised", numbers="int8", body=mlp),
    lite_row(
        "int8_raw.tflite",
        GREY,
        "raw",
        "rounded probabilities",
        "int8, quantised; Rescaling",
        numbers="int8",
        body=rescaled,
    ),
    lite_row("int8_standard.tflite", GREY, "standard", "rounded probabilities", "int8, quantised", numbers="int8"),
    lite_row("class.tflite", GREY, "unit", "labels", "argmax inside", last="class"),
    lite_row("batch1.tflite", GREY, "unit", odd="batches of 1", batch=1),
    lite_row("batch32.tflite", "32 x 32 x 3, resized", "unit", odd="batches of 32", batch=32),
    Row("flex.tflite", GREY, "", "", partial(lite, last="flex"), "Flex", refused=r"one of TensorFlow itself \(Flex\)"),
]
