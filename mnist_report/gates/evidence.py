"""What a gate looks at: one metric of all images, of a class or of a slice, or its change from a baseline."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.corruptions import KINDS
from mnist_report.evaluation import confusion as of_confusion
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.intervals import DRAWS
from mnist_report.evaluation.metrics import (
    INTERVALS,
    Metric,
    class_metrics,
    overall_metrics,
    proportion,
)
from mnist_report.evaluation.paired import paired_draws, paired_means, paired_proportions
from mnist_report.evaluation.past import EarlierRun, oldest_of
from mnist_report.evaluation.predictions import Predictions, Scores
from mnist_report.evaluation.ranking import class_ranking, overall_ranking
from mnist_report.evaluation.tally import Tally
from mnist_report.gates.known import NoEvidenceError, check_graded, check_known
from mnist_report.gates.measurements import F1, Draws, Mean, Measurement, PairedProportion, Proportion
from mnist_report.gates.rules import OVERALL_RANGES, Gate

OF_IMAGES = {
    **dict.fromkeys(("accuracy", "recall"), lambda scores: scores.right),
    "top2_accuracy": lambda scores: scores.in_top2,
    "log_loss": lambda scores: scores.loss,
    "brier": lambda scores: scores.brier,
    "mean_confidence": lambda scores: scores.confidence,
    "overconfidence": lambda scores: scores.confidence - scores.right,
}

NO_PAST = "no earlier run of these images is known"
NO_SETS: Mapping[str, Metric] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Everything that gates may look at.

    Attributes:
        predictions: of the candidate.
        slice_columns: by column, each image's value.
        seed: of the resampled intervals, as in the report.
        overall: the metrics of the whole set.
        per_class: those of each class.
        baseline: what the baseline said about the same images, or None.
        no_baseline: why there is none.
        baseline_missing: whether that is because none was given or none is there, and not because it does not fit.
        past: earlier runs of the same images, the oldest first.
        corrupted: the accuracy of each corrupted set of the images, by its name.
    """

    predictions: Predictions
    slice_columns: Mapping[str, NDArray[Any]]
    seed: int
    overall: Mapping[str, Metric]
    per_class: tuple[Mapping[str, Metric], ...]
    baseline: Scores | None
    no_baseline: str
    baseline_missing: bool
    past: tuple[EarlierRun, ...] = ()
    corrupted: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def class_names(self) -> tuple[str, ...]:
        """In label order."""
        return self.predictions.class_names


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What was seen: the value with the interval that the report shows, and what can be tested of it (or nothing).

    A note says what a reader must know of the test; else it is empty.
    """

    metric: Metric
    measurement: Measurement | None
    note: str = ""


def gather(
    predictions: Predictions,
    slice_columns: Mapping[str, NDArray[Any]],
    seed: int,
    baseline: Scores | None,
    no_baseline: str = "no baseline was given",
    *,
    baseline_missing: bool = True,
    past: tuple[EarlierRun, ...] = (),
    corrupted: Mapping[str, Metric] = NO_SETS,
    evaluation: Evaluation | None = None,
) -> Evidence:
    """The evidence of a run; see `Evidence`.

    An evaluation of these predictions with this seed spares the work of a second one.
    """
    overall, per_class = (evaluation.overall, evaluation.per_class) if evaluation else _metrics(predictions, seed)
    return Evidence(
        predictions=predictions,
        slice_columns=slice_columns,
        seed=seed,
        overall=overall,
        per_class=per_class,
        baseline=baseline,
        no_baseline=no_baseline,
        baseline_missing=baseline is None and baseline_missing,
        past=past,
        corrupted=corrupted,
    )


def _metrics(predictions: Predictions, seed: int) -> tuple[dict[str, Metric], tuple[dict[str, Metric], ...]]:
    tally = Tally.of(predictions)
    ranked = zip(class_metrics(tally), class_ranking(predictions), strict=True)
    overall = overall_metrics(tally, seed) | overall_ranking(predictions)
    return overall, tuple(own | other for own, other in ranked)


def subjects_of(gate: Gate, class_names: tuple[str, ...]) -> tuple[str, ...]:
    """The classes of a family, the one class or slice, or "" for the whole set."""
    if gate.is_family:
        return class_names
    return (gate.class_name or gate.slice_name or "",)


def observe(gate: Gate, subject: str, evidence: Evidence) -> Observation:
    """Look at one metric.

    Args:
        gate: the rule.
        subject: of `subjects_of`.
        evidence: of the run.

    Raises:
        NoEvidenceError: the run does not have the metric, the class, the slice or the baseline, or not with a value.
    """
    check_known(gate)
    if gate.slice_name is not None and gate.slice_name in evidence.corrupted:
        return _of_corrupted(gate, evidence.corrupted[gate.slice_name])
    check_graded(gate, graded=evidence.predictions.graded)
    if gate.needs_baseline and evidence.baseline is not None:
        check_graded(gate, graded=evidence.baseline.graded, whose="the baseline")
    chosen = _chosen(gate, subject, evidence)
    if gate.runs is not None:
        found = _drift(gate.runs, chosen, evidence)
    elif gate.needs_baseline:
        found = _change(gate, chosen, evidence)
    else:
        found = _level(gate, subject, chosen, evidence)
    if math.isnan(found.metric.value):
        raise NoEvidenceError(f"{gate.metric} is not defined for these predictions")
    return found


def _chosen(gate: Gate, subject: str, evidence: Evidence) -> NDArray[np.bool_]:
    """The images that the gate is about, at least one."""
    predictions = evidence.predictions
    if gate.class_name is not None:
        if subject not in predictions.class_names:
            names = ", ".join(predictions.class_names)
            raise NoEvidenceError(f"there is no class {subject!r}; the classes are {names}")
        chosen: NDArray[np.bool_] = predictions.labels == predictions.class_names.index(subject)
        if not chosen.any():
            raise NoEvidenceError(f"no image is of class {subject!r}")
        return chosen
    if gate.slice_name is None:
        return np.ones(len(predictions), dtype=bool)
    column, _, value = gate.slice_name.partition("=")
    values = evidence.slice_columns.get(column)
    if values is None:
        columns = ", ".join(evidence.slice_columns) or "none"
        raise NoEvidenceError(
            f"there is no slice {gate.slice_name!r}; the columns are {columns}{_sets(column, evidence)}"
        )
    chosen = np.asarray(values == value)
    if not value or not chosen.any():
        found = ", ".join(sorted(set(values.tolist()) - {""}))
        raise NoEvidenceError(f"no image is in the slice {gate.slice_name!r}; the values of {column} are {found}")
    return chosen


def _sets(column: str, evidence: Evidence) -> str:
    """What else there is, or could be."""
    if evidence.corrupted:
        return f", the corrupted sets {', '.join(evidence.corrupted)}"
    return "; corrupted images come with --corruptions" if column in KINDS else ""


def _of_corrupted(gate: Gate, accuracy: Metric) -> Observation:
    """The accuracy on a corrupted set, of which nothing but counts is kept."""
    if gate.is_change:
        raise NoEvidenceError(
            f"which images of {gate.slice_name!r} were right is not kept, so a change cannot be seen image by image; "
            "give it a min"
        )
    return Observation(accuracy, Proportion(round(accuracy.value * accuracy.n), accuracy.n))


def _level(gate: Gate, subject: str, chosen: NDArray[np.bool_], evidence: Evidence) -> Observation:
    """A metric as it is."""
    predictions, name = evidence.predictions, gate.metric
    if gate.slice_name is not None:
        metric = proportion(int(predictions.right[chosen].sum()), int(chosen.sum()))
    elif gate.class_name is not None:
        metric = evidence.per_class[predictions.class_names.index(subject)][name]
    else:
        metric = evidence.overall[name]
    if name in of_confusion.OVERALL:
        confusion = Tally.of(predictions).confusion
        draws = of_confusion.OVERALL[name](of_confusion.resample(confusion, DRAWS, evidence.seed))
        return Observation(metric, Draws(metric.value, draws, metric.n))
    if name in {"precision", "f1"}:
        k = predictions.class_names.index(subject)
        said = predictions.predicted == k
        right = int((said & chosen).sum())
        if name == "precision":
            return Observation(metric, Proportion(right, int(said.sum())))
        return Observation(metric, F1(Proportion(right, int((said | chosen).sum())), metric.n))
    if name not in INTERVALS:
        return Observation(metric, None)
    values = OF_IMAGES[name](predictions)[chosen]
    return Observation(metric, _measure(values), _skewed(values))


def _measure(values: NDArray[Any]) -> Measurement:
    """A share of the images, or a mean over them."""
    if values.dtype == np.bool_:
        return Proportion(int(values.sum()), len(values))
    error = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return Mean(float(values.mean()), error, len(values))


def _skewed(values: NDArray[Any]) -> str:
    """Whether a mean's normal test has a larger error than its level: 25 G1^2 images, Cochran 1977, section 2.15."""
    if values.dtype == np.bool_ or np.ptp(values) == 0:
        return ""
    centred = values - values.mean()
    needed = 25 * float((centred**3).mean() ** 2 / (centred**2).mean() ** 3)
    if len(values) >= needed:
        return ""
    return (
        f"a few images carry most of it, so that on {len(values):,} images the error of this decision is above its "
        f"level; about {needed:,.0f} would do"
    )


