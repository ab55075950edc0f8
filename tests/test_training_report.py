"""NAME.training.html, read by a parser as a browser would."""

import base64
import io
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint
from test_html import LOADING, Page
from tiny_run import HOSTILE, epochs

from mnist_report.data.dataset import make_dataset
from mnist_report.model.adapter import Layer
from mnist_report.model.recipes import SEED, Recipe
from mnist_report.report.training_report import draw_training_report, training_report_path

NAMES = ("cat", "dog", "eel")
LAYERS = (Layer("conv", "Conv2D", "4 x 3 x 8", 80), Layer("dense", "Dense", "3", 291))


def pets(names=NAMES, source="pets"):
    """A hundred images of noise."""
    images = np.random.default_rng(1).integers(0, 256, (100, 6, 5), dtype=np.uint8)
    return make_dataset(images, np.arange(100) % 3, class_names=names, source=source, split="train")


def card(history=None, recipe=None, name="pets_cnn", source="pets", **training):
    """As training makes it; ten images are held out."""
    history = history or epochs()
    return {
        "format": 1,
        "name": name,
        "created": "2026-01-02T03:04:05+00:00",
        "model": {"sha256": "a" * 64, "parameters": 371, "trainable_parameters": 360},
        "recipe": asdict(recipe or Recipe(epochs=len(history))),
        "data": {"source": source, "split": "train", "sha256": "c" * 64, "n_trained_on": 90, "n_held_out": 10},
        "training": {
            "best_epoch": 1 + min(range(len(history)), key=lambda k: history[k]["val_loss"]),
            "interrupted": False,
            "diverged": False,
            "duration_s": 75.0,
            "history": history,
        }
        | training,
        "calibration": {"temperature": 1.25, "n": 10},
        "device": {"kind": "cpu", "name": "a processor", "backend": "tensorflow"},
        "git_commit": "0123456789abcdef",
        "versions": {"mnist-report": "0.1.0", "python": "3.11.7"},
    }


def draw(known=None, layers=LAYERS, dataset=None):
    """The page."""
    return Page(draw_training_report(known or card(), layers, dataset or pets()).decode())


@pytest.fixture(scope="module")
def html():
    return draw_training_report(card(), LAYERS, pets()).decode()


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_it_stands_beside_the_model():
    """Where its card is."""
    assert training_report_path(Path("models/a.keras")) == Path("models/a.training.html")


def test_the_page_is_sound(page):
    """One first heading, captions, heads that say which way they point, ids that are there once."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert (page.mistaken, page.open, len(page.all("h1")), len(set(ids))) == ([], [], 1, len(ids))
    assert len(page.all("caption")) == len(page.all("table")) == 4
    assert {head["scope"] for head in page.all("th")} == {"col", "row"}
    targets = {link["href"][1:] for link in page.all("a")}
    assert targets <= set(ids)


def test_the_page_loads_nothing(page):
    """Pictures are in it; links stay on it."""
    for _, attributes in page.elements:
        assert all((value or "").startswith(("#", "data:")) for key, value in attributes.items() if key in LOADING)


def test_the_head_says_what_came_of_it(page):
    """Of ten held-out images 9 are right: 0.2 / 3 of the last epoch are not, and 10 images have no 0.667."""
    assert page.text("h1") == "90 % of 10 held-out images right"
    low, high = proportion_confint(9, 10, method="beta")
    shown = f"{100 * low:.0f} \N{EN DASH} {min(99, round(100 * high))} %"  # 100 is only said of all
    assert f"95 % interval {shown}" in page.text("span")
    assert "Log loss 0.2667 with the weights of epoch 3 of 3, which were kept." in page.text("p")


def test_it_says_that_these_numbers_flatter(page):
    """The images on which they were taken chose the epoch."""
    assert "So these numbers flatter the model a little." in page.text("p")
    assert "never looked at" in page.text("dd")


def test_a_training_that_ran_to_its_end_has_no_warning(html, page):
    """The box would cry wolf."""
    assert '<div class="findings">' not in html
    assert "It went through all of its 3 epochs." in page.text("p")


def test_one_that_ended_early_says_why():
    """Patience, in epochs."""
    page = draw(card(recipe=Recipe(epochs=15)))
    assert "It ended after 3 of at most 15 epochs" in page.text("p")
    assert "no lower value for 3 epochs" in page.text("p")


def test_an_interrupted_training_says_so_at_its_head():
    """And how to go on."""
    page = draw(card(recipe=Recipe(epochs=15), interrupted=True))
    assert "interrupted after epoch 3 of at most 15" in page.text("li")
    assert "mnist-report train --resume pets_cnn.checkpoint.npz" in page.text("li")
    assert "It ended after" not in page.text("p")


def test_a_diverged_training_says_so_at_its_head():
    """And what to try."""
    page = draw(card(recipe=Recipe(epochs=15), diverged=True))
    assert "ceased to be a number after epoch 3 of at most 15" in page.text("li")
    assert "--learning-rate" in page.text("li")


def rows(html, table):
    """The cells of each row of a table's body."""
    body = html.partition(f'id="{table}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [re.sub("<.*?>", "", cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)]
        for row in re.findall("<tr.*?</tr>", body)
    ]


