"""The HTML page, read by a parser as a browser would."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from corrupting_work import with_corruptions
from tiny_run import HOSTILE, OUTCOMES, epochs, tiny_card, tiny_html, tiny_predictions, tiny_view

from mnist_report.report.html import to_html
from mnist_report.report.write import draw_reports
from mnist_report.resources import resource

VOID = {"meta", "img", "br", "link", "input", "hr"}
LOADING = {"src", "href", "srcset", "data", "poster", "action", "background", "xlink:href", "formaction"}


class Page(HTMLParser):
    """The elements of a page, its text, and whether every element is closed where it should be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.mistaken: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """An element begins."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """It must be the innermost that ends."""
        if not self.open or self.open.pop() != tag:
            self.mistaken.append(tag)

    def handle_data(self, data):
        """Text, by the element that it stands in."""
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag):
        """The attributes of every such element."""
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, *tags):
        """What stands in these elements, or in all."""
        return "".join(word for tag, words in self.texts.items() if not tags or tag in tags for word in words)


@pytest.fixture(scope="module")
def html():
    return tiny_html(card=tiny_card(epochs()))


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture(scope="module", params=[0, 3], ids=["script, quotes and emoji", "right to left, image and template"])
def hostile(request):
    """A page whose title and class names are hostile; what was said, and the page."""
    names = HOSTILE[request.param :][:3]
    return names, Page(to_html(tiny_view(tiny_predictions(names=names), title=" ".join(names))))


def test_every_element_is_closed_in_order(page):
    """A browser has nothing to guess."""
    assert (page.mistaken, page.open) == ([], [])


def test_the_page_is_html5_in_english(html, page):
    """Screen readers need to know."""
    assert html.lower().startswith("<!doctype html>")
    assert page.all("html")[0]["lang"] == "en"


def test_the_encoding_is_said_first(html):
    """Within the first kilobyte, where browsers look."""
    assert '<meta charset="utf-8">' in html[:1024]


def test_there_is_one_first_heading_and_it_is_the_result(page):
    """The headline."""
    assert len(page.all("h1")) == 1
    assert "75 %" in page.text("h1")


def test_no_heading_level_is_left_out(page):
    """An outline that can be walked."""
    levels = [int(tag[1]) for tag, _ in page.elements if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert all(lower - upper <= 1 for upper, lower in pairwise(levels))


def test_ids_are_unique(page):
    """A link leads to one place."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) > 10
    assert len(set(ids)) == len(ids)


def test_every_image_is_embedded_and_has_an_alternative(page):
    """No request, and nothing that only the seeing learn."""
    images = page.all("img")
    assert len(images) == 7 + 3 + 9 + 10 + 9
    assert all((image["src"] or "").startswith("data:image/") and image["alt"] for image in images)


def test_nothing_is_loaded_from_elsewhere(page):
    """The page works on a train."""
    sources = [v or "" for _, attributes in page.elements for k, v in attributes.items() if k in LOADING]
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert not any(word in page.text("style") for word in ("http:", "https:", "@import", "//"))


def test_there_is_no_script_but_ours(page):
    """Nor anything that would run one."""
    assert page.all("script") == [{}]
    assert page.text("script") == (resource("templates") / "report.js").read_text("utf-8").rstrip("\n")
    assert [k for _, attributes in page.elements for k in attributes if k.startswith("on")] == []


def test_a_policy_forbids_all_requests(page):
    """Should another script ever get in, it stays without effect."""
    policies = [m["content"] or "" for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1
    assert "default-src 'none'" in policies[0]
    digest = base64.b64encode(hashlib.sha256(page.text("script").encode()).digest()).decode()
    assert re.findall(r"script-src ([^;]*)", policies[0]) == [f"'sha256-{digest}'"]


def test_every_table_has_a_caption_and_heads(page):
    """One caption a table; heads say which way they point."""
    assert len(page.all("caption")) == len(page.all("table")) > 4
    assert {head.get("scope") for head in page.all("th")} == {"col", "row"}


def test_every_mistake_has_its_image(page):
    """Images 3, 4 and 8."""
    wrong = [figure["id"] for figure in page.all("figure") if "wrong" in (figure.get("class") or "").split()]
    assert sorted(id_ for id_ in wrong if id_.startswith("image-")) == ["image-3", "image-4", "image-8"]


def test_mistakes_that_are_left_out_are_said(page):
    """And where to find them; only then."""
    fewer = Page(to_html(tiny_view(most_mistakes=1))).text("p")
    assert "2 of 3 are shown" in fewer
    assert "frames/mistakes.csv" in fewer
    assert "frames/mistakes.csv" not in page.text("p")


def test_training_is_shown_only_where_it_is_known(page):
    """A model without a card has no curves."""
    assert "figure-training" in {figure["id"] for figure in page.all("figure")}
    assert "figure-training" not in {figure["id"] for figure in Page(tiny_html()).all("figure")}


@pytest.mark.parametrize("predictions", OUTCOMES.values(), ids=OUTCOMES)
def test_any_outcome_gives_a_sound_page(predictions):
    """No mistake, only mistakes, one image, a class that does not occur."""
    page = Page(tiny_html(predictions()))
    assert (page.mistaken, page.open, len(page.all("h1"))) == ([], [], 1)


@pytest.mark.parametrize("name", ["fog", *HOSTILE])
def test_worse_images_make_a_sound_section(name):
    """Whatever the folder of a corruption is called."""
    run = with_corruptions(name)
    page = Page(draw_reports(run.stored, run.evaluation, ["html"])["report.html"].decode())
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    targets = {(link["href"] or "").removeprefix("#") for link in page.all("a")}
    assert (page.mistaken, page.open, page.all("script")) == ([], [], [{}])
    assert {"robustness", "corruption-0", "corruption-2", "figure-corruptions", "figure-corrupted_sets"} <= set(ids)
    assert len(set(ids)) == len(ids)
    assert targets <= set(ids)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(image["alt"] for image in page.all("img"))
    assert name in page.text("th")


def test_hostile_words_are_text(hostile):
    """Every one of them can be read as it was given, in title and tables."""
    names, page = hostile
    assert all(name in page.text("title") and name in page.text("th") for name in names)


def test_hostile_words_make_no_elements(hostile):
    """No script, no image that was not ours, and no element left open."""
    _, page = hostile
    assert (page.all("script"), page.mistaken, page.open) == ([{}], [], [])
    assert all((image["src"] or "").startswith("data:image/") for image in page.all("img"))
    assert [k for _, attributes in page.elements for k in attributes if k.startswith("on")] == []


def test_hostile_words_stay_inside_their_attribute(hostile):
    """The alternative of an image is the whole sentence."""
    names, page = hostile
    assert any(names[0] in (image["alt"] or "") for image in page.all("img"))
    assert {key for image in page.all("img") for key in image} == {"src", "alt", "width", "height"}


def test_the_same_run_gives_the_same_page(html):
    """Byte for byte."""
    assert tiny_html(card=tiny_card(epochs())) == html
