"""`mnist-report run --ensemble` and `mnist-report evaluate --ensemble`, without TensorFlow."""

import json
import os
from pathlib import Path

import pytest
from ensemble_work import write_distinct_model
from makers import digits, write_npz
from several_work import N, start_answers
from test_html import Page

from mnist_report import ensembling
from mnist_report.cli import run_cli

EASY = '[[gates]]\nmetric = "accuracy"\nmin = 0.1\n'


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with data, three models and an easy gate; no settings from outside."""
    for name in os.environ:
        if name.startswith(("MNIST_REPORT_", "GITHUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(ensembling, "start_model", start_answers)
    monkeypatch.chdir(tmp_path)
    write_npz(tmp_path / "data.npz", *digits(N))
    (tmp_path / "easy.toml").write_text(EASY, "utf-8")
    for name in ("best", "middle", "worst"):
        write_distinct_model(tmp_path / "models" / f"{name}.keras")
    return tmp_path


@pytest.fixture
def call(capsys):
    """A function of words: the status, the lines on stdout, and those on stderr."""

    def run(*words):
        status = run_cli([*map(str, words), "-q"])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return run


OPTIONS = ("--data", "data.npz", "--format", "html", "--gates", "easy.toml", "--ensemble")


def test_a_pattern_of_models_becomes_one_run(call):
    """Which is printed; there is no leaderboard of one."""
    status, out, err = call("run", *OPTIONS, "--model", "models/*.keras")
    assert (status, len(out), err) == (0, 1, [])
    document = json.loads((Path(out[0]) / "metrics.json").read_text("utf-8"))
    assert [member["model"] for member in document["members"]] == ["best.keras", "middle.keras", "worst.keras"]
    assert not Path("reports/leaderboard.html").exists()
    assert Path("reports/latest").resolve() == Path(out[0]).resolve()


def test_the_report_shows_the_members_beside_it(call):
    """A section that the contents lead to, with every member's name."""
    _, out, _ = call("run", *OPTIONS, "--model", "models/best.keras", "models/worst.keras")
    html = (Path(out[0]) / "report.html").read_text("utf-8")
    page = Page(html)
    assert page.mistaken == []
    assert "#members" in [link.get("href") for link in page.all("a")]
    assert {"Ensemble", "best.keras", "worst.keras"} <= {text.strip() for text in page.texts["th"]}


def test_it_is_rendered_again_without_the_models(call, place):
    """The same bytes."""
    _, out, _ = call("run", *OPTIONS, "--model", "models/*.keras")
    report = Path(out[0]) / "report.html"
    before = report.read_bytes()
    for model in (place / "models").iterdir():
        model.unlink()
    assert call("render", out[0], "--format", "html")[0] == 0
    assert report.read_bytes() == before


def test_gates_judge_the_ensemble(call):
    """The worst member alone would fail."""
    Path("hard.toml").write_text('[[gates]]\nmetric = "accuracy"\nmin = 0.9\n', "utf-8")
    options = ("--data", "data.npz", "--format", "html", "--gates", "hard.toml", "--ensemble")
    assert call("run", *options, "--model", "models/*.keras")[0] == 0


def test_evaluate_makes_one_of_several(call):
    """Predictions and frames, no report."""
    status, out, _ = call("evaluate", "--data", "data.npz", "--ensemble", "--model", "models/*.keras")
    assert status == 0
    assert (Path(out[0]) / "frames" / "members.csv").exists()
    assert not (Path(out[0]) / "report.html").exists()


def test_the_configuration_can_ask_for_it(call, place):
    """With the list of the models."""
    (place / "mnist-report.toml").write_text('ensemble = true\nmodel = ["models/*.keras"]\n', "utf-8")
    status, out, _ = call("run", "--data", "data.npz", "--format", "html", "--gates", "easy.toml")
    assert (status, "ensemble_of_3" in out[0]) == (0, True)


@pytest.mark.parametrize("command", ["run", "evaluate"])
@pytest.mark.parametrize(
    ("options", "telling"),
    [
        ([], "takes two models or more, and --model names none"),
        (["--model", "models/best.keras"], "takes two models or more, and --model names only models/best.keras"),
        (["--predictions", "p.npy"], "--predictions p.npy needs none"),
        (["--model", "models/*.keras", "--predictions", "p.npy"], "--predictions p.npy needs none"),
        (["--model", "models/*.keras", "--no-predictions"], "needs every row at once"),
        (["--model", "models/*.keras", "--engine", "ray"], "needs every row at once"),
        (["--model", "models/*.keras", "--model-sha256", "0" * 64], "--model-sha256 is the digest of one"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_meant_is_status_2(call, command, options, telling):
    """One line; not even the folder of the reports is made."""
    status, out, err = call(command, "--ensemble", *options)
    assert (status, out, len(err), telling in err[0]) == (2, [], 1, True), err
    assert not Path("reports").exists()


def test_training_first_is_status_2(call):
    """Which of the models would it be?"""
    status, _, err = call("run", "--ensemble", "--train")
    assert (status, "--train trains one" in err[0]) == (2, True)


def test_evaluate_takes_several_models_only_as_one(call):
    """It makes no reports, so there is nothing to rank."""
    status, _, err = call("evaluate", "--model", "models/*.keras")
    assert (status, "make them one with --ensemble" in err[0]) == (2, True)


def test_more_images_than_memory_holds_are_status_2(call, monkeypatch):
    """They are counted part by part, and the mean needs every row."""
    monkeypatch.setattr("mnist_report.counted.SMALL", 0)  # or nobody would look at so small a file
    monkeypatch.setattr("mnist_report.counted.MOST_ROWS", N - 1)
    status, _, err = call("run", *OPTIONS, "--model", "models/*.keras")
    assert (status, "--ensemble: needs every row at once" in err[0]) == (2, True)
