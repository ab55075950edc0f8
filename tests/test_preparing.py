"""How the preparation of the images is found: three-line models that expect one, tried on MNIST's training images."""

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mnist_report.data.dataset import make_dataset
from mnist_report.data.reading import AS_IT_IS
from mnist_report.data.sources import load_dataset
from mnist_report.errors import ModelError
from mnist_report.inference import Inference
from mnist_report.model.adapter import Anatomy
from mnist_report.model.arranging import PADDED, RESIZED, Layout
from mnist_report.model.scaling import SCALES, Preparation
from mnist_report.preparing import Sample, Trial, choose_preparation, decide, training_sample
from mnist_report.understanding import understand

UNDO = {
    "unit": lambda x: x,
    "raw": lambda x: x / 255,
    "standard": lambda x: x * 0.3081 + 0.1307,
    "symmetric": lambda x: (x + 1) / 2,
    "inverted": lambda x: 1 - x,
}


@pytest.fixture(scope="module")
def training():
    """MNIST's."""
    return load_dataset("mnist", "train")


@pytest.fixture(scope="module")
def fifty():
    """A few of MNIST's test images."""
    data = load_dataset("mnist", "test")
    return make_dataset(
        data.images[:50].copy(), data.labels[:50].copy(), class_names=data.class_names, source="mnist", split="test"
    )


@pytest.fixture(scope="module")
def sample(fifty):
    """What a run would draw."""
    found = training_sample(fifty, AS_IT_IS, 42)
    assert found is not None
    return found


def model_of(training, scale, *, card=None, size=28, way=None):
    """A model that compares each image, taken back to pixels from 0 to 1, with the mean image of every class."""
    images = training.images[:10_000]
    if size != 28:
        images = Preparation(Layout((size, size), size, size), way, "raw").of(images)
    flat = images.reshape(len(images), -1) / 255
    means = np.stack([flat[training.labels[:10_000] == k].mean(axis=0) for k in range(10)])

    def predict(images, _, preparation):
        pixels = UNDO[scale](preparation.of(images).astype(float)).reshape(len(images), -1)
        return Inference((0.5 * (2 * pixels @ means.T - (means**2).sum(axis=1))).astype(np.float32), 500, 1.0)

    return SimpleNamespace(model=SimpleNamespace(path=Path("mine.keras"), card=card), predict=predict)


def anatomy(shape=(28, 28, 1), implied=None, why=""):
    """Of a model of such images."""
    return Anatomy(shape, 10, 0, 0, (), implied, why)


@pytest.mark.parametrize("scale", SCALES)
def test_the_scale_that_a_model_expects_is_found(training, fifty, sample, scale):
    """Whichever it is, by the log loss, without a doubt."""
    chosen = choose_preparation(model_of(training, scale), anatomy(), fifty, scale="auto", sample=lambda: sample)
    assert (chosen.preparation.scale, chosen.doubt, chosen.n) == (scale, "", 500)
    assert min(chosen.losses, key=chosen.losses.__getitem__) == scale
    assert set(chosen.losses) == set(SCALES)


@pytest.mark.parametrize("way", [PADDED, RESIZED])
def test_the_way_to_a_larger_size_is_found(training, fifty, sample, way):
    """28 x 28 become 32 x 32 with a border or by stretching."""
    model = model_of(training, "raw", size=32, way=way)
    chosen = choose_preparation(model, anatomy((32, 32)), fifty, scale="auto", sample=lambda: sample)
    assert (chosen.preparation.way, chosen.preparation.scale) == (way, "raw")
    assert f"raw, {way}" in chosen.losses


def test_the_log_loss_of_each_is_a_plain_loops(training, fifty, sample):
    """Over the training images that were drawn."""
    model = model_of(training, "unit")
    chosen = choose_preparation(model, anatomy(), fifty, scale="auto", sample=lambda: sample)
    scores = model.predict(sample.images, None, chosen.preparation).answer.astype(float)
    plain = [
        math.log(sum(math.exp(value - max(row)) for value in row)) - (row[label] - max(row))
        for row, label in zip(scores, sample.labels, strict=True)
    ]
    assert chosen.losses["unit"] == pytest.approx(sum(plain) / len(plain), abs=1e-4)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("scale", ["unit", "inverted"])
