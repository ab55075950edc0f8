"""The report of a comparison, before it is set and as a page."""

import re

import numpy as np
import pytest
from gate_work import pair
from statsmodels.stats.proportion import proportion_confint
from test_html import Page
from tiny_run import HOSTILE, WORST_FIRST, all_right, tiny_predictions, tiny_run

from mnist_report.evaluation.comparison import compare
from mnist_report.report.compare_view import MOST_LISTED, make_compare_view
from mnist_report.report.html import set_template
from mnist_report.runs.images_file import NO_IMAGES
from mnist_report.runs.predictions_file import ScoredImages

DASH = "\N{EN DASH}"


def scored(name, predictions, index=None, sha256="0123456789abcdef"):
    """Predictions under a name, their rows at these places of the data set."""
    place = np.arange(len(predictions)) if index is None else np.asarray(index)
    return ScoredImages(name, predictions, place, sha256)


def view_of(candidate, baseline, images=NO_IMAGES, index=None, names=("mine", "theirs")):
    """Of two sets of predictions."""
    sides = [scored(name, side, index) for name, side in zip(names, (candidate, baseline), strict=True)]
    return make_compare_view(compare(candidate, baseline), *sides, images)


def page_of(view):
    """As a browser reads it."""
    return Page(set_template("compare.html.j2", view=view))


@pytest.fixture(scope="module")
def view():
    """Three mistakes against none."""
    return view_of(tiny_predictions(), all_right(), tiny_run().stored.images)


def test_the_title_names_both_sides(view):
    """The candidate first."""
    assert view.title == "mine against theirs"


@pytest.mark.parametrize(
    ("flips", "headline"),
    [
        ((20, 0), "The candidate is more accurate"),
        ((0, 20), "The candidate is less accurate"),
        ((3, 3), "No change in accuracy that so many images could show"),
        ((0, 3), "No change in accuracy that so many images could show"),
        ((0, 0), "No change in accuracy that so many images could show"),
    ],
)
def test_the_headline_says_no_more_than_the_interval(flips, headline):
    """A difference that may be chance is none."""
    assert view_of(*pair(*flips, 100)).headline == headline


def test_the_summary_is_the_change_in_accuracy(view):
    """As a sentence."""
    assert view.summary == f"{view.change.headline}."
    assert view.summary.endswith(": 3 images regressed, 0 fixed.")


def test_each_side_has_its_own_numbers(view):
    """Counted by hand, with the exact interval by statsmodels."""
    rows = {row[0]: row[1:] for row in view.sides.rows}
    low, high = (100 * end for end in proportion_confint(9, 12, method="beta"))
    assert rows["candidate"] == ("mine", "75 %", f"{low:.0f} {DASH} {high:.0f} %", "3", "12", "0123456789ab")
    assert rows["baseline"][:2] == ("theirs", "100 %")
    assert rows["baseline"][3:] == ("0", "12", "0123456789ab")
    assert list(rows) == ["candidate", "baseline"]


def test_data_that_are_not_known_are_a_dash():
    """A predictions file says nothing of them."""
    side = scored("mine", all_right(), sha256=None)
    view = make_compare_view(compare(all_right(), all_right()), side, side, NO_IMAGES)
    assert [row[-1] for row in view.sides.rows] == [DASH, DASH]


def test_a_flip_has_what_both_sides_said(view):
    """The worst first, with both confidences."""
    assert view.flips.rows == (
        ("#4", "regressed", "cat", "dog, 98.0 %", "cat, 90.0 %"),
        ("#8", "regressed", "dog", "eel, 90.0 %", "dog, 90.0 %"),
        ("#3", "regressed", "cat", "dog, 70.0 %", "cat, 90.0 %"),
    )
    assert view.flips_caption == "Images that flipped"


def test_swapped_sides_are_fixed():
    """What regressed one way is fixed the other way."""
    rows = view_of(all_right(), tiny_predictions()).flips.rows
    assert [row[:2] for row in rows] == [(f"#{index}", "fixed") for index in WORST_FIRST]


def test_regressed_images_come_before_fixed_ones():
    """They are what a reader looks for."""
    kinds = [row[1] for row in view_of(*pair(3, 2, 20)).flips.rows]
    assert kinds == ["regressed"] * 2 + ["fixed"] * 3


def test_flips_are_called_by_their_place_in_the_data_set():
    """Not by their row."""
    view = view_of(tiny_predictions(), all_right(), index=np.arange(12) * 100 + 7)
    assert [row[0] for row in view.flips.rows] == ["#407", "#807", "#307"]


def test_flips_that_are_not_listed_are_counted():
    """And where to find them."""
    view = view_of(*pair(60, 1_100, 2_000))
    assert len(view.flips.rows) == MOST_LISTED + 60
    said = f"{MOST_LISTED} of 1,100 regressed, 60 of 60 fixed"
    assert view.flips_caption == f"Images that flipped ({said}; --frames writes all)"


def test_as_many_flips_as_are_listed_leave_nothing_out():
    """At the bound."""
    assert view_of(*pair(MOST_LISTED, MOST_LISTED, 500)).flips_caption == "Images that flipped"


def test_the_page_is_sound(view):
    """Closed elements, one first heading, unique ids, links that lead somewhere."""
    page = page_of(view)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    targets = [link["href"] for link in page.all("a")]
    assert (page.mistaken, page.open, len(page.all("h1"))) == ([], [], 1)
    assert len(set(ids)) == len(ids) > 5
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)


def test_the_page_shows_the_images_that_flipped(view):
    """Embedded."""
    images = page_of(view).all("img")
    assert len(images) == 3
    assert all(image["src"].startswith("data:image/png;base64,") for image in images)


def test_flips_without_a_picture_are_not_none():
    """Three images regressed, though none of them can be shown."""
    words = page_of(view_of(tiny_predictions(), all_right())).text("p")
    assert "0 of 3 are shown" in words
    assert words.count("None.") == 1


def test_equal_models_have_no_list_of_flips():
    """There is nothing to list."""
    page = page_of(view_of(all_right(), all_right()))
    assert "flips" not in {attributes.get("id") for _, attributes in page.elements}
    assert page.text("p").count("None.") == 2


@pytest.mark.parametrize("part", [0, 3])
def test_hostile_names_are_text(part):
    """Of classes and of both sides: no element of theirs, and every sign of them is there."""
    names = HOSTILE[part:][:3]
    sides = tiny_predictions(names=names), tiny_predictions(tuple((k, 0.9) for k in all_right().labels), names=names)
    page = page_of(view_of(*sides, tiny_run().stored.images, names=(HOSTILE[part], HOSTILE[part + 1])))
    assert all(name in page.text("th") for name in names)
    assert f"{HOSTILE[part]} against {HOSTILE[part + 1]}" in page.text("title")
    assert (page.mistaken, page.open, page.all("script")) == ([], [], [{}])
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    assert all(re.match(r"data:image/png;", image["src"]) for image in page.all("img"))
