"""The stages in order, on a three-class toy set and a model that is three lines long."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mnist_report import pipeline
from mnist_report.data.dataset import make_dataset
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.inference import Answer, Speed
from mnist_report.jobs import Asked, make_provenance
from mnist_report.model.adapter import Anatomy, Layer
from mnist_report.model.backend import Backend
from mnist_report.model.store import ModelFile

GIVEN = {"shape": [6, 5], "way": "as they are", "scale": "unit", "why": "as asked for", "doubt": ""}
NAMES = ("circle", "square", "<b>star</b>")


def brightest_third(images):
    """A classifier: the third of the picture with the most ink."""
    ink = np.stack([third.sum(axis=(1, 2)) for third in np.array_split(images.astype(float), 3, axis=2)], axis=1)
    return ((ink + 1) / (ink + 1).sum(axis=1, keepdims=True)).astype(np.float32)


def shapes(n=60):
    """Pictures of 6 x 9 pixels whose ink lies in the third that their class says, with noise over it."""
    random = np.random.default_rng(3)
    labels = np.arange(n) % 3
    images = random.integers(0, 120, (n, 6, 9), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:, 3 * label : 3 * label + 3] += 25
    return make_dataset(images, labels, class_names=NAMES, source="shapes", split="test")


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A function that takes the toy set through the whole line after inference."""

    def finish(created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)):
        reports = tmp_path_factory.mktemp("toy")
        dataset = shapes()
        layer = Layer("thirds", "Lambda", "3", 0)
        answer = Answer(
            Anatomy((6, 9), 3, 0, 0, (layer,)),
            Backend("none", {}, "cpu", "a test"),
            Speed(len(dataset), 60, 0.01),
        )
        job = pipeline.Job(
            model=Path("thirds.keras"),
            data="shapes",
            split="test",
            device="cpu",
            batch_size=60,
            seed=1,
            reports=reports,
            title="Shapes",
            slices=None,
            formats=("html", "pdf"),
        )
        surroundings = pipeline.Surroundings(created, "a test", None, "host", "system")
        model_file = ModelFile(job.model, "0" * 64, 1, None, shipped=False)
        with pipeline.unfinished_run(reports) as folder:
            return pipeline.finish_run(
                folder,
                job=job,
                surroundings=surroundings,
                facts=make_provenance(
                    job, surroundings, dataset.described, Asked(model_file, answer, GIVEN, "probabilities")
                ),
                dataset=dataset,
                predictions=make_predictions(brightest_third(dataset.images), dataset.labels, NAMES),
                slice_columns={},
                formats=("html", "pdf"),
                watch=pipeline.Stopwatch(),
                lines=[],
            ).folder

    return finish


@pytest.fixture(scope="module")
def run(toy):
    return toy()


def test_three_classes_go_through_the_whole_line(run):
    """Nothing outside data and model assumes ten digits."""
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    assert [row["class"] for row in metrics["per_class"]] == list(NAMES)
    assert np.array(metrics["confusion"]).shape == (3, 3)


def test_the_toy_models_numbers_are_a_plain_loops(run):
    """Accuracy of the three-line model, counted by hand."""
    dataset = shapes()
    right = sum(
        int(row.argmax() == label) for row, label in zip(brightest_third(dataset.images), dataset.labels, strict=True)
    )
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    assert metrics["overall"]["accuracy"]["value"] == right / 60
    assert 0 < right < 60


def test_a_class_name_is_text_everywhere(run):
    """Markup in a class name does not become markup in the report."""
    page = (run / "report.html").read_text("utf-8")
    assert "&lt;b&gt;star&lt;/b&gt;" in page
    assert "<b>star</b>" not in page


def test_both_reports_are_there(run):
    """From the same view."""
    assert (run / "report.pdf").read_bytes().startswith(b"%PDF")
    assert (run / "report.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_same_run_at_another_time_gives_the_same_metrics(run, toy):
    """Only times and the run-id differ."""
    again = toy(datetime(2027, 1, 2, tzinfo=UTC))
    assert again.name != run.name
    for name in ("metrics.json", "predictions.parquet", "images.npz"):
        assert (again / name).read_bytes() == (run / name).read_bytes()


def test_rendering_again_gives_the_same_page(toy):
    """The run folder holds all that the report shows."""
    run = toy()
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    written = pipeline.render(run, ("html",), None)
    assert written == [run / "report.html"]
    assert (run / "report.html").read_bytes() == before


def test_the_figures_can_be_had_as_files(toy, tmp_path):
    """PNG and SVG, as the seed project's results folder had them."""
    pipeline.render(toy(), ("html",), tmp_path / "figures")
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {"confusion.png", "confusion.svg", "per_class.svg", "confidence.png", "class_distribution.png"} <= names
