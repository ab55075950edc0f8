"""Runs whose images are counted shard by shard."""

import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import counted_work
import numpy as np
import pytest
from counted_work import engine_of_means, means, nearest, write_shards
from data_files import write_image_parquet
from makers import write_idx_folder, write_npz

from mnist_report import counted
from mnist_report.cli import run_cli
from mnist_report.counted import is_counted, refuse_what_needs_rows, rehearse_counted, run_counted
from mnist_report.data import limits
from mnist_report.data.dataset import Dataset
from mnist_report.data.reading import Reading
from mnist_report.data.sources import load_dataset
from mnist_report.engines import Engine
from mnist_report.errors import ConfigError, DataError, DeviceError, MnistReportError, ModelError, OutputError
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.predictions import make_predictions
from mnist_report.gates.rules import parse_gates
from mnist_report.jobs import Job, Surroundings
from mnist_report.model.store import shipped_model
from mnist_report.runs.predictions_file import read_predictions
from mnist_report.understanding import understand
from mnist_report.verifying import verify_run

SIZES = (700, 300, 1_000)
SURROUNDINGS = Surroundings(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "mnist-report run", None, "zoo", "Linux")
GATES = parse_gates(
    {
        "gates": [
            {"metric": "accuracy", "min": 0.7},
            {"metric": "recall", "min": 0.2, "class": "each"},
            {"metric": "accuracy", "min": 0.5, "slice": "ink=q1"},
            {"metric": "aurc", "max": 0.5, "decide": "point"},
            {"metric": "accuracy", "max_drop": 0.1},
        ]
    },
    "here",
)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory):
    return write_shards(tmp_path_factory.mktemp("data") / "shards", SIZES)


@pytest.fixture(autouse=True)
def _without_a_process(monkeypatch):
    monkeypatch.setattr(counted, "_engine", engine_of_means)
    with patch.dict(os.environ):  # where Ray's settings stand once it is looked for
        yield


def job_of(pattern, reports, **more):
    job = Job(
        model=shipped_model(),
        data=pattern,
        split="test",
        device="cpu",
        batch_size=500,
        seed=42,
        reports=reports,
        title="Counted",
        slices=None,
        formats=(),
        gates=GATES,
        engine=Engine(no_predictions=True),
    )
    return replace(job, **more)


def nobody(_done, _total):
    """Told how far it is."""


@pytest.fixture(scope="module")
def finished(pattern, tmp_path_factory):
    """A run that stores no rows, and what its progress was."""
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counted, "_engine", engine_of_means)
        run = run_counted(
            job_of(pattern, tmp_path_factory.mktemp("counted")), SURROUNDINGS, lambda *done: told.append(done)
        )
    return run, told


@pytest.fixture(scope="module")
def whole():
    """The same images evaluated at once."""
    data, n = load_dataset(), sum(SIZES)
    predictions = make_predictions(nearest(data.images[:n], means()), data.labels[:n], data.class_names)
    return evaluate(predictions, 42, temperature=1.0)


def document(run, name="metrics.json"):
    return json.loads((run.folder / name).read_text("utf-8"))


def test_the_numbers_are_those_of_all_images_at_once(finished, whole):
    """Counts exactly, means to 1e-12, and nothing of what needs every row."""
    found = document(finished[0])
    assert found["confusion"] == whole.tally.confusion.tolist()
    for name, metric in whole.overall.items():
        value = found["overall"][name]["value"]
        if name in {"ece_equal_mass", "aurc", "coverage_at_999"}:
            assert value is None
        else:
            assert value == pytest.approx(metric.value, rel=1e-12, abs=1e-12), name


def test_its_mistakes_are_the_worst_of_all(finished, whole):
    """By their place in the whole set."""
    import pandas as pd

    found = pd.read_csv(finished[0].folder / "frames" / "mistakes.csv")
    expected = whole.frames.mistakes
    assert found["index"].tolist()[:100] == expected["index"].tolist()[:100]
    assert len(found) == len(expected)  # fewer than a thousand


