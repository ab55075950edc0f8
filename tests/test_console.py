"""What commands tell the terminal."""

import json
import os
import signal

import pytest

from mnist_report.cli import run_cli
from mnist_report.commands.console import interrupt_flag


def test_an_error_is_a_json_line_where_machines_read(capsys, tmp_path):
    """`--log-format json` holds for errors too."""
    missing = tmp_path / "missing"
    status = run_cli(["evaluate", "--data", str(missing), "--reports", str(tmp_path), "--log-format", "json"])
    (line,) = capsys.readouterr().err.splitlines()
    record = json.loads(line)
    assert (status, record["level"], record["exit_status"]) == (3, "ERROR", 3)
    assert record["message"].startswith(f"{missing}: no such file or folder")


def test_the_first_ctrl_c_is_a_flag():
    """Training ends at the next step instead of in the middle of one."""
    with interrupt_flag() as pressed:
        before = pressed()
        os.kill(os.getpid(), signal.SIGINT)
        assert (before, pressed()) == (False, True)


def test_the_second_ctrl_c_interrupts():
    """Whoever presses twice means it."""
    with interrupt_flag():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_run_log_holds_json_lines(shipped_run):
    """Each with its time and level; the last two say the result and the verdict."""
    records = [json.loads(line) for line in (shipped_run / "run.log").read_text("utf-8").splitlines()]
    assert all({"time", "level", "message"} <= set(record) for record in records)
    assert records[-2]["message"].startswith("accuracy 99.")
    assert records[-1]["message"].startswith("PASS: 2 gates passed; accuracy 99.58 %")
    assert {record["run_id"] for record in records[-2:]} == {shipped_run.name}
