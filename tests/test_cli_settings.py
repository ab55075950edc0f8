"""Tests of `mnist_report.cli`: options from the environment and the configuration file.

An impossible seed shows which of several settings counts: the message repeats it.
"""

import os
from pathlib import Path

import pytest

from mnist_report.cli import run_cli

COMMANDS = ["run", "evaluate", "train"]


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
    """A function of a command line: its status and the one line that it says on stderr."""

    def call(*arguments):
        status = run_cli(arguments)
        err = capsys.readouterr().err
        assert err.count("\n") == 1, err
        return status, err.removeprefix("error: ").rstrip("\n")

    return call


def write_config(text, name="mnist-report.toml"):
    """A configuration in the folder where the command is called."""
    Path(name).write_text(text)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_environment_wins_over_the_file(complaint, monkeypatch, command):
    """-1 against -2."""
    write_config("seed = -2")
    monkeypatch.setenv("MNIST_REPORT_SEED", "-1")
    status, message = complaint(command)
    assert (status, message.startswith("seed is -1, expected")) == (2, True)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_wins_over_environment_and_file(complaint, monkeypatch, command):
    """-3 against -1 and -2."""
    write_config("seed = -2")
    monkeypatch.setenv("MNIST_REPORT_SEED", "-1")
    status, message = complaint(command, "--seed", "-3")
    assert (status, message.startswith("seed is -3, expected")) == (2, True)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_file_wins_over_the_default(complaint, command):
    """-2 against 42."""
    write_config("seed = -2")
    status, message = complaint(command)
    assert (status, message.startswith("seed is -2, expected")) == (2, True)


@pytest.mark.parametrize("key", ["batch-size", "batch_size"])
def test_a_key_may_be_written_with_a_dash_or_an_underscore(complaint, key):
    """As on the command line or as in Python."""
    write_config(f"{key} = -2")
    assert complaint("evaluate") == (2, "batch-size is -2, expected at least 1")


def test_a_key_in_both_spellings_is_refused(complaint):
    """Nobody should have to know which one would count."""
    write_config("batch-size = 1\nbatch_size = 2")
    status, message = complaint("evaluate")
    assert (status, "'batch-size' occurs twice" in message) == (2, True)


def test_a_batch_size_at_the_top_is_for_predictions_alone(complaint):
    """A training batch is another thing: the bad seed is complained of, not the bad batch."""
    write_config("batch-size = -2\nseed = -1")
    status, message = complaint("train")
    assert (status, message.startswith("seed is -1")) == (2, True)


def test_training_before_a_run_follows_the_table_of_train(complaint):
    """`run --train` is `train` and then `run`."""
    write_config("[train]\nlearning-rate = -1.0")
    assert complaint("run", "--train")[1].startswith("learning-rate is -1.0, expected")


@pytest.mark.parametrize("variable", [False, True])
def test_a_message_says_where_an_option_stands_that_it_names(complaint, folder, monkeypatch, variable):
    """Who did not write it on the command line would look for it there in vain."""
    if variable:
        monkeypatch.setenv("MNIST_REPORT_NO_PREDICTIONS", "true")
    else:
        write_config("no-predictions = true")
    where = f"stands in {folder / 'mnist-report.toml'}"
    end = f"(--no-predictions {'is set by MNIST_REPORT_NO_PREDICTIONS' if variable else where})"
    status, message = complaint("run", "--baseline", "old")
    assert (status, message.endswith(f"leave out either --baseline or --no-predictions {end}")) == (2, True), message
    assert not complaint("run", "--batch-size", "0")[1].endswith(")")


def test_a_message_says_nothing_of_where_an_option_of_the_command_line_stands(complaint):
    """It wins, and whoever reads this wrote it."""
    write_config("workers = 2")
    assert complaint("run", "--workers", "3")[1].endswith("give --engine ray, too, or leave it out")


