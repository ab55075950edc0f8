"""`mnist-report run` with several models, none of which needs TensorFlow."""

import csv
import os
import re
from pathlib import Path

import pytest
from makers import digits, write_hollow_model, write_npz
from operating_work import left_in
from several_work import WRONG, N, right_answers, start_answers
from statsmodels.stats.contingency_tables import mcnemar
from test_change import tango
from test_html import Page

from mnist_report import pipeline
from mnist_report.cli import run_cli

EASY = '[[gates]]\nmetric = "accuracy"\nmin = 0.1\n'


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with data and an easy gate; no settings from outside, and reports that are quickly drawn."""
    for name in os.environ:
        if name.startswith(("MNIST_REPORT_", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(pipeline, "start_model", start_answers)
    monkeypatch.setattr(pipeline, "draw_reports", lambda *_, **__: {"report.html": b"<p>"})
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "data.npz", *digits(N))
    (tmp_path / "easy.toml").write_text(EASY, "utf-8")
    return tmp_path


@pytest.fixture
def call(capsys):
    """A function of options of `run`: its status, its lines on stdout, and those on stderr."""

    def run(*options, gates="easy.toml", data="data.npz"):
        common = ["--data", data, "--format", "html", "--gates", gates, "-q"]
        status = run_cli(["run", *common, *map(str, options)])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return run


@pytest.fixture
def models(place):
    """A function of names: `--model` and the file for each."""

    def make(*names):
        for name in names:
            (place / name).parent.mkdir(exist_ok=True)
            write_hollow_model(place / f"{name}.keras")
        return [word for name in names for word in ("--model", f"{name}.keras")]

    return make


def leaderboard(reports="reports"):
    """The rows of leaderboard.csv."""
    with (Path(reports) / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ranked(reports="reports"):
    """The models in their order."""
    return [row["model"] for row in leaderboard(reports)]


def runs():
    """The run folders."""
    return sorted(path.parent for path in Path("reports").glob("*Z-*/run.json"))


def test_each_model_gets_a_run_folder_and_all_one_leaderboard(call, models):
    """A folder a line, in the order in which the models are named."""
    status, out, err = call(*models("worst", "best", "middle"))
    assert (status, err) == (0, [])
    assert [re.sub(r".*Z-(\w+)-\w+", r"\1", line) for line in out] == ["worst", "best", "middle"]
    assert sorted(map(Path, out)) == runs()
    assert all((Path(line) / "report.html").is_file() for line in out)
    assert ranked() == ["best.keras", "middle.keras", "worst.keras"]


def test_the_numbers_are_those_of_plain_loops(call, models):
    """The paired interval by root finding, p by statsmodels."""
    call(*models("worst", "best", "middle"))
    rows = {row["model"]: row for row in leaderboard()}
    for name in ("middle", "worst"):
        row = rows[f"{name}.keras"]
        pairs = list(zip(right_answers(name), right_answers("best"), strict=True))
        regressed, fixed = pairs.count((False, True)), pairs.count((True, False))
        assert (int(row["regressed"]), int(row["fixed"])) == (regressed, fixed)
        assert float(row["accuracy"]) == 1 - len(WRONG[name]) / N
        bounds = [float(row[key]) for key in ("difference_ci_low", "difference_ci_high")]
        assert bounds == pytest.approx(tango(fixed, regressed, N), abs=1e-7)
        p_value = mcnemar([[0, fixed], [regressed, 0]], exact=True).pvalue
        assert float(row["p_value"]) == pytest.approx(p_value, rel=1e-9)


@pytest.mark.parametrize(("name", "telling"), [("broken", "its weights are gone"), ("disk", "No space left on device")])
def test_a_model_that_fails_does_not_stop_the_others(call, models, name, telling):
    """One line on stderr, a row with the reason, and the status says that one failed."""
    status, out, err = call(*models("best", name, "middle"))
    assert (status, len(out), len(err)) == (3, 2, 1)
    assert err[0].startswith(f"error: {name}.keras: ")
    assert telling in err[0]
    assert ranked() == ["best.keras", "middle.keras", f"{name}.keras"]
    assert telling in leaderboard()[2]["problem"]
    assert not list(Path("reports").glob(".unfinished-*"))


def test_a_model_that_is_not_there_is_one_that_fails(call, models):
    """The others are evaluated all the same."""
    status, out, err = call(*models("best"), "--model", "none.keras")
    assert (status, len(out), err) == (3, 1, ["error: none.keras: no such model file"])


def test_where_all_fail_there_is_a_leaderboard_of_reasons(call, models):
    """And no run folder."""
    status, out, err = call(*models("broken", "disk"))
    assert (status, out, len(err), runs()) == (3, [], 2, [])
    assert ranked() == ["broken.keras", "disk.keras"]


HARD = EASY.replace("0.1", "0.9")
OPEN = 'inconclusive = "fail"\n' + EASY.replace("0.1", "0.98")


@pytest.mark.parametrize(
    ("rules", "names", "expected"),
    [
        (HARD, ["best", "worst"], 1),
        (OPEN, ["best", "middle"], 4),
        (OPEN, ["middle", "worst"], 1),
        (OPEN, ["worst", "middle", "broken"], 3),
        (HARD, ["broken", "best"], 3),
        (EASY, ["best", "worst"], 0),
    ],
)
def test_the_worst_status_is_the_commands(call, models, rules, names, expected):
    """130, 70, 3, 2, 1, 4, 0."""
    Path("rules.toml").write_text(rules, "utf-8")
    assert call(*models(*names), gates="rules.toml")[0] == expected


@pytest.mark.parametrize(("name", "expected"), [("interrupt", 130), ("bug", 70)])
def test_an_interrupt_and_a_bug_end_it_all(call, models, name, expected):
    """What was finished stays; no leaderboard says that there was no more."""
    status, out, _ = call(*models("best", name, "middle"))
    assert (status, len(out)) == (expected, 1)
    assert not list(Path("reports").glob("leaderboard*"))
    assert not list(Path("reports").glob(".unfinished*"))


@pytest.mark.parametrize(
    "options",
    [
        ["--model", "[bm]*.keras"],
        ["--model", "*.keras"],
        ["--model", "best.keras", "middle.keras"],
        ["--model=best.keras", "--model=middle.keras"],
    ],
    ids=" ".join,
)
def test_models_are_named_in_many_ways(call, models, options):
    """A pattern in quotes, or written out by the shell."""
    models("best", "middle")
    status, out, err = call(*options)
    assert (status, len(out), err) == (0, 2, [])


def test_the_configuration_can_name_several(call, models, place):
    """In the table of `run`, or at the top."""
    models("best", "middle")
    (place / "mnist-report.toml").write_text('[run]\nmodel = ["mid*.keras", "best.keras"]\n', "utf-8")
    status, out, _ = call()
    assert (status, ["middle" in line for line in out]) == (0, [True, False])


def test_the_environment_can_name_several(call, models, monkeypatch):
    """As PATH does."""
    models("best", "middle")
    monkeypatch.setenv("MNIST_REPORT_MODEL", "best.keras:mid*.keras")
    status, out, _ = call()
    assert (status, len(out)) == (0, 2)


def test_a_model_with_a_colon_in_the_environment_is_one(call, models, monkeypatch):
    """As it was before there could be several."""
    models("a:best")
    monkeypatch.setenv("MNIST_REPORT_MODEL", "a:best.keras")
    status, out, err = call()
    assert (status, len(out), err) == (0, 1, [])


def test_one_model_needs_no_leaderboard(call, models):
    """Nor does a pattern that one file fits."""
    models("best")
    status, out, _ = call("--model", "*.keras")
    assert (status, len(out), list(Path("reports").glob("leaderboard*"))) == (0, 1, [])


@pytest.mark.parametrize(
    ("options", "telling"),
    [
        (["--model", "*.h5"], "--model *.h5: nothing fits this pattern"),
        (["--model", "best.keras", "--model", "*.h5"], "--model *.h5: nothing fits this pattern"),
        (["--model", "best.keras", "--model", "best.keras"], "best.keras is named twice"),
        (["--model", "*.keras", "--model-sha256", "0" * 64], "--model-sha256 is the digest of one model"),
        (["--model", "*.keras", "--predictions", "p.npy"], "exclude each other"),
        (["--model", "*.keras", "--train"], "--train trains a new model"),
        (["--model"], "--model requires at least 1"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_status_2_before_anything_runs(call, models, options, telling):
    """One line; not even the folder of the reports is made."""
    models("best", "middle")
    status, out, err = call(*options)
    assert (status, out, len(err), telling in err[0]) == (2, [], 1, True), err
    assert not Path("reports").exists()


def test_evaluate_takes_one_model(models, capsys):
    """It makes no reports, so there is nothing to rank."""
    assert run_cli(["evaluate", *models("best", "middle")]) == 2
    assert "--model" in capsys.readouterr().err


def test_data_that_cannot_be_read_are_one_error(call, models):
    """Not one for each model."""
    status, out, err = call(*models("best", "middle"), data="none.npz")
    assert (status, out, len(err)) == (3, [], 1)
    assert "none.npz: no such file or folder" in err[0]
    assert left_in(Path("reports")) == []


def test_a_leaderboard_that_cannot_be_written_is_status_3(call, models, place):
    """The runs are there."""
    (place / "reports" / "leaderboard.html" / "mine").mkdir(parents=True)
    status, out, err = call(*models("best", "middle"))
    assert (status, len(out), len(runs())) == (3, 2, 2)
    assert "cannot write the reports" in err[-1]


def test_the_next_leaderboard_takes_the_place_of_the_last(call, models):
    """It is of the models that were run together."""
    call(*models("best", "middle"))
    call(*models("worst", "middle"))
    assert ranked() == ["middle.keras", "worst.keras"]


def test_its_links_lead_to_the_reports(call, models):
    """And from the list of runs to it."""
    call(*models("best", "middle"))
    page = Page(Path("reports/leaderboard.html").read_text("utf-8"))
    links = [link["href"] for link in page.all("a")]
    assert len(links) == 4
    assert all((Path("reports") / link).is_file() for link in links)
    index = Page(Path("reports/index.html").read_text("utf-8"))
    assert "./leaderboard.html" in [link["href"] for link in index.all("a")]


HOSTILE_NAMES = [
    "<img src=x onerror=alert(1)>",
    "=1+1",
    "&amp; 'and' \"or\"",
    "{{ 7 * 7 }}",
    "two\nlines",
    "\u202egnp",
    "x" * 200,
]


def test_hostile_file_names_are_text(call, models):
    """Of models that are evaluated, and of ones that fail; all in one leaderboard."""
    failing = [f"none {name}" for name in HOSTILE_NAMES]
    for name in failing:
        Path(f"{name}.keras").touch()
    status, out, err = call(*models(*HOSTILE_NAMES), *(w for name in failing for w in ("--model", f"{name}.keras")))
    assert (status, len(out), len(err)) == (3, len(HOSTILE_NAMES), len(HOSTILE_NAMES))
    page = Page(Path("reports/leaderboard.html").read_text("utf-8"))
    assert (page.mistaken, page.open, page.all("script"), page.all("img")) == ([], [], [{}], [])
    assert [name for name in HOSTILE_NAMES if name[:100] not in page.text("th", "a")] == []
    assert [name for name in failing if name[:100] not in page.text("th")] == []
    links = [link["href"] for link in page.all("a")]
    assert all((Path("reports") / link).is_file() for link in links), links


def test_github_is_told_which_model_a_gate_is_about(call, models, monkeypatch, place):
    """The same gate may fail for each."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "summary.md"))
    (place / "hard.toml").write_text(EASY.replace("0.1", "0.9999"), "utf-8")
    _, _, err = call(*models("middle", "worst"), gates="hard.toml")
    titles = [line for line in err if line.startswith("::error title=")]
    assert [title.partition("=")[2].partition(".")[0] for title in titles] == ["middle", "worst"]
    assert (place / "summary.md").read_text("utf-8").count("middle") == 1
