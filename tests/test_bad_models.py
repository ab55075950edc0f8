"""Models that do not fit, through the whole command: status 3, one line, nothing left."""

import csv
import json

import process_work
import pytest
from makers import digits, write_hollow_model, write_idx_folder
from operating_work import left_in
from test_slices_command import start_three_lines

from mnist_report import pipeline
from mnist_report.cli import run_cli
from mnist_report.model.process import ModelProcess


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("eleven", "has 11 outputs, the data has 10 classes"),
        ("mean", "answers 32 images with shape (1, 10), expected (32, 10)"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_in_one_line(models, tmp_path, capsys, name, telling):
    """The line names the file, what was found and what was needed."""
    model = models / f"{name}.keras"
    status = run_cli(["run", "--model", str(model), "--reports", str(tmp_path), "--format", "html", "-q"])
    out, err = capsys.readouterr()
    assert (status, out, left_in(tmp_path)) == (3, "", [])
    assert err.count("\n") == 1
    assert str(model) in err
    assert telling in err


@pytest.fixture(scope="module")
def offline():
    """Whether a process can be cut off from the network here."""
    with ModelProcess(process_work.add, 2, 3, environment={}, offline=True) as process:
        process.receive("adding")
        return process.offline


@pytest.mark.parametrize("name", ["large", "logits"])
def test_a_model_of_another_form_is_evaluated(models, tmp_path, offline, name):
    """It gets images of its size and softmax over its logits; run.json says whether there was a network."""
    data = write_idx_folder(tmp_path / "few", *digits(20))
    options = ["--model", str(models / f"{name}.keras"), "--data", str(data), "--format", "html", "-q"]
    run_cli(["run", *options, "--reports", str(tmp_path / "r")])
    folder = next((tmp_path / "r").glob("2*"))
    model = json.loads((folder / "run.json").read_text("utf-8"))["model"]
    assert {"large": "padded", "logits": "as they are"}[name] == model["input"]["way"]
    assert {"large": "probabilities", "logits": "logits"}[name] == model["output"]
    assert ("no network" in model["protections"]) == offline
    assert "Which scale of the pixels the model expects is not known" in (folder / "report.html").read_text("utf-8")


def test_a_model_that_does_not_fit_does_not_stop_the_others(models, tmp_path, capsys):
    """Two run folders, one line on stderr, and a row for each of the three; one that takes vectors gets them."""
    names = ["good", "nan", "vector"]
    named = [word for name in names for word in ("--model", str(models / f"{name}.keras"))]
    status = run_cli(["run", *named, "--reports", str(tmp_path), "--format", "html", "-q"])
    out, err = capsys.readouterr()
    failed = [line for line in err.splitlines() if "contains NaN or infinity" in line]
    assert (status, len(out.splitlines()), len(failed)) == (3, 2, 1)
    with (tmp_path / "leaderboard.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["model"] for row in rows[:2]} == {"good.keras", "vector.keras"}
    assert (rows[2]["model"], failed[0]) == ("nan.keras", f"error: {rows[2]['problem']}")


@pytest.fixture
def evaluate_few(tmp_path, monkeypatch):
    """A function of a reports folder that evaluates three lines on twenty images; it gives the exit status."""
    monkeypatch.setattr(pipeline, "start_model", start_three_lines)
    data = write_idx_folder(tmp_path / "few", *digits(20))
    write_hollow_model(tmp_path / "hollow.keras")
    options = ["--model", str(tmp_path / "hollow.keras"), "--data", str(data), "-q"]
    return lambda reports: run_cli(["evaluate", *options, "--reports", str(reports)])


def test_a_full_disk_is_status_3_and_one_line(evaluate_few, small_disk, capsys):
    """It says where and why, and what was there before stays alone."""
    (small_disk / "full").write_bytes(bytes(60_000))
    status = evaluate_few(small_disk)
    err = capsys.readouterr().err
    assert (status, err.count("\n"), left_in(small_disk)) == (3, 1, ["full"])
    assert str(small_disk) in err
    assert "No space left on device" in err


def test_a_link_that_leads_nowhere_is_status_3_and_one_line(evaluate_few, tmp_path, capsys):
    """Perhaps the disk is not mounted: nothing is made in its place."""
    (tmp_path / "reports").symlink_to(tmp_path / "disk")
    status = evaluate_few(tmp_path / "reports")
    message = f"error: {tmp_path / 'reports'}: is a link to {tmp_path / 'disk'}, which is not there; make that folder\n"
    assert (status, capsys.readouterr().err) == (3, message)
    assert not (tmp_path / "disk").exists()


def test_a_reports_folder_that_is_a_file_is_status_3_and_one_line(evaluate_few, tmp_path, capsys):
    """Found before any inference."""
    (tmp_path / "reports").write_text("not a folder", "utf-8")
    status = evaluate_few(tmp_path / "reports")
    message = f"error: {tmp_path / 'reports'}: is a file, expected a folder for the run folders\n"
    assert (status, capsys.readouterr().err) == (3, message)