def test_gates_decide_by_the_counts(finished):
    """What needs every row is an error that says so."""
    outcomes = [(gate["findings"][0]["metric"], gate["outcome"]) for gate in document(finished[0])["gates"]]
    assert outcomes == [
        ("accuracy", "PASS"),
        ("recall", "PASS"),
        ("accuracy", "PASS"),
        ("aurc", "ERROR"),
        ("accuracy", "ERROR"),
    ]
    junit = (finished[0].folder / "junit.xml").read_text("utf-8")
    said = (
        "this run was counted part by part and has no row per image; where memory holds all images, run again without "
        "--no-predictions and --engine ray, or leave this gate out"
    )
    assert junit.count(said) >= 2
    assert f"aurc needs every row at once; {said}" in junit


def test_run_json_says_how_it_was_counted(finished):
    """The workers, the shards and the seconds."""
    facts = document(finished[0], "run.json")
    assert facts["engine"].pop("seconds") >= 0
    assert facts["engine"] == {"name": "local", "workers": 1, "shards": 3, "retries": 0, "predictions": False}
    assert facts["data"]["n"] == sum(SIZES)
    assert facts["data"]["image_shape"] == [28, 28]


def test_the_data_have_the_digest_that_they_have_in_memory(finished, pattern):
    """So runs of both kinds belong to one history."""
    assert document(finished[0], "run.json")["data"]["sha256"] == load_dataset(pattern).sha256


def test_progress_is_told_by_images(finished):
    """Of the whole set."""
    assert finished[1] == [(700, 2_000), (1_000, 2_000), (2_000, 2_000)]


def test_the_run_is_verified(finished):
    """Whatever follows from the counts is held against them."""
    assert verify_run(finished[0].folder).differences == ()
    assert not (finished[0].folder / "predictions.parquet").exists()


def test_rows_are_stored_as_they_come_where_they_are_wanted(pattern, tmp_path):
    """In the order of the images."""
    run = run_counted(job_of(pattern, tmp_path, engine=Engine()), SURROUNDINGS, nobody)
    predictions, index = read_predictions(run.folder / "predictions.parquet")
    assert index.tolist() == list(range(2_000))
    expected = nearest(load_dataset().images[:2_000], means())
    assert np.allclose(predictions.probabilities, expected, atol=1e-6)
    assert verify_run(run.folder).differences == ()
    junit = (run.folder / "junit.xml").read_text("utf-8")
    assert "counted part by part, and its rows were stored one part after the other; where memory" in junit


def test_a_second_run_is_in_the_trend(pattern, tmp_path):
    """By its accuracy; which images were right is not known."""
    first = job_of(pattern, tmp_path)
    run_counted(first, SURROUNDINGS, nobody)
    second = run_counted(
        replace(first, formats=("html",)), replace(SURROUNDINGS, created=datetime(2026, 1, 3, tzinfo=UTC)), nobody
    )
    html = (second.folder / "report.html").read_text("utf-8")
    assert "Since the run of 2 January 2026" in html


def test_class_names_are_the_users(pattern, tmp_path):
    """As many as the model has."""
    names = tmp_path / "names.txt"
    names.write_text("".join(f"digit {k}\n" for k in range(10)), "utf-8")
    job = job_of(pattern, tmp_path / "reports", reading=Reading(class_names=names))
    run = run_counted(job, SURROUNDINGS, nobody)
    assert document(run, "run.json")["data"]["class_names"][3] == "digit 3"


def test_classes_that_are_numbered_from_one_are_counted_as_they_are_evaluated(tmp_path):
    """As EMNIST's letters are: the model's first output is class 1."""
    data = load_dataset()
    (tmp_path / "x").mkdir()
    for k in range(2):
        part = slice(400 * k, 400 * (k + 1))
        write_image_parquet(tmp_path / "x" / f"{k}.parquet", data.images[part], data.labels[part] + 1)
    run = run_counted(job_of(str(tmp_path / "x"), tmp_path / "reports", gates=None), SURROUNDINGS, nobody)
    whole = load_dataset(str(tmp_path / "x"))
    facts = document(run, "run.json")["data"]
    assert facts["class_names"] == list(whole.class_names) == [str(k) for k in range(1, 11)]
    assert facts["sha256"] == whole.sha256
    expected = evaluate(make_predictions(nearest(whole.images, means()), whole.labels, whole.class_names))
    assert document(run)["confusion"] == expected.tally.confusion.tolist()


