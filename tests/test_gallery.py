"""Galleries of images."""

import base64
import io

import numpy as np
import pytest
from tiny_run import OUTCOMES, WORST_FIRST, all_right, tiny_predictions, tiny_run, tiny_view

from mnist_report.evaluation.mistakes import choose_galleries
from mnist_report.report.gallery import flips_gallery, make_digit, mistakes_gallery, stored


def decoded(uri):
    """The bytes of a data URI of a PNG."""
    head, _, data = uri.partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(data)


def mistakes(predictions=None, **facts):
    """The gallery of the mistakes of a tiny run."""
    return tiny_view(predictions, **facts).mistakes


def test_every_mistake_is_shown_worst_first():
    """By the loss."""
    gallery = mistakes()
    assert [image.index for image in gallery.digits] == [f"#{index}" for index in WORST_FIRST]
    assert gallery.omitted == ""


def test_mistakes_that_do_not_fit_are_counted():
    """The worst one of each pair is shown whatever the cap."""
    gallery = mistakes(most_mistakes=1)
    assert [image.index for image in gallery.digits] == ["#4", "#8"]
    assert gallery.omitted == "2 of 3 are shown"


def test_a_mistake_says_what_it_is_and_what_it_was_taken_for():
    """With the confidence, also for those who cannot see the image."""
    worst = mistakes().digits[0]
    assert (worst.actual, worst.predicted, worst.confidence, worst.percent) == ("cat", "dog", "98.0 %", 98.0)
    assert not worst.right
    assert all(part in worst.alternative for part in ("cat", "dog", "98.0 %", "4"))


def test_a_mistake_leads_to_the_next_of_its_pair():
    """Round and round; one that is alone leads nowhere."""
    following = {image.anchor: image.next for image in mistakes().digits}
    assert following == {"image-4": "image-3", "image-3": "image-4", "image-8": ""}


def test_the_bars_are_the_most_probable_classes():
    """From the most probable on; what was said and what it is are marked."""
    bars = mistakes().digits[0].bars
    assert [(bar.name, bar.share, bar.kind) for bar in bars] == [
        ("dog", "98 %", "said"),
        ("cat", "1 %", "actual"),
        ("eel", "1 %", ""),
    ]
    assert [bar.percent for bar in bars] == [98, 1, 1]


def test_a_right_answer_is_what_it_is():
    """Its bar is that of the actual class."""
    run = tiny_run()
    digit = make_digit(run.predictions, run.stored.images, 0)
    assert (digit.right, digit.bars[0].kind) == (True, "actual")


def test_samples_are_right_and_come_class_by_class():
    """As many as there are."""
    samples = tiny_view().samples.digits
    assert [image.actual for image in samples] == ["cat"] * 3 + ["dog"] * 3 + ["eel"] * 3
    assert all(image.right and image.actual == image.predicted for image in samples)


def test_an_image_is_drawn_dark_on_white():
    """The very pixels of the data set, inverted as on paper."""
    from PIL import Image

    run = tiny_run()
    worst = make_digit(run.predictions, run.stored.images, 4)
    drawn = np.asarray(Image.open(io.BytesIO(decoded(worst.source))))
    assert np.array_equal(255 - drawn, run.stored.images.of(4))


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_anchors_are_unique(predictions):
    """A link leads to one image, though an image can be in several galleries."""
    view = tiny_view(predictions())
    galleries = (view.mistakes, view.near_misses, view.label_issues, view.samples)
    anchors = [image.anchor for gallery in galleries for image in gallery.digits]
    assert len(set(anchors)) == len(anchors) > 0


def test_what_is_not_stored_is_not_shown():
    """A run folder of an older version may lack some."""
    run = tiny_run()
    images = type(run.stored.images)(np.array([4]), run.stored.images.pixels[:1])
    assert stored([8, 4, 3], images) == [4]
    gallery = mistakes_gallery(run.predictions, images, choose_galleries(run.predictions))
    assert ([image.index for image in gallery.digits], gallery.omitted) == (["#4"], "1 of 3 are shown")


def test_a_flip_says_what_the_baseline_said():
    """With its confidence."""
    run, better = tiny_run(), all_right()
    gallery = flips_gallery(run.predictions, better, run.stored.images, np.array([4, 8]), "regressed")
    assert [(image.anchor, image.note) for image in gallery.digits] == [
        ("regressed-4", "baseline: cat, 90.0 %"),
        ("regressed-8", "baseline: dog, 90.0 %"),
    ]


def test_near_misses_and_suspects_say_why():
    """In a few words."""
    view = tiny_view()
    assert all(image.note.startswith("nearly ") for image in view.near_misses.digits)
    assert all(image.note.startswith(("suspected to be ", "perhaps ")) for image in view.label_issues.digits)


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_every_mistake_of_a_small_run_is_there(predictions):
    """As in the data."""
    outcome = predictions()
    assert len(mistakes(outcome).digits) == int((~outcome.right).sum())


def test_a_model_without_mistakes_has_an_empty_gallery():
    """And nothing is left out."""
    assert mistakes(all_right()).digits == ()
    assert mistakes(tiny_predictions()).omitted == ""
