"""The page "from the seed project to here": it is what its figures and its words make of it."""

import json

import pytest
import training_page as page
from tiny_run import epochs, tiny_card, tiny_run

CARD = tiny_card(epochs()) | {
    "name": "pets_cnn",
    "device": {"name": "a processor"},
    "calibration": {"temperature": 1.5, "n": 10},
}


def row(seed, errors, **others):
    """A model's figures."""
    return {
        "name": f"seed-{seed}",
        "seed": seed,
        "parameters": 468_714,
        "val_loss": 0.02,
        "best_epoch": 9,
        "epochs": 12,
        "minutes": 10.0,
        "device": "a processor",
        "n": 10_000,
        "errors": errors,
        "log_loss": 0.015,
        "ece": 0.002,
        "ece_tempered": 0.001,
        "weakest": ["9", 0.991],
        "model_sha256": f"{seed}" * 64,
    } | others


NOTHING = {"shipped": [], "seed": [], "strong": [], "ablation": {"budget": "", "table": []}}


def test_the_committed_page_is_that_of_the_committed_figures():
    """Nobody changed one of them by hand."""
    assert page.page_text(page.read_figures(page.FIGURES)) == page.PAGE.read_text("utf-8")


def test_what_was_not_measured_is_said_to_be_open():
    """No row of guesses."""
    said = page.page_text(NOTHING)
    assert said.count(page.OPEN) == 7  # three claims, three tables of models, the ablation
    assert "Mean of" not in said


def test_the_mean_of_several_seeds_has_its_standard_error():
    """By hand: 99.5 and 99.6 have the mean 99.55, the deviation 0.0707 and so the error 0.05."""
    said = page.page_text(NOTHING | {"seed": [row(1, 50), row(2, 40)]})
    assert "Mean of 2 seeds: accuracy 99.550 % (standard error 0.050), least 99.50 %" in said
    assert "recipe seed: 99.55 % (mean of 2 seeds)" in said


def test_each_model_has_its_interval():
    """The exact one of scipy."""
    from scipy.stats import binomtest

    exact = binomtest(9958, 10_000).proportion_ci(method="exact")
    said = page.page_text(NOTHING | {"shipped": [row(42, 42)]})
    assert f"| 42 | 99.58 % | {100 * exact.low:.2f} \N{EN DASH} {100 * exact.high:.2f} % |" in said


def test_the_tables_are_tables():
    """Every line has as many cells as the head."""
    said = page.page_text(NOTHING | {"seed": [row(1, 50), row(2, 40)]})
    lines = [line for line in said.splitlines() if line.startswith(("| model |", "| `seed-"))]
    assert {line.count("|") for line in lines} == {len(page.HEAD) + 1}
    assert len(lines) == 3


def test_figures_come_back_as_they_were_written(tmp_path):
    """A line for each model."""
    figures = NOTHING | {"seed": [row(1, 50), row(2, 40)], "ablation": {"budget": "little", "table": ["| a |"]}}
    page.write_figures(tmp_path / "f.json", figures)
    assert page.read_figures(tmp_path / "f.json") == figures
    assert (tmp_path / "f.json").read_text("utf-8").count("\n  {") == 2


def test_a_model_that_is_added_again_takes_its_own_place():
    """Else one model would count twice in the mean."""
    figures = page.with_runs(NOTHING, "seed", [row(2, 40), row(1, 50)])
    figures = page.with_runs(figures, "seed", [row(2, 41)])
    assert [(one["seed"], one["errors"]) for one in figures["seed"]] == [(1, 50), (2, 41)]


def test_a_run_folder_says_it_all(tmp_path):
    """What was counted, and what the card says of the training."""
    run = tiny_run(card=CARD).write(tmp_path / "run")
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    metrics["temperature"] = {"overall": {"ece": {"value": 0.125}}}
    (run / "metrics.json").write_text(json.dumps(metrics), "utf-8")
    found = page.row_of(run)
    assert (found["name"], found["seed"], found["n"], found["errors"]) == ("pets_cnn", 7, 12, 3)
    assert (found["best_epoch"], found["epochs"], found["val_loss"]) == (3, 3, pytest.approx(0.8 / 3))
    assert (found["weakest"][0], found["weakest"][1]) == ("cat", 0.6)
    assert (found["minutes"], found["ece_tempered"], found["device"]) == (0.1, 0.125, "a processor")
