"""ONNX files that tf2onnx makes of Keras models."""

from functools import partial

from corpus import Row, shape_of
from corpus_keras import answer, cnn, mlp, train, wide

GREY = "28 x 28 x 1"


def write(path, form, scale, body, output="probabilities", batch=None):
    import tensorflow as tf
    import tf2onnx

    model = train(body, form, scale, output)
    specification = [tf.TensorSpec((batch, *shape_of(form)), tf.float32, name="x")]
    called = tf.function(lambda pixels: model(pixels, training=False), input_signature=specification)
    graph, _ = tf2onnx.convert.from_function(called, input_signature=specification, opset=15)
    path.write_bytes(graph.SerializeToString())
    return answer(model, form, scale)


def row(file, form, scale, body, output="probabilities", odd="tf2onnx", batch=None):
    return Row(
        file, form, scale, output, partial(write, form=form, scale=scale, body=body, output=output, batch=batch), odd
    )


ROWS = [
    row("tf2onnx.onnx", GREY, "unit", cnn),
    row("tf2onnx_raw.onnx", "784", "raw", wide, "logits"),
    row("tf2onnx_one.onnx", "28 x 28", "symmetric", mlp, odd="tf2onnx; batches of 1", batch=1),
]
