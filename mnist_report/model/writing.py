"""Files beside models, written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_report.errors import OutputError


def check_can_write(path: Path) -> None:
    """Find out before hours of work whether a file can be written; one that is there stays as it is.

    Raises:
        OutputError: it cannot.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise OutputError(f"{path}: cannot be written, it is a folder")
        unfinished = _unfinished(path)
        unfinished.touch()
        unfinished.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error


def write_text(path: Path, text: str) -> None:
    """Write a small text file, whole or not at all."""
    with written_beside(path) as unfinished:
        unfinished.write_text(text, "utf-8")


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A name beside `path` (with its suffix, which keras insists on) that takes its place at the end.

    Raises:
        OutputError: the file cannot be written.
    """
    unfinished = _unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.stem}.unfinished{path.suffix}")
