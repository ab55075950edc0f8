"""`mnist-report run --predictions`: reports about what other programs predicted, without a model."""

import json
import subprocess
import sys

import numpy as np
import pytest
from operating_work import left_in

from mnist_report.cli import run_cli
from mnist_report.data.sources import load_dataset
from mnist_report.runs.folder import read_run
from mnist_report.runs.predictions_file import read_predictions

NAMES = ["cat", "dog", "eel"]


@pytest.fixture(scope="session")
def answers(tmp_path_factory):
    """The digits with a plausible answer to each, as `.npz`: about one in fifty is wrong."""
    labels, random = load_dataset("mnist", "test").labels, np.random.default_rng(8)
    said = np.where(random.random(len(labels)) < 0.02, random.integers(0, 10, len(labels)), labels)
    rows = random.random((len(labels), 10)) + 30 * np.eye(10)[said]
    path = tmp_path_factory.mktemp("answers") / "resnet 18.npz"
    np.savez(path, probabilities=(rows / rows.sum(axis=1, keepdims=True)).astype(np.float32), labels=labels)
    return path


@pytest.fixture(scope="session")
def pets(tmp_path_factory):
    """Answers about images that nobody has."""
    random = np.random.default_rng(4)
    labels = np.arange(300) % 3
    rows = 1.5 * random.random((300, 3)) + np.eye(3)[labels]
    path = tmp_path_factory.mktemp("pets") / "pets.npz"
    np.savez(path, probabilities=rows / rows.sum(axis=1, keepdims=True), labels=labels, class_names=NAMES)
    return path


@pytest.fixture
def call(tmp_path, capsys):
    """A function of a command line: its status, and the lines on stdout and stderr."""

    def run(command, *options):
        status = run_cli([command, *map(str, options), "--reports", str(tmp_path / "reports"), "-q"])
        said = capsys.readouterr()
        return status, said.out.strip(), said.err.strip()

    return run


def run_once(reports, *options):
    """The status and the folder of a run whose only report is the page."""
    command = ["run", "--format", "html", *map(str, options), "--reports", str(reports), "-q"]
    status = run_cli(command)
    return status, (reports / "latest").resolve()


@pytest.fixture(scope="session")
def answered(answers, tmp_path_factory):
    """The status and the folder of a run of the digits' answers."""
    return run_once(tmp_path_factory.mktemp("answered"), "--predictions", answers)


@pytest.fixture(scope="session")
def pets_run(pets, tmp_path_factory):
    """The folder of a run without images."""
    return run_once(tmp_path_factory.mktemp("run"), "--predictions", pets, "--data", "none")[1]


@pytest.fixture
def finished(call, tmp_path):
    """A function of options: the folder of a run that finished, gates or not."""

    def run(*options):
        status, out, err = call("run", "--format", "html", *options)
        assert status in {0, 1}, err
        return tmp_path / out

    return run


def facts(run):
    """run.json."""
    return json.loads((run / "run.json").read_text("utf-8"))


def overall(run):
    """Of metrics.json."""
    return json.loads((run / "metrics.json").read_text("utf-8"))["overall"]


def write_as(suffix, path, rows, labels):
    """The same probabilities in one of the formats, shuffled where there is an index."""
    import pandas as pd

    file = path.with_suffix(suffix)
    table = pd.DataFrame({"label": labels, **{f"p{k}": rows[:, k] for k in range(rows.shape[1])}})
    shuffled = table.rename_axis("index").reset_index().sample(frac=1, random_state=5)
    if suffix == ".npy":
        np.save(file, rows)
    elif suffix == ".npz":
        np.savez(file, probabilities=rows, labels=labels)
    elif suffix == ".csv":
        shuffled.to_csv(file, index=False)
    else:
        shuffled.to_parquet(file, index=False)
    return file


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".parquet"])
def test_the_shipped_models_answers_give_the_shipped_models_numbers(shipped_run, call, tmp_path, suffix):
    """Whichever way the same probabilities come, every number is that of the run that made them."""
    predictions, _ = read_predictions(shipped_run / "predictions.parquet")
    file = write_as(suffix, tmp_path / "same", predictions.probabilities, predictions.labels)
    status, out, err = call("evaluate", "--predictions", file)
    run = tmp_path / out
    assert status == 0, err
    assert overall(run) == overall(shipped_run)
    assert (run / "predictions.parquet").read_bytes() == (shipped_run / "predictions.parquet").read_bytes()
    assert (run / "images.npz").read_bytes() == (shipped_run / "images.npz").read_bytes()


