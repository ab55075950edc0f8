"""notes.md: what whoever ran it has to say about it."""

from pathlib import Path

from mnist_report.errors import DataError

NOTES = "notes.md"
MOST_BYTES = 100_000


def read_notes(path: Path) -> str:
    """The user's file of notes.

    Raises:
        DataError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); --notes takes a Markdown file") from error
    if len(content) > MOST_BYTES:
        raise DataError(f"{path}: is larger than {MOST_BYTES // 1000} kB, the most that notes may have; shorten it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}: is not UTF-8 in line {line} ({error.reason}); save it as UTF-8") from error


def read_stored_notes(path: Path) -> str:
    """A run folder's notes.md; nothing where there is none.

    Raises:
        OSError, ValueError: it is damaged.
    """
    return path.read_bytes().decode() if path.exists() else ""
