"""leaderboard.html and leaderboard.csv."""

import csv
import io
import re
from urllib.parse import unquote

import pytest
from test_html import LOADING, Page
from tiny_run import HOSTILE, LABELS, finished_run, tiny_predictions, tiny_run

from mnist_report.evaluation.contest import Result, rank
from mnist_report.report.index import index_html
from mnist_report.report.leaderboard import NAME, TABLE, Failure, draw_leaderboard

DASH = "\N{EN DASH}"
WRONG = {"worse": range(5), "best": range(4, 6), "middle": range(3, 6)}
RUN_IDS = {name: f"20260102T03040{k}Z-{name}-0123ab" for k, name in enumerate(WRONG)}


def result(name, wrong, **model):
    """Of a model that takes these of the twelve images for another class."""
    said = [((k + 1) % 3 if row in wrong else k, 0.9) for row, k in enumerate(LABELS)]
    run = tiny_run(tiny_predictions(tuple(said)))
    facts = run.provenance | {"verdict": "FAIL", "run_id": RUN_IDS.get(name, "20260102T030405Z-other-0123ab")}
    facts["model"] = facts["model"] | {"input": {"scale": "raw", "doubt": ""}} | model
    return Result(name, run.evaluation.overall, run.predictions.right, facts)


def results():
    """Three models; two right answers lie between the best and the worst but one."""
    return [result(name, wrong) for name, wrong in WRONG.items()]


def draw(reports, found, failures=()):
    """The page, as a browser reads it, and the table."""
    files = draw_leaderboard(reports, "Pets", rank(found), failures)
    return Page(files[NAME].decode()), list(csv.DictReader(io.StringIO(files[TABLE].decode())))


def rows_of(html):
    """The cells of each row of the body, as text."""
    rows = re.findall(r"<tr.*?</tr>", html.partition("<tbody>")[2], re.DOTALL)
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub("<.*?>", "", cell) for cell in row] for row in cells]


@pytest.fixture
def page(tmp_path):
    """Of three models and one that failed."""
    return draw(tmp_path, results(), [Failure("broken", "broken.keras: no such model file")])[0]


@pytest.fixture
def html(tmp_path):
    """The same as text."""
    failures = [Failure("broken", "broken.keras: no such model file")]
    return draw_leaderboard(tmp_path, "Pets", rank(results()), failures)[NAME].decode()


def test_the_best_is_first_and_what_failed_last(html):
    """With its place."""
    assert [row[:2] for row in rows_of(html)] == [
        ["1", "best raw"],
        ["2", "middle raw"],
        ["3", "worse raw"],
        [DASH, "broken"],
    ]


def test_a_row_says_all_of_a_model(html):
    """The verdict; accuracy; difference, p and flips against the best; losses; size and speed."""
    _, middle, worse, _ = rows_of(html)
    assert worse[2] == "FAIL"
    assert worse[3].startswith("58 % ")
    assert worse[4].startswith("-25.00 pp ")
    # By hand: images 0 to 3 regressed, and 5 is fixed; 2 * (C(5,0) + C(5,1)) / 2^5.
    assert worse[5:7] == ["0.375", "4 1 fixed"]
    assert middle[4].startswith("-8.33 pp ")
    assert middle[5:7] == ["1", "1 0 fixed"]
    assert worse[9:] == ["93 12.3 kB", "48"]


def test_the_best_has_no_difference(html):
    """Dashes, no zeros that look measured."""
    assert rows_of(html)[0][4:7] == [DASH, DASH, DASH]


def test_a_number_and_what_is_small_below_it_are_two_words(html):
    """Or the page would sort 4 and 1 as 41."""
    assert not re.search(r"\S<br>", html.partition("<tbody>")[2].partition("</table>")[0])


def test_a_scale_that_nothing_speaks_for_is_marked(tmp_path):
    """A model that is last may only have been given the wrong pixels."""
    doubtful = result("odd", (), input={"scale": "unit", "doubt": "Nobody knows."})
    files = draw_leaderboard(tmp_path, "Pets", rank([doubtful]), [])
    assert rows_of(files[NAME].decode())[0][1] == "odd unit, in doubt"
    assert draw(tmp_path, [doubtful])[1][0]["doubt"] == "Nobody knows."


def test_a_failure_has_its_reason(html):
    """In the place of the numbers."""
    assert rows_of(html)[3][2] == "Could not be evaluated: broken.keras: no such model file"


def test_it_says_that_the_differences_are_descriptive(page):
    """The winner was picked on these images."""
    assert "The differences are descriptive: the best model was picked on the same images" in page.text("p")


def test_it_says_on_what_and_when(page):
    """And how many failed."""
    said = "On pets, test split, 12 images, 2 January 2026, 03:04 UTC, the most accurate first. 1 of 4 could not be"
    assert said in page.text("p")
    assert "Leaderboard of 4 models" in page.text("h1")


def test_one_result_is_compared_with_nothing(tmp_path):
    """So nothing is said of differences."""
    page, _ = draw(tmp_path, results()[:1], [Failure("broken", "why")])
    assert "descriptive" not in page.text("p")
    assert (page.mistaken, page.open, len(page.all("tr"))) == ([], [], 3)


