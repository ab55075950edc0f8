"""run.log: JSON lines, kept in memory until the run is complete."""

import json
import logging
import time
from datetime import UTC, datetime

import pytest
from tiny_run import RUN_ID

from mnist_report.runs.log import json_formatter, recorded, write_log


@pytest.fixture
def log(caplog):
    """The program's log, at the level that the command line gives it."""
    caplog.set_level(logging.DEBUG, "mnist_report")
    return logging.getLogger("mnist_report")


@pytest.fixture
def somewhere_else(monkeypatch):
    """A machine five hours east of Greenwich."""
    monkeypatch.setenv("TZ", "XXX-5")
    time.tzset()
    yield 5
    monkeypatch.undo()
    time.tzset()


def only(lines):
    """The fields of the one line."""
    assert len(lines) == 1
    return json.loads(lines[0])


def test_a_line_has_its_level_and_its_message(log):
    """With the arguments set in."""
    with recorded(RUN_ID) as lines:
        log.warning("%s wrong of %d", "3", 12)
    fields = only(lines)
    assert (fields["level"], fields["message"]) == ("WARNING", "3 wrong of 12")


def test_the_time_is_in_utc_to_the_second(log, somewhere_else):
    """2026-01-02T03:04:05Z, wherever the machine stands."""
    assert time.localtime(0).tm_hour == somewhere_else
    record = log.makeRecord("mnist_report", logging.INFO, __file__, 1, "hello", (), None)
    record.created = datetime(2026, 1, 2, 3, 4, 5, 600_000, UTC).timestamp()
    assert json.loads(json_formatter().format(record))["time"] == "2026-01-02T03:04:05Z"


def test_what_else_a_record_carries_is_a_field(log):
    """A log collector can filter by it."""
    with recorded(RUN_ID) as lines:
        log.info("done", extra={"run_id": "20260102T030405Z-pets_cnn-0123ab"})
    assert only(lines)["run_id"] == "20260102T030405Z-pets_cnn-0123ab"


def test_details_are_recorded_too(log):
    """Whatever the terminal shows."""
    with recorded(RUN_ID) as lines:
        log.debug("a detail")
    assert only(lines)["level"] == "DEBUG"


def test_lines_keep_their_order(log):
    """First said, first written."""
    with recorded(RUN_ID) as lines:
        for word in ("one", "two", "three"):
            log.info(word)
    assert [json.loads(line)["message"] for line in lines] == ["one", "two", "three"]


def test_the_log_of_a_part_of_the_program_is_recorded(log):
    """Loggers below the program's."""
    with recorded(RUN_ID) as lines:
        log.getChild("data").info("hello")
    assert only(lines)["message"] == "hello"


@pytest.mark.parametrize("hostile", ["two\nlines", 'a "quote"', "\x1b[31mred", "\N{SNOWMAN}", "\udcff", "\u2028"])
def test_a_hostile_message_stays_one_line_of_utf_8(log, hostile):
    """And is read back as it was."""
    with recorded(RUN_ID) as lines:
        log.info("%s", hostile)
    assert only(lines)["message"] == hostile
    assert lines[0].encode().splitlines() == [lines[0].encode()]


def test_an_exception_is_recorded_in_its_line(log):
    """With the place where it came from."""
    with recorded(RUN_ID) as lines:
        try:
            int("x")
        except ValueError:
            log.exception("failed")
    assert "test_run_log" in only(lines)["exc_info"]


@pytest.mark.parametrize("ending", [None, RuntimeError])
def test_recording_ends_with_its_context(log, ending):
    """Also when that ends with an error."""
    handlers = list(log.handlers)
    try:
        with recorded(RUN_ID) as lines:
            if ending:
                raise ending
    except RuntimeError:
        pass
    log.info("later")
    assert (lines, log.handlers) == ([], handlers)


def test_other_programs_logs_are_not_recorded(log):
    """What libraries say is theirs."""
    with recorded(RUN_ID) as lines:
        logging.getLogger("other").error("hello")
        log.info("ours")
    assert only(lines)["message"] == "ours"


def test_the_log_is_stored_line_by_line(tmp_path):
    """As UTF-8."""
    write_log(tmp_path, ["{}", '{"message": "\N{SNOWMAN}"}'])
    assert (tmp_path / "run.log").read_text("utf-8") == '{}\n{"message": "\N{SNOWMAN}"}\n'


def test_every_line_has_the_run_id(log, caplog):
    """Of the innermost run, and from any thread."""
    import threading

    with recorded(RUN_ID) as lines:
        log.info("one")
        thread = threading.Thread(target=log.info, args=("two",))
        thread.start()
        thread.join()
        with recorded("other") as inner:
            log.info("three")
    assert [json.loads(line)["run_id"] for line in lines] == [RUN_ID, RUN_ID, "other"]
    assert [json.loads(line)["run_id"] for line in inner] == ["other"]
    log.info("after")
    assert not hasattr(caplog.records[-1], "run_id")