def test_the_scale_of_a_model_that_only_names_classes_is_found(training, fifty, sample, scale, single):
    """One-hot, or as a number: by how often it is right."""
    scores = model_of(training, scale)

    def predict(images, show, preparation):
        said = scores.predict(images, show, preparation).answer.argmax(axis=1)
        return Inference((said[:, None] if single else np.eye(10)[said]).astype(np.float32), 500, 1.0)

    model = SimpleNamespace(model=scores.model, predict=predict)
    shown = replace(anatomy(), single_label=single)
    chosen = choose_preparation(model, shown, fifty, scale="auto", sample=lambda: sample)
    assert (chosen.preparation.scale == "inverted", chosen.doubt) == (scale == "inverted", "")
    said = predict(sample.images, None, chosen.preparation).answer
    right = int(((said[:, 0] if single else said.argmax(axis=1)) == sample.labels).sum())
    plain = -(right * math.log(0.9) + (500 - right) * math.log(0.1 / 9)) / 500
    assert chosen.losses[chosen.preparation.scale] == pytest.approx(plain, abs=1e-4)


def test_the_scale_of_a_weak_model_that_only_names_classes_is_found(training, fifty, sample):
    """Right about a third, and on other scales about as often as a guess: that is no doubt."""
    scores = model_of(training, "inverted")

    def predict(images, show, preparation):
        said = scores.predict(images, show, preparation).answer.argmax(axis=1)
        said = np.where(np.arange(len(said)) % 2, said, 0)
        return Inference(said[:, None].astype(np.float32), 500, 1.0)

    model = SimpleNamespace(model=scores.model, predict=predict)
    shown = replace(anatomy(), single_label=True)
    chosen = choose_preparation(model, shown, fifty, scale="auto", sample=lambda: sample)
    assert (chosen.preparation.scale, chosen.doubt) == ("inverted", "")


@pytest.mark.parametrize(
    ("answer", "single", "kind"),
    [
        (np.eye(10)[np.arange(50) % 10], False, "probabilities"),
        (np.eye(10)[np.arange(50) % 10] * 7, False, "logits"),
        ((np.arange(50) % 10)[:, None], True, "labels"),
    ],
)
def test_an_answer_is_understood(fifty, answer, single, kind):
    """As what it is taken for; its classes are what counts."""
    shown = replace(anatomy(), single_label=single)
    predictions, found = understand(answer.astype(np.float32), shown, fifty, "mine.onnx")
    assert (found, predictions.predicted.tolist()) == (kind, (np.arange(50) % 10).tolist())
    assert predictions.graded == (kind != "labels")


def test_a_class_that_is_none_is_an_error(fifty):
    """A model of more classes, say."""
    with pytest.raises(ModelError, match=r"mine\.onnx: row 0 says class 10, expected 0 to 9 \(50 such rows\)"):
        understand(np.full((50, 1), 10, np.float32), replace(anatomy(), single_label=True), fifty, "mine.onnx")


def never():
    """No training images may be read here."""
    raise AssertionError


@pytest.mark.parametrize("scale", ["unit", "raw", "standard", "symmetric", "inverted"])
def test_a_scale_that_is_given_is_taken(training, fifty, scale):
    """Nothing is tried; MNIST's own mean and deviation are known."""
    chosen = choose_preparation(model_of(training, "unit"), anatomy(), fifty, scale=scale, sample=never)
    assert (chosen.preparation.scale, chosen.why, chosen.losses) == (scale, "as asked for", {})


def test_a_model_of_ours_says_its_scale_on_its_card(training, fifty):
    """Nothing is tried."""
    model = model_of(training, "unit", card={"recipe": {}})
    chosen = choose_preparation(model, anatomy(), fifty, scale="auto", sample=never)
    assert (chosen.preparation.scale, chosen.why) == ("unit", "as its card says")


def test_without_training_images_the_scale_is_from_0_to_1_and_that_is_said(training, fifty):
    """The test images never decide."""
    chosen = choose_preparation(model_of(training, "raw"), anatomy(), fifty, scale="auto", sample=lambda: None)
    assert chosen.preparation.scale == "unit"
    assert chosen.doubt == (
        "Which scale of the pixels the model expects is not known: there are no training images. It was given 0 to 1 "
        "(unit); say with --scale what it was trained on."
    )


