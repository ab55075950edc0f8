"""`mnist-report export`, without TensorFlow."""

import pytest
from makers import write_hollow_model

from mnist_report import exporting
from mnist_report.cli import run_cli
from mnist_report.exporting import Exported, Side
from mnist_report.model.store import shipped_model


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that were done; two of ten labels disagree."""
    done = []

    def do(job, show):
        done.append(job)
        show(10, 10)
        sides = (Side(path, "keras", 1, "cpu (test)", 9, 100.0) for path in (job.model, job.output))
        return Exported(*sides, 10, (4, 5), 0.25)

    monkeypatch.setattr(exporting, "export", do)
    return done


def test_labels_that_disagree_are_said_last_and_fail_nothing(jobs, capsys):
    """The table goes to stdout; how much difference is too much is for its reader to say."""
    assert run_cli(["export", "--to", "savedmodel", "--output", "m", "-q"]) == 0
    out, err = capsys.readouterr()
    assert (out.splitlines()[-1], err) == ("labels disagree on 2 images: 4, 5", "")
    assert len(jobs) == 1


def test_the_shipped_model_is_the_default(jobs):
    """And the data and options are those of `run`."""
    assert run_cli(["export", "--to", "tflite", "--output", "m.tflite", "-q"]) == 0
    (job,) = jobs
    assert (job.model, job.data, job.split, job.device, job.batch_size) == (
        shipped_model(),
        "mnist",
        "test",
        "auto",
        None,
    )


def test_options_reach_the_job(jobs, tmp_path):
    """Those of reading and of trust."""
    names = tmp_path / "names.txt"
    given = ["--model", "m.h5", "--data", "d.npz", "--split", "train", "--center", "--class-names", str(names)]
    assert run_cli(["export", "--to", "savedmodel", "--output", "m", *given, "--trust-model", "-q"]) == 0
    (job,) = jobs
    assert (str(job.model), job.data, job.split, job.trust_model) == ("m.h5", "d.npz", "train", True)
    assert (job.reading.center, job.reading.class_names) == (True, names)


@pytest.mark.parametrize(
    ("options", "telling"),
    [
        (["--output", "m"], "--to"),
        (["--to", "savedmodel"], "--output"),
        (["--to", "onnx", "--output", "m.onnx"], "onnx"),
        (["--to", "tflite", "--output", "m.keras"], "expected a name that ends in .tflite"),
        (["--to", "savedmodel", "--output", "m", "--batch-size", "0"], "batch-size is 0, expected at least 1"),
        (["--to", "savedmodel", "--output", "m", "--model-sha256", "abc"], "expected 64 hexadecimal digits"),
        (["--to", "savedmodel", "--output", "."], "is there already"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(capsys, options, telling):
    """Status 2, one line."""
    assert run_cli(["export", *options]) == 2
    err = capsys.readouterr().err
    assert telling in err
    assert err.count("\n") == 1


def test_a_model_that_is_not_there_is_status_3(tmp_path, capsys):
    """Nothing is written."""
    output = tmp_path / "m"
    assert (
        run_cli(["export", "--model", str(tmp_path / "no.keras"), "--to", "savedmodel", "--output", str(output)]) == 3
    )
    assert "no such model file" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_another_file_than_the_pinned_one_is_status_3(tmp_path, capsys):
    """As with `run`."""
    model = write_hollow_model(tmp_path / "m.keras")
    options = ["--to", "savedmodel", "--output", str(tmp_path / "m"), "--model-sha256", "0" * 64]
    assert run_cli(["export", "--model", str(model), *options]) == 3
    assert "this is another file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["m.keras"]
