"""`MNISTClassifier`; the seed project's example runs as a script whose process then answers, see classifier_work.py."""

import csv
import hashlib
import json
import sys

import numpy as np
import pytest
from classifier_work import EXAMPLE, Made, Script
from test_html import Page

from mnist_report import MNISTClassifier
from mnist_report.arrays import arrays_digest
from mnist_report.data.dataset import data_digest, make_dataset
from mnist_report.data.sources import load_dataset
from mnist_report.errors import ConfigError, DataError, ModelError, OutputError
from mnist_report.model.adapter import as_pixels
from mnist_report.model.card import card_path, card_temperature
from mnist_report.model.store import identify_model, shipped_model
from mnist_report.model.temperature import fit_temperature

PARAMETERS = 468_714
WHOSE = {"predict": "X", "train": "X_train", "evaluate": "X_test"}


@pytest.fixture(scope="module")
def arrays():
    """What the example begins with, loaded here."""
    return MNISTClassifier().load_and_preprocess_data()


@pytest.fixture(scope="module")
def raw():
    """200 test images as bytes, and their labels."""
    whole = load_dataset("mnist", "test")
    return whole.images[:200], whole.labels[:200]


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The example, run to its end."""
    with Script(tmp_path_factory.mktemp("example")) as script:
        yield script


@pytest.fixture(scope="module")
def trained(script):
    """The example's classifier."""
    return script.classifier("trained")


@pytest.fixture(scope="module")
def shipped(script):
    """A classifier with the shipped model."""
    classifier = script.classifier("shipped")
    assert classifier.load_model() == PARAMETERS
    return classifier


@pytest.fixture(scope="module")
def fresh(script):
    """A classifier that was built and never trained."""
    classifier = script.classifier("fresh")
    assert classifier.build_model() == PARAMETERS
    return classifier


@pytest.fixture(scope="module")
def again(script, arrays):
    """The example's training by another classifier, and what `train` gave."""
    classifier = script.classifier("again")
    classifier.build_model()
    labels = arrays[1][:300].tolist()
    return classifier, classifier.train(arrays[0][:300], labels, epochs=2, batch_size=64, validation_split=0.15)


@pytest.fixture(scope="module")
def card(script):
    """That of the example's model."""
    return identify_model(script.folder / "mnist_model.keras").card


def without_seconds(history):
    """A history as rows, less what a clock decides."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in history]


# What needs no keras.


def test_the_arrays_are_those_of_the_seed_project(arrays):
    """60,000 and 10,000 images with one channel."""
    assert [array.shape for array in arrays] == [(60_000, 28, 28, 1), (60_000,), (10_000, 28, 28, 1), (10_000,)]
    assert [array.dtype for array in arrays] == [np.float32, np.int64, np.float32, np.int64]


@pytest.mark.parametrize(("split", "first"), [("train", 0), ("test", 2)])
def test_the_pixels_are_scaled_once(arrays, split, first):
    """0 to 255 become 0 to 1."""
    whole = load_dataset("mnist", split)
    images, labels = arrays[first : first + 2]
    assert (images.min(), images.max()) == (0, 1)
    assert np.array_equal(images[:100, :, :, 0], whole.images[:100] / np.float32(255))
    assert np.array_equal(labels, whole.labels)


def test_the_images_may_be_changed(arrays):
    """They are the user's: for augmentation, or noise."""
    assert arrays[0].flags.writeable
    assert arrays[2].flags.writeable


def test_the_labels_may_be_changed(arrays):
    """As in the seed project; to shuffle them in place, for instance."""
    assert arrays[1].flags.writeable
    assert arrays[3].flags.writeable


NEEDS_MODEL = r"^{}\(\) needs a model; call build_model\(\) or load_model\(\) first$"


@pytest.mark.parametrize("method", ["train", "predict", "evaluate", "save_model"])
def test_without_a_model_an_error_says_what_to_call(raw, method):
    """The method that is named is the one that was called."""
    arguments = {"predict": raw[:1], "save_model": ("mine.keras",)}.get(method, raw)
    with pytest.raises(ModelError, match=NEEDS_MODEL.format(method)):
        getattr(MNISTClassifier(), method)(*arguments)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("train", 2),
        ("predict", 1),
        ("evaluate", 2),
        ("save_model", 1),
    ],
    ids=lambda value: value,
)
def test_without_a_model_nothing_else_is_looked_at(method, arguments):
    """Whatever else may be wrong."""
    with pytest.raises(ModelError, match=NEEDS_MODEL.format(method)):
        getattr(MNISTClassifier(), method)(*[None] * arguments)


