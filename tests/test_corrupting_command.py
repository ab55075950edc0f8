"""`--corruptions` and `--corrupted` through the command line, with a model that is three lines long."""

import csv
import hashlib
import json
import os

import numpy as np
import pytest
from corrupting_work import N, NearestMean, nearest_mean, some_digits, start_nearest_mean, write_mnist_c
from makers import write_hollow_model, write_npz

from mnist_report import pipeline
from mnist_report.cli import run_cli
from mnist_report.data.corruptions import KINDS, SEVERITIES, corrupt
from mnist_report.errors import ModelError
from mnist_report.evaluation.metrics import proportion

OURS = [(kind, severity) for kind in KINDS for severity in range(1, 6)]
GATES = """
[[gates]]
metric = "accuracy"
slice = "noise=3"
min = 0.2

[[gates]]
metric = "accuracy"
slice = "fog=1"
min = 0.9
severity = "warning"
"""


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory):
    """A folder with data and a model, the folder that is worked in; no TensorFlow, no settings from outside."""
    folder = tmp_path_factory.mktemp("corrupting")
    write_npz(folder / "data.npz", *some_digits())
    write_hollow_model(folder / "hollow.keras")
    write_mnist_c(folder / "mnist_c")
    (folder / "rules.toml").write_text(GATES)
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("MNIST_REPORT_"):
                patch.delenv(name)
        patch.setattr(pipeline, "start_model", start_nearest_mean)
        patch.chdir(folder)
        yield folder


def call(command, reports, *options):
    """The exit status of a command on these data."""
    inputs = ["--data", "data.npz", "--model", "hollow.keras", "--reports", str(reports)]
    return run_cli([command, *inputs, *map(str, options)])


@pytest.fixture(scope="module")
def run(place):
    """A finished run with our corruptions and those of the folder."""
    options = ("--corruptions", "--corrupted", "mnist_c", "--gates", "rules.toml", "--format", "html", "--seed", 5)
    assert call("run", "reports", *options) == 0
    return (place / "reports" / "latest").resolve()


def document(run, name="metrics.json"):
    return json.loads((run / name).read_text("utf-8"))


@pytest.fixture(scope="module")
def expected():
    """Right answers of each set, by a plain loop."""
    images, labels = some_digits()
    worse = {(kind, k): corrupt(images, kind, k, seed=5) for kind, k in OURS}
    worse |= {("fog", 1): 255 - images, ("zigzag", 1): images[:, ::-1]}
    return {
        name: sum(int(said == label) for said, label in zip(nearest_mean(own).argmax(axis=1), labels, strict=True))
        for name, own in worse.items()
    }


def test_every_set_has_the_accuracy_of_a_plain_loop(run, expected):
    """Ours in their order, then the folder's."""
    rows = document(run)["corruptions"]
    assert [(row["corruption"], row["severity"]) for row in rows] == [*OURS, ("fog", 1), ("zigzag", 1)]
    for row in rows:
        metric = proportion(expected[row["corruption"], row["severity"]], N)
        assert row["accuracy"] == {"value": metric.value, "ci_low": metric.ci_low, "ci_high": metric.ci_high, "n": N}


def test_log_loss_and_confidence_are_means_over_the_images(run):
    """Of one set, by numpy."""
    images, labels = some_digits()
    rows = nearest_mean(corrupt(images, "noise", 4, seed=5)).astype(float)
    rows /= rows.sum(axis=1, keepdims=True)
    found = next(row for row in document(run)["corruptions"] if (row["corruption"], row["severity"]) == ("noise", 4))
    assert found["log_loss"] == pytest.approx(-np.log(rows[np.arange(N), labels]).mean())
    assert found["mean_confidence"] == pytest.approx(rows.max(axis=1).mean())


def test_the_images_as_they_are_stay_the_main_result(run, tmp_path):
    """All other numbers are those of a run without corrupted images."""
    assert call("evaluate", tmp_path, "--seed", 5) == 0
    plain = document(tmp_path / "latest")
    assert {name: part for name, part in document(run).items() if name in plain} == plain
    assert {*document(run)} - {*plain} == {"corruptions", "robustness", "gates"}


