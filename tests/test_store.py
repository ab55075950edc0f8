"""Tests of `mnist_report.model.store`, as far as they need no keras."""

import hashlib
import json

import pytest
from makers import KERAS_PARTS, write_hollow_model

from mnist_report.errors import ModelError, OutputError
from mnist_report.model.card import card_path, read_card
from mnist_report.model.store import identify_model, shipped_model, write_text


@pytest.fixture
def model(tmp_path):
    """A file that passes for a model until somebody loads it."""
    return write_hollow_model(tmp_path / "mine.keras")


def sha256(path):
    """The digest, computed without the package."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_model_file_is_known_by_digest_and_size(model):
    """Without a card it is as good a model as with one."""
    found = identify_model(model)
    assert (found.path, found.sha256, found.size_bytes) == (model, sha256(model), model.stat().st_size)
    assert found.card is None


def test_the_shipped_model_lies_in_the_models_folder():
    """In a checkout beside the package, in a wheel inside it."""
    path = shipped_model()
    assert (path.name, path.parent.name, path.parent.is_dir()) == ("mnist_cnn.keras", "models", True)


def test_a_missing_model_is_an_error(tmp_path):
    """The message names it."""
    with pytest.raises(ModelError, match=f"{tmp_path / 'mine.keras'}: no such model file"):
        identify_model(tmp_path / "mine.keras")


def test_a_folder_is_not_a_model(tmp_path):
    """Keras itself would look into it."""
    (tmp_path / "mine.keras").mkdir()
    with pytest.raises(ModelError, match=r"mine.keras: expected a .keras file, found a folder"):
        identify_model(tmp_path / "mine.keras")


@pytest.mark.parametrize(("name", "found"), [("mine.h6", ".h6"), ("mine.keras.zip", ".zip"), ("mine", "no suffix")])
def test_another_suffix_is_an_error_that_says_how_to_save(tmp_path, name, found):
    """A pickle of another framework is no model that we can read."""
    write_hollow_model(tmp_path / name)
    with pytest.raises(
        ModelError,
        match=rf"{name}: expected a .keras file \(or .*\), found {found}; save it with model.save\(\)",
    ):
        identify_model(tmp_path / name)


@pytest.mark.parametrize("suffix", [".pt", ".PTH", ".pkl", ".joblib", ".safetensors"])
def test_a_file_of_another_library_is_an_error_that_shows_a_way(tmp_path, suffix):
    """Keras's model.save() is nothing to whoever works with PyTorch."""
    (tmp_path / f"mine{suffix}").write_bytes(b"any")
    expected = rf"found {suffix}; export it to ONNX, or give its predictions with --predictions$"
    with pytest.raises(ModelError, match=expected):
        identify_model(tmp_path / f"mine{suffix}")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("m.keras", b"\x89HDF\r\n\x1a\n\0", "so not a .keras file, .*; this is an HDF5 file: name it .h5"),
        (
            "m.keras",
            b"<!doctype html>\n<p>404",
            "so not a .keras file, .*; this is text, not a model (a failed download?)",
        ),
        ("m.h5", b"PK\x03\x04", "not an HDF5 file, .*; this is a zip archive, as .keras files are: name it .keras"),
        ("m.h5", b"\x00\xff", "not an HDF5 file, in spite of its suffix .h5$"),
    ],
)
def test_a_file_with_the_wrong_suffix_is_an_error_that_says_what_it_is(tmp_path, name, content, expected):
    """Mostly it needs but another name."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=expected.replace("(", r"\(").replace(")", r"\)").replace("?", r"\?")):
        identify_model(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04"], ids=["empty", "text", "cut"])
def test_a_file_that_is_no_archive_is_an_error(tmp_path, content):
    """In spite of its suffix."""
    path = tmp_path / "mine.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"{path}: not a zip archive, so not a .keras file"):
        identify_model(path)


@pytest.mark.parametrize("part", KERAS_PARTS)
def test_an_archive_that_lacks_a_part_is_an_error(tmp_path, part):
    """The message names the part."""
    path = write_hollow_model(tmp_path / "mine.keras", [other for other in KERAS_PARTS if other != part])
    with pytest.raises(ModelError, match=f"{path}: the archive has no {part}"):
        identify_model(path)


def test_the_card_lies_beside_the_model(tmp_path):
    """Under the model's own name."""
    assert card_path(tmp_path / "mine.v2.keras") == tmp_path / "mine.v2.card.json"


def test_a_model_has_the_card_that_names_its_digest(model):
    """The card comes along as it stands in the file."""
    data = {"source": "mnist", "split": "train", "sha256": "0" * 64, "n_trained_on": 9, "n_held_out": 1}
    training = {"best_epoch": 1, "duration_s": 2.5, "history": []}
    card = {"format": 1, "model": {"sha256": sha256(model)}, "recipe": {}, "data": data, "training": training}
    card_path(model).write_text(json.dumps(card))
    assert identify_model(model).card == card


def test_a_card_that_lacks_what_the_report_needs_is_an_error(model):
    """It is found before inference, not after."""
    card_path(model).write_text(json.dumps({"format": 1, "model": {"sha256": sha256(model)}, "recipe": {}}))
    with pytest.raises(ModelError, match=r"the model card has no data\.source; remove it or train again"):
        identify_model(model)


def test_the_card_of_another_model_is_left_aside(model):
    """The file was replaced after its card was written."""
    card_path(model).write_text(json.dumps({"format": 1, "model": {"sha256": "0" * 64}}))
    assert identify_model(model).card is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"], ids=["empty", "cut", "binary"])
def test_a_card_that_is_not_json_is_an_error(model, content):
    """The message says what to do about it."""
    card_path(model).write_bytes(content)
    with pytest.raises(ModelError, match=f"{card_path(model)}: not a readable model card .* remove it or train again"):
        identify_model(model)


def test_a_folder_in_the_cards_place_is_an_error(model):
    """It cannot be read."""
    card_path(model).mkdir()
    with pytest.raises(ModelError, match=f"{card_path(model)}: not a readable model card"):
        identify_model(model)


@pytest.mark.parametrize("card", ["[]", "3", "{}", '{"format": 2}', '{"format": 1, "model": []}'])
def test_a_card_of_another_shape_is_an_error(model, card):
    """JSON, but not ours."""
    card_path(model).write_text(card)
    with pytest.raises(ModelError, match=f"{card_path(model)}: not a .*model card.*; remove it or train again"):
        identify_model(model)


def test_a_model_without_a_card_has_none(model):
    """That is no error."""
    assert read_card(model, sha256(model)) is None


def test_a_text_is_written_with_the_folders_it_needs(tmp_path):
    """And nothing else is left beside it."""
    path = tmp_path / "new" / "deep" / "card.json"
    write_text(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    assert list(path.parent.iterdir()) == [path]


def test_a_text_that_cannot_be_written_is_an_error(tmp_path):
    """A file stands where a folder is needed."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "card.json"
    with pytest.raises(OutputError, match=f"{path}: cannot be written"):
        write_text(path, "text")


def test_a_failed_write_leaves_the_old_text(tmp_path):
    """And nothing half-written: this text has no UTF-8 form."""
    path = tmp_path / "card.json"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("card.json", "old")]
