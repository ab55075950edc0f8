"""The notebook user's door, as far as it needs no keras: what may be imported, and `evaluate`."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import law, samples
from tiny_run import LABELS, NAMES, tiny_predictions

import mnist_report
from mnist_report import evaluate
from mnist_report.errors import DataError, ModelError
from mnist_report.evaluation import evaluation
from mnist_report.report.notebook import EvaluationResult

ROWS = tiny_predictions().probabilities
TRUTH = np.array(LABELS)
PIXELS = np.random.default_rng(5).integers(0, 256, (12, 6, 5), dtype=np.uint8)
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "pyarrow", "keras", "tensorflow", "jax"}


def python(code, *arguments):
    """What a new Python prints that runs this code; every warning in it is an error."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()


def test_the_package_alone_imports_nothing_heavy():
    """The command line's `--help` must not wait."""
    imported = python("import sys, mnist_report; print(*{name.partition('.')[0] for name in sys.modules})")
    assert "mnist_report" in imported
    assert HEAVY & set(imported) == set()


def test_the_door_opens_when_it_is_asked_for():
    """Without an import of its own."""
    code = "import mnist_report; print(mnist_report.evaluate([[.9, .1], [.2, .8]], [0, 1]).accuracy)"
    assert python(code) == ["1.0"]


@pytest.mark.parametrize("name", ["MNISTClassifier", "evaluate", "evaluate_parquet"])
def test_every_door_can_be_imported_by_name(name):
    """From the package itself."""
    assert python(f"from mnist_report import {name}; print({name}.__name__)") == [name]


def test_all_that_is_offered_is_there():
    """`from mnist_report import *` takes it all."""
    assert set(mnist_report.__all__) == {"MNISTClassifier", "evaluate", "evaluate_parquet", "__version__"}
    assert all(hasattr(mnist_report, name) for name in mnist_report.__all__)


def test_all_that_is_offered_is_listed():
    """A notebook completes names from it."""
    assert set(mnist_report.__all__) <= set(dir(mnist_report))


def test_an_unknown_name_is_an_attribute_error():
    """As of any module; it says which module and which name."""
    with pytest.raises(AttributeError, match="module 'mnist_report' has no attribute 'evaluat'"):
        _ = mnist_report.evaluat


def test_neither_numbers_nor_pictures_need_keras():
    """An evaluation in a notebook is a matter of a second."""
    code = """
import sys
import mnist_report
result = mnist_report.evaluate([[.9, .1], [.2, .8]], [0, 1])
result._repr_html_()
mnist_report.evaluate_parquet(sys.argv[1]).frames
print(*{name.partition('.')[0] for name in sys.modules})
"""
    imported = python(code, write_table("tiny.parquet"))
    assert "matplotlib" in imported
    assert {"keras", "tensorflow", "jax"} & set(imported) == set()


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_table(name):
    """The twelve images as a predictions file in the current folder."""
    import pandas as pd

    pd.DataFrame(ROWS, columns=["p0", "p1", "p2"]).assign(label=TRUTH).to_parquet(name)
    return name


@settings(law, max_examples=15)
@given(samples())
def test_the_frames_are_those_of_the_command_line(sample):
    """The same rows by the same functions."""
    from pandas.testing import assert_frame_equal

    ours = evaluate(*sample[:2], class_names=sample.class_names, seed=4).frames
    theirs = evaluation.evaluate(sample.predictions(), seed=4).frames
    for (name, left), (_, right) in zip(ours.items(), theirs.items(), strict=True):
        assert_frame_equal(left, right, obj=name)


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        pytest.param(ROWS.tolist(), list(LABELS), id="lists"),
        pytest.param(tuple(map(tuple, ROWS.tolist())), LABELS, id="tuples"),
        pytest.param(np.asfortranarray(ROWS), TRUTH.astype(np.uint8), id="columns first and bytes"),
        pytest.param(np.repeat(ROWS, 2, axis=0)[::2], np.repeat(TRUTH, 2)[::2], id="every other row"),
        pytest.param(ROWS.astype(np.float64), TRUTH.astype(np.int16), id="float64"),
        pytest.param(ROWS.astype(">f4"), TRUTH.astype(">i8"), id="big-endian"),
    ],
)
def test_whatever_looks_like_arrays_is_taken(rows, labels):
    """With the same numbers."""
    from pandas.testing import assert_frame_equal

    assert_frame_equal(evaluate(rows, labels).frames.overall, evaluate(ROWS, TRUTH).frames.overall)


