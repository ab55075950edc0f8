"""The doctor's look at Ray."""

import os
import socket
import sys
from types import ModuleType
from unittest.mock import patch

import pytest

from mnist_report.doctoring import cluster
from mnist_report.doctoring.cluster import look_at_ray
from mnist_report.engines import Engine


@pytest.fixture(autouse=True)
def _environment():
    with patch.dict(os.environ):
        yield


@pytest.fixture
def _ray_is_installed(monkeypatch):
    """As far as an import can tell; nothing is started here."""
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    monkeypatch.setattr(cluster, "version", lambda _: "2.60.0")


def test_without_ray_it_fails_and_names_the_extra(monkeypatch):
    """Before a night shows it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    check = look_at_ray(Engine(engine="ray"))
    assert check.state == "fail"
    assert "pip install 'mnist-report[ray]'" in check.found
    assert "--engine local" in check.fix


@pytest.mark.usefixtures("_ray_is_installed")
def test_ray_that_is_there_is_named_with_its_version():
    """And it is said that no cluster need be there."""
    check = look_at_ray(Engine(engine="ray"))
    assert (check.state, check.found) == ("ok", "2.60.0, a run starts a cluster of this machine")


@pytest.mark.usefixtures("_ray_is_installed", "socket_enabled")
def test_an_address_where_nobody_listens_fails():
    """One where somebody does is well."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        check = look_at_ray(Engine(engine="ray", ray_address=address))
        assert (check.state, check.found) == ("ok", f"2.60.0, cluster at {address}")
    check = look_at_ray(Engine(engine="ray", ray_address=address))
    assert (check.state, "no cluster answers" in check.found) == ("fail", True)


@pytest.mark.usefixtures("_ray_is_installed")
def test_too_many_workers_fail(monkeypatch):
    """As a run would refuse them."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    check = look_at_ray(Engine(engine="ray", workers=9))
    assert (check.state, check.fix) == ("fail", "mend --workers or --ray-address as it says")
    assert check.found.startswith("--workers is 9, and this machine has 2 CPUs")
