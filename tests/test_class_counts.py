"""Data sets of 2 to 100 classes, from their files to the report; the model is one line long."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from data_files import write_image_parquet, write_picture_folder

from mnist_report import pipeline
from mnist_report.data.reading import Reading
from mnist_report.data.sources import load_dataset
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.inference import Answer, Speed
from mnist_report.jobs import Asked, make_provenance
from mnist_report.model.adapter import Anatomy, Layer
from mnist_report.model.backend import Backend
from mnist_report.model.store import ModelFile

SIDE = 12
GIVEN = {"shape": [12, 12], "way": "as they are", "scale": "unit", "why": "as asked for", "doubt": ""}


def pictures(classes, missing):
    """Four images of each class but one; a lit pixel says the class."""
    labels = np.array([k for k in range(classes) if k != missing] * 4)
    labels.sort()
    images = np.zeros((len(labels), SIDE, SIDE), np.uint8)
    images.reshape(len(labels), -1)[np.arange(len(labels)), labels] = 255
    return images, labels


def reported(dataset, reports):
    """The run folder; every fifth answer is the class after the right one."""
    n, classes = len(dataset), len(dataset.class_names)
    said = (dataset.images.reshape(n, -1).argmax(axis=1) + (np.arange(n) % 5 == 0)) % classes
    rows = np.full((n, classes), 0.1 / (classes - 1), np.float32)
    rows[np.arange(n), said] = 0.9
    job = pipeline.Job(
        model=Path("pixel.keras"),
        data=dataset.source,
        split="test",
        device="cpu",
        batch_size=60,
        seed=1,
        reports=reports,
        title="Classes",
        slices=None,
        formats=("html",),
        reading=Reading(transpose=True),
    )
    anatomy = Anatomy((SIDE, SIDE), classes, 0, 0, (Layer("pixel", "Lambda", str(classes), 0),))
    surroundings = pipeline.Surroundings(datetime(2026, 1, 2, tzinfo=UTC), "a test", None, "host", "system")
    model_file = ModelFile(job.model, "0" * 64, 1, None, shipped=False)
    answer = Answer(anatomy, Backend("none", {}, "cpu", "a test"), Speed(len(rows), 60, 0.01))
    with pipeline.unfinished_run(reports) as folder:
        return pipeline.finish_run(
            folder,
            job=job,
            surroundings=surroundings,
            facts=make_provenance(
                job, surroundings, dataset.described, Asked(model_file, answer, GIVEN, "probabilities")
            ),
            dataset=dataset,
            predictions=make_predictions(rows, dataset.labels, dataset.class_names),
            slice_columns={},
            formats=job.formats,
            watch=pipeline.Stopwatch(),
            lines=[],
        ).folder


@pytest.mark.parametrize(
    ("form", "classes", "missing"),
    [("folder", 2, None), ("parquet", 3, 1), ("parquet", 26, None), ("folder", 100, 50)],
)
def test_sets_of_any_class_count_are_reported(tmp_path, form, classes, missing):
    """A class without images keeps its place and gets its dash."""
    images, labels = pictures(classes, missing)
    names = tuple(f"kind {k:02d}" for k in range(classes))
    if form == "folder":
        source, reading = write_picture_folder(tmp_path / "data", images, labels, names), Reading()
    else:
        (tmp_path / "names.txt").write_text("\n".join(names))
        source = write_image_parquet(tmp_path / "data.parquet", images, labels)
        reading = Reading(class_names=tmp_path / "names.txt")
    dataset = load_dataset(str(source), reading=reading)
    assert dataset.class_names == names
    run = reported(dataset, tmp_path / "reports")
    metrics = json.loads((run / "metrics.json").read_text("utf-8"))
    assert [row["class"] for row in metrics["per_class"]] == list(names)
    assert np.array(metrics["confusion"]).sum(axis=1).tolist() == [0 if k == missing else 4 for k in range(classes)]
    page = (run / "report.html").read_text("utf-8")
    assert all(name in page for name in names)
    assert json.loads((run / "run.json").read_text("utf-8"))["data"]["transposed"]