def test_the_means_are_of_the_kinds(run, expected):
    """Of each one's severities, and of the kinds alike."""
    found = document(run)["robustness"]
    means = {kind: sum(expected[kind, k] for k in range(1, 6)) / 5 / N for kind in KINDS}
    means |= {kind: expected[kind, 1] / N for kind in ("fog", "zigzag")}
    assert {row["corruption"]: row["mean_accuracy"] for row in found["kinds"]} == pytest.approx(means)
    assert found["mean_accuracy"] == pytest.approx(sum(means.values()) / len(means))
    assert found["sets"] == 32


def test_the_frame_has_the_same_numbers(run, expected):
    """A row a set."""
    with (run / "frames" / "corruptions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {(row["corruption"], int(row["severity"])): round(float(row["accuracy"]) * int(row["n"])) for row in rows}
    assert found == expected


def test_gates_decide_about_sets(run, expected):
    """As about slices: by the exact test, with the smallest differences that so many images show."""
    noise, fog = document(run)["gates"]
    assert (noise["outcome"], fog["outcome"]) == ("PASS", "WARN")
    assert noise["findings"][0]["value"] == expected["noise", 3] / N
    assert 'href="#corruption-12"' in (run / "report.html").read_text("utf-8")


@pytest.mark.parametrize("name", ["", "metrics.json"], ids=["the folder", "metrics.json alone"])
def test_they_decide_again_without_the_model(run, tmp_path, name):
    """By the counts that were stored, or the document."""
    junit = tmp_path / "junit.xml"
    assert run_cli(["check", str(run / name), "--gates", "rules.toml", "--junit", str(junit)]) == 0
    assert "noise=3" in junit.read_text("utf-8")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('slice = "noise=6"\nmin = 0.5', "there is no slice 'noise=6'; the columns are ink, slant, the corrupted sets"),
        (
            'slice = "noise=3"\nmax_drop_over = {runs = 2, drop = 0.1}\nbaseline_missing = "error"',
            "were right is not kept",
        ),
    ],
    ids=["no such severity", "a change"],
)
def test_a_gate_that_cannot_be_decided_is_an_error(run, tmp_path, capfd, rule, words):
    """As with other slices."""
    (tmp_path / "rules.toml").write_text(f'[[gates]]\nmetric = "accuracy"\n{rule}\n')
    assert run_cli(["check", str(run), "--gates", str(tmp_path / "rules.toml")]) == 1
    assert words in capfd.readouterr().out


def test_a_gate_on_a_set_of_a_run_without_them_says_how_to_get_them(tmp_path, capfd):
    """Whoever forgot the option."""
    (tmp_path / "rules.toml").write_text('[[gates]]\nmetric = "accuracy"\nslice = "noise=3"\nmin = 0.5\n')
    assert call("run", tmp_path / "reports", "--gates", tmp_path / "rules.toml", "--format", "html") == 1
    assert "corrupted images come with --corruptions" in capfd.readouterr().err


def test_rendering_again_gives_the_same_page(run):
    """Without data, folder and model."""
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    assert run_cli(["render", str(run), "--format", "html"]) == 0
    assert (run / "report.html").read_bytes() == before


def test_the_run_verifies(run):
    """All numbers follow from the counts."""
    assert run_cli(["verify", str(run)]) == 0


def test_a_changed_count_is_found_out(run, tmp_path, capfd):
    """By the frame and the document that no longer follow."""
    import shutil

    import pyarrow as pa
    from pyarrow import parquet

    copy = tmp_path / run.name
    shutil.copytree(run, copy)
    table = parquet.read_table(copy / "corruptions.parquet")
    right = [0, *table["right"].to_pylist()[1:]]
    parquet.write_table(table.set_column(4, "right", pa.array(right)), copy / "corruptions.parquet")
    assert run_cli(["verify", str(copy)]) != 0
    found = capfd.readouterr().out
    assert "frames/corruptions.csv: row 1: accuracy" in found
    assert "corruptions[0].accuracy.value" in found


def test_the_provenance_says_how_they_were_made_and_which_were_read(run, place):
    """With the seed, the amounts and a digest of the folder's images."""
    facts = document(run, "run.json")["corruptions"]
    assert facts["made"] == {"seed": 5, "severities": {kind: list(amounts) for kind, amounts in SEVERITIES.items()}}
    files = [place / "mnist_c" / name / "test_images.npy" for name in ("fog", "zigzag")]
    digests = "".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    sha256 = hashlib.sha256(digests.encode()).hexdigest()
    assert facts["read"] == {"path": "mnist_c", "corruptions": ["fog", "zigzag"], "sha256": sha256}
    assert "corruptions" in document(run, "run.json")["durations_s"]


