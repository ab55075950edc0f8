"""Tests of `mnist_report.model.adapter`; where it reads a model, three lines stand in for keras."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mnist_report.errors import ModelError
from mnist_report.model.adapter import Anatomy, Layer, check_fit, dissect, read_output, unit_scale


def anatomy(input_shape, num_classes=10):
    """A model that takes images of this shape."""
    return Anatomy(input_shape, num_classes, parameters=0, trainable_parameters=0, layers=())


def tensors(*shapes):
    """What keras gives as a model's inputs or outputs."""
    return [SimpleNamespace(shape=shape) for shape in shapes]


def model(inputs, outputs):
    """What `dissect` reads of a keras model: 15 parameters in one layer, 10 of them trainable."""
    dense = SimpleNamespace(name="dense", output=SimpleNamespace(shape=(None, 4, 3)), count_params=lambda: 15)
    weights = [SimpleNamespace(shape=(2, 5))]
    return SimpleNamespace(
        inputs=inputs, outputs=outputs, layers=[dense], trainable_weights=weights, count_params=lambda: 15
    )


def test_every_pixel_value_is_divided_by_255():
    """0 is 0, 255 is 1, and the rest lies between to float32's precision."""
    scaled = unit_scale(np.arange(256, dtype=np.uint8).reshape(1, 16, 16))
    assert (scaled.dtype, scaled.shape) == (np.float32, (1, 16, 16))
    np.testing.assert_array_equal(scaled.ravel(), (np.arange(256) / 255).astype(np.float32))


def test_scaling_leaves_the_images_alone():
    """They are shown in the report."""
    images = np.array([[[3]]], dtype=np.uint8)
    unit_scale(images)[...] = 0
    assert images.tolist() == [[[3]]]


@pytest.mark.parametrize("shape", [(28, 20, 1), (28, 20), (560,), (1, 28, 20)])
def test_every_usual_layout_of_the_image_fits(shape):
    """Channel last, none, flat, channel first."""
    assert check_fit(anatomy(shape), (28, 20), 10, "mine.keras") is None


@pytest.mark.parametrize("shape", [(32, 32, 1), (28, 20, 3), (20, 28, 1), (784,), (None, None, 1), ()])
def test_another_input_shape_is_named_beside_the_datas(shape):
    """Nothing is resized silently."""
    telling = f"mine.keras: the model takes images of shape {shape}, the data has (28, 20)"
    with pytest.raises(ModelError) as caught:
        check_fit(anatomy(shape), (28, 20), 10, "mine.keras")
    assert str(caught.value) == telling


class Rescaling:
    """What is read of keras's."""

    def __init__(self, scale):
        self.scale, self.name, self.output, self.count_params = scale, "rescaling", SimpleNamespace(), lambda: 0


class Normalization:
    """What is read of keras's, once it has seen its images or was told their mean."""

    def __init__(self, mean=None, told=None):
        self.mean, self.input_mean, self.name, self.output = mean, told, "normalization", SimpleNamespace()
        self.count_params = lambda: 3


def with_layers(*layers):
    """A model that begins with these; what follows them has weights."""
    made = model(tensors((None, 28, 28, 1)), tensors((None, 10)))
    made.layers = [*layers, *made.layers]
    return made


@pytest.mark.parametrize(
    ("layers", "implied"),
    [
        ([], (None, "")),
        ([Rescaling(1 / 255)], ("raw", "it has a Rescaling layer")),
        ([Rescaling([2.0])], ("unit", "it has a Rescaling layer")),
        ([Normalization(np.array([[33.3]]))], ("raw", "it has a Normalization layer")),
        ([Normalization(told=0.1307)], ("unit", "it has a Normalization layer")),
        (
            [SimpleNamespace(name="inner", output=None, count_params=lambda: 0, layers=[Rescaling(1 / 127.5)])],
            ("raw", "it has a Rescaling layer"),
        ),
    ],
)
def test_a_first_layer_that_scales_shows_the_scale_before_it(layers, implied):
    """Also within a model within the model."""
    found = dissect(with_layers(*layers), "mine.keras")
    assert (found.implied_scale, found.implied_by) == implied