def test_a_frame_and_a_series_are_taken():
    """As pandas reads them from a file."""
    import pandas as pd

    result = evaluate(pd.DataFrame(ROWS), pd.Series(TRUTH), slices=pd.DataFrame({"label": TRUTH}).to_dict("series"))
    assert result.frames.overall.equals(evaluate(ROWS, TRUTH).frames.overall)
    assert result.frames.slices["slice"].tolist() == ["label=0", "label=1", "label=2"]


def test_half_precision_is_taken():
    """Its rows miss 1 by some ten thousandths."""
    found = evaluate(ROWS.astype(np.float16), TRUTH).evaluation.overall["log_loss"].value
    assert found == pytest.approx(evaluate(ROWS, TRUTH).evaluation.overall["log_loss"].value, rel=1e-2)


def test_the_arrays_that_are_given_stay_as_they_are():
    """And can be written to afterwards."""
    rows, labels, pixels = ROWS.copy(), TRUTH.copy(), PIXELS.copy()
    evaluate(rows, labels, images=pixels, slices={"label": labels})
    assert all(map(np.array_equal, (rows, labels, pixels), (ROWS, TRUTH, PIXELS)))
    assert all(array.flags.writeable for array in (rows, labels, pixels))


def test_the_classes_are_numbered_unless_they_have_names():
    """As in the data of the seed project."""
    assert evaluate(ROWS, TRUTH).frames.per_class["class"].tolist() == ["0", "1", "2"]
    assert evaluate(ROWS, TRUTH, class_names=NAMES).frames.per_class["class"].tolist() == list(NAMES)


def test_class_names_are_written_as_text():
    """A list of years, for instance."""
    assert evaluate(ROWS, TRUTH, class_names=[1990, 2000, None]).predictions.class_names == ("1990", "2000", "None")


def test_the_result_knows_its_accuracy():
    """9 of 12."""
    assert evaluate(ROWS, TRUTH).accuracy == 0.75


def test_the_result_is_printed_as_one_sentence():
    """Accuracy, interval, errors, images."""
    sentence = str(evaluate(ROWS, TRUTH))
    assert "\n" not in sentence
    assert all(part in sentence for part in ("75 %", "95 % interval", "3 of 12 images wrong"))


def test_a_terminal_shows_no_wall_of_numbers():
    """IPython without a notebook shows the repr: the sentence."""
    result = evaluate(np.tile(ROWS, (100, 1)), np.tile(TRUTH, 100))
    assert repr(result) == f"<EvaluationResult: {result}>"


def test_the_seed_is_that_of_the_resampled_intervals():
    """The same seed gives the same numbers, another one others, but no other values."""
    from pandas.testing import assert_frame_equal

    first, again, other = (evaluate(ROWS, TRUTH, seed=seed).frames.overall for seed in (1, 1, 2))
    assert_frame_equal(first, again)
    resampled = first["interval"] == "resampled"
    assert not first[resampled].equals(other[resampled])
    assert_frame_equal(first.drop(columns=["ci_low", "ci_high"]), other.drop(columns=["ci_low", "ci_high"]))
    assert_frame_equal(first[~resampled], other[~resampled])


def test_figures_are_matplotlibs():
    """To be changed or saved; without a training, without its curves."""
    from matplotlib.figure import Figure

    figures = evaluate(ROWS, TRUTH).figures()
    names = {"confusion", "per_class", "confidence", "reliability", "risk_coverage", "class_distribution"}
    assert set(figures) == names
    assert all(isinstance(figure, Figure) for figure in figures.values())