def test_every_epoch_is_in_the_table(html):
    """The figures' numbers, for those who do not see them."""
    assert [row[0] for row in rows(html, "epochs")] == ["1", "2", "3"]
    assert rows(html, "epochs")[2] == ["3", "0.3333", "90.00 %", "0.2667", "93.33 %", "0.001", "1.5 s"]


def test_the_classes_are_in_a_table_beside_their_figure(html):
    """Counts and shares of both sides."""
    assert [row[:5] for row in rows(html, "classes")] == [
        ["cat", "30", "33.33 %", "4", "40.00 %"],
        ["dog", "30", "33.33 %", "3", "30.00 %"],
        ["eel", "30", "33.33 %", "3", "30.00 %"],
    ]


def test_the_layers_are_listed_where_they_are_known(html):
    """A network of one's own may hide them."""
    assert rows(html, "layers")[0] == ["conv", "Conv2D", "4 x 3 x 8", "80"]
    assert "Layers" not in draw(layers=()).text("caption")


def test_a_field_that_is_not_the_seed_projects_is_marked(html):
    """Not by colour alone: the other value stands beside it."""
    assert html.count('<tr class="differs">') == 1
    assert rows(html, "recipe")[0][:3] == ["epochs", "3", str(SEED.epochs)]
    assert rows(html, "recipe")[1][:3] == ["batch size", "128", "the same"]


def test_each_class_has_pictures_of_its_images(page):
    """Dark ink on white, as on paper."""
    from PIL import Image

    shown = [image for image in page.all("img") if image["src"].startswith("data:image/png")]
    assert len(shown) == 3 * 8
    dataset = pets()
    for image in shown:
        name, index = re.fullmatch(r"(\w+), image (\d+)", image["alt"]).groups()
        assert NAMES[dataset.labels[int(index)]] == name
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(image["src"].partition(",")[2]))))
        np.testing.assert_array_equal(255 - pixels, dataset.images[int(index)])


def test_every_figure_says_what_it_shows(page):
    """Its message too, and not the same as another's."""
    words = [image["alt"] for image in page.all("img") if image["src"].startswith("data:image/svg")]
    assert len(set(words)) == 3
    assert "The held-out loss was lowest after epoch 3, at 0.2667." in words[0]
    assert "An epoch took 1.5 s." in words[1]
    assert "The most frequent is cat (34.0 % of the images), the rarest dog (33.0 % of the images)." in words[2]


def test_the_provenance_is_there(page):
    """Digest, commit, device, versions."""
    said = page.text("dd")
    assert all(word in said for word in ("a" * 64, "0123456789abcdef", "a processor (cpu), tensorflow", "1 min 15 s"))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_are_text(text):
    """Names of files, sources and classes."""
    page = draw(card(name=text, source=text), dataset=pets((text, "dog", "eel"), text))
    assert text in page.text("dt")
    assert (page.mistaken, page.open, page.all("script")) == ([], [], [{}])
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)


def test_a_name_that_is_no_text_does_no_harm():
    """Linux has such files."""
    assert b"a\\udcff" in draw_training_report(card(name="a\udcff"), LAYERS, pets())


def test_the_same_training_gives_the_same_bytes(html):
    """Nothing of the clock."""
    assert draw_training_report(card(), LAYERS, pets()).decode() == html