def test_a_layer_that_scales_after_the_first_weights_shows_nothing():
    """It is part of the network."""
    made = with_layers()
    made.layers.append(Rescaling(1 / 255))
    assert dissect(made, "mine.keras").implied_scale is None


def test_a_model_of_whole_numbers_shows_that_it_takes_them_raw():
    """There are no others between 0 and 1."""
    inputs = [SimpleNamespace(shape=(None, 28, 28, 1), dtype="uint8")]
    assert dissect(model(inputs, tensors((None, 10))), "mine.keras").implied_scale == "raw"


@pytest.mark.parametrize("shape", [(None, 10), (None, 1, 1, 10), (None, 10, 1), (4, 10)])
def test_sizes_of_1_do_not_matter_in_a_row_of_scores(shape):
    """As a network without a dense end gives it."""
    assert read_output(shape, "float32", "mine.keras") == (10, False)


@pytest.mark.parametrize(
    ("shape", "dtype", "single"),
    [
        ((None,), "int64", True),
        ((None, 1), "tensor(int32)", True),
        ((1, 1), "int64", True),
        ((None, 1), "float32", False),
    ],
)
def test_one_whole_number_is_the_class_itself(shape, dtype, single):
    """One that is no whole number is a score."""
    assert read_output(shape, dtype, "mine.onnx") == (1, single)


def test_a_model_that_names_a_class_needs_no_output_for_each():
    """Whatever it names must be a class, but that shows only when it answers."""
    assert check_fit(replace(anatomy((28, 20), 1), single_label=True), (28, 20), 10, "mine.keras") is None


def test_a_model_that_was_never_built_is_an_error():
    """It does not know what it takes."""
    with pytest.raises(ModelError, match="the model does not say what it takes"):
        dissect(SimpleNamespace(layers=[]), "mine.keras")


@pytest.mark.parametrize(
    ("outputs", "telling"),
    [
        (1, "the model has one output, the data has 10 classes; expected one for each, also for two: end it with"),
        (9, "the model has 9 outputs, the data has 10 classes; name the classes with --class-names if"),
        (11, "the model has 11 outputs, the data has 10 classes; where its first output stands for no class, give"),
        (12, "the model has 12 outputs, the data has 10 classes"),
    ],
)
def test_another_number_of_outputs_is_named_beside_the_datas(outputs, telling):
    """Too few, or too many; with what may help."""
    with pytest.raises(ModelError) as caught:
        check_fit(anatomy((28, 20, 1), outputs), (28, 20), 10, "mine.keras")
    assert str(caught.value).startswith(f"mine.keras: {telling}")


def test_a_model_is_taken_apart():
    """Shapes lose the dimension of the batch."""
    found = dissect(model(tensors((None, 28, 28, 1)), tensors((None, 10))), "mine.keras")
    assert found == Anatomy((28, 28, 1), 10, 15, 10, (Layer("dense", "SimpleNamespace", "4 x 3", 15),))


@pytest.mark.parametrize(("inputs", "outputs"), [(2, 1), (1, 2), (0, 1)])
def test_a_model_with_several_inputs_or_outputs_is_an_error(inputs, outputs):
    """Both numbers are in the message."""
    several = model(tensors(*[(None, 28, 28, 1)] * inputs), tensors(*[(None, 10)] * outputs))
    with pytest.raises(ModelError, match=f"mine.keras: found {inputs} inputs and {outputs} outputs, expected one"):
        dissect(several, "mine.keras")


@pytest.mark.parametrize("shape", [(None,), (None, 28, 28, 10), (None, None)])
def test_an_output_that_is_no_row_of_class_scores_is_an_error(shape):
    """A segmentation model, for instance."""
    with pytest.raises(ModelError) as caught:
        dissect(model(tensors((None, 28, 28, 1)), tensors(shape)), "mine.keras")
    assert str(caught.value) == f"mine.keras: output shape is {shape}, expected (None, number of classes)"