@pytest.mark.parametrize(
    ("seed", "why"),
    [(-1, "-1, expected from 0 to 4294967295"), (2**32, "4294967296, expected from 0"), (1.5, "1.5, expected a whole")],
    ids=["-1", "2**32", "1.5"],
)
def test_a_seed_that_is_none_is_an_error(seed, why):
    """At once, not after the images were loaded."""
    with pytest.raises(ConfigError, match=f"^seed is {why}"):
        MNISTClassifier(seed=seed)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (((28, 28), 10), r"\(28, 28\), num_classes 10"),
        (((28, 28, 3), 10), r"\(28, 28, 3\), num_classes 10"),
        (((1, 28, 28), 10), r"\(1, 28, 28\), num_classes 10"),
        (((28, 28, 1), 1), r"\(28, 28, 1\), num_classes 1"),
        (((28, 28, 1), -3), r"\(28, 28, 1\), num_classes -3"),
    ],
    ids=["flat", "colours", "NCHW", "one class", "negative"],
)
def test_a_network_that_cannot_be_is_an_error(arguments, found):
    """Both are named, and what is expected of them."""
    with pytest.raises(DataError, match=rf"^input_shape is {found}: expected \(height, width, 1\) and two or more$"):
        MNISTClassifier().build_model(*arguments)


@pytest.mark.parametrize("name", ["none.keras", "mine.h5"])
def test_a_model_file_is_looked_at_before_keras_is_imported(tmp_path, name):
    """A misspelt name is no reason to wait."""
    with pytest.raises(ModelError, match=f"{name}: "):
        MNISTClassifier().load_model(tmp_path / name)


@pytest.mark.usefixtures("arrays")
def test_none_of_this_imports_keras():
    """Nor do the tests below, in this process."""
    assert not {"keras", "tensorflow", "jax"} & set(sys.modules)


@pytest.mark.parametrize(
    "turned",
    [
        np.array,
        lambda images: np.repeat(images, 2, axis=0)[::2],
        lambda images: images / 255,
        lambda images: (images / 255).astype(np.float32)[..., np.newaxis],
        np.asfortranarray,
        lambda images: np.asfortranarray(images / 255),
        lambda images: np.ascontiguousarray(images.transpose(0, 2, 1)).transpose(0, 2, 1),
        lambda images: (images / 255).tolist(),
    ],
    ids=["bytes", "every other", "floats", "float32", "columns first", "floats, columns first", "turned", "list"],
)
def test_training_images_have_the_data_sets_digest(raw, turned):
    """However they lie in memory: it is how a report knows that a model was trained on these very images."""
    images, labels = raw
    assert arrays_digest(as_pixels(turned(images), "X_train"), labels) == data_digest(images, labels)


def test_other_images_have_a_digest_of_their_own(raw):
    """Floats that no bytes would give."""
    pixels = as_pixels(raw[0], "X_train") * np.float32(0.999)
    digest = arrays_digest(pixels, raw[1])
    assert len(digest) == 64
    assert digest != data_digest(*raw)
    assert digest != arrays_digest(pixels * np.float32(0.999), raw[1])


# The example.


def test_the_example_is_the_seed_projects():
    """Its calls, in its order."""
    calls = ["load_and_preprocess_data()", "build_model()", "train(X_train", "evaluate(X_test", "save_model("]
    places = [EXAMPLE.index(f"classifier.{call}") for call in calls]
    assert places == sorted(places)
    assert "__main__" not in EXAMPLE


def test_the_example_tells_each_epoch_and_the_result(script):
    """And nothing else on stdout."""
    first, second, result = script.printed.splitlines()
    assert first.startswith("epoch  1  loss ")
    assert second.startswith("epoch  2  loss ")
    assert result.startswith("accuracy ")
    assert result.endswith("of 200 images wrong")


def test_the_example_leaves_the_model_with_card_and_history(script):
    """In the folder that it runs in."""
    left = {path.name for path in script.folder.iterdir()} - {"example.py", "stdout", "stderr"}
    assert left == {"mnist_model.keras", "mnist_model.card.json", "mnist_model.history.csv"}


