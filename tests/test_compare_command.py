"""`mnist-report compare` on stored runs and predictions files."""

import csv
import json

import pytest
from tiny_run import WORST_FIRST, all_right, tiny_run

from mnist_report.cli import run_cli


@pytest.fixture
def sides(tmp_path):
    """Two run folders of the same twelve images: three mistakes, and none."""
    return tiny_run().write(tmp_path / "candidate"), tiny_run(all_right()).write(tmp_path / "baseline")


def of_other_data(run):
    """Give a run another data digest."""
    facts = json.loads((run / "run.json").read_text("utf-8"))
    facts["data"]["sha256"] = "d" * 64
    (run / "run.json").write_text(json.dumps(facts), "utf-8")


def test_the_comparison_is_printed(sides, capsys):
    """How many are right on either side, and which images regressed, the worst first."""
    assert run_cli(["compare", *map(str, sides)]) == 0
    out = capsys.readouterr().out
    assert "9 of 12 images right" in out
    assert "regressed 3, fixed 0; exact McNemar p = 0.25" in out
    assert f"regressed images: {', '.join(f'#{index}' for index in WORST_FIRST)}\n" in out


def test_a_predictions_file_is_enough(sides, capsys):
    """Other tools know nothing of run folders; the classes are then called by their numbers."""
    files = [str(side / "predictions.parquet") for side in sides]
    assert run_cli(["compare", *files]) == 0
    assert "regressed 3, fixed 0" in capsys.readouterr().out


def test_runs_of_different_data_are_refused(sides, capsys):
    """The message says how to compare them all the same."""
    of_other_data(sides[1])
    assert run_cli(["compare", *map(str, sides)]) == 3
    err = capsys.readouterr().err
    assert "are of different data" in err
    assert "add --join-by-index" in err
    assert err.count("\n") == 1


def test_runs_of_different_data_can_be_joined_by_index(sides, capsys):
    """Where the user knows that the images are the same."""
    of_other_data(sides[1])
    assert run_cli(["compare", *map(str, sides), "--join-by-index"]) == 0
    assert "regressed 3, fixed 0" in capsys.readouterr().out


def test_the_frames_can_be_had_as_files(sides, tmp_path):
    """Every difference, and every image that flipped."""
    assert run_cli(["compare", *map(str, sides), "--frames", str(tmp_path / "frames")]) == 0
    with (tmp_path / "frames" / "flips.csv").open(encoding="utf-8", newline="") as file:
        assert [(row["index"], row["change"]) for row in csv.DictReader(file)] == [
            (str(index), "regressed") for index in WORST_FIRST
        ]
    with (tmp_path / "frames" / "comparison.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["metric"], float(first["difference"])) == ("accuracy", pytest.approx(-0.25))


def test_a_path_without_predictions_is_named(sides, tmp_path, capsys):
    """One line, status 3."""
    assert run_cli(["compare", str(tmp_path / "nowhere"), str(sides[1])]) == 3
    assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'nowhere'}: no such file; give a run folder")
