"""The command line: it finds the command, gathers its options, and turns what happens into an exit status."""

import math
import os
import platform
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, NoneType, UnionType
from typing import get_args, get_origin

from cyclopts import App, ArgumentCollection, CycloptsError, UnusedCliTokensError
from cyclopts.config import Dict, Env

from mnist_report import __version__
from mnist_report.commands.console import ReportedError, one_line
from mnist_report.config import ConfigFile, find_config, read_config, values_for
from mnist_report.errors import ConfigError, MnistReportError

USAGE, ENVIRONMENT, BUG, INTERRUPTED = 2, 3, 70, 130

# What a TOML file must say for an option of a type; for all others, text.
TOML_TYPES = {bool: bool, int: int, float: float}

PREFIX = "MNIST_REPORT_"
# A terminal's Ctrl-C, what cron, systemd and `timeout` send, and a terminal that is closed.
ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
# So long cleaning up may take before the next signal cuts it off.
CLEANING_SECONDS = 10.0

COMMANDS = {
    "run": "Evaluate a model on a test set and write the HTML and PDF report: the main job.",
    "train": "Train the CNN and write the model, its card and its history.",
    "evaluate": "Evaluate a model and store predictions and frames, without a report.",
    "check": "Decide again about a stored run: the gates, without TensorFlow.",
    "baseline": "Make a run the baseline that later ones are held against.",
    "doctor": "See whether a run would work on this machine, and what to do where not.",
    "init": "Write a commented configuration to start from.",
    "compare": "Compare two models on the same images: what changed, and how surely.",
    "export": "Write a Keras model as TensorFlow Lite or SavedModel, held against the original.",
    "history": "List the finished runs of a folder, as a table, CSV or JSON.",
    "verify": "See whether run folders are what they were: digests, metrics and gates.",
    "prune": "Remove old runs, by number, month or size.",
    "render": "Draw the reports of a stored run again, without TensorFlow.",
}

HELP = """Turn a digit classifier and a labelled test set into trustworthy numbers and a report to share.

{run}

{configuration}

Exit status: 0 done and no gate failed, 1 a gate failed, 2 usage or configuration error, 3 input or environment error, \
4 a gate is inconclusive and that blocks, 5 another run holds the reports' folder (see --wait), 70 a bug, \
130 interrupted.
""".format(
    run=(
        "`mnist-report run` needs no arguments: it takes the shipped model and the embedded MNIST test set, and writes "
        "reports/<run-id>/ with report.html, report.pdf, metrics.json, predictions.parquet and frames/*.csv."
    ),
    configuration=(
        "Every option can also stand in mnist-report.toml (or [tool.mnist-report] of pyproject.toml) and in the "
        "environment as MNIST_REPORT_<OPTION>; the command line wins over the environment, the environment over the "
        "file."
    ),
)


def make_app() -> App:
    """The command line without its commands' code, which is imported when a command is called."""
    app = App(
        name="mnist-report",
        help=HELP,
        help_format="plaintext",
        version=__version__,
        config=[
            *(_check_environment, Env(PREFIX, command=False), _apply_config_file),
            *(_check_tokens, _leave_ray, _tell_where),
        ],
        result_action="return_value",
        suppress_keyboard_interrupt=False,
    )
    for name, summary in COMMANDS.items():
        app.command(f"mnist_report.commands.{name}:{name}", name=name, help=summary)
    return app


def run_cli(arguments: Sequence[str]) -> int:  # noqa: PLR0911  a return for each exit status
    """Run one command and return its exit status; every expected error becomes one line on stderr."""
    _heed_signals()
    try:
        status = make_app()(arguments, exit_on_error=False, print_error=False) or 0
        sys.stdout.flush()
    except CycloptsError as error:
        return _fail(f"{one_line(error)}{_hint(error, arguments)} (mnist-report --help shows the usage)", USAGE)
    except ReportedError as error:
        return error.exit_status
    except MnistReportError as error:
        return _fail(one_line(error), error.exit_status)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing half-written was left behind", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has had enough of it.
        _forget_output()
        return 0
    except OSError as error:
        if error.filename is None:
            _forget_output()
        return _fail(f"{error.filename or 'standard output'}: {error.strerror or error}", ENVIRONMENT)
    except Exception:
        return _fail(_bug_report(arguments), BUG)
    return status