def sliced(values):
    """Images and errors by slice."""
    frame = evaluate(ROWS, TRUTH, slices={"c": values}).frames.slices
    return dict(zip(frame["slice"], zip(frame["n"], frame["errors"], strict=True), strict=True))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["a"] * 5 + ["b"] * 7, {"c=a": (5, 2), "c=b": (7, 1)}, id="text"),
        pytest.param([3] * 5 + [-1] * 7, {"c=-1": (7, 1), "c=3": (5, 2)}, id="whole numbers"),
        pytest.param(np.array([True] * 5 + [False] * 7), {"c=False": (7, 1), "c=True": (5, 2)}, id="yes and no"),
        pytest.param(["a"] * 5 + [None] * 7, {"c=a": (5, 2)}, id="None"),
        pytest.param([0.5] * 5 + [math.nan] * 7, {"c=0.5": (5, 2)}, id="NaN"),
        pytest.param([None] * 12, {}, id="nothing"),
        pytest.param([""] * 12, {}, id="empty text"),
        pytest.param([1] * 3 + [True] * 2 + ["1"] * 7, {"c=1": (10, 1), "c=True": (2, 2)}, id="mixed"),
    ],
)
def test_images_that_share_a_value_are_a_slice(values, expected):
    """An image without a value belongs to none."""
    assert sliced(values) == expected


@pytest.mark.parametrize(
    ("one", "dtype", "expected"),
    [
        ("a", "str", "c=a"),
        ("a", "category", "c=a"),
        (0, "datetime64[s]", "c=1970-01-01 00:00:00"),
        (0, "datetime64[ns]", "c=1970-01-01 00:00:00"),
        (1, "float64", "c=1"),
        (0.5, "float64", "c=0.5"),
        (1, "Int64", "c=1"),
        (1, "Float64", "c=1"),
        (True, "boolean", "c=True"),
        ("a", "string", "c=a"),
    ],
)
def test_what_pandas_calls_missing_is_missing(one, dtype, expected):
    """None, NaN, NaT or NA, as the column's type has it; whole numbers lose the .0 that a gap gave them."""
    import pandas as pd

    assert sliced(pd.Series([one] * 5 + [None] * 7, dtype=dtype)) == {expected: (5, 2)}


@pytest.mark.parametrize("n", [0, 11, 13])
def test_a_slice_column_of_another_length_is_an_error(n):
    """It is named, with both shapes."""
    with pytest.raises(DataError, match=rf"^slices: column 'c' has shape \({n},\), expected \(12,\)$"):
        sliced(["a"] * n)


@pytest.mark.parametrize(
    ("values", "shape"),
    [(np.zeros((12, 2)), r"\(12, 2\)"), ("a" * 12, r"\(\)"), (3, r"\(\)"), (iter([]), r"\(\)")],
    ids=["table", "text", "3", "iterator"],
)
def test_a_slice_column_of_another_shape_is_an_error(values, shape):
    """One value an image, nothing else."""
    with pytest.raises(DataError, match=rf"^slices: column 'c' has shape {shape}, expected \(12,\)$"):
        sliced(values)


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("a=b", ["x"] * 12, "a column is called 'a=b'; a slice is named column=value, so choose a plain word"),
        ("index", ["x"] * 12, "a column is called 'index'; a slice is named column=value, so choose a plain word"),
        (" ", ["x"] * 12, "a column is called ' '; a slice is named column=value, so choose a plain word"),
        ("a\tb", ["x"] * 12, r"column 'a\tb' holds a control character, in 'a\tb'"),
        ("c", ["x\n"] * 12, r"column 'c' holds a control character, in 'x\n'"),
    ],
    ids=["equals", "index", "blank", "tab", "line"],
)
def test_a_slice_column_follows_the_rules_of_the_file(name, values, why):
    """What `--slices` refuses, a notebook cannot have either."""
    with pytest.raises(DataError) as caught:
        evaluate(ROWS, TRUTH, slices={name: values})
    assert str(caught.value) == f"slices: {why}"


