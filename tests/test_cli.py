"""Tests of `mnist_report.cli`: what is said where, and with which exit status."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from makers import damaged_npz, digits, idx_bytes, write_hollow_model, write_idx_folder, write_npz
from operating_work import left_in

import mnist_report
from mnist_report.cli import COMMANDS, run_cli

HEAVY = {"tensorflow", "keras", "pandas", "matplotlib", "weasyprint", "sklearn", "numpy"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to work in, and no settings from outside."""
    for name in os.environ:
        if name.startswith("MNIST_REPORT_") or name == "SOURCE_DATE_EPOCH":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def complaint(capsys):
    """A function of a command line: its status and the one line that it says, on stderr alone."""

    def call(*arguments):
        status = run_cli([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("error: ")
        assert err.count("\n") == 1, err
        return status, err.removeprefix("error: ").rstrip("\n")

    return call


def test_the_version_is_the_packages(capsys):
    """On stdout, for programs."""
    assert run_cli(["--version"]) == 0
    assert capsys.readouterr() == (f"{mnist_report.__version__}\n", "")


def test_help_lists_every_command(capsys):
    """With exit status 0."""
    assert run_cli(["--help"]) == 0
    listed = {words[1] for line in capsys.readouterr().out.splitlines() if (words := line.split())[:1] == ["│"]}
    assert set(COMMANDS) <= listed


@pytest.mark.parametrize("words", ["reports/<run-id>/", "MNIST_REPORT_<OPTION>"])
def test_help_keeps_what_stands_in_angle_brackets(capsys, words):
    """They are names to fill in, not markup."""
    run_cli(["--help"])
    assert words in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (["nonsense"], 'Unknown command "nonsense"'),
        (["run", "--nonsense"], "Unknown option: --nonsense"),
        (["run", "extra"], "extra"),
        (["run", "--data", "a.parquet", "b.parquet"], "of several files their folder, or a quoted pattern such as"),
        (["run", "--split", "dev"], 'Invalid value "dev" for --split. Choose from: "test", "train"'),
        (["run", "--batch-size", "many"], 'Invalid value for --batch-size: unable to convert "many" into int'),
        (["run", "--batch-size"], "--batch-size requires an argument"),
        (["run", "--batch-size", "0"], "batch-size is 0, expected at least 1"),
        (["run", "--seed", "-1"], "seed is -1, expected"),
        (["run", "--format", "nonsense"], "--format: unknown format 'nonsense', expected html, pdf or html,pdf"),
        (["run", "--format", "html,"], "--format: unknown format ''"),
        (["run", "--train", "--model", "mine.keras"], "--train trains a new model, so --model cannot name one"),
        (["run", "--epochs", "3"], "Unknown option: --epochs"),
        (["train", "--epochs", "0"], "epochs is 0, expected at least 1"),
        (["train", "--epochs", "2.5", "--data", "none"], "2.5"),
        (["train", "--learning-rate", "nan"], "learning-rate is nan, expected above 0"),
        (["render"], "RUN requires an argument"),
        (["render", "here", "--format", "png"], "--format: unknown format 'png'"),
        (["run", "--config", "none.toml"], "none.toml: no such configuration file"),
    ],
)
def test_a_usage_error_is_status_2_and_one_line(complaint, arguments, telling):
    """It says which word is wrong, and what was expected."""
    status, line = complaint(*arguments)
    assert (status, telling in line) == (2, True), line


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (["run", "--model", "none.keras"], "none.keras: no such model file"),
        (["evaluate", "--model", "none.h5"], "none.h5: no such model file"),
        (["train", "--data", "none"], "none: no such file or folder"),
        (["train", "--data", "two\nlines"], "two lines: no such file or folder"),
        (["render", "none"], "none: not a run folder, it has no run.json"),
    ],
)
def test_what_is_missing_is_status_3_and_one_line(complaint, arguments, telling):
    """The input is at fault, not the command line."""
    status, line = complaint(*arguments)
    assert (status, telling in line) == (3, True), line