def test_neither_tensorflow_nor_a_child_process_is_started(answers, tmp_path):
    """Nobody needs a framework to look at numbers."""
    script = (
        "import multiprocessing.process, subprocess, sys\n"
        "def no(*_): raise AssertionError('a process was started')\n"
        "multiprocessing.process.BaseProcess.start = no\n"
        "from mnist_report.cli import run_cli\n"
        "status = run_cli(sys.argv[1:])\n"
        "assert not {'tensorflow', 'keras', 'jax'} & sys.modules.keys()\n"
        "sys.exit(status)\n"
    )
    options = ["evaluate", "--predictions", answers, "--reports", tmp_path]
    answer = subprocess.run([sys.executable, "-c", script, *options], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_the_run_is_named_after_its_file(answered):
    """As others are after their model."""
    assert answered[1].name[17:-7] == "resnet_18"


def test_run_json_says_what_is_known_and_no_more(pets_run, pets):
    """No device, no layers, no parameters; the very bytes by their digest."""
    import hashlib

    found = facts(pets_run)
    digest = hashlib.sha256(pets.read_bytes()).hexdigest()
    size = pets.stat().st_size
    expected = {"kind": "predictions", "name": "pets", "path": str(pets), "format": "npz"}
    assert found["model"] == expected | {"sha256": digest, "size_bytes": size, "card": None}
    assert found["device"] is None
    assert "tensorflow" not in found["versions"]
    assert (found["data"]["split"], found["data"]["image_shape"]) == (None, None)


def test_with_a_data_set_the_report_shows_its_images(answered):
    """And slices by ink and slant; but no section on a model that nobody knows."""
    page = (answered[1] / "report.html").read_text("utf-8")
    assert 'class="digit wrong"' in page
    assert 'id="model"' not in page
    assert 'href="#model"' not in page
    assert "ink=q1" in page


def test_without_images_the_report_has_everything_else(pets_run):
    """No galleries, and a sentence in their place."""
    page = (pets_run / "report.html").read_text("utf-8")
    assert 'class="digit' not in page
    assert "No images are at hand to be shown; frames/mistakes.csv lists all mistakes." in page
    assert "labels of pets.npz, 300 images" in page
    assert "Predictions sha256" in page
    assert ">eel<" in page


def test_the_pdf_is_made_without_images_too(call, pets, tmp_path):
    """Both formats come from the same page."""
    _, out, err = call("run", "--predictions", pets, "--data", "none", "--format", "pdf")
    assert (tmp_path / out / "report.pdf").read_bytes().startswith(b"%PDF"), err


def test_gates_decide(answered):
    """Two in a hundred wrong is not 0.99."""
    status, run = answered
    assert (status, facts(run)["verdict"]) == (1, "FAIL")


def test_slices_and_notes_are_shown(finished, pets, tmp_path):
    """What describes the images need not come with pixels."""
    lines = "".join(f"{k},{'day' if k % 2 else 'night'}\n" for k in range(300))
    (tmp_path / "light.csv").write_text(f"index,light\n{lines}")
    (tmp_path / "notes.md").write_text("From the *vendor*.")
    options = ("--slices", tmp_path / "light.csv", "--notes", tmp_path / "notes.md")
    page = (finished("--predictions", pets, "--data", "none", *options) / "report.html").read_text("utf-8")
    assert "light=night" in page
    assert "<em>vendor</em>" in page


def test_another_run_of_the_same_labels_is_a_baseline(finished, pets, pets_run, tmp_path):
    """Even where nobody has the images."""
    archive = np.load(pets)
    other = write_as(".npz", tmp_path / "other", archive["probabilities"][:, [1, 0, 2]], archive["labels"])
    np.savez(other, **np.load(other), class_names=NAMES)
    run = finished("--predictions", other, "--data", "none", "--baseline", pets_run)
    assert read_run(run).baseline is not None
    assert facts(run)["baseline"]["model"]["name"] == "pets"


def test_the_run_can_be_drawn_checked_accepted_and_compared(pets_run, tmp_path, capsys):
    """What a run folder is for."""
    run = pets_run
    before = (run / "report.html").read_bytes()
    assert run_cli(["render", str(run), "--format", "html"]) == 0
    assert (run / "report.html").read_bytes() == before
    assert run_cli(["check", str(run)]) in {0, 1}
    accept = ["baseline", "accept", str(run), "--by", "Kim", "--why", "first", "--to", str(tmp_path / "baseline")]
    assert run_cli(accept) == 0
    report = ["--report", str(tmp_path / "compared"), "--format", "html"]
    assert run_cli(["compare", str(run), str(run), *report]) == 0
    capsys.readouterr()


def test_runs_with_and_without_images_can_be_joined(answered, call, answers, tmp_path):
    """The images of the one that has them are shown."""
    status, without, err = call("evaluate", "--predictions", answers, "--data", "none")
    assert status == 0, err
    options = ["--join-by-index", "--report", str(tmp_path / "compared"), "--format", "html"]
    assert run_cli(["compare", str(answered[1]), str(tmp_path / without), *options]) == 0


MISUSED = {
    "two sources": (["--model", "m.keras", "--predictions", "p.npy"], 2, "--model m.keras and --predictions p.npy"),
    "a model without images": (["--data", "none"], 2, "--data none goes with --predictions alone"),
    "training": (["--train", "--predictions", "p.npy"], 2, "--train trains a model, and --predictions needs none"),
    "nothing there": (["--predictions", "p.npy"], 3, "p.npy: no such file of predictions"),
}


@pytest.mark.parametrize("name", MISUSED)
def test_misuse_ends_with_one_line_and_no_folder(call, tmp_path, name):
    """Usage is 2, input is 3."""
    options, expected, message = MISUSED[name]
    status, _, err = call("run", *options)
    assert (status, err.count("\n")) == (expected, 0)
    assert err.startswith(f"error: {message}")
    assert not (tmp_path / "reports").exists() or left_in(tmp_path / "reports") == []


def test_predictions_of_other_images_are_refused(call, pets):
    """Three hundred rows are not ten thousand."""
    status, _, err = call("evaluate", "--predictions", pets)
    assert status == 3
    assert "found 300 rows, but mnist (test split) has 10,000 images" in err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--scale", "raw"], "--scale is about a model, and --predictions a.npz has none; leave it out"),
        (["--trust-model"], "--trust-model is about a model, and"),
        (["--model-sha256", "0" * 64], "--model-sha256 is about a model, and"),
        (["--precision", "bfloat16"], "--precision is about a model, and"),
        (["--data", "none", "--center"], "--center is about images, and --data none has none; leave it out"),
        (["--data", "none", "--transpose"], "--transpose is about images, and"),
    ],
)
def test_an_option_that_nothing_would_heed_is_refused_before_anything_is_read(call, options, expected):
    """Nobody shall think that it had an effect; the file is not even there."""
    status, _, err = call("run", "--predictions", "a.npz", *options)
    assert status == 2
    assert err.startswith(f"error: {expected}")


def test_class_names_are_used_without_images(finished, tmp_path):
    """They are in every file of the run."""
    (tmp_path / "names.txt").write_text("Hund\nKatze\n")
    (tmp_path / "vendor.csv").write_text("label,predicted\n" + "0,0\n1,1\n" * 50)
    options = ["--data", "none", "--class-names", tmp_path / "names.txt"]
    run = finished("--predictions", tmp_path / "vendor.csv", *options)
    assert facts(run)["data"]["class_names"] == ["Hund", "Katze"]