def test_the_card_says_how_the_example_was_trained(script, card):
    """As after `mnist-report train`."""
    sha256 = hashlib.sha256((script.folder / "mnist_model.keras").read_bytes()).hexdigest()
    assert card["model"] == {"sha256": sha256, "parameters": PARAMETERS, "trainable_parameters": 468_266}
    recipe = {key: card["recipe"][key] for key in ("epochs", "batch_size", "validation_share", "seed")}
    assert recipe == {"epochs": 2, "batch_size": 64, "validation_share": 0.15, "seed": 42}
    assert (card["training"]["interrupted"], card["device"]["kind"]) == (False, "cpu")


def test_the_card_knows_the_training_images(card):
    """Their digest is that of the same images from a file."""
    whole = load_dataset("mnist", "train")
    few = make_dataset(whole.images[:300], whole.labels[:300], class_names=whole.class_names, source="", split="train")
    assert card["data"] == {
        "source": "arrays",
        "split": "train",
        "sha256": few.sha256,
        "n_trained_on": 255,
        "n_held_out": 45,
    }


def test_the_card_has_the_history(script, card):
    """The same as in the table beside it, and as printed."""
    with (script.folder / "mnist_model.history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    history = card["training"]["history"]
    assert [{key: float(value) for key, value in row.items()} for row in rows] == history
    assert [f"{epoch['val_loss']:.4f}" in script.printed for epoch in history] == [True, True]


def test_the_card_has_the_temperature_of_the_held_out_images(trained, arrays, card):
    """Those at the end of the training images, and what the model says of them."""
    said = trained.predict(arrays[0][255:300])
    assert card_temperature(card) == pytest.approx(fit_temperature(said, arrays[1][255:300]), rel=1e-3)


def test_the_saved_model_is_the_trained_one(script, trained, raw):
    """It gives the same probabilities after it was loaded."""
    loaded = script.classifier("loaded")
    assert loaded.load_model(str(script.folder / "mnist_model.keras")) == PARAMETERS
    np.testing.assert_allclose(loaded.predict(raw[0]), trained.predict(raw[0]), atol=1e-6)


def test_the_same_training_again_gives_the_same_history(again, card):
    """It is a table with a row an epoch; seed and images decide, whatever happened before."""
    found, expected = (without_seconds(rows) for rows in (again[1].to_dict("records"), card["training"]["history"]))
    assert found == [{key: pytest.approx(value, rel=1e-3) for key, value in row.items()} for row in expected]


def test_the_card_is_not_that_of_an_earlier_training(again, arrays, raw, tmp_path):
    """Ctrl-C ended a second training, so the weights are not those that the first one's card describes."""
    classifier = again[0]
    before = classifier.predict(raw[0])
    classifier.lose_patience()
    with pytest.raises(RuntimeError, match="KeyboardInterrupt"):
        classifier.train(arrays[0][:100], arrays[1][:100], epochs=3)
    assert not np.allclose(classifier.predict(raw[0]), before, atol=1e-3)
    assert identify_model(classifier.save_model(tmp_path / "mine.keras")).card is None
    assert list(classifier.evaluate(*raw).history) == []


def test_the_result_after_a_training_shows_its_curves(script, raw):
    """The history comes with it, and is printed with the result; a loaded model has none."""
    result, printed = script.ask("trained", "evaluate", *raw)
    assert [epoch["epoch"] for epoch in result.history] == [1, 2]
    assert printed == f"{result}\n"
    page = Page(result._repr_html_())
    assert [image["alt"][:15] for image in page.all("img")].count("Curves of loss ") == 1
    assert (page.mistaken, page.open) == ([], [])


# Images of either kind.


def test_bytes_and_floats_give_identical_probabilities(shipped, raw):
    """What is scaled already is not scaled again."""
    images = raw[0]
    expected = shipped.predict(images)
    assert (expected.dtype, expected.shape) == (np.float32, (200, 10))
    assert np.array_equal(shipped.predict(images / np.float32(255)), expected)
    assert np.array_equal(shipped.predict((images / np.float32(255))[..., np.newaxis]), expected)
    assert np.array_equal(shipped.predict(images[..., np.newaxis]), expected)


@pytest.mark.parametrize(
    ("dtype", "digits"), [(np.float64, 1e-6), (np.float16, 1e-2), (">f4", 1e-6), (np.longdouble, 1e-6)], ids=str
)
def test_any_precision_is_taken(shipped, raw, dtype, digits):
    """To its own digits."""
    found = shipped.predict((raw[0] / 255).astype(dtype))
    np.testing.assert_allclose(found, shipped.predict(raw[0]), atol=digits)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (np.asfortranarray, lambda images: (images,)),
        (np.transpose, lambda images: (np.ascontiguousarray(images.transpose(0, 2, 1)), (0, 2, 1))),
        (np.ndarray.__getitem__, lambda images: (np.repeat(images, 2, axis=0), slice(None, None, 2))),
        (np.flip, lambda images: (images[::-1].copy(), 0)),
    ],
    ids=["columns first", "turned", "every other", "backwards"],
)
@pytest.mark.parametrize("scale", [1, np.float32(255)], ids=["bytes", "floats"])
def test_any_layout_in_memory_is_taken(shipped, raw, function, arguments, scale):
    """Only the pixels count."""
    images = raw[0] if scale == 1 else raw[0] / scale
    assert np.array_equal(shipped.predict(Made(function, arguments(images))), shipped.predict(raw[0]))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda x: x.astype(np.int32), r"dtype is int32, expected uint8 \(0 to 255\) or floats \(0 to 1\)"),
        (lambda x: x > 128, r"dtype is bool, expected uint8 \(0 to 255\) or floats \(0 to 1\)"),
        (
            lambda x: x.astype(np.float32),
            "values from 0 to 255, expected floats from 0 to 1; divide by 255, or give uint8",
        ),
        (lambda x: x / 127.5 - 1, "values from -1 to 1, expected floats from 0 to 1"),
        (lambda x: x / -255, "values from -1 to -0, expected floats from 0 to 1"),
        (lambda x: np.where(x > 254, np.nan, x / 255), "holds NaN or infinity, expected floats from 0 to 1"),
        (lambda x: np.where(x > 254, np.inf, x / 255), "holds NaN or infinity, expected floats from 0 to 1"),
        (lambda x: x.reshape(200, 784), r"shape is \(200, 784\), expected \(n, height, width\)"),
        (lambda x: np.repeat(x[..., np.newaxis], 3, axis=3), r"shape is \(200, 28, 28, 3\), expected"),
        (lambda x: x[:, np.newaxis], r"shape is \(200, 1, 28, 28\), expected"),
        (lambda x: x[0], r"shape is \(28, 28\), expected"),
        (lambda x: x[:0], r"shape is \(0, 28, 28\), expected"),
    ],
    ids=["int32", "bool", "to 255", "-1 to 1", "negative", "NaN", "infinite", "flat", "RGB", "NCHW", "one", "none"],
)
@pytest.mark.parametrize("method", ["predict", "train", "evaluate"])
def test_images_that_do_not_fit_are_an_error(shipped, raw, method, spoil, why):
    """It says whose they are, what was found and taken and what to do; nothing is guessed from the values."""
    arguments = (spoil(raw[0]),) if method == "predict" else (spoil(raw[0]), raw[1])
    with pytest.raises(DataError, match=f"^{WHOSE[method]}: .*{why}"):
        getattr(shipped, method)(*arguments)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [(lambda x: x[:, ::2, ::2], r"\(14, 14\)"), (lambda x: x[0][..., np.newaxis], r"\(28, 1\)")],
    ids=["14 x 14", "one"],
)
@pytest.mark.parametrize("method", ["predict", "train", "evaluate"])
def test_images_of_another_size_are_an_error(shipped, raw, method, spoil, found):
    """Not forty lines of a graph's execution; a single image with a channel looks like 28 images of 28 x 1."""
    images = spoil(raw[0])
    arguments = (images,) if method == "predict" else (images, raw[1][: len(images)])
    with pytest.raises(ModelError, match=rf"the model takes images of shape \(28, 28, 1\), the data has {found}$"):
        getattr(shipped, method)(*arguments)


