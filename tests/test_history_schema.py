"""The versions of history.sqlite, and what each refusal of SQLite means."""

import sqlite3
from contextlib import closing

import pytest

from mnist_report.errors import NewerHistoryError, OutputError
from mnist_report.runs.history_schema import NAME, STEPS, TABLES, DamagedHistoryError, connected, migrate

NEXT = (*STEPS, ("ALTER TABLE runs ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'", "CREATE TABLE notes (words TEXT)"))


@pytest.fixture
def path(tmp_path):
    """Where the history goes."""
    return tmp_path / NAME


@pytest.fixture
def plain(path):
    """The file as SQLite alone sees it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def version(connection):
    return connection.execute("PRAGMA user_version").fetchone()[0]


def tables(connection):
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def add_run(connection, run_id="a"):
    columns = 'run_id, created, title, model, data_sha256, n, "right"'
    values = [run_id, "2026-01-02T03:04:05+00:00", "t", "m", "0" * 64, 3, b"\xa0"]
    connection.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608


def test_an_empty_file_becomes_a_history(path, plain):
    """Version 0 is one that nobody has written to."""
    with connected(path, writing=True):
        pass
    assert (version(plain), tables(plain)) == (len(STEPS), set(TABLES))


def test_an_older_history_keeps_its_rows(path, plain):
    """Every step adds to what is there."""
    with connected(path, writing=True) as connection:
        add_run(connection)
    migrate(plain, path, NEXT)
    assert (version(plain), tables(plain)) == (len(NEXT), {*TABLES, "notes"})
    assert plain.execute('SELECT run_id, colour, "right" FROM runs').fetchall() == [("a", "grey", b"\xa0")]


def test_from_nothing_and_step_by_step_give_the_same_tables(path, plain, tmp_path):
    """Whichever versions somebody has had."""
    for steps in (STEPS, NEXT):
        migrate(plain, path, steps)
    with closing(sqlite3.connect(tmp_path / "other", isolation_level=None)) as other:
        migrate(other, path, NEXT)
        query = "SELECT name, sql FROM sqlite_master ORDER BY name"
        assert plain.execute(query).fetchall() == other.execute(query).fetchall()


def test_a_step_that_fails_changes_nothing(path, plain):
    """The file is of the older version, whole."""
    migrate(plain, path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(plain, path, (*STEPS, ("CREATE TABLE notes (words TEXT)", "CREATE TABLE runs (x)")))
    assert (version(plain), tables(plain)) == (len(STEPS), set(TABLES))


@pytest.mark.parametrize("writing", [False, True])
def test_a_later_version_is_left_alone(path, plain, writing):
    """And the message says what to do."""
    migrate(plain, path, NEXT)
    before = path.read_bytes()
    with (
        pytest.raises(NewerHistoryError, match=r"its version is 2, this one knows 1; update mnist-report"),
        connected(path, writing=writing),
    ):
        pass
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be looked at" * 20, b"SQLite format 3\0"])
def test_what_is_no_database_is_damaged(path, content):
    """Whoever wrote it."""
    path.write_bytes(content)
    with pytest.raises(DamagedHistoryError, match=NAME), connected(path) as connection:
        connection.execute("SELECT * FROM runs")


def test_another_programs_database_is_damaged(path, plain):
    """It has other tables."""
    plain.execute("CREATE TABLE runs (x)")
    with pytest.raises(DamagedHistoryError, match="already exists"), connected(path, writing=True):
        pass


def test_what_cannot_be_opened_is_no_damage(path):
    """A folder in its place is not set aside."""
    path.mkdir()
    with pytest.raises(OutputError, match="cannot be used: unable to open") as caught, connected(path, writing=True):
        pass
    assert not isinstance(caught.value, DamagedHistoryError)


def test_an_error_meanwhile_takes_everything_back(path, plain):
    """One transaction."""

    def fail():
        with connected(path, writing=True) as connection:
            add_run(connection)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert plain.execute("SELECT count(*) FROM runs").fetchone() == (0,)


def test_one_file_is_all_there_is(path):
    """It can be copied, also from a share: no write-ahead log lies beside it."""
    with connected(path, writing=True) as connection:
        add_run(connection)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
    assert [found.name for found in path.parent.iterdir()] == [NAME]
