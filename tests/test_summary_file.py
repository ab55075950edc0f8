"""summary.npz and kept.parquet: a run folder without a row per image."""

import json
import shutil
from datetime import date

import numpy as np
import pytest
from tiny_run import NAMES, RUN_ID, tiny_provenance

from mnist_report.checking import check_run
from mnist_report.errors import OutputError
from mnist_report.evaluation.kept import Wanted
from mnist_report.evaluation.mistakes import choose_galleries
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.evaluation.summary import Summary
from mnist_report.gates.rules import default_gates
from mnist_report.judging import ci_files, evaluate_run, judge_run
from mnist_report.pipeline import render
from mnist_report.runs.folder import StoredRun, read_run, write_provenance, write_results, write_texts
from mnist_report.runs.images_file import ShownImages
from mnist_report.runs.predictions_file import read_scored_images, write_predictions
from mnist_report.runs.publishing import publish
from mnist_report.verifying import verify_run

TODAY = date(2026, 1, 2)
CARD = {"temperature": {"value": 1.3}, "data": {"sha256": "c" * 64}}


def thousand():
    """Mostly right predictions of three classes, and their images."""
    random = np.random.default_rng(11)
    labels = np.arange(1_000) % 3
    rows = random.dirichlet(np.ones(3), 1_000) * 2 + np.eye(3)[labels]
    images = random.integers(0, 256, (1_000, 6, 5), dtype=np.uint8)
    return make_predictions(rows / rows.sum(axis=1, keepdims=True), labels, NAMES), images


def counted_run():
    """A run of these that was counted."""
    predictions, images = thousand()
    summary = Summary.of(predictions, images, Wanted(5, 42))
    rows = summary.kept.predictions
    engine = {"name": "ray", "workers": 2, "shards": 4, "retries": 1, "seconds": 3.5, "predictions": False}
    facts = tiny_provenance(predictions) | {"most_mistakes": 5, "engine": engine}
    pixels = ShownImages(summary.kept.shown, summary.kept.pixels)
    return StoredRun(facts, rows, pixels, {}, default_gates(with_baseline=False), summary=summary)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A finished run folder without reports."""
    reports = tmp_path_factory.mktemp("counted") / "reports"
    folder = reports / ".unfinished"
    folder.mkdir(parents=True)
    run = counted_run()
    evaluation = evaluate_run(run)
    judged = judge_run(run, TODAY, evaluation)
    write_results(folder, run, evaluation, judged.verdict)
    ends = {"verdict": judged.verdict.outcome, "exit_status": judged.verdict.exit_status}
    write_provenance(folder, {**run.provenance, **ends})
    write_texts(folder, ci_files(run.provenance, judged))
    return publish(folder, RUN_ID)


@pytest.fixture
def folder(original, tmp_path):
    """A copy to damage."""
    return shutil.copytree(original, tmp_path / original.name)


def test_what_is_read_is_what_was_written(original):
    """To the last bit."""
    found, wanted = read_run(original), counted_run()
    assert (original / "metrics.json").read_bytes()
    for name in ("confusion", "top2", "loss", "confidence", "bins", "confidences", "class_confidence"):
        assert repr(getattr(found.summary.tally, name)) == repr(getattr(wanted.summary.tally, name)), name
    assert found.predictions.index.tolist() == wanted.predictions.index.tolist()
    assert found.predictions.probabilities.tolist() == wanted.predictions.probabilities.tolist()
    assert found.n == 1_000
    frames = [evaluate_run(run).frames for run in (found, wanted)]
    assert all(left.equals(right) for (_, left), (_, right) in zip(*(each.items() for each in frames), strict=True))


def test_there_is_no_row_per_image(original):
    """Some are kept."""
    assert not (original / "predictions.parquet").exists()
    assert 0 < len(read_run(original).predictions) < 1_000


def test_it_can_be_rendered_and_shows_places_in_the_data_set(folder):
    """The images are named by their place, and what is left out is said."""
    render(folder, ("html",), None)
    html = (folder / "report.html").read_text("utf-8")
    worst = read_run(folder)
    index = worst.predictions.places(choose_galleries(worst.predictions, most_mistakes=5, seed=42).mistakes)
    assert len(index) >= 5
    assert all(f'id="image-{k}"' in html for k in index.tolist())
    assert "The images were counted part by part." in html
    assert "of 1,000 images right" in html
    assert "predictions.parquet" not in html
    assert "4 shards on 2 workers of Ray, 1 of them given to another worker" in html


def test_it_can_be_checked_again(folder):
    """By its counts."""
    checked = check_run(folder, None, None, TODAY)
    assert checked.verdict.outcome == json.loads((folder / "run.json").read_text("utf-8"))["verdict"]


def test_it_is_verified(folder):
    """Every number follows from what was counted."""
    found = verify_run(folder)
    assert found.differences == ()
    assert found.images == 1_000


def test_a_changed_count_is_found(folder):
    """The numbers no longer follow from it."""
    with np.load(folder / "summary.npz") as archive:
        arrays = dict(archive)
    arrays["tally.confusion"][0, 1] += 1
    np.savez_compressed(folder / "summary.npz", **arrays)
    files = {each.file for each in verify_run(folder).differences}
    assert {"summary.npz", "metrics.json", "frames/confusion.csv", "run.json"} <= files


def test_stored_rows_are_held_against_the_counts(folder):
    """They are verified where they are there."""
    predictions, _ = thousand()
    write_predictions(folder / "predictions.parquet", predictions.only(np.arange(999)))
    problems = [each.problem for each in verify_run(folder).differences if each.file == "summary.npz"]
    assert "its confusion counts are not those of predictions.parquet" in problems
    write_predictions(folder / "predictions.parquet", predictions)
    assert not [each for each in verify_run(folder).differences if each.file == "summary.npz"]


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("tally.confusion", lambda a: a[:2], "tally.confusion is int64 of shape"),
        ("belief", lambda a: a.astype(np.float32), "belief is float32"),
        ("ink.values", lambda a: a[None], "ink.values has shape"),
        ("tally.confusion", lambda a: -a, "counts -1000 images"),
    ],
)
def test_a_damaged_summary_is_one_line(folder, name, change, said):
    """The file and what is wrong with it."""
    with np.load(folder / "summary.npz") as archive:
        arrays = dict(archive)
    np.savez_compressed(folder / "summary.npz", **(arrays | {name: change(arrays[name])}))
    with pytest.raises(OutputError, match=r"summary.npz: damaged \(.*") as caught:
        read_run(folder)
    assert said in str(caught.value)


def test_missing_rows_are_one_line(folder):
    """kept.parquet belongs to it."""
    (folder / "kept.parquet").unlink()
    with pytest.raises(OutputError, match="missing from the run folder"):
        read_run(folder)


def test_it_cannot_be_compared(original):
    """Nor row by row with another run."""
    with pytest.raises(OutputError, match="its predictions were not stored; run it again without --no-predictions"):
        read_scored_images(original)