def test_training_images_that_are_counted_tell_their_own_scale(tmp_path):
    """All of them, not those of the first file, which are dark here."""
    images, labels = load_dataset().images[:900].copy(), load_dataset().labels[:900]
    images[:300] //= 100
    (tmp_path / "x").mkdir()
    for k in range(3):
        part = slice(300 * k, 300 * (k + 1))
        write_image_parquet(tmp_path / "x" / f"{k}.parquet", images[part], labels[part])
    job = job_of(str(tmp_path / "x"), tmp_path / "reports", split="train", scale="standard", gates=None)
    given = document(run_counted(job, SURROUNDINGS, nobody), "run.json")["model"]["input"]
    assert given["mean"] == pytest.approx(images.mean() / 255, rel=0.05)
    assert given["deviation"] == pytest.approx(images.std() / 255, rel=0.05)


def test_a_damaged_shard_leaves_no_run(pattern, tmp_path):
    """The message names the file."""
    folder = tmp_path / "shards"
    folder.mkdir()
    for path in sorted(Path(pattern).parent.iterdir()):
        (folder / path.name).write_bytes(path.read_bytes())
    damaged = folder / "part-001.parquet"
    content = bytearray(damaged.read_bytes())
    content[100:20_000] = bytes(len(content[100:20_000]))
    damaged.write_bytes(content)
    with pytest.raises(DataError, match=r"part-001\.parquet"):
        run_counted(job_of(f"{folder}/*.parquet", tmp_path / "reports"), SURROUNDINGS, nobody)
    assert [path.name for path in (tmp_path / "reports").iterdir() if not path.name.startswith(".")] == []


def test_a_model_that_changes_its_mind_is_refused(pattern, tmp_path, monkeypatch):
    """Probabilities for one shard and logits for the next."""

    def fickle(images, of):
        rows = nearest(images, of)
        return rows if len(images) != 300 else np.log(rows) * 3

    monkeypatch.setattr(counted_work, "nearest", fickle)
    with pytest.raises(ModelError, match=r"the predictions of part-001\.parquet.*: row 0 is negative"):
        run_counted(job_of(pattern, tmp_path), SURROUNDINGS, nobody)


def one_hot(rows):
    return np.eye(10, dtype=np.float32)[rows.argmax(axis=1)]


@pytest.mark.parametrize("sizes", [(300, 3), (3, 300)])
@pytest.mark.parametrize(
    ("made", "kind"),
    [
        (lambda rows: rows, "probabilities"),
        (one_hot, "labels"),
        (lambda rows: np.round(rows * 255) / np.float32(255), "rounded probabilities"),
        (lambda rows: np.log(rows) + 3, "logits"),
        (np.log, "log-probabilities"),
        (lambda rows: rows**0.25, "sigmoids"),
    ],
)
def test_a_few_images_more_or_less_do_not_change_what_numbers_are(made, kind, sizes, tmp_path, monkeypatch):
    """A shard of three rows tells nothing by itself; the largest one tells for all, as the whole set would."""
    answers = nearest(load_dataset().images[:303], means())
    monkeypatch.setattr(counted_work, "nearest", lambda images, of: made(nearest(images, of)))
    pattern = write_shards(tmp_path / "shards", sizes)
    run = run_counted(job_of(pattern, tmp_path / "reports", gates=None), SURROUNDINGS, nobody)
    assert document(run, "run.json")["model"]["output"] == kind
    data = load_dataset()
    whole = Dataset(data.images[:303], data.labels[:303], data.class_names, "here", "test", "")
    expected, said = understand(made(answers), counted_work.ANATOMY, whole, "here")
    assert said == kind
    assert document(run)["confusion"] == evaluate(expected).tally.confusion.tolist()
    if expected.graded:
        assert document(run)["overall"]["log_loss"]["value"] == pytest.approx(float(expected.loss.mean()), rel=1e-12)