def test_lists_of_images_are_taken(shipped, raw):
    """As lists of labels are."""
    assert np.array_equal(shipped.predict((raw[0][:3] / 255).tolist()), shipped.predict(raw[0][:3]))


# Labels and settings.


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda y: np.eye(10)[y], r"shape is \(200, 10\), expected \(n,\); for one-hot rows give labels\.argmax"),
        (lambda y: y.astype(float), r"float64 of shape \(200,\), expected whole numbers of shape \(200,\)"),
        (lambda y: y[:-1], r"int64 of shape \(199,\), expected whole numbers of shape \(200,\)"),
        (lambda y: y + 1, "10 at index 7, expected 0 to 9"),
        (lambda y: y - 1, "-1 at index 3, expected 0 to 9"),
        (lambda y: y.astype(str), r"expected whole numbers of shape \(200,\)"),
        (lambda _: None, r"expected whole numbers of shape \(200,\)"),
    ],
    ids=["one-hot", "floats", "fewer", "10", "-1", "text", "None"],
)
@pytest.mark.parametrize("method", ["train", "evaluate"])
def test_labels_that_do_not_fit_are_an_error(shipped, raw, method, spoil, why):
    """Before an hour of training, not after."""
    assert raw[1][[3, 7]].tolist() == [0, 9]
    with pytest.raises(DataError, match=f"^labels: .*{why}"):
        getattr(shipped, method)(raw[0], spoil(raw[1]))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"epochs": 0}, "epochs is 0, expected at least 1"),
        ({"batch_size": 0}, "batch-size is 0, expected at least 1"),
        ({"epochs": 1.5}, "epochs is 1.5, expected a whole number"),
        ({"batch_size": 32.0}, "batch-size is 32.0, expected a whole number"),
        ({"validation_split": 0}, "validation_split is 0, expected between 0 and 1"),
        ({"validation_split": 1}, "validation_split is 1, expected between 0 and 1"),
        ({"validation_split": float("nan")}, "validation_split is nan, expected between 0 and 1"),
    ],
    ids=str,
)
def test_a_setting_out_of_its_range_is_an_error(shipped, raw, settings, why):
    """As on the command line, but that nobody wrote validation-share here."""
    with pytest.raises(ConfigError, match=f"^{why}"):
        shipped.train(*raw, **settings)