def _change(gate: Gate, chosen: NDArray[np.bool_], evidence: Evidence) -> Observation:
    """A metric's change from the baseline, on the same images."""
    ours, theirs, name = evidence.predictions, evidence.baseline, gate.metric
    if theirs is None:
        raise NoEvidenceError(evidence.no_baseline)
    if name in of_confusion.OVERALL:
        value, draws = paired_draws(ours, theirs, evidence.seed)[name]
        low, high = np.quantile(draws, [0.025, 0.975])
        metric = Metric(value, float(low), float(high), len(ours))
        return Observation(metric, Draws(value, draws, len(ours)))
    if name not in OF_IMAGES:
        return Observation(_point_change(gate, evidence, theirs), None)
    before, after = (OF_IMAGES[name](side)[chosen] for side in (theirs, ours))
    if after.dtype == np.bool_:
        return _paired(after, before)
    found, change = paired_means(after, before), after - before
    metric = Metric(found.value, found.ci_low, found.ci_high, found.n)
    return Observation(metric, _measure(change), _skewed(change))


def _drift(runs: int, chosen: NDArray[np.bool_], evidence: Evidence) -> Observation:
    """The change of a share since an earlier run."""
    found = oldest_of(evidence.past, runs, len(evidence.predictions))
    if found is None:
        raise NoEvidenceError(NO_PAST)
    return _paired(evidence.predictions.right[chosen], found.right[chosen])


def _paired(after: NDArray[np.bool_], before: NDArray[np.bool_]) -> Observation:
    found = paired_proportions(after, before)
    measurement = PairedProportion(found.fixed or 0, found.regressed or 0, found.n)
    return Observation(Metric(found.value, found.ci_low, found.ci_high, found.n), measurement)


def _point_change(gate: Gate, evidence: Evidence, theirs: Scores) -> Metric:
    """The change of a metric that has no paired interval."""
    if gate.metric not in OVERALL_RANGES or gate.class_name is not None:
        raise NoEvidenceError(f"a baseline does not keep what the change of a class's {gate.metric} needs")
    before = overall_metrics(Tally.of(theirs), evidence.seed) | overall_ranking(theirs)
    after = evidence.overall[gate.metric]
    return Metric(after.value - before[gate.metric].value, math.nan, math.nan, after.n)