def test_an_unknown_variable_of_ours_is_refused(complaint, monkeypatch):
    """A typo in a crontab must not go unnoticed."""
    monkeypatch.setenv("MNIST_REPORT_SEEED", "1")
    status, message = complaint("evaluate")
    assert (status, message.startswith("environment: unknown variable MNIST_REPORT_SEEED")) == (2, True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("title = 5", "str"),
        ("data = 5", "str"),
        ("reports = 5", "str"),
        ('batch-size = "12"', "int"),
        ('train = "yes"', "bool"),
        ("model = false", "str or a list of them"),
        ("model = []", "str or a list of them"),
        ('model = ["a.keras", 5]', "str or a list of them"),
        ('model = [["a.keras"]]', "str or a list of them"),
        ('title = ["a", "b"]', "str"),
        ("seed = true", "int"),
    ],
)
def test_a_value_of_another_type_is_refused(complaint, line, expected):
    """5 is not made the text "5", nor "yes" true."""
    write_config(line)
    status, message = complaint("run")
    assert (
        status,
        message.startswith(f"{Path.cwd() / 'mnist-report.toml'}: "),
        message.endswith(f"expected {expected}"),
    ) == (
        2,
        True,
        True,
    )


def test_a_commands_table_wins_over_the_top_of_the_file(complaint):
    """And another command's table is none of its business."""
    write_config("batch-size = -1\n[evaluate]\nbatch-size = -2\n[train]\nbatch-size = -3\n")
    assert complaint("evaluate") == (2, "batch-size is -2, expected at least 1")


def test_pyproject_can_hold_the_configuration(complaint):
    """In our table."""
    write_config("[tool.mnist-report.train]\nepochs = -2\n", "pyproject.toml")
    assert complaint("train") == (2, "epochs is -2, expected at least 1")


@pytest.mark.parametrize("text", ["tool = 3", 'tool = "mnist-report"'])
def test_a_strange_pyproject_of_others_does_no_harm(complaint, text):
    """The command goes on to the error that it was called with."""
    write_config(text, "pyproject.toml")
    assert complaint("evaluate", "--model", "none.keras") == (3, "none.keras: no such model file")


def test_a_file_that_is_named_replaces_the_one_in_the_folder(complaint):
    """It is read alone."""
    write_config("batch-size = -2\n")
    write_config("seed = -3\n", "other.toml")
    status, line = complaint("evaluate", "--config", "other.toml")
    assert (status, line.startswith("seed is -3")) == (2, True), line


def test_the_environment_can_name_the_file(complaint, monkeypatch):
    """As any other option."""
    monkeypatch.setenv("MNIST_REPORT_CONFIG", "none.toml")
    assert complaint("evaluate") == (2, "none.toml: no such configuration file")


@pytest.mark.parametrize("command", [*COMMANDS, "render"])
@pytest.mark.parametrize(
    ("text", "key"),
    [("epoch = 3", "epoch"), ("[trian]\nepochs = 3", "trian"), ("[train]\nepoch = 3", "train.epoch")],
)
def test_an_unknown_key_names_file_and_key(complaint, folder, command, text, key):
    """Whichever command runs."""
    write_config(text)
    status, line = complaint(command, *(["here"] if command == "render" else []))
    assert status == 2
    assert line.startswith(f"{folder / 'mnist-report.toml'}: unknown key '{key}'; ")
    assert "known here: " in line


def test_the_known_keys_are_those_that_can_be_written(complaint):
    """Not the short forms of options, not the names of arguments."""
    write_config("epoch = 3")
    known = complaint("evaluate")[1].partition("known here: ")[2].split(", ")
    assert "batch-size" in known
    assert not {"-q", "-v", "RUN", "config", "help"} & set(known)


@pytest.mark.parametrize(
    "text",
    [
        'epochs = "many"',
        "epochs = [1, 2]",
        "epochs = true",
        "epochs = 2.5",
        "epochs = {}",
        "data = {a = 1}",
        'data = ["a", "b"]',
        'device = "tpu"',
        'quiet = "perhaps"',
    ],
)
def test_a_value_of_the_wrong_type_names_file_and_key(complaint, folder, text):
    """It is not made to fit."""
    write_config(text)
    status, line = complaint("train", *([] if text.startswith("data") else ["--data", "none"]))
    assert (status, str(folder / "mnist-report.toml") in line, text.split()[0] in line) == (2, True, True), line


def test_a_value_of_the_wrong_type_in_the_environment_names_the_variable(complaint, monkeypatch):
    """The user may have forgotten that it is set."""
    monkeypatch.setenv("MNIST_REPORT_BATCH_SIZE", "many")
    status, line = complaint("evaluate")
    assert (status, "MNIST_REPORT_BATCH_SIZE" in line, '"many"' in line) == (2, True, True), line


