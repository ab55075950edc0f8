"""Tests of `mnist_report.model.hdf5_file`: what is found in a file before Keras opens it."""

import io
import json

import h5py  # noqa: TID253  these files are its own
import numpy as np
import pytest
from makers import KERAS_PARTS, zip_bytes
from mutations import audited, mutations

from mnist_report.errors import ModelError
from mnist_report.model.hdf5_file import check_archive_weights, check_hdf5, legacy_cause

DENSE = {"class_name": "Dense", "config": {"name": "scores", "units": 10}}
INPUT = {"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, 28, 28, 1]}}


def config_of(*layers):
    """A model's configuration, as Keras 2 writes it."""
    return {"class_name": "Sequential", "config": {"name": "model", "layers": list(layers)}}


def write(path, config=None):
    """A whole model of 7,850 weights."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config or config_of(INPUT, DENSE))
        group = file.create_group("model_weights/scores")
        group["kernel:0"] = np.zeros((784, 10), np.float32)
        group.attrs["weight_names"] = [b"kernel:0"]
    return path


@pytest.fixture
def model(tmp_path):
    """A file that is as it should be."""
    return write(tmp_path / "mine.h5")


def refusal(path, *, trusted=False):
    """Why a file is refused, or None."""
    try:
        check_hdf5(path, "mine.h5", trusted=trusted)
    except ModelError as error:
        return str(error)
    return None


def test_a_whole_model_is_taken(model):
    """Its configuration comes back."""
    assert check_hdf5(model, "mine.h5", trusted=False) == config_of(INPUT, DENSE)


def test_code_is_refused_unless_it_is_trusted(tmp_path):
    """By the same list as in a .keras file."""
    path = write(tmp_path / "mine.h5", config_of(INPUT, {"class_name": "Lambda", "config": {"name": "twice"}}))
    assert "layer 'twice' holds a Python function (Lambda)" in refusal(path)
    assert refusal(path, trusted=True) is None


@pytest.mark.parametrize("link", [h5py.ExternalLink("/etc/passwd", "/"), h5py.SoftLink("/model_weights")])
def test_links_are_not_followed(model, link):
    """Another file is no part of this model."""
    with h5py.File(model, "r+") as file:
        file["elsewhere"] = link
    assert "'elsewhere' is a link to" in refusal(model)


def test_numbers_in_another_file_are_refused(model, tmp_path):
    """HDF5 would read any file as numbers."""
    (tmp_path / "secret").write_bytes(bytes(80))
    with h5py.File(model, "r+") as file:
        file.create_dataset("out", (10,), "f8", external=[(str(tmp_path / "secret"), 0, 80)])
    assert "'/out' are in another file" in refusal(model)


def test_a_shape_that_no_machine_holds_is_refused(model):
    """It costs nothing in the file."""
    with h5py.File(model, "r+") as file:
        file.create_dataset("huge", (10**6, 10**6), "f4", chunks=(100, 100))
    assert "at most 1,073,741,824 are taken" in refusal(model)


def test_numbers_that_shrink_so_are_no_weights(model):
    """A small file would fill the memory."""
    with h5py.File(model, "r+") as file:
        file.create_dataset("zeros", data=np.zeros((4, 1 << 20), np.float32), chunks=(1, 1 << 20), compression="gzip")
    assert "'/zeros' would grow from" in refusal(model)


def test_text_is_no_weight(model):
    """A vocabulary, for instance."""
    with h5py.File(model, "r+") as file:
        file.create_dataset("words", data=["a", "b"])
    assert "'/words' holds object, expected numbers" in refusal(model)


def test_a_circle_of_groups_ends(model):
    """A hard link may lead to a parent."""
    with h5py.File(model, "r+") as file:
        file["model_weights/round"] = file["/model_weights"]
    assert refusal(model) is None


@pytest.mark.parametrize("sign", ["layer_names", "layers"])
def test_a_file_of_weights_alone_is_recognised(tmp_path, sign):
    """Keras 2 and Keras 3 write it differently."""
    with h5py.File(tmp_path / "w.h5", "w") as file:
        if sign == "layers":
            file.create_group("layers/dense/vars")
        else:
            file.attrs["layer_names"] = [b"dense"]
    assert "the file holds only weights" in refusal(tmp_path / "w.h5")


def test_a_file_of_anything_else_is_no_model(tmp_path):
    """HDF5 is used for many things."""
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file["images"] = np.zeros(3)
    assert "the file holds no Keras model" in refusal(tmp_path / "d.h5")


def test_the_weights_of_an_archive_are_looked_at_too(tmp_path):
    """There they are a member."""
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file["vars"] = h5py.ExternalLink("/etc/passwd", "/")
    path = tmp_path / "mine.keras"
    path.write_bytes(zip_bytes(KERAS_PARTS | {"model.weights.h5": weights.getvalue()}))
    with pytest.raises(ModelError, match=r"mine.keras: model.weights.h5: 'vars' is a link"):
        check_archive_weights(path, "mine.keras")
    path.write_bytes(zip_bytes(KERAS_PARTS))
    with pytest.raises(ModelError, match=r"mine.keras: damaged, or no HDF5 file"):
        check_archive_weights(path, "mine.keras")


@pytest.mark.parametrize(
    ("layers", "cause"),
    [
        ([INPUT, DENSE], ""),
        ([DENSE], "no InputLayer"),
        ([{"class_name": "InputLayer", "config": {"batch_input_shape": [None, 784]}}], "batch_input_shape"),
        ([INPUT, {"class_name": "DepthwiseConv2D", "config": {"groups": 1}}], "groups"),
        (
            [INPUT, {"class_name": "Dense", "config": {"bias_initializer": {"config": {"dtype": "float32"}}}}],
            "dtype of an initializer",
        ),
    ],
)
def test_what_keras_3_rejects_is_named(layers, cause):
    """So that the message can say why another library is needed."""
    assert legacy_cause(config_of(*layers)) == cause


@pytest.mark.parametrize("odd", [None, -1, "dtype", ["dtype"], {}])
def test_a_configuration_that_is_no_object_has_no_cause(odd):
    """It is looked at because Keras has rejected it, so it may hold anything."""
    layer = {"class_name": "Dense", "config": {"bias_initializer": {"config": odd}, "units": odd}}
    assert legacy_cause(config_of(INPUT, layer, odd, {"config": odd})) == ""


def test_two_hundred_mutated_files_are_refused_or_taken(model, tmp_path):
    """Never another exception; no code of a file runs and no other file is opened."""
    whole = model.read_bytes()
    answers = []
    with audited(tmp_path) as seen:
        for content in mutations(whole, 200):
            model.write_bytes(content)
            answers.append(refusal(model))
    assert seen == []
    assert 20 < sum(answer is not None for answer in answers) < 200
