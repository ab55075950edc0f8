"""The evidence of a metrics.json alone: counts and intervals, but no row per image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation import confusion as of_confusion
from mnist_report.evaluation.intervals import DRAWS, Z
from mnist_report.evaluation.metrics import INTERVALS, Metric
from mnist_report.gates.evidence import NoEvidenceError, Observation, check_known
from mnist_report.gates.measurements import F1, Draws, Mean, Measurement, Proportion
from mnist_report.gates.rules import Gate, ranges_for

NO_ROWS = "metrics.json has no row per image to hold against a baseline; check the run folder"


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What gates can know from a metrics.json.

    Attributes:
        overall: the metrics of the whole set.
        per_class: those of each class.
        class_names: in label order.
        confusion: int64, rows = actual.
        slices: the accuracy of each slice.
        seed: of the resampled intervals.
    """

    overall: Mapping[str, Metric]
    per_class: tuple[Mapping[str, Metric], ...]
    class_names: tuple[str, ...]
    confusion: NDArray[np.int64]
    slices: Mapping[str, Metric]
    seed: int
    baseline: None = None
    no_baseline: str = NO_ROWS
    baseline_missing: bool = False


def read_document(document: Mapping[str, Any]) -> Document:
    """The evidence in a metrics.json.

    Raises:
        LookupError, TypeError, ValueError: it is not one.
    """
    classes = document["per_class"]
    confusion = np.array(document["confusion"], dtype=np.int64)
    if confusion.shape != (len(classes), len(classes)) or (confusion < 0).any() or not confusion.any():
        raise ValueError(f"confusion has shape {confusion.shape} for {len(classes)} classes, or no counts")
    rates = ("recall", "precision", "f1", "roc_auc", "average_precision", "mean_confidence")
    return Document(
        overall={name: _metric(part) for name, part in document["overall"].items()},
        per_class=tuple({name: _metric(row[name]) for name in rates} for row in classes),
        class_names=tuple(str(row["class"]) for row in classes),
        confusion=confusion,
        slices={row["slice"]: _metric(row["accuracy"]) for row in document["slices"]},
        seed=int(document["seed"]),
    )


def observe_document(gate: Gate, subject: str, document: Document) -> Observation:
    """Look at one metric; see `evidence.observe`.

    Raises:
        NoEvidenceError: the document does not have it, or not with a value.
    """
    check_known(gate)
    if gate.needs_baseline:
        raise NoEvidenceError(NO_ROWS)
    metric = _find(gate, subject, document)
    if not metric.n:
        raise NoEvidenceError(f"no image is of class {subject!r}")
    if np.isnan(metric.value):
        raise NoEvidenceError(f"{gate.metric} is not defined for these predictions")
    return Observation(metric, _measure(gate, subject, metric, document))


def _find(gate: Gate, subject: str, document: Document) -> Metric:
    if gate.slice_name is not None:
        if gate.slice_name not in document.slices:
            raise NoEvidenceError(f"there is no slice {subject!r}; there are {', '.join(document.slices) or 'none'}")
        return document.slices[gate.slice_name]
    if gate.class_name is not None:
        if subject not in document.class_names:
            raise NoEvidenceError(f"there is no class {subject!r}; the classes are {', '.join(document.class_names)}")
        return document.per_class[document.class_names.index(subject)][gate.metric]
    return document.overall[gate.metric]


def _measure(gate: Gate, subject: str, metric: Metric, document: Document) -> Measurement | None:
    name = gate.metric
    if name in of_confusion.OVERALL:
        draws = of_confusion.OVERALL[name](of_confusion.resample(document.confusion, DRAWS, document.seed))
        return Draws(metric.value, draws, metric.n)
    if name in {"precision", "f1"}:
        k = document.class_names.index(subject)
        right, said, there = (
            int(part)
            for part in (document.confusion[k, k], document.confusion[:, k].sum(), document.confusion[k].sum())
        )
        return Proportion(right, said) if name == "precision" else F1(Proportion(right, said + there - right), there)
    kind = INTERVALS.get(name)
    if kind == "exact":
        return Proportion(round(metric.value * metric.n), metric.n)
    if kind == "normal":
        return Mean(metric.value, _error(gate, metric), metric.n)
    return None


def _error(gate: Gate, metric: Metric) -> float:
    """The standard error behind an interval, from the side that is not cut off at the end of the metric's range."""
    _, most = ranges_for(gate)[gate.metric]
    return (metric.ci_high - metric.value) / Z if metric.ci_high < most else (metric.value - metric.ci_low) / Z


def _metric(part: Mapping[str, Any]) -> Metric:
    value, low, high = (
        float("nan") if part[name] is None else float(part[name]) for name in ("value", "ci_low", "ci_high")
    )
    return Metric(value, low, high, int(part["n"]))
