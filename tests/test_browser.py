"""The pages in a real browser: accessible, without requests, and working."""

import os
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from ensemble_work import ensemble_run
from past_runs import with_past
from playwright.sync_api import sync_playwright
from test_training_report import LAYERS, card, pets
from tiny_run import RUN_ID, all_right, all_wrong, classes_alone, finished_run, one_image, tiny_run

from mnist_report.comparing import compare_runs, write_comparison
from mnist_report.evaluation.contest import rank
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.pipeline import render
from mnist_report.report.index import index_html
from mnist_report.report.leaderboard import Failure, draw_leaderboard
from mnist_report.report.training_report import draw_training_report
from mnist_report.runs.result import read_result

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCRIPT = re.compile("<script>.*</script>", re.DOTALL)
SIZES = {390: 844, 1280: 800}
EVERY_WAY = [(width, scheme, scripted) for width in SIZES for scheme in ("light", "dark") for scripted in (True, False)]
# Four in which every two settings meet in each of their combinations.
PAIRS = [EVERY_WAY[0], EVERY_WAY[3], EVERY_WAY[5], EVERY_WAY[6]]
# The report in every way, each other page in two that differ in everything.
SHOWN = [pytest.param("run", *way, marks=[] if way in PAIRS else [pytest.mark.slow]) for way in EVERY_WAY]
SHOWN += [
    pytest.param(name, *way)
    for name in (
        *("tiny", "perfect", "single", "classes", "trend", "ensemble"),
        *("compare", "index", "trends", "leaderboard", "training"),
    )
    for way in EVERY_WAY[1:7:5]
]