def test_where_all_failed_there_is_a_page_all_the_same(tmp_path):
    """An older one would be taken for today's."""
    page, table = draw(tmp_path, [], [Failure("a", "why a"), Failure("b", "why b")])
    assert "2 of 2 could not be evaluated." in page.text("p")
    assert [row["problem"] for row in table] == ["why a", "why b"]
    assert (page.mistaken, page.open) == ([], [])


@pytest.mark.parametrize(("there", "wanted"), [(2, "report.html"), (1, "report.pdf"), (0, None)])
def test_a_model_leads_to_its_report(tmp_path, there, wanted):
    """To the PDF where that is all; nowhere where there is none."""
    run = finished_run(tmp_path, RUN_IDS["best"])
    for name in ("report.html", "report.pdf")[: 2 - there]:
        (run / name).unlink()
    page, _ = draw(tmp_path, results())
    links = [unquote(link["href"]) for link in page.all("a")]
    assert links == [f"./{run.name}/{wanted}"] * bool(wanted) + [f"./{TABLE}", "./index.html"]


def test_the_table_has_the_same_numbers_unrounded(tmp_path):
    """With the bounds and the flips."""
    _, table = draw(tmp_path, results(), [Failure("broken", "why")])
    best, middle, _, broken = table
    assert [row["model"] for row in table] == ["best", "middle", "worse", "broken"]
    assert float(middle["difference"]) == pytest.approx(-1 / 12)
    assert (middle["regressed"], middle["fixed"], float(middle["p_value"])) == ("1", "0", 1.0)
    assert float(best["accuracy"]) == pytest.approx(10 / 12)
    assert (best["place"], best["difference"], best["regressed"], best["parameters"]) == ("1", "", "", "93")
    assert {name for name, cell in broken.items() if cell} == {"model", "problem"}


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_name_is_a_formula_in_a_spreadsheet(tmp_path, name):
    """A model file may be called anything."""
    _, table = draw(tmp_path, [result(name, ())], [Failure(name, f"{name}: why")])
    assert [row["model"] for row in table] == [f"'{name}"] * 2
    assert table[1]["problem"] == f"'{name}: why"


@pytest.mark.parametrize("text", [*HOSTILE, "two\nlines", "a,b"], ids=range(8))
def test_hostile_words_are_text(tmp_path, text):
    """Names, reasons, verdict and title."""
    found = [result(text, (), path=text), result("b", (1,))]
    found[0].facts["verdict"] = text
    failures = [Failure(text, f"{text}: why")]
    page = Page(draw_leaderboard(tmp_path, text, rank(found), failures)[NAME].decode())
    assert page.text("th").count(text) == 2
    assert page.text("b") == f"{text}FAIL"
    assert f"Could not be evaluated: {text}: why" in page.text("td")
    assert (page.mistaken, page.open, page.all("script"), page.all("img")) == ([], [], [{}], [])
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)
    _, table = draw(tmp_path, found, failures)
    assert [row["model"] for row in table] == [text, "b", text]


def test_a_name_that_is_no_text_does_no_harm(tmp_path):
    """Linux has such files."""
    files = draw_leaderboard(tmp_path, "Pets", rank([result("a\udcff", ())]), [Failure("b\udcff", "b\udcff: why")])
    assert b"a\\udcff" in files[NAME]
    assert b"a\\udcff" in files[TABLE]


def test_a_very_long_word_is_cut_off(tmp_path):
    """It would make the page as wide as itself; the table has it whole."""
    page, table = draw(tmp_path, [result("x" * 250, ())], [Failure("y" * 250, "z" * 900)])
    assert max(len(word) for tag in ("th", "td") for words in page.texts[tag] for word in words.split()) <= 120
    assert [row["model"] for row in table] == ["x" * 250, "y" * 250]


def test_the_page_is_sound(page):
    """One first heading, a caption, heads that say which way they point, ids that are there once."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert (page.mistaken, page.open, len(page.all("h1")), len(set(ids))) == ([], [], 1, len(ids))
    assert (len(page.all("caption")), {head["scope"] for head in page.all("th")}) == (1, {"col", "row"})


def test_the_page_loads_nothing(page):
    """Its links lead to neighbours."""
    assert all(
        (value or "").startswith("./")
        for _, attributes in page.elements
        for k, value in attributes.items()
        if k in LOADING
    )


def test_every_row_is_as_wide_as_its_head(html):
    """That of a failure too."""
    heads = html.count('<th scope="col"')
    for row in re.findall(r"<tr.*?</tr>", html.partition("<tbody>")[2], re.DOTALL):
        spans = [int(span) for span in re.findall(r'colspan="(\d+)"', row)]
        assert len(re.findall("<t[hd]", row)) - len(spans) + sum(spans) == heads


def test_the_same_results_give_the_same_bytes(tmp_path):
    """In whatever order the models were named."""
    first = draw_leaderboard(tmp_path, "Pets", rank(results()), [])
    assert draw_leaderboard(tmp_path, "Pets", rank(results()[::-1]), []) == first


def test_the_list_of_runs_leads_to_it_where_it_is(tmp_path):
    """And nowhere else."""
    finished_run(tmp_path)
    assert NAME not in index_html(tmp_path)
    (tmp_path / NAME).write_text("<p>", "utf-8")
    assert f"./{NAME}" in [link["href"] for link in Page(index_html(tmp_path)).all("a")]
