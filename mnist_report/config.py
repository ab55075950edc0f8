"""The configuration file: where it is, what it says, and which of it concerns a command."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_report.errors import ConfigError

FILE = "mnist-report.toml"
PYPROJECT = "pyproject.toml"
TABLE = "mnist-report"


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
    and wins.

    Args:
        config: the file.
        command: the command that runs.
        options: the names of the options of each command, as on the command line without the dashes.

    Raises:
        ConfigError: a key that no command, or not the command of its table, has.
    """
    shared: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for key, value in config.values.items():
        if key in options and isinstance(value, dict):
            for inner, inner_value in value.items():
                name = _option(inner)
                if name not in options[key]:
                    raise _unknown(config.path, f"{key}.{inner}", options[key])
                if key == command:
                    own[name] = inner_value
        else:
            name = _option(key)
            if not any(name in names for names in options.values()):
                raise _unknown(config.path, key, set().union(*options.values()))
            if name in options[command]:
                shared[name] = value
    return shared | own


def _our_table(pyproject: Mapping[str, Any]) -> Any:
    """What stands at tool.mnist-report, or None; the rest of the file is not ours to judge."""
    tool = pyproject.get("tool")
    return tool.get(TABLE) if isinstance(tool, dict) else None


def _option(key: str) -> str:
    return key.replace("_", "-")


def _unknown(path: Path, key: str, known: set[str]) -> ConfigError:
    return ConfigError(f"{path}: unknown key {key!r}; known here: {', '.join(sorted(known))}")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