def test_batch_size_is_called_by_the_name_that_the_user_wrote(shipped, raw):
    """Nobody wrote batch-size either."""
    with pytest.raises(ConfigError, match=r"^batch.size is 0"):
        shipped.train(*raw, batch_size=0)


def test_a_share_that_holds_nothing_out_is_an_error(shipped, raw):
    """With both numbers."""
    with pytest.raises(DataError, match=r"a validation share of 0\.001 leaves 200 of 200 images to train on"):
        shipped.train(*raw, validation_split=0.001)


# Saving and loading.


@pytest.mark.parametrize(("name", "found"), [("m.h5", r"\.h5"), ("m", "no suffix"), ("m.keras.zip", r"\.zip")])
def test_another_suffix_is_an_error(fresh, tmp_path, name, found):
    """Keras would write another format, or refuse."""
    with pytest.raises(ModelError, match=f"{name}: expected a name that ends in .keras, found {found}"):
        fresh.save_model(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_was_not_trained_has_no_card(fresh, tmp_path):
    """Nothing is known of its training; the folder is made."""
    path = tmp_path / "new" / "mine.keras"
    assert fresh.save_model(str(path)) == path
    assert [file.name for file in path.parent.iterdir()] == ["mine.keras"]
    assert identify_model(path).card is None


def test_an_old_card_is_not_taken_for_the_new_models(script, fresh, tmp_path):
    """It names the digest of the file that was there before."""
    path = tmp_path / "mnist_model.keras"
    for name in ("mnist_model.keras", "mnist_model.card.json"):
        (tmp_path / name).write_bytes((script.folder / name).read_bytes())
    assert identify_model(path).card is not None
    fresh.save_model(path)
    assert json.loads(card_path(path).read_text("utf-8"))["name"] == "mnist_model"
    assert identify_model(path).card is None


def test_a_training_is_forgotten_with_its_model(again, tmp_path):
    """What is loaded next was not trained here."""
    classifier = again[0]
    classifier.load_model()
    path = classifier.save_model(tmp_path / "mine.keras")
    assert identify_model(path).card is None


def test_a_place_that_cannot_be_written_is_an_error(fresh, tmp_path):
    """A folder stands there; nothing is left beside it."""
    (tmp_path / "mine.keras").mkdir()
    with pytest.raises(OutputError, match=r"mine\.keras: cannot be written"):
        fresh.save_model(tmp_path / "mine.keras")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.keras"]


def test_a_model_that_cannot_be_loaded_leaves_the_old_one(script, tmp_path, raw):
    """The classifier goes on with what it has."""
    classifier = script.classifier("keeps")
    classifier.load_model()
    expected = classifier.predict(raw[0][:5])
    (tmp_path / "bad.keras").write_bytes(shipped_model().read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"bad\.keras: "):
        classifier.load_model(tmp_path / "bad.keras")
    assert np.array_equal(classifier.predict(raw[0][:5]), expected)


def test_a_result_says_nothing_where_it_is_not_asked_to(script, shipped, raw):
    """`verbose=False`; a model that was loaded has no history."""
    assert shipped is not None
    result, printed = script.ask("shipped", "evaluate", *raw)
    assert (printed, list(result.history)) == ("", [])
    assert result.accuracy > 0.99


def test_the_shipped_model_says_what_it_says_on_the_command_line(shipped, arrays, shipped_run):
    """On the first 500 test images."""
    import pandas as pd

    table = pd.read_parquet(shipped_run / "predictions.parquet").head(500)
    result = shipped.evaluate(arrays[2][:500], arrays[3][:500])
    assert result.predictions.predicted.tolist() == table["predicted"].tolist()
    expected = table[[f"p{k}" for k in range(10)]].to_numpy()
    np.testing.assert_allclose(result.predictions.probabilities, expected, atol=1e-5)
    assert np.array_equal(result.images.pixels, load_dataset("mnist", "test").images[:500])


def test_the_shipped_cards_temperature_is_what_the_model_gives(shipped, arrays):
    """On the last 6,000 training images, which it was not trained on."""
    said = shipped.predict(arrays[0][-6_000:])
    found = fit_temperature(said, arrays[1][-6_000:])
    assert card_temperature(identify_model(shipped_model()).card) == pytest.approx(found, rel=1e-3)


# Models of others.


@pytest.fixture
def of_others(script, models):
    """A function that gives a classifier with one of the small models."""

    def loaded(name):
        classifier = script.classifier("somebody's")
        classifier.load_model(models / f"{name}.keras")
        return classifier

    return loaded


@pytest.mark.parametrize(
    ("name", "why"), [("logits", "negative: these look like logits; end the model with a softmax"), ("nan", "NaN")]
)
def test_a_model_that_gives_no_probabilities_is_an_error(of_others, raw, name, why):
    """Nothing is repaired behind the user's back."""
    classifier = of_others(name)
    with pytest.raises(ModelError, match=why):
        classifier.evaluate(*raw)


def test_a_model_of_flat_images_is_served(of_others, raw):
    """As on the command line, where it gets rows of 784 pixels."""
    classifier = of_others("vector")
    assert classifier.predict(raw[0]).shape == (200, 10)
    assert len(classifier.evaluate(*raw).predictions) == 200


def test_a_model_of_flat_images_is_trained(of_others, raw):
    """Or refused in one line."""
    classifier = of_others("vector")
    try:
        assert len(classifier.train(*raw, epochs=1)) == 1
    except ModelError:
        return


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("two", "the model: found 2 inputs and 1 outputs, expected one of each"),
        ("large", r"the model takes images of shape \(32, 32, 1\), the data has \(28, 28\)"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "train", "evaluate"])
def test_a_model_that_cannot_take_the_images_is_an_error(of_others, raw, method, name, why):
    """Two inputs, or images of 32 x 32."""
    classifier = of_others(name)
    with pytest.raises(ModelError, match=why):
        getattr(classifier, method)(*(raw[:1] if method == "predict" else raw))


@pytest.mark.parametrize("method", ["predict", "train"])
def test_a_model_of_two_outputs_is_an_error(of_others, raw, method):
    """Which of them would be the answer?"""
    with pytest.raises(ModelError, match="the model: found 1 inputs and 2 outputs, expected one of each"):
        getattr(of_others("twice"), method)(*(raw[:1] if method == "predict" else raw))


def test_a_model_of_two_outputs_is_an_error_of_evaluate_too(of_others, raw):
    """Its labels are looked at before it is."""
    with pytest.raises(ModelError, match="expected one of each"):
        of_others("twice").evaluate(*raw)


@pytest.mark.parametrize("name", ["mean", "double"])
def test_a_model_that_answers_another_number_of_images_is_an_error(of_others, raw, name):
    """As on the command line; the model is at fault."""
    classifier = of_others(name)
    with pytest.raises(ModelError):
        classifier.evaluate(*raw)
