"""Ensembles made by hand: three models that look at the twelve images of `tiny_run`, and models that need no files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from makers import KERAS_PARTS, zip_bytes
from tiny_run import SAID, TinyRun, tiny_predictions, tiny_provenance, tiny_run

from mnist_report.evaluation.ensemble import Member, average
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.mistakes import choose_galleries
from mnist_report.evaluation.predictions import Predictions, make_predictions
from mnist_report.model.arranging import AS_THEY_ARE
from mnist_report.runs.images_file import ShownImages

GIVEN = {"shape": [6, 5, 1], "way": AS_THEY_ARE, "scale": "unit", "why": "the usual one", "doubt": ""}
# All are wrong on image 4; two on image 3; the second alone on image 0, the third alone on image 11.
MEMBERS = {
    "a.keras": SAID,
    "b.keras": ((1, 0.6), *SAID[1:3], (0, 0.6), *SAID[4:]),
    "c.keras": (*SAID[:7], (1, 0.9), (1, 0.7), *SAID[9:11], (0, 0.55)),
}


def tiny_answers() -> list[Predictions]:
    """What each member says."""
    return [tiny_predictions(said) for said in MEMBERS.values()]


def tiny_ensemble() -> tuple[Predictions, tuple[Member, ...]]:
    """Their mean, and each of them."""
    predictions, scores = average(tiny_answers())
    return predictions, tuple(Member(name, one) for name, one in zip(MEMBERS, scores, strict=True))


def ensemble_run() -> TinyRun:
    """A stored run of it."""
    predictions, members = tiny_ensemble()
    facts = tiny_provenance(predictions, name="ensemble_of_3")
    one = facts["model"] | {"input": GIVEN, "device": facts["device"]}
    models = [one | {"name": name, "path": f"models/{name}", "sha256": f"{k}" * 64} for k, name in enumerate(MEMBERS)]
    del facts["model"]["layers"]
    facts["model"] |= {"kind": "ensemble", "members": models}
    run = tiny_run(predictions).stored
    index = choose_galleries(predictions, members=members, seed=42).index
    pixels = np.random.default_rng(5).integers(0, 256, size=(len(predictions), 6, 5), dtype=np.uint8)
    stored = replace(
        run, provenance=dict(run.provenance) | facts, members=members, images=ShownImages(index, pixels[index])
    )
    return TinyRun(stored, evaluate(predictions, 42, run.slice_columns, members=members))


def random_answers(count=3, n=300, classes=4, seed=1) -> list[Predictions]:
    """Models that are right more often than not, on the same labels."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, n)
    answers = []
    for _ in range(count):
        rows = random.dirichlet(np.full(classes, 0.5), n)
        rows[np.arange(n), labels] += random.random(n)
        rows /= rows.sum(axis=1, keepdims=True)
        answers.append(make_predictions(rows, labels, tuple(f"kind {k}" for k in range(classes))))
    return answers


def named(scores) -> tuple[Member, ...]:
    """Members with names."""
    return tuple(Member(f"m{k}", one) for k, one in enumerate(scores))


def write_distinct_model(path: Path) -> Path:
    """A .keras file that looks whole from outside, and is no copy of one with another name."""
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(zip_bytes(KERAS_PARTS | {"metadata.json": b'{"%s": 1}' % path.stem.encode()}))
    return path
