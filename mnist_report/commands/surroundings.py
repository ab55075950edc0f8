"""The clock and the machine, which only commands look at."""

import os
import platform
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mnist_report.errors import ConfigError

if TYPE_CHECKING:
    from mnist_report.jobs import Surroundings


def look_around() -> "Surroundings":
    """What the run folder says about the circumstances of a run."""
    from mnist_report.jobs import Surroundings

    command = shlex.join(["mnist-report", *sys.argv[1:]])
    return Surroundings(now(), command, git_commit(), platform.node(), f"{platform.system()} {platform.machine()}")


def now() -> datetime:
    """The time in UTC; SOURCE_DATE_EPOCH, where it is set, stands in for it.

    Raises:
        ConfigError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"SOURCE_DATE_EPOCH is {epoch!r}, expected seconds since 1970") from error


def git_commit() -> str | None:
    """The commit of the folder this is called in, or None where it is no git checkout."""
    command = ["git", "rev-parse", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=9)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
