"""What a model card says of the temperature; the rest of it is tested with the store."""

import hashlib
import json

import pytest
from makers import write_hollow_model

from mnist_report.errors import ModelError
from mnist_report.model.card import card_path, card_temperature
from mnist_report.model.store import identify_model, shipped_model


@pytest.fixture
def write(tmp_path):
    """Write a model's card with these parts more or changed, and give the model's path."""

    def written(**parts):
        model = write_hollow_model(tmp_path / "mine.keras")
        card = {
            "format": 1,
            "model": {"sha256": hashlib.sha256(model.read_bytes()).hexdigest()},
            "recipe": {},
            "data": {"source": "mnist", "split": "train", "sha256": "0" * 64, "n_trained_on": 9, "n_held_out": 1},
            "training": {"best_epoch": 1, "duration_s": 2.5, "history": []},
        }
        card_path(model).write_text(json.dumps(card | parts), "utf-8")
        return model

    return written


@pytest.mark.parametrize("value", [1.25, 1, 0.05, 20.0])
def test_the_temperature_is_read_from_the_card(write, value):
    """A whole number is a number too."""
    card = identify_model(write(calibration={"temperature": value, "n": 1})).card
    assert card_temperature(card) == value


def test_a_card_without_calibration_has_no_temperature(write):
    """It was written before there was one; that is no error."""
    assert card_temperature(identify_model(write()).card) is None


def test_a_model_without_a_card_has_no_temperature():
    """Nothing is known of its training."""
    assert card_temperature(None) is None


@pytest.mark.parametrize(
    "value",
    [
        *("1.3", "", None, [], {}, [1.3], 0, 0.0, -0.0, -1, -1.3, False, True),
        *(float("nan"), float("inf"), float("-inf"), 10**400, 5e-324, 0.0499, 20.001, 21),
    ],
    ids=lambda value: repr(value)[:9],
)
def test_a_temperature_that_no_training_finds_is_an_error(write, value):
    """The message names the file, what was found and what to do; NaN and Infinity are what Python writes as JSON."""
    model = write(calibration={"temperature": value, "n": 1})
    with pytest.raises(ModelError) as caught:
        identify_model(model)
    assert str(caught.value) == (
        f"{card_path(model)}: calibration.temperature is {value!r}, expected a number from 0.05 to 20.0; "
        "remove the card or train again"
    )


@pytest.mark.parametrize("part", [None, [], "temperature", 3, 1.5, {}, {"n": 1}, {"Temperature": 1.2}], ids=repr)
def test_a_calibration_that_has_no_temperature_is_an_error(write, part):
    """Of another shape, or without the key."""
    model = write(calibration=part)
    with pytest.raises(ModelError, match=r"mine\.card\.json: calibration\.temperature is None, expected a number"):
        identify_model(model)


def test_the_card_of_another_model_is_not_looked_into(write):
    """A damaged temperature is no error on a card that is left aside."""
    model = write(model={"sha256": "f" * 64}, calibration={"temperature": "hot"})
    assert identify_model(model).card is None


def test_the_shipped_card_has_a_temperature():
    """Fitted on the images that were held out."""
    card = identify_model(shipped_model()).card
    assert card["calibration"]["n"] == card["data"]["n_held_out"] == 6_000
    assert 0.5 < card_temperature(card) < 3


@pytest.mark.parametrize("part", ["recipe", "data", "training"])
@pytest.mark.parametrize("value", [None, 3, [], "", "source split sha256 best_epoch duration_s history"], ids=repr)
def test_a_part_of_another_shape_is_an_error(write, part, value):
    """Not a bug report with status 70."""
    with pytest.raises(
        ModelError, match=rf"mine\.card\.json: the model card has no {part}.*; remove it or train again"
    ):
        identify_model(write(**{part: value}))