if CHROMIUM is None and not os.environ.get("CI"):
    pytest.skip("no Chromium is installed", allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium; Playwright brings none of its own here."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


def with_scale(result):
    """As of a model: the small runs have none."""
    model = result.facts["model"] | {"input": {"scale": "unit", "doubt": "Nobody knows."}}
    return replace(result, facts={**result.facts, "model": model})


@pytest.fixture(scope="module")
def pages(shipped_run, tmp_path_factory):
    """Every kind of page that we make, by name."""
    folder = tmp_path_factory.mktemp("pages")
    tiny, better = tiny_run().write(folder / "tiny"), tiny_run(all_right()).write(folder / "better")
    single = tiny_run(one_image()).write(folder / "single")
    classes = tiny_run(classes_alone()).write(folder / "classes")
    trend, ensemble = with_past().write(folder / "trend"), ensemble_run().write(folder / "ensemble")
    for run in (tiny, better, single, classes, trend, ensemble):
        render(run, ("html",), None)
    compared = compare_runs(tiny, better, join_by_index=False, frames=None)
    write_comparison(compared, folder / "compare", ("html",))
    worse = tiny_run(all_wrong()).write(folder / RUN_ID)
    render(worse, ("html",), None)  # all three lead to this report: it has their run-id
    failures = [Failure("broken.keras", f"{'a long path/' * 20}broken.keras: no such model file")]
    results = [with_scale(read_result(run, f"{run.name}.keras")) for run in (worse, tiny, better)]
    leaderboard = folder / "leaderboard.html"
    leaderboard.write_bytes(draw_leaderboard(folder, "Pets", rank(results), failures)[leaderboard.name])
    training = folder / "pets.training.html"
    training.write_bytes(draw_training_report(card(interrupted=True, diverged=True), LAYERS, pets()))
    index = folder / "index.html"
    index.write_text(index_html(shipped_run.parent), "utf-8")
    for run_id in (RUN_ID, RUN_ID.replace("2026", "2025", 1)):
        finished_run(folder / "nights", run_id)
    trends = folder / "trends.html"
    trends.write_text(index_html(folder / "nights"), "utf-8")
    made = {
        "run": shipped_run / "report.html",
        "tiny": tiny / "report.html",
        "perfect": better / "report.html",
        "single": single / "report.html",
        "classes": classes / "report.html",
        "trend": trend / "report.html",
        "ensemble": ensemble / "report.html",
        "trends": trends,
        "compare": folder / "compare" / "compare.html",
        "index": index,
        "leaderboard": leaderboard,
        "training": training,
    }
    for name, path in list(made.items()):
        made[f"{name} without"] = folder / f"{name}-without.html"
        made[f"{name} without"].write_text(SCRIPT.sub("", path.read_text("utf-8")), "utf-8")
    return made


@pytest.fixture
def show(browser, pages):
    """Open a page; what it asked the network for is in `requests`."""
    contexts = []

    def open_page(name, *, width=1280, scheme="light", javascript=True):
        context = browser.new_context(
            viewport={"width": width, "height": SIZES[width]}, color_scheme=scheme, java_script_enabled=javascript
        )
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("request", lambda request: request.url.startswith("data:") or page.problems.append(request.url))
        page.on("console", lambda message: page.problems.append(message.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(pages[name].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("name", "width", "scheme", "scripted"), SHOWN)
def test_axe_finds_no_violation(show, name, width, scheme, scripted):
    """WCAG 2.2 AA and axe's best practices; nothing is asked of the network, nothing is wider than the screen.

    axe is a script itself, so that without JavaScript it gets the page without ours.
    """
    page = show(name if scripted else f"{name} without", width=width, scheme=scheme)
    found = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": WCAG}).response["violations"]
    assert [(violation["id"], [node["html"][:200] for node in violation["nodes"][:3]]) for violation in found] == []
    assert page.problems == [page.url]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_axe_can_find_a_violation(show):
    """Or the test above would say nothing."""
    page = show("tiny")
    page.evaluate("document.querySelector('.digit img').removeAttribute('alt')")
    assert [violation["id"] for violation in Axe().run(page).response["violations"]] == ["image-alt"]


def test_a_cell_of_the_matrix_leads_to_its_image(show):
    """With a plain anchor, so also without JavaScript."""
    page = show("run", javascript=False)
    link = page.locator("#matrix td.w5 a").first
    name = link.get_attribute("aria-label")
    link.click()
    target = page.locator(":target")
    pair = [target.get_attribute("data-actual"), target.get_attribute("data-predicted")]
    assert name.endswith(f"of {pair[0]} taken for {pair[1]}")
    assert target.is_visible()
    assert 0 <= target.bounding_box()["y"] < SIZES[1280]


def test_a_pair_leads_round_all_its_images(show):
    """And back to the first."""
    page = show("run")
    page.locator("#pairs tbody a").first.click()
    first = page.locator(":target").get_attribute("id")
    images = int(page.locator("#pairs tbody tr").first.locator("td").first.inner_text())
    seen = []
    for _ in range(images):
        seen.append(page.locator(":target").get_attribute("id"))
        page.locator(":target figcaption a").click()
    assert len(set(seen)) == images > 1
    assert page.locator(":target").get_attribute("id") == first


def test_a_table_is_sorted_by_a_click(show):
    """Falling first, then rising; numbers as numbers; and a reader with a screen reader is told."""
    page = show("run")
    head = page.locator("#per-class thead th").nth(2)
    assert head.inner_text() == "Errors"
    for order, falling in (("descending", True), ("ascending", False)):
        head.locator("button").click()
        cells = page.locator("#per-class tbody tr td:nth-child(3)").all_inner_texts()
        numbers = [int(cell.replace(",", "")) for cell in cells]
        assert numbers == sorted(numbers, reverse=falling)
        assert head.get_attribute("aria-sort") == order


def test_models_that_failed_stay_at_the_end_of_a_leaderboard(show):
    """However the others are sorted; a number is that in large letters, not the small one below it too."""
    page = show("leaderboard")
    heads = page.locator("#leaderboard thead th")
    column = next(k for k in range(heads.count()) if heads.nth(k).inner_text().startswith("Regressed"))
    for expected in (["12", "3", "\N{EN DASH}"], ["\N{EN DASH}", "3", "12"]):
        heads.nth(column).locator("button").click()
        cells = page.locator(f"#leaderboard tbody:nth-of-type(1) td:nth-child({column + 1})").all_inner_texts()
        assert [cell.split()[0] for cell in cells] == expected
        assert page.locator("#leaderboard tr").last.locator("th").inner_text() == "broken.keras"


def test_the_gallery_is_filtered(show):
    """By actual and predicted class and by confidence; the number that is left is said."""
    page = show("run")
    mistakes = page.locator("#mistakes .filterable .digit")
    total = mistakes.count()
    page.get_by_role("combobox", name="actual").select_option(label="6")
    left = [digit for digit in mistakes.all() if digit.is_visible()]
    assert {digit.get_attribute("data-actual") for digit in left} == {"6"}
    assert page.locator(".filter output").inner_text() == f"{len(left)} of {total} shown"
    page.get_by_label("confidence at least, %").fill("95")
    sure = [digit for digit in mistakes.all() if digit.is_visible()]
    assert 0 < len(sure) < len(left)
    assert all(float(digit.get_attribute("data-confidence")) >= 95 for digit in sure)


def test_a_link_to_an_image_that_is_filtered_away_shows_it(show):
    """Or the link would lead nowhere."""
    page = show("run")
    page.get_by_label("confidence at least, %").fill("100")
    page.locator("#matrix td.w5 a").first.click()
    assert page.locator(":target").is_visible()
    assert page.get_by_label("confidence at least, %").input_value() == "0"


def test_without_probabilities_nobody_can_filter_by_confidence(show):
    """By the classes alone; and every image can be seen beside its words."""
    page = show("classes")
    mistakes = page.locator("#mistakes .filterable .digit")
    assert page.locator("#mistakes .filter input").count() == 0
    assert page.locator("#mistakes .filter output").inner_text() == "3 of 3 shown"
    page.get_by_label("predicted").select_option("=dog")
    assert [figure.get_attribute("id") for figure in mistakes.all() if figure.is_visible()] == ["image-3", "image-4"]
    picture, words = (mistakes.first.locator(part).bounding_box() for part in ("img", "figcaption"))
    assert picture["y"] + picture["height"] <= words["y"]


def test_without_javascript_there_is_nothing_that_does_nothing(show):
    """No filter, no buttons; every mistake is there."""
    page = show("run", javascript=False)
    assert page.locator("button, select, input").count() == 0
    errors = int(page.locator("#metric-errors td").first.inner_text())
    assert page.locator("#mistakes .filterable .digit").count() == errors


def test_it_prints(show):
    """From the browser, too: the whole gallery without the filter, in black on white."""
    page = show("run", scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator(".filter").is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("width", [320, 900, 1100])
@pytest.mark.parametrize("name", ["7", "a_long_name_without_blanks"])
def test_no_number_at_a_glance_is_cut(browser, tmp_path, width, name):
    """Least of all where a class is perfect, whose number is the longest."""
    labels = np.arange(10_000) % 10
    rows = np.where(np.arange(10) == labels[:, None], 0.91, 0.01)
    rows[0] = rows[1]
    predictions = make_predictions(rows, labels, (*(str(k) for k in range(9)), name))
    run = tiny_run(predictions).write(tmp_path / "perfect")
    render(run, ("html",), None)
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto((run / "report.html").as_uri())
    assert "100.00 %" in page.locator(".glance").inner_text()
    numbers = page.locator(".glance p + p")
    assert numbers.evaluate_all("all => all.filter(one => one.scrollWidth > one.clientWidth).length") == 0
    page.close()


def test_a_narrow_screen_reads_the_gates_as_sentences(show):
    """A wide table would hide what matters."""
    page = show("run", width=390)
    assert not page.locator("#gates table").is_visible()
    assert page.locator("#gates .narrow li").count() == 2
    assert "which is at least 99 %" in page.locator("#gates .narrow").inner_text()
