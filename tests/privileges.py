"""A command without root's power to write anywhere, so that a folder can be unwritable for it."""

import os
import shutil
import subprocess

import pytest


def humble(*command):
    """The command as one who may not write where the mode bits forbid it; root keeps its name and loses its powers."""
    if os.geteuid() != 0:
        return [*command]
    prefix = ["setpriv", "--bounding-set=-all"]
    if (
        shutil.which("setpriv") is None
        or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("root cannot give up its powers here")
    return [*prefix, *command]
