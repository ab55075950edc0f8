"""The main job for an ensemble, without a command line and without TensorFlow."""

import json
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from ensemble_work import write_distinct_model
from makers import digits, write_hollow_model, write_npz
from scipy.special import softmax
from several_work import WRONG, Answers, N
from test_onnx_runner import dense

from mnist_report import ensembling
from mnist_report.data.reading import Reading
from mnist_report.ensembling import run_ensemble
from mnist_report.errors import ConfigError, ModelError
from mnist_report.inference import Inference
from mnist_report.jobs import Job, Surroundings
from mnist_report.runs.folder import read_run
from mnist_report.verifying import verify_run

NAMES = ("best", "middle", "worst")
SURE = 0.91


class Telling(Answers):
    """A model that tells when it begins and ends, and may name classes alone or fail."""

    told: list[str] = []  # noqa: RUF012  of all of them

    def wait_until_loaded(self):
        """What it is."""
        anatomy, backend = super().wait_until_loaded()
        if self.name == "single":
            return replace(anatomy, num_classes=1, single_label=True), backend
        return (replace(anatomy, num_classes=11) if self.name == "eleven" else anatomy), backend

    def predict(self, images, show, preparation):
        """As `Answers`, or one-hot rows."""
        self.told.append(f"{self.name} predicts")
        answer = super().predict(images, show, preparation)
        return Inference(np.round(answer.answer), 5, 0.01) if self.name == "onehot" else answer


@contextmanager
def start_telling(model, **_):
    """In the place of `start_model`."""
    Telling.told.append(f"{model.path.stem} starts")
    yield Telling(model)
    Telling.told.append(f"{model.path.stem} ends")


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A function of names: the job of an ensemble of them."""
    monkeypatch.setattr(ensembling, "start_model", start_telling)
    monkeypatch.setattr("mnist_report.pipeline.draw_reports", lambda *_, **__: {"report.html": b"<p>"})
    Telling.told.clear()
    data = write_npz(tmp_path / "data.npz", *digits(N))

    def make(*names, **options):
        members = tuple(write_distinct_model(tmp_path / f"{name}.keras") for name in names)
        common = {"data": str(data), "split": "test", "device": "cpu", "batch_size": 5, "seed": 1, "slices": None}
        common |= {"reports": tmp_path / "reports", "title": "T", "formats": ()}
        return Job(model=members[0], members=members, **common | options)

    return make


def run(job, show=lambda *_: None):
    """The folder of the finished run."""
    surroundings = Surroundings(datetime(2026, 1, 2, tzinfo=UTC), "a test", None, "host", "system")
    return run_ensemble(job, surroundings, show).folder


def facts(folder):
    """run.json."""
    return json.loads((folder / "run.json").read_text("utf-8"))


def test_the_predictions_are_the_mean_of_the_members(job):
    """By a plain loop over images and members."""
    stored = read_run(run(job(*NAMES)))
    for row, label in enumerate(digits(N)[1].tolist()):
        wrong = sum(row in WRONG[name] for name in NAMES)
        expected = (SURE * (3 - wrong) + 0.01 * wrong) / 3
        assert stored.predictions.rows[row, label] == pytest.approx(expected, abs=1e-6)


def test_each_member_is_stored_beside_them(job):
    """By the name of its file, in the order in which they are named."""
    stored = read_run(run(job("worst", "best", "middle")))
    assert [member.name for member in stored.members] == ["worst.keras", "best.keras", "middle.keras"]
    for member, name in zip(stored.members, ("worst", "best", "middle"), strict=True):
        assert np.flatnonzero(~member.scores.right).tolist() == list(WRONG[name])


def test_run_json_names_the_members(job):
    """With all that a run of each alone would say of it."""
    folder = run(job(*NAMES))
    model = facts(folder)["model"]
    assert (model["kind"], model["name"]) == ("ensemble", "ensemble_of_3")
    assert folder.name.startswith("20260102T000000Z-ensemble_of_3-")
    assert [one["name"] for one in model["members"]] == [f"{name}.keras" for name in NAMES]
    assert all(one["input"]["scale"] == "unit" and one["output"] == "probabilities" for one in model["members"])
    assert len({one["sha256"] for one in model["members"]} | {model["sha256"]}) == 4
    assert model["size_bytes"] == sum(one["size_bytes"] for one in model["members"])


def test_its_digest_does_not_depend_on_the_order(job):
    """Nor does the mean."""
    one, other = (facts(run(job(*names)))["model"]["sha256"] for names in (NAMES, NAMES[::-1]))
    assert one == other


def test_a_stored_ensemble_is_verified_without_a_model(job):
    """Every frame and number follows from the files."""
    folder = run(job(*NAMES))
    assert [problem.problem for problem in verify_run(folder).differences] == []
    assert (folder / "frames" / "members.csv").exists()


def test_a_changed_number_of_a_member_is_found(job):
    """As one of the ensemble would be."""
    folder = run(job(*NAMES))
    path = folder / "frames" / "members.csv"
    path.write_text(path.read_text("utf-8").replace("best.keras,400,2,", "best.keras,400,1,"), "utf-8")
    problems = [problem.problem for problem in verify_run(folder).differences]
    assert "row 1: errors is 1, the predictions give 2" in problems


def test_real_models_answer_in_turn(tmp_path):
    """Two ONNX files in processes of their own, against numpy."""
    kernels = [np.random.default_rng(seed).normal(size=(16, 3)).astype(np.float32) for seed in (1, 2)]
    members = tuple(tmp_path / f"{place}.onnx" for place in range(2))
    for path, kernel in zip(members, kernels, strict=True):
        path.write_bytes(dense(kernel=kernel))
    images = np.random.default_rng(3).integers(0, 256, (60, 4, 4), dtype=np.uint8)
    data = write_npz(tmp_path / "data.npz", images, np.arange(60) % 3)
    names = tmp_path / "names.txt"
    names.write_text("a\nb\nc\n", "utf-8")
    common = {"split": "test", "device": "cpu", "batch_size": 7, "seed": 1, "slices": None, "title": "T", "formats": ()}
    reading = Reading(class_names=names)
    given = Job(model=members[0], members=members, data=str(data), reports=tmp_path / "r", reading=reading, **common)
    stored = read_run(run(replace(given, scale="unit")))
    pixels = images.reshape(60, 16) / 255
    expected = np.mean([softmax(pixels @ kernel, axis=1) for kernel in kernels], axis=0)
    np.testing.assert_allclose(stored.predictions.rows, expected, atol=1e-5)
    assert stored.provenance["model"]["format"] == "onnx"
    assert stored.provenance["model"]["parameters"] == 96


def test_one_model_runs_at_a_time(job):
    """A GPU's memory holds one of them."""
    run(job("best", "middle"))
    assert Telling.told == [
        *("best starts", "best predicts", "best ends", "middle starts", "middle predicts", "middle ends")
    ]