def _heed_signals() -> None:
    interrupt = _Interrupt()
    for name in ENDING:
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` sets it
            signal.signal(number, interrupt)


def _forget_output() -> None:
    """What could not be written would be tried again at the interpreter's end, and turn the exit status into 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Interrupt:
    """A handler: the first signal interrupts, and those that follow while everything is cleaned up are heeded later."""

    def __init__(self) -> None:
        self._since = -math.inf

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  what a handler is given
        now = time.monotonic()
        if now - self._since > CLEANING_SECONDS:
            self._since = now
            raise KeyboardInterrupt


def _check_environment(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:  # noqa: ARG001
    """Refuse variables of ours that no command knows."""
    found = sorted(name for name in os.environ if name.startswith(PREFIX))
    if not found:
        return
    options = {"config"}.union(*_all_options().values())
    known = {PREFIX + name.upper().replace("-", "_").replace(".", "_") for name in options}
    for name in found:
        if name not in known:
            raise ConfigError(f"environment: unknown variable {name}; known are {', '.join(sorted(known))}")


def _all_options() -> dict[str, set[str]]:
    """The names of the options of each command, without the dashes."""
    app = make_app()
    return {name: _option_names(app[name].assemble_argument_collection()) for name in COMMANDS}


def _apply_config_file(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Fill in what the command line and the environment leave open from the configuration file."""
    if len(commands) != 1:
        return
    explicit = [token.value for argument in arguments if argument.name == "--config" for token in argument.tokens]
    config = read_config(Path(explicit[0])) if explicit else find_config(Path.cwd())
    if config is None:
        return
    options = _all_options()
    rules, config = _split_rules(config)
    values = values_for(config, commands[0], options)
    _check_types(config.path, values, arguments)
    if commands[0] == "run":
        # Training before a run follows the table of `train`.
        recipe = {name.removeprefix("training.") for name in options["run"] if name.startswith("training.")}
        table = config.values.get("train")
        if isinstance(table, dict):
            own = values_for(ConfigFile(config.path, {"train": table}), "train", options)
            values["training"] = {name: value for name, value in own.items() if name in recipe}
    if rules and "gates" in options[commands[0]]:
        values["rules-of"] = str(config.path)
    # Below the command's name: at the top, cyclopts passes over keys that are called like a command.
    Dict({commands[0]: values}, source=str(config.path))(app, commands, arguments)


def _split_rules(config: ConfigFile) -> tuple[bool, ConfigFile]:
    """Whether the file has rules ([[gates]]), and the file without them; `gates` as text is the option."""
    rules = isinstance(config.values.get("gates"), list)
    mine = {"gates", "inconclusive"} if rules else {"inconclusive"} & config.values.keys()
    rest = {key: value for key, value in config.values.items() if key not in mine}
    return bool(mine), ConfigFile(config.path, rest)


def _check_types(path: Path, values: Mapping[str, object], arguments: ArgumentCollection) -> None:
    """Cyclopts would read 5 as the text "5" and "yes" as true."""
    for argument in arguments:
        name = argument.name.removeprefix("--")
        if name in values:
            kinds = get_args(argument.hint) if isinstance(argument.hint, UnionType) else (argument.hint,)
            many = any(get_origin(kind) is list for kind in kinds)
            allowed = {TOML_TYPES.get(kind, str) for kind in kinds if kind is not NoneType}
            if float in allowed:
                allowed.add(int)
            value = values[name]
            # An empty list would silently mean the default.
            found = value if many and isinstance(value, list) and value else [value]
            if any(type(one) not in allowed for one in found):
                expected = " or ".join(sorted(kind.__name__ for kind in allowed)) + " or a list of them" * many
                raise ConfigError(f"{path}: {name} is {value!r}, expected {expected}")


def _check_tokens(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:  # noqa: ARG001
    """Cyclopts would make 2 of 2.5, and the current folder of an empty path."""
    for argument in arguments:
        for token in argument.tokens:
            name = token.keyword if token.source == "env" else argument.name
            where = {"cli": "", "env": "environment: "}.get(token.source, f"{token.source}: ")
            if token.value == "" and argument.hint not in (bool, bool | None):
                raise ConfigError(f"{where}{name} is empty; give it a value, or leave it out")
            if argument.hint in (int, int | None) and "." in token.value:
                raise ConfigError(f"{where}{name} is {token.value}, expected a whole number")


def _leave_ray(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:  # noqa: ARG001
    """Where --engine local wins over what the environment or the file says, their settings of Ray go with it."""
    tokens = {argument.name: argument.tokens for argument in arguments}
    engine = next(iter(tokens.get("--engine", ())), None)
    if engine is not None and engine.value == "local":
        for name in ("--workers", "--ray-address"):
            if any(_rank(token.source) > _rank(engine.source) for token in tokens[name]):
                tokens[name].clear()


def _tell_where(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Let messages say where the options stand that they name and that are not on the command line."""
    if len(commands) != 1:
        return
    said = {
        argument.name: f"is set by {token.keyword}" if token.source == "env" else f"stands in {token.source}"
        for argument in arguments
        for token in argument.tokens
        if token.source != "cli"
    }
    where = [f"{name} {how}" for name, how in said.items()]
    if where:
        Dict({commands[0]: {"where": where}}, source="")(app, commands, arguments)


def _rank(source: str) -> int:
    """0 for the command line, which wins over the environment, which wins over the file."""
    return {"cli": 0, "env": 1}.get(source, 2)


def _option_names(arguments: ArgumentCollection) -> set[str]:
    names = {name for argument in arguments if argument.show for name in argument.names if name.startswith("--")}
    return {name.removeprefix("--") for name in names} - {"config"}


def _hint(error: CycloptsError, arguments: Sequence[str]) -> str:
    """What cyclopts cannot know: that files of one data set are not listed."""
    if isinstance(error, UnusedCliTokensError) and "--data" in arguments:
        return " --data takes one name: of several files their folder, or a quoted pattern such as 'folder/*.parquet'"
    return ""


def _fail(message: str, status: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


def _bug_report(arguments: Sequence[str]) -> str:
    return (
        "this is a bug in mnist-report; please report it with the lines below\n"
        f"  command: mnist-report {shlex.join(arguments)}\n"
        f"  version: {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{traceback.format_exc()}"
    )
