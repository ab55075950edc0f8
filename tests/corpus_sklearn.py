"""ONNX files that skl2onnx makes of scikit-learn's classifiers: one output for the label, one for the probabilities."""

from functools import partial

import numpy as np
from corpus import Row, digits, labels, right


def write(path, model, scale, options=None):
    """Options None is what everybody writes: probabilities as a list of dictionaries."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common import data_types
    from sklearn import ensemble, linear_model, neural_network, pipeline, preprocessing, svm

    name, options_of_it, *scaled = model
    kinds = (getattr(part, name, None) for part in (ensemble, linear_model, neural_network, svm))
    made = next(filter(None, kinds))(**options_of_it)
    if scaled:
        made = pipeline.make_pipeline(preprocessing.StandardScaler(), made)
    made.fit(digits("train", scale, "784")[:3_000], labels("train")[:3_000])
    chosen = None if options is None else {id(made): options}
    start = [("X", data_types.FloatTensorType([None, 784]))]
    graph = convert_sklearn(made, initial_types=start, options=chosen, target_opset=17)
    path.write_bytes(graph.SerializeToString())
    return right(np.eye(10)[made.predict(digits("test", scale, "784"))])


def row(file, model, scale, options=None, odd="label and probabilities", output="probabilities", **expected):
    make = partial(write, model=model, scale=scale, options=options)
    return Row(file, "784", scale, output, make, f"scikit-learn; {odd}", **expected)


LOGISTIC = ("LogisticRegression", {"max_iter": 30, "C": 0.1})
FOREST = ("RandomForestClassifier", {"n_estimators": 20, "max_depth": 10, "random_state": 1})
SVM = ("LinearSVC", {"max_iter": 200, "C": 0.01, "random_state": 1})
PLAIN = {"zipmap": False}
ROWS = [
    row("logistic.onnx", LOGISTIC, "unit", PLAIN),
    row("logistic_scaled.onnx", (*LOGISTIC, "scaled"), "raw", PLAIN, odd="StandardScaler before it"),
    row("logistic_raw_scores.onnx", LOGISTIC, "unit", {"zipmap": False, "raw_scores": True}, output="logits"),
    row(
        "perceptron.onnx",
        ("MLPClassifier", {"hidden_layer_sizes": (24,), "max_iter": 15, "random_state": 1}),
        "unit",
        PLAIN,
    ),
    row("forest.onnx", FOREST, "raw", PLAIN),
    row("svm.onnx", SVM, "unit", {}, "distances, which are no logits", "logits"),
    row("zipmap.onnx", LOGISTIC, "unit", None, "a list of dictionaries (ZipMap)", refused="ZipMap"),
    row(
        "columns.onnx",
        LOGISTIC,
        "unit",
        {"zipmap": "columns"},
        "an output for each class",
        refused="expected one output with a column a class",
    ),
]