def test_a_slice_column_of_numbers_is_refused_with_advice():
    """More than a hundred values are no categories."""
    with pytest.raises(DataError, match=r"^slices: column 'ink' has 108 different values, .* cut numbers into ranges$"):
        evaluate(np.tile(ROWS, (9, 1)), np.tile(TRUTH, 9), slices={"ink": np.arange(108)})


@pytest.mark.parametrize("cell", [b"a", ["a"], ("a",), {}], ids=repr)
def test_a_slice_value_that_is_no_category_is_an_error(cell):
    """It is the column that is at fault, and the message must name it."""
    cells = np.empty(12, dtype=object)
    cells[:] = [cell] * 12
    with pytest.raises(DataError, match=r"^slices: column 'c'"):
        sliced(cells)


def test_a_slice_columns_name_may_be_a_number():
    """As pandas names the columns of an array; class names may be numbers too."""
    assert evaluate(ROWS, TRUTH, slices={1: TRUTH}).frames.slices["slice"].tolist() == ["1=0", "1=1", "1=2"]


def test_dates_of_numpy_are_dates_in_every_unit():
    """Days and seconds are; nanoseconds are what pandas 2 gives."""
    assert set(sliced(np.array(["2020-01-01"] * 12, "datetime64[ns]"))) == {"c=2020-01-01 00:00:00"}


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(np.eye(3)[TRUTH], id="one-hot"),
        pytest.param(np.eye(3, dtype=int)[TRUTH], id="one-hot whole numbers"),
    ],
)
def test_one_hot_labels_are_an_error_that_says_what_to_give(labels):
    """Keras takes them with another loss."""
    with pytest.raises(DataError, match=r"labels: shape is \(12, 3\), expected \(n,\).*give labels\.argmax\(axis=1\)"):
        evaluate(ROWS, labels)


def test_a_column_of_labels_is_not_taken_for_one_hot():
    """Shape (n, 1), as in CIFAR; argmax would make zeros of them all."""
    with pytest.raises(DataError, match=r"^labels: shape is \(12, 1\), expected \(n,\); give labels\.ravel\(\)$"):
        evaluate(ROWS, TRUTH[:, np.newaxis])


@pytest.mark.parametrize(
    "labels",
    [TRUTH.astype(float), TRUTH > 0, [str(k) for k in LABELS], TRUTH.astype(object), None, 3, TRUTH[:-1], []],
    ids=lambda labels: f"{np.asarray(labels).dtype} {np.asarray(labels).shape}",
)
def test_labels_of_another_kind_are_an_error(labels):
    """Nothing is rounded, cut or guessed."""
    found = np.asarray(labels)
    with pytest.raises(DataError) as caught:
        evaluate(ROWS, labels)
    assert str(caught.value) == f"labels: {found.dtype} of shape {found.shape}, expected whole numbers of shape (12,)"


@pytest.mark.parametrize("wrong", [-1, 3, 255])
def test_a_label_without_a_class_is_an_error(wrong):
    """The first one is named with its place."""
    labels = TRUTH.copy()
    labels[[7, 9]] = wrong
    with pytest.raises(DataError, match=f"^labels: {wrong} at index 7, expected 0 to 2$"):
        evaluate(ROWS, labels)


@pytest.mark.parametrize(
    "rows",
    [np.eye(3, dtype=int), np.eye(3, dtype=bool), np.ones((3, 1)), np.ones(3), np.ones((3, 3, 1)), [["a", "b"]] * 3],
    ids=lambda rows: f"{np.asarray(rows).dtype} {np.asarray(rows).shape}",
)
def test_rows_that_cannot_be_probabilities_are_an_error(rows):
    """Whole numbers, a single class, another shape."""
    with pytest.raises(ModelError, match=r"^probabilities: .* of shape .*, expected floats of shape \(n, classes\)$"):
        evaluate(rows, [0, 0, 0])


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (np.log(ROWS + 1e-3), "negative: these look like logits; end the model with a softmax"),
        (ROWS * 2, "does not sum to 1"),
        (np.full((12, 3), np.nan), "NaN or infinity"),
        (np.zeros((12, 3)), "does not sum to 1"),
    ],
    ids=["logits", "scores", "NaN", "zeros"],
)
def test_rows_that_are_no_probabilities_are_an_error(rows, why):
    """It says what to do."""
    with pytest.raises(ModelError, match=f"^probabilities: row 0 .*{why}"):
        evaluate(rows, TRUTH)


