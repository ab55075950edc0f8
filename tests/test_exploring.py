"""What the images of a training are like, against plain numpy."""

import numpy as np
import pytest

from mnist_report.data import exploring
from mnist_report.data.dataset import make_dataset
from mnist_report.data.exploring import MOST_SAMPLES, explore
from mnist_report.data.sources import load_dataset

NAMES = ("cat", "dog", "eel")


def some(n=60, names=NAMES, size=(6, 5)):
    """Images of noise, half of it background, with a blank first row."""
    generator = np.random.default_rng(3)
    images = generator.integers(0, 256, (n, *size), dtype=np.uint8) * generator.integers(
        0, 2, (n, *size), dtype=np.uint8
    )
    images[:, 0] = 0
    return make_dataset(images, np.arange(n) ** 2 % len(names), class_names=names, source="pets", split="train")


def test_the_classes_are_counted_on_both_sides():
    """The last images are held out."""
    dataset = some()
    found = explore(dataset, 12, 7)
    np.testing.assert_array_equal(found.trained_on, [(dataset.labels[:48] == k).sum() for k in range(3)])
    np.testing.assert_array_equal(found.held_out, [(dataset.labels[48:] == k).sum() for k in range(3)])


def test_the_pixels_have_numpys_mean_and_deviation():
    """Of all images, from 0 to 1."""
    dataset, found = some(), explore(some(), 12, 7)
    pixels = dataset.images / 255
    assert found.mean == pytest.approx(pixels.mean(), abs=1e-15)
    assert found.deviation == pytest.approx(pixels.std(), abs=1e-15)
    assert found.background == (dataset.images == 0).mean()
    present = [pixels[dataset.labels == k].mean() for k in (0, 1)]
    assert found.ink[:2].tolist() == pytest.approx(present)


def test_a_class_without_images_has_no_ink():
    """Squares are never 2 modulo 3."""
    found = explore(some(), 12, 7)
    assert np.isnan(found.ink[2])
    assert found.samples[2] == ()


def test_places_that_never_have_ink_are_counted():
    """The first row of five."""
    found = explore(some(), 12, 7)
    assert (found.blank, found.places) == (5, 30)


def test_it_does_not_matter_how_many_are_counted_at_once(monkeypatch):
    """A part may be a single image."""
    whole = explore(some(), 12, 7)
    monkeypatch.setattr(exploring, "PIXELS_AT_ONCE", 1)
    parts = explore(some(), 12, 7)
    assert (parts.mean, parts.deviation, parts.blank) == (whole.mean, whole.deviation, whole.blank)
    np.testing.assert_array_equal(parts.ink, whole.ink)


def test_samples_are_different_images_of_the_class_that_were_trained_on():
    """As many as fit."""
    dataset = some(300)
    for k, chosen in enumerate(explore(dataset, 30, 7).samples[:2]):
        assert len(set(chosen)) == MOST_SAMPLES
        assert max(chosen) < 270
        assert set(dataset.labels[list(chosen)].tolist()) == {k}


def test_the_seed_chooses_the_samples():
    """The same page again, or another choice."""
    assert explore(some(), 12, 7).samples == explore(some(), 12, 7).samples
    assert explore(some(), 12, 7).samples != explore(some(), 12, 8).samples


def test_of_very_many_classes_one_sample_each_is_shown():
    """A page has an end."""
    names = tuple(f"kind {k}" for k in range(100))
    dataset = make_dataset(
        np.zeros((300, 4, 4), np.uint8), np.arange(300) % 100, class_names=names, source="", split="train"
    )
    assert {len(chosen) for chosen in explore(dataset, 30, 7).samples} == {1}


def test_mnists_pixels_have_the_mean_that_everybody_knows():
    """0.1307 and 0.3081, with which half the world standardises."""
    found = explore(load_dataset("mnist", "train"), 6000, 42)
    assert (round(found.mean, 4), round(found.deviation, 4)) == (0.1307, 0.3081)
    assert found.trained_on.sum() == 54_000
