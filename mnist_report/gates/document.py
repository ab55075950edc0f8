"""The evidence of a metrics.json alone: counts and intervals, but no row per image."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation import confusion as of_confusion
from mnist_report.evaluation.intervals import DRAWS, Z
from mnist_report.evaluation.metrics import INTERVALS, NOT_MERGEABLE, Metric
from mnist_report.gates.evidence import Observation
from mnist_report.gates.known import NoEvidenceError, check_graded, check_known
from mnist_report.gates.measurements import F1, Draws, Mean, Measurement, Proportion
from mnist_report.gates.rules import CLASS_RANGES, OVERALL_RANGES, SHARE, Gate, ranges_for

MOST_ROWS = 2**53
NO_ROWS = "metrics.json has no row per image to hold against another run; check the run folder"


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What gates can know from a metrics.json.

    Attributes:
        overall: the metrics of the whole set.
        per_class: those of each class.
        class_names: in label order.
        confusion: int64, rows = actual.
        slices: the accuracy of each slice, and of each corrupted set of the images.
        seed: of the resampled intervals.
        counted: whether there never was a row per image at once.
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
    past: None = None
    counted: bool = False


def read_document(document: Mapping[str, Any]) -> Document:
    """The evidence in a metrics.json.

    Raises:
        LookupError, TypeError, ValueError, OverflowError: it is not one.
    """
    classes, seed = document["per_class"], document["seed"]
    confusion = np.array(document["confusion"], dtype=np.int64)
    if confusion.shape != (len(classes), len(classes)) or (confusion < 0).any() or not 0 < confusion.sum() < MOST_ROWS:
        raise ValueError(f"confusion has shape {confusion.shape} for {len(classes)} classes, or no usable counts")
    if type(seed) is not int or seed < 0:
        raise ValueError(f"seed is {seed!r}, expected a whole number")
    read = Document(
        overall={name: _metric(document["overall"][name], name, bounds) for name, bounds in OVERALL_RANGES.items()},
        per_class=tuple(
            {name: _metric(row[name], name, bounds) for name, bounds in CLASS_RANGES.items()} for row in classes
        ),
        class_names=tuple(str(row["class"]) for row in classes),
        confusion=confusion,
        slices=_slices(document),
        seed=seed,
    )
    _check_counts(read)
    return read


def _slices(document: Mapping[str, Any]) -> dict[str, Metric]:
    rows = [(row["slice"], row) for row in document["slices"]]
    rows += [(f"{row['corruption']}={row['severity']}", row) for row in document.get("corruptions", ())]
    return {name: _metric(row["accuracy"], name, SHARE) for name, row in rows}


def _check_counts(document: Document) -> None:
    """See that the rates are those of the counts.

    Raises:
        ValueError: they are not, or two classes have one name.
    """
    if len(set(document.class_names)) < len(document.class_names):
        raise ValueError("two classes have the same name")
    counts = of_confusion.margins(document.confusion)
    n = int(counts.actual.sum())
    expected = {"accuracy": counts.right.sum() / n, "errors": n - counts.right.sum()}
    expected |= {name: float(function(counts)) for name, function in of_confusion.OVERALL.items()}
    rates = {"recall": of_confusion.recall, "precision": of_confusion.precision, "f1": of_confusion.f1}
    pairs = [(name, document.overall[name].value, value) for name, value in expected.items()]
    pairs += [
        (f"{name} of {document.class_names[k]}", row[name].value, float(rate(counts)[k]))
        for name, rate in rates.items()
        for k, row in enumerate(document.per_class)
    ]
    for name, found, wanted in pairs:
        if not np.isclose(found, wanted, rtol=0, atol=1e-9, equal_nan=True):
            raise ValueError(f"{name} is {found}, but by the confusion counts {wanted}")


def observe_document(gate: Gate, subject: str, document: Document) -> Observation:
    """Look at one metric; see `evidence.observe`.

    Raises:
        NoEvidenceError: the document does not have it, or not with a value.
    """
    check_known(gate)
    if gate.is_change:
        raise NoEvidenceError(document.no_baseline)
    # Of any images with probabilities there is a log loss.
    check_graded(gate, graded=not np.isnan(document.overall["log_loss"].value))
    metric = _find(gate, subject, document)
    if np.isnan(metric.value) and document.counted and gate.metric in NOT_MERGEABLE:
        raise NoEvidenceError(f"{gate.metric} needs every row at once; {document.no_baseline}")
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
        k = document.class_names.index(subject)
        if not document.confusion[k].any():
            raise NoEvidenceError(f"no image is of class {subject!r}")
        return document.per_class[k][gate.metric]
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
    """The standard error behind an interval, from a side that is not cut off at the end of the metric's range."""
    least, most = ranges_for(gate)[gate.metric]
    if metric.ci_high < most:
        return (metric.ci_high - metric.value) / Z
    return (metric.value - metric.ci_low) / Z if metric.ci_low > least else math.nan


def _metric(part: Mapping[str, Any], name: str, bounds: tuple[float, float]) -> Metric:
    value, low, high = (math.nan if part[end] is None else float(part[end]) for end in ("value", "ci_low", "ci_high"))
    n = part["n"]
    if type(n) is not int or n < 0 or value < bounds[0] or value > bounds[1] or low > value or high < value:
        raise ValueError(f"{name} is {value} ({low} to {high}) of {n!r} images")
    return Metric(value, low, high, n)