def test_one_row_that_is_not_one_hot_is_refused(tmp_path, monkeypatch):
    """Where all before were; it is named."""

    def fickle(images, of):
        rows = one_hot(nearest(images, of))
        if len(images) == 5:
            rows[2] = 0.1
        return rows

    monkeypatch.setattr(counted_work, "nearest", fickle)
    with pytest.raises(ModelError, match=r"part-001\.parquet.*: row 2 is not a 1 and else 0"):
        run_counted(job_of(write_shards(tmp_path / "shards", (300, 5)), tmp_path / "reports"), SURROUNDINGS, nobody)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"baseline": Path("old")},
            "the images are counted part by part; leave out either --baseline or --no-predictions",
        ),
        (
            {"baseline": Path("old"), "engine": Engine()},
            "and images that memory does not hold are counted part by part; leave --baseline out",
        ),
        ({"slices": Path("s.csv")}, "--slices s.csv: needs every row at once"),
        ({"predictions": Path("p.npz")}, "--predictions p.npz: needs every row at once"),
        ({"corruptions": True}, "^--corruptions: needs every row at once"),
        ({"corrupted": Path("c")}, "--corrupted c: needs every row at once"),
        ({"together": True}, "run each model alone"),
    ],
)
def test_what_needs_every_row_is_refused(more, said, tmp_path):
    """Before anything begins."""
    with pytest.raises(ConfigError, match=said):
        refuse_what_needs_rows(job_of("mnist", tmp_path, **more))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, True),
        ({"engine": Engine(engine="ray")}, True),
        ({"engine": Engine()}, False),
        ({"engine": Engine(), "data": "nowhere"}, False),
        ({"engine": Engine(), "data": "mnist"}, False),
    ],
)
def test_images_are_counted_where_that_is_asked_for(pattern, tmp_path, more, expected):
    """Else they are held in memory."""
    assert is_counted(job_of(pattern, tmp_path, **more)) is expected


def test_images_that_memory_would_not_hold_are_counted(tmp_path, monkeypatch):
    """By their number, which is known before they are read; small files are not even looked through."""
    pattern = write_shards(tmp_path / "shards", (30, 30))
    job = job_of(pattern, tmp_path, engine=Engine())
    with monkeypatch.context() as patch:
        patch.setattr(counted, "MOST_ROWS", 59)
        assert not is_counted(job)
    monkeypatch.setattr(counted, "SMALL", 0)
    monkeypatch.setattr(counted, "MOST_ROWS", 60)
    assert not is_counted(job)
    monkeypatch.setattr(counted, "MOST_ROWS", 59)
    assert is_counted(job)
    monkeypatch.setattr(counted, "MOST_ROWS", 60)
    monkeypatch.setattr(counted, "MOST_BYTES", 60 * 784 - 1)
    assert is_counted(job)