def test_progress_counts_every_answer(job):
    """From the first model's first image to the last one's last."""
    seen = []
    run(job("best", "middle"), lambda *counts: seen.append(counts))
    assert seen == [(N, 2 * N), (2 * N, 2 * N)]


def test_a_file_that_is_not_there_costs_no_inference(job, tmp_path):
    """Every file is looked at first."""
    given = job("best", "middle", "worst")
    (tmp_path / "worst.keras").unlink()
    with pytest.raises(ModelError, match=r"worst\.keras: no such model file"):
        run(given)
    assert Telling.told == []


def test_a_copy_is_refused(job, tmp_path):
    """It would count twice."""
    given = job("best")
    copy = tmp_path / "copy.keras"
    copy.write_bytes((tmp_path / "best.keras").read_bytes())
    with pytest.raises(ConfigError, match=r"copy\.keras is a copy of .*best\.keras .*would count twice"):
        run(replace(given, members=(*given.members, copy)))
    assert Telling.told == []


def test_a_precision_that_a_member_lacks_costs_no_inference(job, tmp_path):
    """Only Keras models have another one."""
    given = job("best", precision="bfloat16")
    (tmp_path / "m.onnx").write_bytes(dense())
    with pytest.raises(ConfigError, match="bfloat16"):
        run(replace(given, members=(*given.members, tmp_path / "m.onnx")))
    assert Telling.told == []


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("single", r"single\.keras: it names classes without probabilities"),
        ("onehot", r"onehot\.keras: it names classes without probabilities"),
        ("eleven", r"eleven\.keras: the model has 11 outputs, the data has 10 classes"),
        ("broken", "its weights are gone"),
    ],
)
def test_a_member_that_does_not_fit_is_named(job, tmp_path, name, telling):
    """And no run folder is left."""
    with pytest.raises(ModelError, match=telling):
        run(job("best", name, "middle"))
    assert not list((tmp_path / "reports").glob("*/run.json"))
    assert "middle starts" not in Telling.told


def test_files_of_one_name_are_called_by_their_paths(job, tmp_path):
    """So that two rows of a table are not called the same."""
    given, other = job("best"), tmp_path / "other" / "best.keras"
    other.parent.mkdir()
    write_hollow_model(other)
    folder = run(replace(given, members=(*given.members, other)))
    assert [member.name for member in read_run(folder).members] == [str(given.members[0]), str(other)]


def test_an_ensemble_can_be_a_baseline(job):
    """Of another one, as of a single model."""
    first = run(job("best", "middle"))
    second = run(job("middle", "worst", baseline=first))
    document = json.loads((second / "metrics.json").read_text("utf-8"))
    assert document["comparison"]["overall"]["accuracy"]["n"] == N
    assert facts(second)["baseline"]["model"]["name"] == "ensemble_of_2"


def test_slices_are_of_the_ensemble(job, tmp_path):
    """As of one model."""
    table = tmp_path / "slices.csv"
    table.write_text("index,half\n" + "".join(f"{k},{k < 200}\n" for k in range(N)), "utf-8")
    folder = run(job(*NAMES, slices=table))
    right = read_run(folder).predictions.right
    slices = {
        row["slice"]: row["accuracy"]["value"] for row in json.loads((folder / "metrics.json").read_text())["slices"]
    }
    assert slices["half=True"] == right[:200].mean()