def test_the_folder_alone_makes_no_sets_of_ours(tmp_path):
    """And `evaluate` takes it, too."""
    assert call("evaluate", tmp_path, "--corrupted", "mnist_c") == 0
    found = document(tmp_path / "latest")
    assert [row["corruption"] for row in found["corruptions"]] == ["fog", "zigzag"]
    assert document(tmp_path / "latest", "run.json")["corruptions"]["made"] is None


def test_the_log_has_a_line_for_each_kind(tmp_path, capfd):
    """So that a long wait is understood."""
    assert call("evaluate", tmp_path, "--corruptions", "--corrupted", "mnist_c") == 0
    found = capfd.readouterr().err
    assert all(f"{kind}: accuracy " in found for kind in (*KINDS, "fog", "zigzag"))
    assert found.count("at severities 1 to 5") == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            ("--corruptions", "--predictions", "p.npy"),
            "--corruptions is about a model, and --predictions p.npy has none",
        ),
        (("--corrupted", "mnist_c", "--predictions", "p.npy"), "--corrupted is about a model"),
        (("--corruptions", "--no-predictions"), "--corruptions is about images that memory holds"),
        (("--corrupted", "mnist_c", "--engine", "ray"), "--corrupted is about images that memory holds"),
        (
            ("--corrupted", "mnist_c", "--center"),
            "--center is about the data, and --corrupted mnist_c is read as it is",
        ),
    ],
)
def test_options_that_do_not_go_with_it_are_refused(tmp_path, capfd, options, words):
    """Before anything is read."""
    data = () if "--predictions" in options else ("--model", "hollow.keras")
    arguments = ["run", "--data", "data.npz", *data, "--reports", str(tmp_path / "none"), *options]
    assert run_cli(arguments) == 2
    assert words in capfd.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_corruption_called_like_one_of_ours_is_refused(tmp_path, capfd):
    """A gate could mean either."""
    folder = write_mnist_c(tmp_path / "c", ("blur", "zigzag"))
    assert call("evaluate", tmp_path / "r", "--corruptions", "--corrupted", folder) == 3
    assert f"{folder}: the corruption 'blur' is also one of --corruptions" in capfd.readouterr().err
    assert call("evaluate", tmp_path / "r", "--corrupted", folder) == 0


@pytest.mark.parametrize("option", ["ours", "theirs", "built in"])
def test_a_corruption_called_like_a_column_is_refused(tmp_path, capfd, option):
    """Of the user's slices, or a built-in one."""
    (tmp_path / "mine.csv").write_text("index,noise,fog\n0,3,1\n")
    folder = write_mnist_c(tmp_path / "c", ("ink", "zigzag"))
    options, where, name = {
        "ours": (("--corruptions", "--slices", tmp_path / "mine.csv"), tmp_path / "mine.csv", "noise"),
        "theirs": (("--corrupted", "mnist_c", "--slices", tmp_path / "mine.csv"), "mnist_c", "fog"),
        "built in": (("--corrupted", folder), folder, "ink"),
    }[option]
    assert call("evaluate", tmp_path / "r", *options) == 3
    assert f"{where}: {name!r} is both a corruption and a column of slices" in capfd.readouterr().err


def test_a_folder_at_fault_costs_no_inference(tmp_path, capfd, monkeypatch):
    """It is looked at before the model is asked anything."""

    def predict(*_):
        raise AssertionError("asked")

    monkeypatch.setattr(NearestMean, "predict", predict)
    folder = write_mnist_c(tmp_path / "c")
    (folder / "zigzag" / "test_labels.npy").unlink()
    assert call("evaluate", tmp_path / "r", "--corrupted", folder) == 3
    assert f"{folder / 'zigzag' / 'test_labels.npy'}: missing" in capfd.readouterr().err


def test_a_model_that_fails_on_a_set_leaves_nothing(tmp_path, capfd, monkeypatch):
    """The run ends, and no folder of it is there."""
    whole, asked = NearestMean.predict, []

    def predict(self, *arguments):
        asked.append(1)
        if len(asked) == 4:
            raise ModelError("the model's process died")
        return whole(self, *arguments)

    monkeypatch.setattr(NearestMean, "predict", predict)
    assert call("evaluate", tmp_path, "--corruptions") == 3
    assert "the model's process died" in capfd.readouterr().err
    assert not (tmp_path / "latest").exists()
