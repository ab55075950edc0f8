"""The configuration file: where it is, what it says, and which of it concerns a command."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mnist_report.errors import ConfigError

FILE = "mnist-report.toml"
PYPROJECT = "pyproject.toml"
TABLE = "mnist-report"
# A training batch is not a batch of predictions: at the top of the file, batch-size is for the latter alone.
TABLE_ONLY = {"train": {"batch-size"}}

# Whoever looks whether a run would work looks at what that run would use, and its baseline is not removed.
FOLLOWS = {"doctor": "run", "prune": "run"}


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration that was read.

    Attributes:
        path: the file.
        values: what it says; from pyproject.toml only the table [tool.mnist-report].
    """

    path: Path
    values: Mapping[str, Any]


def find_config(folder: Path) -> ConfigFile | None:
    """The configuration of a folder: mnist-report.toml, else [tool.mnist-report] of pyproject.toml, else None."""
    if (folder / FILE).exists():
        return read_config(folder / FILE)
    pyproject = folder / PYPROJECT
    return read_config(pyproject) if pyproject.exists() and _our_table(_read_toml(pyproject)) is not None else None


def read_config(path: Path) -> ConfigFile:
    """Read one configuration file.

    Raises:
        ConfigError: it is missing, not TOML, or a pyproject.toml without our table.
    """
    values = _read_toml(path)
    if path.name == PYPROJECT:
        values = _our_table(values)
        if values is None:
            raise ConfigError(f"{path}: has no table [tool.{TABLE}]")
        if not isinstance(values, dict):
            raise ConfigError(f"{path}: tool.{TABLE} is {values!r}, expected a table")
    return ConfigFile(path, values)


def values_for(config: ConfigFile, command: str, options: Mapping[str, set[str]]) -> dict[str, Any]:
    """The values that concern one command.

    A key at the top is for every command that has such an option; a table named after a command is for it alone
    and wins; `doctor` and `prune` heed the table of `run` too.

    Args:
        config: the file.
        command: the command that runs.
        options: the names of the options of each command, as on the command line without the dashes.

    Raises:
        ConfigError: a key that no command, or not the command of its table, has.
    """
    tables = {key: value for key, value in config.values.items() if key in options and isinstance(value, dict)}
    shared = _named(config.path, {key: value for key, value in config.values.items() if key not in tables}, "")
    own = {key: _named(config.path, table, f"{key}.") for key, table in tables.items()}
    for name in shared:
        if not any(name in names for names in options.values()):
            raise _unknown(config.path, name, set().union(*options.values()))
    for key, table in own.items():
        for name in table:
            if name not in options[key]:
                raise _unknown(config.path, f"{key}.{name}", options[key])
    general = {name: value for name, value in shared.items() if name in options[command]}
    if command in TABLE_ONLY:
        general = {name: value for name, value in general.items() if name not in TABLE_ONLY[command]}
    followed = own.get(FOLLOWS.get(command, ""), {})
    followed = {name: value for name, value in followed.items() if name in options[command]}
    return general | followed | own.get(command, {})


def _named(path: Path, table: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The values by option name; batch_size and batch-size are the same option."""
    named: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name in named:
            raise ConfigError(f"{path}: the key {prefix + name!r} occurs twice, spelt with - and with _; remove one")
        named[name] = value
    return named


def _our_table(pyproject: Mapping[str, Any]) -> Any:
    """What stands at tool.mnist-report, or None; the rest of the file is not ours to judge."""
    tool = pyproject.get("tool")
    return tool.get(TABLE) if isinstance(tool, dict) else None


def _unknown(path: Path, key: str, known: set[str]) -> ConfigError:
    if key.rpartition(".")[2] in {"gates", "inconclusive"}:
        return ConfigError(f"{path}: unknown key {key!r}; rules stand at the top: [[gates]] and inconclusive")
    near = get_close_matches(key.rpartition(".")[2], sorted(known), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return ConfigError(f"{path}: unknown key {key!r}; {hint}known here: {', '.join(sorted(known))}")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except ValueError as error:  # TOMLDecodeError, text that is not UTF-8, a number of too many digits
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
