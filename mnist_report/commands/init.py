"""`mnist-report init`: a configuration to start from."""

from pathlib import Path

from mnist_report.commands.console import ConsoleOptions, console
from mnist_report.config import FILE
from mnist_report.errors import ConfigError, OutputError
from mnist_report.resources import resource


def init(
    folder: Path = Path(),
    /,
    *,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Write a commented mnist-report.toml; one that is there stays as it is.

    Args:
        folder: Where to write it.
    """
    with console(console_options):
        path = folder / FILE
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write((resource("templates") / FILE).read_text("utf-8"))
        except FileExistsError as error:
            raise ConfigError(f"{path}: is there already; remove it first, or edit it") from error
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
        print(path)
    return 0