@pytest.mark.parametrize("n", [0, 2, 4])
def test_another_number_of_names_is_an_error(n):
    """A name for each column; the labels are not blamed for it."""
    with pytest.raises(DataError, match=f"^class_names: found {n}, expected 3, one for each column$"):
        evaluate(ROWS, TRUTH, class_names="abcd"[:n])


def test_no_rows_are_an_error():
    """There is nothing to evaluate."""
    with pytest.raises(DataError, match=r"^there are no predictions to evaluate$"):
        evaluate(np.zeros((0, 3)), np.zeros(0, int))


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (PIXELS[:-1], "found 11, expected 12"),
        (PIXELS.astype(np.int32), r"dtype is int32, expected uint8 \(0 to 255\) or floats \(0 to 1\)"),
        (PIXELS.astype(float), "values from 0 to 255, expected floats from 0 to 1; divide by 255, or give uint8"),
        (PIXELS / -255, "expected floats from 0 to 1"),
        (np.full((12, 6, 5), np.nan), "holds NaN or infinity, expected floats from 0 to 1"),
        (PIXELS.tolist(), r"dtype is int64, expected uint8 \(0 to 255\) or floats \(0 to 1\)"),
        ("cat", r"shape is \(\), expected"),
        (np.zeros((12, 6, 5, 3), np.uint8), r"shape is \(12, 6, 5, 3\), expected \(n, height, width\)"),
        (np.zeros((12, 30), np.uint8), r"shape is \(12, 30\), expected \(n, height, width\)"),
        (np.zeros((12, 0, 5), np.uint8), r"shape is \(12, 0, 5\), expected"),
    ],
    ids=["fewer", "int32", "to 255", "negative", "NaN", "list", "text", "colours", "flat", "empty"],
)
def test_images_that_do_not_fit_are_an_error(images, why):
    """Nothing is scaled on a guess."""
    with pytest.raises(DataError, match=f"^images: .*{why}"):
        evaluate(ROWS, TRUTH, images=images)


@pytest.mark.parametrize(
    "arguments",
    [
        {"probabilities": [[0.9, 0.1], [1.0]], "labels": [0, 0]},
        {"probabilities": ROWS, "labels": [[0, 1]] * 11 + [0]},
        {"probabilities": ROWS, "labels": TRUTH, "images": [[[0.5]]] * 11 + [[[0.5, 0.5]]]},
    ],
    ids=lambda arguments: list(arguments)[-1],
)
def test_lists_of_lists_of_several_lengths_are_an_error(arguments):
    """They may come from a JSON file; the message must say which of them it is."""
    with pytest.raises((DataError, ModelError)):
        evaluate(**arguments)


@pytest.mark.parametrize(
    "images",
    [
        PIXELS[..., np.newaxis],
        PIXELS / 255,
        (PIXELS / 255).astype(np.float32),
        np.asfortranarray(PIXELS),
        np.repeat(PIXELS, 2, axis=0)[::2],
        np.ascontiguousarray(PIXELS.transpose(0, 2, 1)).transpose(0, 2, 1),
        (PIXELS / 255).tolist(),
        list(PIXELS),
    ],
    ids=["four dimensions", "float64", "float32", "columns first", "every other", "turned", "list", "list of arrays"],
)
def test_images_are_shown_as_their_bytes(images):
    """Whatever they come as."""
    assert np.array_equal(evaluate(ROWS, TRUTH, images=images).images.pixels, PIXELS)


def test_a_result_is_its_evaluation():
    """Every number is reached from it."""
    result = evaluate(ROWS, TRUTH)
    assert isinstance(result, EvaluationResult)
    assert result.frames is result.evaluation.frames
    assert (result.images, list(result.history)) == (None, [])
