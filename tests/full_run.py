"""A small stored run with everything that a run can have: gates, a baseline, notes and a card."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from gate_work import TODAY, gate_set
from tiny_run import LABELS, NAMES, epochs, tiny_card, tiny_predictions, tiny_run

from mnist_report.judging import Judged, ci_files, judge_run
from mnist_report.runs.folder import StoredRun, write_provenance, write_results, write_texts

NOTES = "# Why\n\nA *new* scanner.\n"
GATES: tuple[dict[str, Any], ...] = (
    {"name": "good enough", "metric": "accuracy", "min": 0.5},
    {"name": "each of them", "metric": "recall", "class": "each", "min": 0.99},
    {"name": "by ink", "metric": "accuracy", "slice": "ink=q2", "min": 0.5},
    {"name": "no worse", "metric": "accuracy", "max_drop": 0.01},
)
ACCEPTED = {"by": "Ann", "why": "a new recipe", "when": "2026-01-01T03:04:05+00:00"}


def full_run(
    *, names=NAMES, title="Pets", model="pets_cnn", notes=NOTES, gates=GATES, accepted=ACCEPTED, columns=None
) -> StoredRun:
    """The twelve images of `tiny_run`, held against a baseline with other mistakes."""
    ours = tiny_predictions(names=names)
    theirs = tiny_predictions((*((k, 0.8) for k in LABELS[:-1]), (0, 0.6)), names=names)
    run = tiny_run(ours, card=tiny_card(epochs()), title=title).stored
    baseline = {"path": "base", "run_id": "20260101T030405Z-old-0123ab", "problem": "", "missing": False}
    facts = dict(run.provenance) | {"baseline": baseline | {"accepted": accepted}}
    facts["model"] = facts["model"] | {"name": model, "path": f"{model}.keras"}
    values = run.slice_columns | {name: np.array(column, dtype=object) for name, column in (columns or {}).items()}
    return replace(run, provenance=facts, gates=gate_set(*gates), baseline=theirs, notes=notes, slice_columns=values)


def write_run(folder: Path, run: StoredRun) -> Judged:
    """All its data files, as the pipeline writes them; and what its gates say."""
    from mnist_report.evaluation.evaluation import evaluate

    folder.mkdir(parents=True, exist_ok=True)
    judged = judge_run(run, TODAY)
    evaluation = evaluate(run.predictions, run.provenance["seed"], run.slice_columns)
    write_results(folder, run, evaluation, judged.verdict, judged.comparison)
    write_texts(folder, ci_files(run.provenance, judged))
    write_provenance(folder, run.provenance)
    return judged
