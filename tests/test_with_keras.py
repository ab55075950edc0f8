"""The tests of `with_keras`, each file in a process of its own, for this one must never import keras."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "with_keras"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("test_*.py")), ids=lambda file: file.stem)
def test_what_keras_is_needed_for_holds(file):
    """What fails there is told here."""
    command = [sys.executable, "-m", "pytest", str(file), "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    answer = subprocess.run(
        command, env={**os.environ, "WITH_KERAS": "1"}, capture_output=True, text=True, check=False, timeout=600
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
