"""Tests of `mnist_report.config`."""

from pathlib import Path

import pytest

from mnist_report.config import ConfigFile, find_config, read_config, values_for
from mnist_report.errors import ConfigError

OPTIONS = {"run": {"data", "batch-size", "title"}, "train": {"data", "batch-size", "epochs"}}


def config(**values):
    """A file that says this."""
    return ConfigFile(Path("here.toml"), values)


def test_a_folder_without_a_configuration_has_none(tmp_path):
    """That is no error."""
    assert find_config(tmp_path) is None


def test_our_own_file_is_found(tmp_path):
    """By its name."""
    path = tmp_path / "mnist-report.toml"
    path.write_text('data = "here"\n[train]\nepochs = 3\n')
    found = find_config(tmp_path)
    assert (found.path, dict(found.values)) == (path, {"data": "here", "train": {"epochs": 3}})


def test_our_table_of_pyproject_is_found(tmp_path):
    """Of the whole file only what is ours."""
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n[tool.ruff]\nline-length = 9\n[tool.mnist-report]\ndata = "here"\n')
    found = find_config(tmp_path)
    assert (found.path, dict(found.values)) == (path, {"data": "here"})


def test_our_own_file_wins_over_pyproject(tmp_path):
    """One of them is read, not both."""
    (tmp_path / "mnist-report.toml").write_text('data = "own"\n')
    (tmp_path / "pyproject.toml").write_text('[tool.mnist-report]\ndata = "shared"\ntitle = "x"\n')
    assert dict(find_config(tmp_path).values) == {"data": "own"}


@pytest.mark.parametrize("text", ["", "[project]\n", "[tool.ruff]\n", "tool = 3\n", 'tool = "mnist-report"\n'])
def test_the_pyproject_of_others_is_none_of_ours(tmp_path, text):
    """Whatever it holds under `tool`."""
    (tmp_path / "pyproject.toml").write_text(text)
    assert find_config(tmp_path) is None


def test_a_pyproject_without_our_table_is_an_error_when_it_is_named(tmp_path):
    """Whoever names it expects something of it."""
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool.ruff]\n")
    with pytest.raises(ConfigError, match=rf"{path}: has no table \[tool.mnist-report\]"):
        read_config(path)


def test_a_value_in_the_place_of_our_table_is_an_error(tmp_path):
    """The message shows it."""
    path = tmp_path / "pyproject.toml"
    path.write_text("[tool]\nmnist-report = 3\n")
    with pytest.raises(ConfigError, match=rf"{path}: tool.mnist-report is 3, expected a table"):
        read_config(path)


def test_a_file_of_any_name_can_be_read(tmp_path):
    """It is laid out as our own file."""
    path = tmp_path / "nightly.toml"
    path.write_text("batch-size = 7\n")
    assert dict(read_config(path).values) == {"batch-size": 7}


def test_a_missing_file_is_an_error(tmp_path):
    """The message names it."""
    with pytest.raises(ConfigError, match=f"{tmp_path / 'none.toml'}: no such configuration file"):
        read_config(tmp_path / "none.toml")


def test_a_folder_is_not_a_configuration(tmp_path):
    """The message says why."""
    with pytest.raises(ConfigError, match=rf"{tmp_path}: cannot be read \(Is a directory\)"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("content", "telling"),
    [(b"epochs =\n", "line 1"), (b"a = 1\na = 2\n", "line 2"), (b"title = '\xff'\n", "utf-8")],
    ids=["no value", "twice", "not UTF-8"],
)
@pytest.mark.parametrize("name", ["mnist-report.toml", "pyproject.toml"])
def test_bad_toml_is_an_error_that_says_where(tmp_path, name, content, telling):
    """A configuration that cannot be read is not taken for an empty one."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=f"{tmp_path / name}: not valid TOML: .*{telling}"):
        find_config(tmp_path)


def test_a_key_at_the_top_is_for_every_command_that_has_the_option():
    """Others do not hear of it."""
    shared = config(title="x", epochs=3, data="here")
    assert values_for(shared, "run", OPTIONS) == {"title": "x", "data": "here"}
    assert values_for(shared, "train", OPTIONS) == {"epochs": 3, "data": "here"}


def test_a_commands_table_is_for_that_command_alone():
    """The other keeps its default."""
    assert values_for(config(train={"batch-size": 8}), "run", OPTIONS) == {}


@pytest.mark.parametrize("order", [1, -1])
def test_a_commands_table_wins_over_the_top(order):
    """Wherever in the file it stands."""
    values = dict([("batch-size", 5), ("train", {"batch-size": 8})][::order])
    assert values_for(config(**values), "train", OPTIONS) == {"batch-size": 8}


def test_underscores_are_as_good_as_dashes():
    """At the top and in a table."""
    values = config(batch_size=5, train={"batch_size": 8})
    assert values_for(values, "run", OPTIONS) == {"batch-size": 5}
    assert values_for(values, "train", OPTIONS) == {"batch-size": 8}


@pytest.mark.parametrize("command", ["run", "train"])
@pytest.mark.parametrize(
    ("values", "key", "known"),
    [
        ({"epoch": 3}, "epoch", r"did you mean epochs\? known here: batch-size, data, epochs, title"),
        ({"trian": {"epochs": 3}}, "trian", "known here: batch-size, data, epochs, title"),
        ({"train": {"title": "x"}}, "train.title", "known here: batch-size, data, epochs"),
        ({"run": 3}, "run", "known here: batch-size, data, epochs, title"),
    ],
    ids=["key", "table", "key in a table", "value for a table"],
)
def test_an_unknown_key_is_an_error_that_names_file_and_key(command, values, key, known):
    """Whichever command runs: a misspelt key must not wait for its own command to be noticed."""
    with pytest.raises(ConfigError, match=f"^here.toml: unknown key '{key}'; {known}$"):
        values_for(config(**values), command, OPTIONS)
