"""The same model on another backend."""

import importlib.util
import json
import os
import subprocess

import numpy as np
import pytest
from conftest import COMMAND


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed; `tox -e jax` installs it")
def test_jax_predicts_the_same_labels_as_tensorflow(shipped_run, tmp_path):
    """All 10,000 of them."""
    from pyarrow import parquet

    command = [COMMAND, "evaluate", "--reports", "jax"]
    answer = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    ours = parquet.read_table(tmp_path / answer.stdout.strip() / "predictions.parquet")
    theirs = parquet.read_table(shipped_run / "predictions.parquet")
    np.testing.assert_array_equal(ours["predicted"].to_numpy(), theirs["predicted"].to_numpy())


def test_the_same_model_on_the_same_data_gives_the_same_metrics(shipped_run, tmp_path):
    """To the last digit, from a second inference; `evaluate` holds nothing against rules."""
    answer = subprocess.run([COMMAND, "evaluate"], cwd=tmp_path, capture_output=True, text=True, check=False)
    again = tmp_path / answer.stdout.strip()
    ours, theirs = (json.loads((folder / "metrics.json").read_text("utf-8")) for folder in (again, shipped_run))
    assert [gate["outcome"] for gate in theirs.pop("gates")] == ["PASS", "PASS"]
    assert ours == theirs