@pytest.mark.parametrize("kind", ["idx", "npz"])
def test_what_counts_is_what_would_be_read(tmp_path, monkeypatch, kind):
    """Large images that become small ones, and colours that become grey, are first read as they are."""
    images = np.full((50, 40, 40), 7, np.uint8)
    labels = (np.arange(50) % 10).astype(np.uint8)
    if kind == "idx":
        source, size = write_idx_folder(tmp_path / "idx", images, labels), 50 * 40 * 40
    else:
        source, size = write_npz(tmp_path / "x.npz", np.stack([images] * 3, axis=3), labels), 50 * 40 * 40 * 3
    job = job_of(str(source), tmp_path, engine=Engine(), reading=Reading(center=True))
    monkeypatch.setattr(counted, "SMALL", 0)
    for limit, expected in ((size, False), (size - 1, True)):
        monkeypatch.setattr(counted, "MOST_BYTES", limit)
        assert is_counted(job) is expected
        if expected:
            monkeypatch.setattr(limits, "MOST_BYTES", limit)
            with pytest.raises(DataError, match=f"expected at most {limit:,}; --no-predictions evaluates any number"):
                load_dataset(job.data, "test", job.reading)
        else:
            assert len(load_dataset(job.data, "test", job.reading)) == 50


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "2"], "--workers is about the workers of a Ray cluster; give --engine ray, too"),
        (["--ray-address", "auto"], "--ray-address is about the workers of a Ray cluster"),
        (["--no-predictions", "--model", "a.keras", "b.keras"], "have no leaderboard; run each model alone"),
        (["--engine", "ray", "--model", "a.keras", "b.keras"], "have no leaderboard; run each model alone"),
    ],
)
def test_options_that_nothing_would_heed_are_refused(options, said, tmp_path, capfd):
    """Status 2, before anything begins."""
    assert run_cli(["run", *options, "--reports", str(tmp_path / "reports")]) == 2
    assert said in capfd.readouterr().err
    assert not (tmp_path / "reports").exists()


def test_a_rehearsal_that_finds_nothing_leaves_nothing(pattern, tmp_path):
    """Neither a run nor a part of one; and no model is asked for."""
    rehearse_counted(job_of(pattern, tmp_path / "reports", model=tmp_path / "not-trained-yet.keras"))
    assert list((tmp_path / "reports").iterdir()) == []


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"data": "nowhere"}, DataError, "nowhere"),
        ({"templates": Path("no-templates")}, MnistReportError, "no-templates"),
        ({"slices": Path("s.csv")}, ConfigError, "--slices s.csv: needs every row at once"),
    ],
)
def test_a_rehearsal_finds_what_would_fail_after_a_long_training(pattern, tmp_path, more, error, said):
    """Data, templates, and what a counted run cannot give."""
    with pytest.raises(error, match=said):
        rehearse_counted(job_of(pattern, tmp_path / "reports", **more))


@pytest.mark.usefixtures("socket_enabled")
def test_a_rehearsal_looks_for_the_cluster(pattern, tmp_path, monkeypatch):
    """Nobody listens there."""
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    with pytest.raises(DeviceError, match="no cluster answers"):
        rehearse_counted(job_of(pattern, tmp_path, engine=Engine(engine="ray", ray_address="127.0.0.1:1")))


def test_a_rehearsal_finds_a_file_in_the_place_of_the_reports(pattern, tmp_path):
    """Where nothing could be written."""
    (tmp_path / "reports").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="is a file, expected a folder"):
        rehearse_counted(job_of(pattern, tmp_path / "reports"))


def test_what_workers_cannot_share_is_refused_before_there_are_any(tmp_path):
    """A gzipped file of many shards has no middle; status 2 with what to do, in a rehearsal too."""
    n = 65_537
    folder = write_idx_folder(tmp_path / "idx", np.zeros((n, 4, 4), np.uint8), np.zeros(n, np.uint8), suffix=".gz")
    job = job_of(str(folder), tmp_path / "reports", engine=Engine(engine="ray"))
    for begin in (rehearse_counted, lambda job: run_counted(job, SURROUNDINGS, nobody)):
        with pytest.raises(ConfigError, match="can only be read from its beginning, so workers cannot share it; give"):
            begin(job)
    rehearse_counted(replace(job, engine=Engine(no_predictions=True)))


def test_nothing_is_trained_for_a_cluster_that_cannot_be_used(monkeypatch, tmp_path, capfd):
    """`run --train` rehearses first: without Ray it is status 3, and no epoch begins."""
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setattr("mnist_report.commands.run.train_model", None)
    assert run_cli(["run", "--train", "--engine", "ray", "--reports", str(tmp_path / "reports")]) == 3
    assert "Ray is not installed" in capfd.readouterr().err
