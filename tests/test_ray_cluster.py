"""A Ray cluster is looked for before any work is done."""

import os
import socket
import sys
import time
from types import ModuleType
from unittest.mock import patch

import pytest

from mnist_report.engines import Engine
from mnist_report.errors import ConfigError, DeviceError
from mnist_report.ray_cluster import check_cluster, check_workers, one_line, share_of


@pytest.fixture(autouse=True)
def _environment():
    with patch.dict(os.environ):
        yield


@pytest.fixture
def _ray_is_installed(monkeypatch):
    """As far as an import can tell; nothing is started here."""
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))


def test_without_ray_the_extra_is_named(monkeypatch):
    """With the status of any library that is missing: 3."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DeviceError, match=r"Ray is not installed .*pip install 'mnist-report\[ray\]'"):
        check_cluster(Engine(engine="ray"))


@pytest.mark.usefixtures("_ray_is_installed", "socket_enabled")
@pytest.mark.parametrize("prefix", ["", "ray://"])
def test_a_cluster_where_nobody_listens_is_an_error(prefix):
    """At once; Ray itself would ask for minutes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{prefix}127.0.0.1:{server.getsockname()[1]}"
        check_cluster(Engine(engine="ray", ray_address=address))
    began = time.monotonic()
    with pytest.raises(DeviceError, match=f"--ray-address {address}: no cluster answers .*refused"):
        check_cluster(Engine(engine="ray", ray_address=address))
    assert time.monotonic() - began < 10


@pytest.mark.usefixtures("_ray_is_installed")
@pytest.mark.parametrize("address", [None, "auto", "local"])
def test_an_address_that_ray_looks_up_is_left_to_it(address):
    """And without one a cluster is started, later."""
    check_cluster(Engine(engine="ray", ray_address=address))


@pytest.mark.usefixtures("_ray_is_installed")
@pytest.mark.parametrize("address", ["nonsense", "ray://nonsense", ":6379", "host:port"])
def test_an_address_that_is_none_says_what_one_is(address):
    """Status 2; Ray's own words would not."""
    with pytest.raises(ConfigError, match=f"^--ray-address is '{address}', expected HOST:PORT, ray://HOST"):
        check_cluster(Engine(engine="ray", ray_address=address))


@pytest.mark.usefixtures("_ray_is_installed", "socket_enabled")
def test_a_port_that_cannot_be_is_an_error():
    """And no bug."""
    with pytest.raises(DeviceError, match="no cluster answers"):
        check_cluster(Engine(engine="ray", ray_address="127.0.0.1:99999"))


@pytest.mark.usefixtures("_ray_is_installed")
def test_a_cluster_of_our_own_has_a_token_and_tells_nobody():
    """Which Ray reads from the environment; on another cluster the user's own counts."""
    names = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_USAGE_STATS_ENABLED")
    for name in names:
        os.environ.pop(name, None)
    check_cluster(Engine(engine="ray", ray_address="auto"))
    assert [os.environ.get(name) for name in names] == [None, None, "0"]
    check_cluster(Engine(engine="ray"))
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64


@pytest.mark.usefixtures("_ray_is_installed")
def test_far_more_workers_than_cpus_are_refused_before_one_is_started(monkeypatch):
    """Each takes a gigabyte: sixty of them would take a machine down."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    check_cluster(Engine(engine="ray", workers=4))
    with pytest.raises(ConfigError, match=r"^--workers is 5, and this machine has 2 CPUs: .*; give at most 4$"):
        check_cluster(Engine(engine="ray", workers=5))


def test_a_cluster_that_is_there_has_as_many_workers_as_its_own_cpus_allow():
    """Not this machine's."""
    check_workers(Engine(engine="ray", workers=64, ray_address="auto"), 32, "the Ray cluster")
    with pytest.raises(ConfigError, match=r"^--workers is 65, and the Ray cluster has 32 CPUs: "):
        check_workers(Engine(engine="ray", workers=65, ray_address="auto"), 32, "the Ray cluster")


def test_what_ray_says_is_one_line_without_colours():
    """Nor what moves the cursor or names the window."""
    said = "\x1b[36mray::Worker.count()\x1b[39m\n  died\x1b[2K\x1b[1;1H, \x1b]0;title\x07twice"
    assert one_line(RuntimeError(said)) == "ray::Worker.count() died, twice"
    assert len(one_line(RuntimeError("word " * 100))) == 200


def test_of_a_lost_worker_it_is_said_where_it_was_and_why():
    """Not what Ray calls it."""
    facts = ("class_name: Worker", "actor_id: cdada0769c1c", "pid: 7", "namespace: 6684", "ip: 10.0.0.5")
    said = "".join(["It died.\n", *(f"\t{fact}\n" for fact in facts), "No memory."])
    assert one_line(RuntimeError(said)) == "It died. pid: 7 ip: 10.0.0.5 No memory."


@pytest.mark.parametrize(("there", "workers", "expected"), [(0, 3, 0.0), (4, 2, 1.0), (2, 2, 1.0), (2, 3, 0.5)])
def test_workers_share_devices_so_that_all_fit(there, workers, expected):
    """Two on each of two for three of them; none where there is none."""
    assert share_of(there, workers) == expected
