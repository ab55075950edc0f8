"""A Ray cluster: one that is there, or one of this machine alone."""

import io
import logging
import math
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from mnist_report.engines import Engine
from mnist_report.errors import ConfigError, DeviceError
from mnist_report.model.scratch import scratch_folder

KNOCK_SECONDS = 5
# Of a path below which Ray makes sockets, whose own paths have a limit.
MOST_LETTERS = 40
# Addresses that Ray finds out itself.
LOOKED_UP = ("auto", "local")
NOBODY = "--ray-address {}: no cluster answers"
# More workers than CPUs are a user's choice, a few more.
MOST_A_CPU = 2
# What colours text, moves the cursor or names the window (ECMA-48): not for a message.
ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")

# What says nothing to people of a worker that is lost; where it was does.
IDENTITIES = re.compile(r"^\s*(class_name|actor_id|namespace): .*$", re.MULTILINE)


def check_cluster(engine: Engine) -> None:
    """See that there may be workers, without starting any.

    Raises:
        ConfigError: there would be too many workers, or the address is none.
        DeviceError: Ray is not installed, or nothing listens at the cluster's address.
    """
    # Ray reads its environment when it is imported. It would tell its makers about each run.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if engine.ray_address is None and "RAY_AUTH_MODE" not in os.environ:
        # A cluster that is ours alone has a token of its own; Ray would write one into the home folder.
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    try:
        import ray  # noqa: F401
    except ImportError as error:
        raise DeviceError(
            f"--engine ray: Ray is not installed ({error}); install the extra: pip install 'mnist-report[ray]'"
        ) from error
    if engine.ray_address is not None:
        _knock(engine.ray_address)
    else:
        check_workers(engine, os.cpu_count() or 1, "this machine")


def check_workers(engine: Engine, cpus: int, where: str) -> None:
    """See that the workers that are asked for are not many more than can work.

    Raises:
        ConfigError: they would fill the memory and wait for each other.
    """
    most = MOST_A_CPU * cpus
    if engine.workers is not None and engine.workers > most:
        raise ConfigError(
            f"--workers is {engine.workers}, and {where} has {cpus} CPUs: each worker holds a model and its library, "
            f"about a gigabyte, and more than {most} would only wait for each other; give at most {most}"
        )


@contextmanager
def cluster(engine: Engine) -> Iterator[Any]:
    """Join a cluster, or start one of this machine alone, and give the module `ray`; it is left with the context.

    Raises:
        ConfigError: there would be too many workers.
        DeviceError: Ray is not installed, there is no cluster at the address, or none can be started here.
    """
    check_cluster(engine)
    import ray

    # Ray prints there that a worker is lost, which we say ourselves; and it is for machines to read.
    with scratch_folder() as folder, redirect_stdout(io.StringIO()):
        _connect(ray, engine, folder)
        try:
            yield ray
        finally:
            ray.shutdown()


def _connect(ray: Any, engine: Engine, folder: Path) -> None:
    """Join a cluster, or start one of this machine alone, which keeps its files in a folder."""
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False, "configure_logging": False}
    where = NOBODY.format(engine.ray_address)
    options: dict[str, Any] = {"address": engine.ray_address}
    if engine.ray_address is None:
        where = "--engine ray: Ray cannot be started here"
        options = {"num_cpus": os.cpu_count() or 1, "include_dashboard": False}
        if len(str(folder)) <= MOST_LETTERS:
            options["_temp_dir"] = str(folder)
    try:
        ray.init(**options, **quiet)
    except Exception as error:  # of many kinds
        raise DeviceError(f"{where} ({one_line(error)})") from error


def _knock(address: str) -> None:
    """See that something listens at host:port; Ray itself would ask for many minutes.

    Raises:
        ConfigError: it is no address.
        DeviceError: nothing does.
    """
    if address in LOOKED_UP:
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ConfigError(f"--ray-address is {address!r}, expected HOST:PORT, ray://HOST:PORT or auto")
    try:
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise DeviceError(f"{NOBODY.format(address)} ({one_line(error)})") from error


def share_of(there: int, workers: int) -> float:
    """Of a device for each worker: as many as share one must fit on it."""
    return 1 / math.ceil(workers / there) if there else 0.0


def one_line(said: object) -> str:
    """What Ray says, in one line of a sane length."""
    return " ".join(IDENTITIES.sub("", ESCAPE.sub("", str(said))).split())[:200]
