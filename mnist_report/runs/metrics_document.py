"""metrics.json: every number of an evaluation, unrounded."""

import math
from dataclasses import asdict
from typing import Any

from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.metrics import Metric

FORMAT = 1


def metrics_document(evaluation: Evaluation, class_names: tuple[str, ...]) -> dict[str, Any]:
    """metrics.json; an undefined value or bound is null."""
    confusion = evaluation.tally.confusion
    return {
        "format": FORMAT,
        "seed": evaluation.seed,
        "overall": {name: _finite(metric) for name, metric in evaluation.overall.items()},
        "accuracy_without_suspects": _finite(evaluation.accuracy_without_suspects),
        "findings": list(evaluation.findings),
        "per_class": [
            {
                "class": name,
                "support": int(confusion[k].sum()),
                **{metric: _finite(value) for metric, value in metrics.items()},
            }
            for k, (name, metrics) in enumerate(zip(class_names, evaluation.per_class, strict=True))
        ],
        "slices": [{"slice": name, "accuracy": _finite(metric)} for name, metric in evaluation.slices.items()],
        "temperature": _tempered(evaluation),
        "confusion": confusion.tolist(),
        "calibration": [
            {name: _json_number(value) for name, value in row.items()}
            for row in evaluation.frames.calibration.to_dict("records")
        ],
    }


def _finite(metric: Metric) -> dict[str, float | int | None]:
    return {name: _json_number(value) for name, value in asdict(metric).items()}


def _tempered(evaluation: Evaluation) -> dict[str, Any] | None:
    if evaluation.tempered is None:
        return None
    overall = {name: _finite(metric) for name, metric in evaluation.tempered.overall.items()}
    return {"value": evaluation.tempered.temperature, "overall": overall}


def _json_number(value: float) -> float | int | None:
    return None if math.isnan(value) else value
