"""What a notebook shows of an evaluation, read by a parser as a browser would."""

import base64
import io
import re
from functools import cache

import numpy as np
import pytest
from markupsafe import escape
from test_html import LOADING, Page
from tiny_run import FIGURES, HOSTILE, LABELS, NAMES, OUTCOMES, WORST_FIRST, epochs, tiny_predictions

from mnist_report import evaluate
from mnist_report.report import notebook, tables
from mnist_report.report.notebook import MOST_SHOWN, EvaluationResult

PIXELS = np.random.default_rng(5).integers(0, 256, (12, 6, 5), dtype=np.uint8)

# The notebook's door takes nothing else; one-hot rows are in test_classes_alone.py.
WITH_PROBABILITIES = [name for name, predictions in OUTCOMES.items() if predictions().graded]


def result_of(predictions, **options):
    """The evaluation of a tiny run's predictions by way of the notebook's door."""
    return evaluate(predictions.probabilities, predictions.labels, class_names=predictions.class_names, **options)


@cache
def shown(outcome):
    """The page of one of the outcomes, with images."""
    predictions = OUTCOMES[outcome]()
    return Page(result_of(predictions, images=PIXELS[: len(predictions)])._repr_html_())


def digits(page):
    """The attributes of each image of the gallery."""
    return [image for image in page.all("img") if image["src"].startswith("data:image/png;")]


@pytest.fixture
def undrawn(monkeypatch):
    """Stand-ins for the figures, where the gallery is looked at."""
    monkeypatch.setattr(notebook, "make_figures", lambda *_: FIGURES)
    monkeypatch.setattr(notebook, "to_svg", str)


@pytest.fixture(scope="module")
def result():
    return result_of(tiny_predictions(), images=PIXELS)


@pytest.fixture(scope="module")
def html(result):
    return result._repr_html_()


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.mark.parametrize("outcome", WITH_PROBABILITIES)
def test_every_element_is_closed_in_order(outcome):
    """Whatever the outcome, a notebook has nothing to guess."""
    assert (shown(outcome).mistaken, shown(outcome).open) == ([], [])


def test_it_is_a_fragment(page):
    """The notebook has the page."""
    assert {"html", "head", "body", "title", "meta", "script", "link", "iframe"} & {
        tag for tag, _ in page.elements
    } == set()


def test_it_loads_nothing(html, page):
    """Every picture is in it."""
    sources = [value for _, attributes in page.elements for key, value in attributes.items() if key in LOADING]
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert "url(" not in html
    assert "@import" not in html


def test_its_style_concerns_nothing_else(page):
    """Other cells look as before."""
    selectors = re.findall(r"([^{}]+)\{", page.text("style"))
    assert selectors
    assert all(selector.strip().startswith(".mnist-report ") for selector in selectors)
    assert page.all("div")[0]["class"] == "mnist-report"


def test_the_sentence_comes_first(result, page):
    """That which `print` prints."""
    assert str(result) in page.text("b")


def test_every_metric_is_shown_with_its_value(result, html):
    """In the report's own table."""
    for title, value, *_ in tables.overall_table(result.evaluation.overall).rows:
        assert f'<th scope="row">{escape(title)}</th><td class="number">{escape(value)}</td>' in html


def test_every_class_has_its_row(result, page):
    """By name, with its numbers."""
    heads, cells = page.text("th"), page.text("td")
    for row in tables.per_class_table(result.evaluation, NAMES).rows:
        assert row[0] in heads
        assert all(cell in cells for cell in row[1:])


def test_the_findings_are_listed():
    """What is structurally wrong stands above the tables; here a class is never predicted."""
    findings = result_of(OUTCOMES["never a dog"]()).evaluation.findings
    assert findings
    assert all(finding in shown("never a dog").text("li") for finding in findings)


def test_without_findings_there_is_no_list(page):
    """Nothing is said of nothing."""
    assert page.all("li") == page.all("ul") == []


def test_every_picture_has_an_alternative(page):
    """Those who cannot see it learn what it shows."""
    assert len(page.all("img")) == 6 + len(WORST_FIRST)
    assert all(image["alt"].strip() for image in page.all("img"))


def test_the_worst_mistakes_are_shown_worst_first(page):
    """Each says what it is and what it was taken for."""
    assert [re.match(r"Image (\d+):", image["alt"])[1] for image in digits(page)] == list(map(str, WORST_FIRST))
    assert digits(page)[0]["alt"] == "Image 4: cat, predicted dog with 98.0 %"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("images", [PIXELS, PIXELS / 255, np.asfortranarray(PIXELS)], ids=["bytes", "floats", "turned"])
def test_a_mistake_is_drawn_dark_on_white(images):
    """The very pixels that were given, in whichever layout."""
    from PIL import Image

    worst = digits(Page(result_of(tiny_predictions(), images=images)._repr_html_()))[0]["src"]
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(worst.partition(",")[2], validate=True))))
    assert np.array_equal(255 - drawn, PIXELS[4])


