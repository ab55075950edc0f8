"""Tests of `mnist_report.model.network`: a process that is cut off, as root and as anybody else."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import process_work
import pytest

import mnist_report
from mnist_report.model import network
from mnist_report.model.network import leave_network
from mnist_report.model.process import ModelProcess

SOMEBODY = 4321
# What somebody without rights meets before and after: who they are, what comes of a call, of their file, of root's.
AS_SOMEBODY = """
import ctypes, json, os, socket, sys
from pathlib import Path
from mnist_report.model.network import leave_network
user, port, folder = int(sys.argv[1]), int(sys.argv[2]), Path()  # the way there is not everybody's

def outcome(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"

def look():
    return [
        [os.getuid(), os.getgid()],
        outcome(lambda: socket.create_connection(("127.0.0.1", port), timeout=5).close()),
        outcome((folder / "own").read_bytes),
        outcome(lambda: (folder / "new").write_text("written")) + str((folder / "new").stat().st_uid),
        outcome((folder / "foreign").read_bytes),
    ]

look()  # whatever Python has to import for it
if os.getuid() != user:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    ctypes.CDLL(None).prctl(4, 1)  # as a program that somebody starts: it may write about itself in /proc
(folder / "new").unlink(missing_ok=True)
print(json.dumps([look(), leave_network(), look()]))
"""


@pytest.fixture
def port(socket_enabled):  # noqa: ARG001  pytest-socket's
    """Where a server on this machine listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def reached(port, *, offline):
    """What a child sends that calls the server, and whether it is said to be cut off."""
    with ModelProcess(process_work.reach, port, environment={}, offline=offline) as process:
        _, answer = process.receive("calling")
        return answer, process.offline


def test_a_child_reaches_the_network_where_nothing_else_was_asked_for(port):
    """A trusted model may do what it likes."""
    assert reached(port, offline=False) == ("connected", False)


def test_a_child_that_is_cut_off_reaches_nobody(port):
    """Not even this machine; and it says so over the pipe, which goes on."""
    answer, offline = reached(port, offline=True)
    if not offline:
        assert answer == "connected"
        pytest.skip("this system offers no network namespaces")
    assert answer == "OSError"


@pytest.fixture
def met(port, tmp_path):
    """What somebody without rights meets before and after being cut off; see `AS_SOMEBODY`."""
    user = os.geteuid() or SOMEBODY
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("own", "foreign"):
        (folder / name).write_text("secret", "utf-8")
        (folder / name).chmod(0o600)
    if os.geteuid() == 0:
        for path in (folder, folder / "own"):
            os.chown(path, user, user)
    command = [sys.executable, "-c", AS_SOMEBODY, str(user), str(port)]
    environment = os.environ | {"PYTHONPATH": str(Path(mnist_report.__file__).parents[1])}
    answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_somebody_without_rights_is_cut_off_too(met):
    """By a user namespace, where the system gives one to everybody."""
    before, offline, after = met
    assert before[1] == "done"
    if not offline:
        assert after == before
        pytest.skip("this system offers no user namespaces")
    assert after[1] == "OSError"


def test_whose_files_one_may_read_stays_the_same(met):
    """In a user namespace one is who one was, for good and for ill."""
    before, _, after = met
    assert (after[0], *after[2:]) == (before[0], *before[2:])
    if os.geteuid() == 0:
        assert before[2:] == ["done", f"done{SOMEBODY}", "PermissionError"]


def test_with_a_second_thread_nothing_is_claimed(monkeypatch):
    """That thread would stay in the network."""
    monkeypatch.setattr(network.Path, "iterdir", lambda _: iter(["1", "2"]))
    assert leave_network() is False


def test_another_system_is_left_alone(monkeypatch):
    """Only Linux has this."""
    monkeypatch.setattr(network.sys, "platform", "darwin")
    assert leave_network() is False


def test_a_system_that_refuses_is_left_alone(monkeypatch):
    """As most containers do; the child runs on with network."""
    refusing = type("Library", (), {"unshare": staticmethod(lambda _: -1)})()
    monkeypatch.setattr(network.ctypes, "CDLL", lambda _: refusing)
    monkeypatch.setattr(network.Path, "iterdir", lambda _: iter(["1"]))
    assert leave_network() is False
