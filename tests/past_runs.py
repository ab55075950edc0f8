"""Earlier runs made by hand, for the tests of drift and trend."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from tiny_run import tiny_run

from mnist_report.evaluation.metrics import proportion
from mnist_report.evaluation.past import EarlierRun


def past_run(run_id, right, *, outcome="PASS", created="2026-01-02T03:04:05+00:00", model="cnn", n=8, wrong=1):
    """A run of which it is known which images were right, or, without them, how many were wrong."""
    count, size = (n - wrong, n) if right is None else (int(np.sum(right)), len(right))
    return EarlierRun(run_id, created, model, outcome, proportion(count, size), right)


def nights(count, n, seed=0, share=0.9):
    """Runs of n images, one a night, each with its own right images."""
    draw = np.random.default_rng(seed)
    first = datetime(2026, 1, 1, 3, tzinfo=UTC)
    return tuple(
        past_run(f"night-{k}", draw.random(n) < share, created=(first + timedelta(days=k)).isoformat())
        for k in range(count)
    )


def with_past():
    """A run of the twelve images after nine others, of which one failed and one is the baseline."""
    run, past = tiny_run(), nights(9, 12)
    past = (*past[:4], replace(past[4], outcome="FAIL"), *past[5:])
    facts = run.provenance | {"baseline": {"run_id": "night-6", "path": "baseline", "problem": "", "missing": False}}
    return replace(run, stored=replace(run.stored, past=past, provenance=facts))