def test_without_training_images_a_layer_of_the_model_decides(training, fifty):
    """A Rescaling layer, say."""
    shown = anatomy(implied="raw", why="it has a Rescaling layer")
    chosen = choose_preparation(model_of(training, "raw"), shown, fifty, scale="auto", sample=lambda: None)
    assert (chosen.preparation.scale, chosen.why, chosen.doubt) == ("raw", "it has a Rescaling layer", "")


def test_a_model_that_takes_no_images_is_an_error(training, fifty):
    """Before anything is tried."""
    with pytest.raises(
        ModelError, match=r"mine\.keras: the model takes images of shape \(3,\), the data has \(28, 28\)"
    ):
        choose_preparation(model_of(training, "raw"), anatomy((3,)), fifty, scale="auto", sample=never)


LAYOUT = Layout((2, 2), 2, 2)
UNIT, RAW, STANDARD = (Preparation(LAYOUT, "as they are", scale) for scale in ("unit", "raw", "standard"))
NOISE = np.random.default_rng(0).normal(0, 0.1, 200)
NOISE -= NOISE.mean()


GUESS = math.log(10)


def tried(unit, raw, standard=2.0, *, tempered=None):
    """Losses of the same noise around these means; tempered the same, if nothing else is said."""
    means = {UNIT: unit, RAW: raw, STANDARD: standard}
    fitted = means if tempered is None else dict(zip(means, tempered, strict=True))
    return {one: Trial(means[one] + NOISE, fitted[one] + NOISE) for one in means}


def test_alike_losses_leave_what_is_assumed():
    """Raw is a little better here, but not by more than chance."""
    trials = tried(0.5, 0.499)
    trials[RAW] = Trial(0.499 + NOISE[::-1], 0.499 + NOISE[::-1])
    chosen = decide(trials, UNIT, "", GUESS)
    assert chosen.preparation == UNIT
    assert chosen.why == "log loss 0.5 on 200 training images, hardly different from raw 0.499"


def test_what_is_assumed_yields_to_what_is_clearly_better():
    """A Rescaling layer may have been left over."""
    chosen = decide(tried(0.5, 0.1), UNIT, "it has a Rescaling layer", GUESS)
    assert chosen.preparation == RAW
    assert chosen.why == "log loss 0.1 on 200 training images, the next best being unit with 0.5"


def test_a_wrong_scale_that_softens_a_model_too_sure_of_itself_is_not_taken():
    """At the best temperature of each, the right one is the better one."""
    chosen = decide(tried(1.6, 3.3, 1.0, tempered=(0.6, 0.4, 0.9)), UNIT, "", GUESS)
    assert chosen.preparation == RAW
    assert chosen.why == (
        "log loss 3.3 on 200 training images, the next best being standard with 1, which is worse at any temperature"
    )


def test_what_lies_between_two_that_stay_stays():
    """Unit is clearly worse than standard at any temperature, and raw, still worse, is only too noisy to tell."""
    trials = tried(0.14, 0.18, 0.24, tempered=(0.143, 0.166, 0.1))
    trials[RAW] = Trial(trials[RAW].losses, 0.166 + 10 * NOISE[::-1])
    assert decide(trials, UNIT, "", GUESS).preparation == UNIT


@pytest.mark.parametrize("loss", [GUESS, GUESS - 1e-9, 5.0, math.inf])
def test_a_model_that_only_guesses_gets_what_is_assumed_and_that_is_said(loss):
    """Whether untrained, trained for something else, constant or broken."""
    trials = {
        UNIT: Trial(np.full(200, loss), np.full(200, loss)),
        RAW: Trial(np.full(200, np.inf), np.full(200, np.inf)),
    }
    chosen = decide(trials, UNIT, "", GUESS)
    assert chosen.preparation == UNIT
    assert "on 200 training images none had a log loss that is clearly lower than a guess's" in chosen.doubt


def test_a_single_image_decides_nothing():
    """There is no noise to be seen in it."""
    trials = {UNIT: Trial(np.array([0.5]), np.array([0.5])), RAW: Trial(np.array([0.1]), np.array([0.1]))}
    assert decide(trials, UNIT, "", GUESS).preparation == UNIT