@pytest.mark.parametrize("text", ["train = true", "[run]\ntrain = true"])
def test_an_option_that_is_called_like_a_command_can_stand_in_the_file(complaint, text):
    """`run --train` is one; with --model it is an error, which shows that it was heard."""
    write_config(text)
    status, line = complaint("run", "--model", "none.keras")
    assert (status, line.startswith("--train trains a new model")) == (2, True), line


def test_a_file_that_is_not_toml_is_an_error(complaint, folder):
    """It is not taken for an empty one."""
    write_config("batch-size =\n")
    status, line = complaint("evaluate")
    assert (status, line.startswith(f"{folder / 'mnist-report.toml'}: not valid TOML: ")) == (2, True), line


def test_a_bad_time_from_outside_is_an_error(complaint, monkeypatch):
    """SOURCE_DATE_EPOCH stands in for the clock."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert complaint("evaluate") == (2, "SOURCE_DATE_EPOCH is 'yesterday', expected seconds since 1970")


def test_an_empty_variable_is_not_the_current_folder(monkeypatch, capsys):
    """A CI variable that nobody set must not silently mean something."""
    monkeypatch.setenv("MNIST_REPORT_BASELINE", "")
    assert run_cli(["check", "run"]) == 2
    assert "environment: MNIST_REPORT_BASELINE is empty; give it a value, or leave it out" in capsys.readouterr().err


def test_an_empty_option_is_not_the_current_folder(capsys):
    """The same on the command line."""
    assert run_cli(["check", "run", "--gates", ""]) == 2
    assert "--gates is empty" in capsys.readouterr().err


def test_rules_in_the_table_of_a_command_are_sent_to_the_top(tmp_path, monkeypatch, capsys):
    """There they hold for every command."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mnist-report.toml").write_text("[check]\ninconclusive = 'fail'\n", "utf-8")
    assert run_cli(["check", "run"]) == 2
    assert "unknown key 'check.inconclusive'; rules stand at the top" in capsys.readouterr().err


RAY = 'engine = "ray"\nworkers = 2\nray-address = "auto"\n'
NOWHERE = ("--data", "nowhere")


@pytest.mark.parametrize("command", ["run", "evaluate"])
def test_settings_of_ray_go_with_the_engine_that_is_overridden(complaint, command):
    """Then what is wrong with the data is the first thing that is wrong."""
    write_config(RAY)
    status, line = complaint(command, "--engine", "local", *NOWHERE)
    assert (status, "nowhere" in line) == (3, True), line


def test_an_engine_in_the_environment_overrides_the_files(complaint, monkeypatch):
    """As the command line does."""
    write_config(RAY)
    monkeypatch.setenv("MNIST_REPORT_ENGINE", "local")
    assert complaint("evaluate", *NOWHERE)[0] == 3


def test_settings_of_ray_beside_the_local_engine_are_refused(complaint, monkeypatch):
    """Who gives both at the same place contradicts himself."""
    write_config(RAY)
    said = "--workers is about the workers of a Ray cluster; give --engine ray, too, or leave it out"
    assert complaint("evaluate", "--engine", "local", "--workers", "2", *NOWHERE) == (2, said)
    write_config(RAY.replace('"ray"', '"local"'))
    status, message = complaint("evaluate", *NOWHERE)
    assert (status, message.startswith(f"{said} (--engine stands in ")) == (2, True)
    monkeypatch.setenv("MNIST_REPORT_ENGINE", "local")
    given = "(--engine is set by MNIST_REPORT_ENGINE)"
    assert complaint("evaluate", "--workers", "2", *NOWHERE) == (2, f"{said} {given}")


@pytest.mark.parametrize("workers", [0, -2])
def test_workers_of_the_file_are_those_of_an_engine_of_the_command_line(complaint, workers):
    """Only the local engine leaves them out."""
    write_config(f"workers = {workers}\nengine = 'local'")
    assert complaint("evaluate", "--engine", "ray") == (2, f"workers is {workers}, expected at least 1")


def test_a_setting_that_goes_with_its_engine_is_still_checked(complaint):
    """A typo is found before the day on which it matters."""
    write_config('engine = "ray"\nworkers = "two"')
    status, line = complaint("evaluate", "--engine", "local", *NOWHERE)
    assert (status, "workers is 'two', expected int" in line) == (2, True), line
