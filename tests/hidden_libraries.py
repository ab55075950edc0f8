"""A machine without some libraries: in a mount namespace of its own an empty file lies over each of them."""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest


def hiding(libraries: Sequence[str], *command: str) -> list[str]:
    """The command where these libraries cannot be loaded, without anybody else losing them.

    More arguments can be put behind it.
    """
    unshare = ["unshare", "--mount", "--map-root-user"]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    trial = subprocess.run(
        [*unshare, "mount", "--bind", "/dev/null", "/etc/hostname"], capture_output=True, check=False
    )
    if trial.returncode:
        pytest.skip("no mount namespace here")
    known = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    paths = [line.rpartition(" => ")[2] for line in known.splitlines() if " => " in line]
    files = [path for path in paths if any(Path(path).name.startswith(f"{library}.so") for library in libraries)]
    if not files:
        pytest.skip(f"found no {', '.join(libraries)} to hide")
    lines = [f"mount --bind /dev/null {shlex.quote(file)}" for file in files]
    return [*unshare, "sh", "-ec", "\n".join([*lines, f'exec {shlex.join(command)} "$@"']), "sh"]