def test_a_network_that_is_too_sure_of_itself_keeps_its_scale(training, fifty, sample):
    """A hundred times as sure as the mean images are, of raw pixels."""
    plain = model_of(training, "raw")

    def predict(images, show, preparation):
        answer = plain.predict(images, show, preparation).answer.astype(float) * 20
        powers = np.exp(answer - answer.max(axis=1, keepdims=True))
        return Inference((powers / powers.sum(axis=1, keepdims=True)).astype(np.float32), 500, 1.0)

    model = SimpleNamespace(model=plain.model, predict=predict)
    chosen = choose_preparation(model, anatomy(), fifty, scale="auto", sample=lambda: sample)
    assert chosen.preparation.scale == "raw"


@pytest.mark.parametrize("scale", ["unit", "standard"])
def test_the_scale_of_a_model_of_sigmoids_is_found(training, fifty, sample, scale):
    """With a wrong one they say yes to several classes."""
    plain = model_of(training, scale)

    def predict(images, show, preparation):
        logits = plain.predict(images, show, preparation).answer.astype(float) - 22
        return Inference((1 / (1 + np.exp(-np.clip(logits, -700, 700)))).astype(np.float32), 500, 1.0)

    model = SimpleNamespace(model=plain.model, predict=predict)
    chosen = choose_preparation(model, anatomy(), fifty, scale="auto", sample=lambda: sample)
    assert (chosen.preparation.scale, chosen.doubt) == (scale, "")


def test_the_mean_of_other_data_without_training_images_is_in_doubt(tmp_path):
    """MNIST's is taken, and the head of the report says so."""
    path = tmp_path / "d.csv"
    path.write_text("\n".join("0,1,2,3,4" for _ in range(5)), "utf-8")
    model = SimpleNamespace(model=SimpleNamespace(path=Path("mine.keras"), card=None))
    data = load_dataset(str(path), "test")
    chosen = choose_preparation(model, anatomy((2, 2)), data, scale="standard", sample=lambda: None)
    assert (chosen.preparation.mean, chosen.why) == (0.1307, "as asked for")
    assert chosen.doubt.startswith("There are no training images, so the mean and the deviation")


def test_training_images_that_are_evaluated_are_said_to_be(training, sample):
    """Of a run on the training images."""
    chosen = choose_preparation(model_of(training, "raw"), anatomy(), training, scale="auto", sample=lambda: sample)
    assert chosen.why.endswith("; these are evaluated, too")


def test_a_sample_is_of_the_training_images(training, sample):
    """Each with its own label, and with the mean of all."""
    pixels = {image.tobytes(): label for image, label in zip(training.images, training.labels, strict=True)}
    found = [pixels[image.tobytes()] for image in sample.images]
    assert found == sample.labels.tolist()
    assert (len(found), sample.mean, sample.deviation) == (500, 0.1307, 0.3081)


def test_another_set_has_its_own_mean(tmp_path):
    """And its own deviation: those of its training images."""
    draw = np.random.default_rng(1)
    splits = {
        f"{kind}_{split}": values
        for split, n in (("train", 30), ("test", 10))
        for kind, values in (
            ("x", draw.integers(0, 256, (n, 6, 5), dtype=np.uint8)),
            ("y", draw.integers(0, 3, n)),
        )
    }
    path = tmp_path / "d.npz"
    np.savez(path, **splits)
    found = training_sample(load_dataset(str(path), "test"), AS_IT_IS, 1)
    assert isinstance(found, Sample)
    pixels = [int(value) / 255 for value in splits["x_train"].ravel()]
    mean = sum(pixels) / len(pixels)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in pixels) / len(pixels))
    assert (found.mean, found.deviation) == pytest.approx((mean, deviation))


def test_a_file_of_one_split_has_no_training_images(tmp_path):
    """A CSV is the test set alone."""
    path = tmp_path / "d.csv"
    path.write_text("\n".join("0,1,2,3,4" for _ in range(5)), "utf-8")
    assert training_sample(load_dataset(str(path), "test"), AS_IT_IS, 1) is None


def test_a_set_without_training_images_has_none(tmp_path):
    """That is no error."""
    path = tmp_path / "d.npz"
    np.savez(path, x_test=np.zeros((4, 3, 3), np.uint8), y_test=np.zeros(4, int))
    assert training_sample(load_dataset(str(path), "test"), AS_IT_IS, 1) is None
