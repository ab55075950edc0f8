"""The batches of each epoch."""

import numpy as np
import pytest

from mnist_report.data.sources import load_dataset
from mnist_report.model.recipes import STRONG, Recipe
from mnist_report.model.training_images import TrainingImages

N = 70


@pytest.fixture(scope="module")
def digits():
    """70 training images, their first pixel telling them apart, and their one-hot labels."""
    dataset = load_dataset(split="train")
    pixels = (dataset.images[:N] / 255).astype(np.float32)[..., np.newaxis]
    pixels[:, 0, 0, 0] = np.arange(N) / N
    return pixels, np.eye(10, dtype=np.float32)[dataset.labels[:N]]


def epoch_of(images, epoch):
    """All batches of an epoch."""
    images.start(epoch)
    return [images.batch(index) for index in range(len(images))]


def test_an_epoch_holds_every_image_once(digits):
    """In batches of the recipe's size, the last one smaller."""
    batches = epoch_of(TrainingImages(*digits, Recipe(batch_size=32)), 0)
    assert [len(pixels) for pixels, _ in batches] == [32, 32, 6]
    seen = np.concatenate([pixels[:, 0, 0, 0] for pixels, _ in batches]) * N
    assert sorted(np.rint(seen).astype(int)) == list(range(N))


def test_labels_stay_with_their_images(digits):
    """However they are shuffled."""
    pixels, one_hot = epoch_of(TrainingImages(*digits, Recipe(batch_size=N)), 3)[0]
    places = np.rint(pixels[:, 0, 0, 0] * N).astype(int)
    np.testing.assert_array_equal(one_hot, digits[1][places])


def test_each_epoch_has_an_order_of_its_own(digits):
    """And each seed."""
    orders = {
        epoch_of(TrainingImages(*digits, Recipe(batch_size=N, seed=seed)), epoch)[0][0].tobytes()
        for seed in (1, 2)
        for epoch in (0, 1)
    }
    assert len(orders) == 4


@pytest.mark.parametrize("recipe", [Recipe(batch_size=32), Recipe(batch_size=32, rotation=10, elastic=1)])
def test_an_epoch_is_the_same_whatever_was_before_it(digits, recipe):
    """So a resumed training goes on as an uninterrupted one."""
    straight = TrainingImages(*digits, recipe)
    for epoch in range(3):
        before = epoch_of(straight, epoch)
    resumed = TrainingImages(*digits, recipe)
    resumed.start(2)
    for index in (2, 0, 1):  # in whatever order they are asked for
        for one, other in zip(before[index], resumed.batch(index), strict=True):
            np.testing.assert_array_equal(one, other)


def test_distorted_images_differ_from_epoch_to_epoch(digits):
    """Or there would be nothing to learn from them."""
    images = TrainingImages(digits[0][:1], digits[1][:1], STRONG)
    first, second = epoch_of(images, 0)[0][0], epoch_of(images, 1)[0][0]
    assert np.abs(first - second).mean() > 0.01