def test_an_error_is_a_json_line_where_json_is_asked_for(capsys):
    """With the exit status, for those who search logs."""
    assert run_cli(["evaluate", "--model", "none.keras", "--log-format", "json"]) == 3
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["message"], line["exit_status"]) == ("ERROR", "none.keras: no such model file", 3)


def test_quiet_silences_no_error(complaint):
    """It is the one line that must be there."""
    assert complaint("evaluate", "--model", "none.keras", "--quiet") == (3, "none.keras: no such model file")


def bad_data(kind, folder):
    """A data set that is spoilt in one way, and what a message must tell of it."""
    images, labels = digits(3)
    if kind == "nowhere":
        return folder / "nowhere", "no such file or folder"
    if kind == "truncated":
        write_idx_folder(folder, images, labels)
        (folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(images)[:-1])
        return folder, "promises 2352 bytes of values for shape (3, 28, 28), found 2351"
    if kind == "not a digit":
        return write_npz(folder / "data.npz", images, labels - 2), "label 254 at index 0, expected at most 100 classes"
    if kind == "counts":
        return write_npz(folder / "data.npz", images, labels[:2]), "3 images but 2 labels"
    if kind == "empty":
        return write_npz(folder / "data.npz", images[:0], labels[:0]), "empty"
    (folder / "data.npz").write_bytes(damaged_npz("pickled"))
    return folder / "data.npz", "not a readable .npz of plain arrays"


@pytest.mark.parametrize("kind", ["nowhere", "truncated", "not a digit", "counts", "empty", "pickled"])
@pytest.mark.parametrize("command", ["run", "evaluate"])
def test_bad_data_is_status_3_and_leaves_nothing_behind(complaint, folder, command, kind):
    """No run folder, no hidden one, no log."""
    (folder / "in").mkdir()
    data, telling = bad_data(kind, folder / "in")
    model = write_hollow_model(folder / "in" / "hollow.keras")
    formats = ["--format", "html"] if command == "run" else []
    status, line = complaint(command, "--model", model, "--data", data, "--reports", folder / "reports", *formats)
    assert (status, str(data) in line, telling in line) == (3, True, True), line
    assert left_in(folder / "reports") == []
    assert {path.name for path in folder.iterdir()} <= {"in", "reports"}


def test_an_unexpected_error_is_status_70_with_a_report_to_paste(monkeypatch, capsys):
    """Command, version and traceback."""

    def fail(*_):
        raise ZeroDivisionError("nobody expects this")

    monkeypatch.setattr("mnist_report.data.sources.load_dataset", fail)
    assert run_cli(["train", "--data", "two words"]) == 70
    err = capsys.readouterr().err
    assert "this is a bug in mnist-report" in err.splitlines()[0]
    assert "command: mnist-report train --data 'two words'" in err
    assert f"version: {mnist_report.__version__}, Python {sys.version.split()[0]}" in err
    assert err.rstrip().endswith("ZeroDivisionError: nobody expects this")


def test_an_interrupt_is_status_130_and_one_line(monkeypatch, complaint):
    """Without a traceback."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("mnist_report.data.sources.load_dataset", interrupt)
    status, line = complaint("train")
    assert (status, "interrupted" in line) == (130, True)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["nonsense"]])
def test_a_quick_answer_imports_nothing_heavy(arguments):
    """Whoever asks for help does not wait for TensorFlow."""
    code = (
        "import json, sys; from mnist_report.cli import run_cli; "
        f"run_cli({arguments!r}); print(json.dumps(sorted(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = json.loads(answer.stdout.splitlines()[-1])
    assert "mnist_report.cli" in imported
    assert HEAVY.isdisjoint(imported)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("command", ["--version", "prune --keep 1 --help"])
def test_output_that_cannot_be_written_is_status_3_and_one_line(command):
    """Also where the interpreter would only find out at its end."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with Path("/dev/full").open("wb") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "mnist_report", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            check=False,
        )
    assert (answer.returncode, answer.stderr) == (3, "error: standard output: No space left on device\n")