def test_without_images_there_is_no_gallery():
    """But every table and figure."""
    html = result_of(tiny_predictions())._repr_html_()
    page = Page(html)
    assert digits(page) == []
    assert "worst mistakes" not in html
    assert len(page.all("img")) == 6
    assert len(page.all("table")) == 2


def test_without_a_mistake_there_is_no_gallery():
    """There is none to show."""
    assert digits(shown("no mistake")) == []
    assert "worst mistakes" not in shown("no mistake").text()


@pytest.mark.usefixtures("undrawn")
def test_only_so_many_mistakes_are_shown():
    """A notebook of ten thousand pictures would not open again; it says how many there are besides."""
    html = mistaken(MOST_SHOWN + 5)
    assert len(digits(Page(html))) == MOST_SHOWN
    assert " 5 more are in <code>frames.mistakes</code>." in html


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("n", [1, MOST_SHOWN])
def test_where_all_are_shown_there_are_no_more(n):
    """Up to the last that is."""
    html = mistaken(n)
    assert len(digits(Page(html))) == n
    assert "frames.mistakes" not in html


@pytest.mark.usefixtures("undrawn")
def test_one_more_is_one():
    """In English too."""
    assert " 1 more is in <code>frames.mistakes</code>." in mistaken(MOST_SHOWN + 1)


def mistaken(n):
    """The HTML of so many mistakes."""
    images = np.zeros((n, 6, 5), np.uint8)
    return evaluate(np.tile([0.2, 0.8], (n, 1)), np.zeros(n, int), images=images)._repr_html_()


@pytest.mark.parametrize("first", [0, 3], ids=["script, quotes and emoji", "right to left, image and template"])
def test_hostile_class_names_are_text(first):
    """They make no element and stay inside their attribute."""
    names = HOSTILE[first:][:3]
    page = Page(result_of(tiny_predictions(names=names), images=PIXELS)._repr_html_())
    assert all(name in page.text("th") for name in names)
    assert (page.all("script"), page.mistaken, page.open) == ([], [], [])
    assert [key for _, attributes in page.elements for key in attributes if key.startswith("on")] == []
    assert {key for image in page.all("img") for key in image} == {"src", "alt", "width", "height"}
    assert names[0] in digits(page)[0]["alt"]


def test_a_name_that_cannot_be_drawn_is_written():
    """The figures have placeholders, without a warning; the table has the name."""
    name = "\N{CJK UNIFIED IDEOGRAPH-732B}"
    page = Page(result_of(tiny_predictions(names=(name, "dog", "eel")))._repr_html_())
    assert name in page.text("th")


def test_a_name_that_is_too_long_to_be_drawn_is_written():
    """The figures have its beginning, the table has all of it."""
    name = "cat" * 100
    page = Page(result_of(tiny_predictions(names=(name, "dog", "eel")))._repr_html_())
    assert name in page.text("th")


@pytest.mark.usefixtures("undrawn")
def test_hostile_names_of_slices_do_no_harm():
    """Nor do their values."""
    result = result_of(tiny_predictions(), slices={HOSTILE[0]: [HOSTILE[4]] * 12})
    assert Page(result._repr_html_()).all("script") == []


@pytest.mark.parametrize("outcome", WITH_PROBABILITIES)
def test_there_are_no_ids(outcome):
    """A page may have each id once, and a notebook is one page of many results."""
    assert [tag for tag, attributes in shown(outcome).elements if "id" in attributes] == []


def test_the_same_result_is_shown_the_same_way(result, html):
    """Byte for byte; notebooks are kept under version control."""
    assert result._repr_html_() == html


def test_a_training_is_drawn_where_it_is_known(result):
    """With the epoch whose weights were kept."""
    trained = EvaluationResult(result.evaluation, result.predictions, None, epochs())
    page = Page(trained._repr_html_())
    assert [image["alt"][:15] for image in page.all("img")].count("Curves of loss ") == 1
    assert "lowest after epoch 3" in page.text("figcaption")
    assert set(trained.figures()) - set(result.figures()) == {"training"}


def test_the_kept_epoch_is_the_first_of_the_best(result):
    """As early stopping keeps it: only a lower loss is better."""
    history = [epoch | {"val_loss": loss} for epoch, loss in zip(epochs(), (0.5, 0.2, 0.2), strict=True)]
    trained = EvaluationResult(result.evaluation, result.predictions, None, history)
    assert "lowest after epoch 2" in Page(trained._repr_html_()).text("figcaption")


@pytest.mark.usefixtures("undrawn")
def test_single_images_of_a_larger_set_are_found():
    """The gallery shows image 11 of a class that is wrong there only."""
    said = (*((k, 0.9) for k in LABELS[:-1]), (0, 0.6))
    page = Page(result_of(tiny_predictions(said), images=PIXELS)._repr_html_())
    assert [image["alt"] for image in digits(page)] == ["Image 11: eel, predicted cat with 60.0 %"]
