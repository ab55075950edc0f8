"""history.sqlite: its tables, the steps that bring an older file up to date, and what each refusal of SQLite means.

The journal is SQLite's rollback journal, not the write-ahead log: the file can be copied alone, and lies as well on a
network share. A reader waits for the few milliseconds in which a run writes.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from mnist_report.errors import NewerHistoryError, NoRoomError, OutputError

NAME = "history.sqlite"
BUSY_SECONDS = 10

# A step is what brings the file from one `PRAGMA user_version` to the next; what is released is never changed.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            run_id TEXT NOT NULL UNIQUE,
            created TEXT NOT NULL,
            duration_s REAL,
            title TEXT NOT NULL,
            command TEXT,
            version TEXT,
            git_commit TEXT,
            host TEXT,
            device TEXT,
            images_per_second REAL,
            model TEXT NOT NULL,
            model_format TEXT,
            model_sha256 TEXT,
            parameters INTEGER,
            data TEXT,
            split TEXT,
            data_sha256 TEXT NOT NULL,
            n INTEGER NOT NULL,
            seed INTEGER,
            verdict TEXT,
            exit_status INTEGER,
            "right" BLOB
        ) STRICT""",
        """CREATE TABLE metrics (
            run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            class TEXT NOT NULL,
            metric TEXT NOT NULL,
            value REAL,
            ci_low REAL,
            ci_high REAL,
            n INTEGER,
            PRIMARY KEY (run, class, metric)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE gates (
            run INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
            place INTEGER NOT NULL,
            member INTEGER NOT NULL,
            subject TEXT NOT NULL,
            name TEXT NOT NULL,
            outcome TEXT NOT NULL,
            severity TEXT,
            finding TEXT,
            metric TEXT,
            sense TEXT,
            threshold REAL,
            value REAL,
            ci_low REAL,
            ci_high REAL,
            n INTEGER,
            PRIMARY KEY (run, place, member)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX runs_of_data ON runs (data_sha256)",
    ),
)
TABLES = ("runs", "metrics", "gates")
# SQLite's codes for a file that is no database, or not one of ours (a table is missing), or one that is cut off.
DAMAGED, SHORT_READ = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}), 522


class DamagedHistoryError(OutputError):
    """The file cannot be read as a history."""


@contextmanager
def connected(path: Path, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
    """An open history of the newest version.

    Args:
        path: of the file.
        writing: whether to make the file, and bring it up to date; all that follows is one transaction, which outlasts
            a crash once the context has ended. Without it the file must be there.

    Raises:
        NewerHistoryError: a later version of this program wrote it.
        DamagedHistoryError: it is not a history, or a damaged one.
        NoRoomError: the disk is full.
        OutputError: it cannot be read or written.
    """
    with explained(path), closing(_connect(path, writing=writing)) as connection:
        if not writing:
            if 0 < _check_version(connection, path) < len(STEPS):
                raise OutputError(
                    f"{path}: is of an earlier version; mnist-report history --rebuild brings it up to date"
                )
            yield connection
            return
        migrate(connection, path)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into one of our errors."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        if code & 0xFF in DAMAGED or code == SHORT_READ:
            raise DamagedHistoryError(f"{path}: damaged ({error})") from error
        kind = NoRoomError if code & 0xFF == sqlite3.SQLITE_FULL else OutputError
        raise kind(f"{path}: cannot be used: {error}") from error


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Bring a history up to date, in one transaction; one that is, is not written to.

    Raises:
        NewerHistoryError: it is of a later version than the last step.
        sqlite3.Error: it is damaged, or cannot be written.
    """
    if _check_version(connection, path, len(steps)) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, step in enumerate(steps[_version(connection) :], _version(connection) + 1):
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _connect(path: Path, *, writing: bool) -> sqlite3.Connection:
    # A file that must not be made is opened for writing too: after a crash SQLite rolls back what was half-written.
    address = f"{path.absolute().as_uri()}?mode={'rwc' if writing else 'rw'}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    if writing:
        # The folder is synced as well once the journal is gone: what is committed stays so.
        connection.execute("PRAGMA synchronous = EXTRA")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_version(connection: sqlite3.Connection, path: Path, newest: int = len(STEPS)) -> int:
    found = _version(connection)
    if found > newest:
        raise NewerHistoryError(
            f"{path}: was written by a later mnist-report: its version is {found}, this one knows {newest}; "
            "update mnist-report"
        )
    return found
