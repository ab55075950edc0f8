"""The rules: what a model must hold, as a TOML document says it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal, get_args

from mnist_report.errors import ConfigError
from mnist_report.evaluation.metrics import INTERVALS

Sense = Literal["min", "max", "max_drop", "max_increase", "max_drop_over"]
Policy = Literal["warn", "fail"]
SENSES: tuple[str, ...] = get_args(Sense)
AGAINST_BASELINE = frozenset({"max_drop", "max_increase"})
# A drop over some runs of the same images, of which only those are remembered that were right.
OVER_RUNS: Sense = "max_drop_over"
OF_RIGHT = frozenset({"accuracy", "recall"})
MOST_RUNS = 366
EACH = "each"
LEVEL = 0.025

SHARE, SIGNED_SHARE = (0.0, 1.0), (-1.0, 1.0)
# The values that each metric can take; those of the whole set, of a class, and of a slice.
OVERALL_RANGES = {
    **dict.fromkeys(("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1"), SHARE),
    **dict.fromkeys(("top2_accuracy", "ece", "ece_equal_mass", "mean_confidence", "aurc", "coverage_at_999"), SHARE),
    **dict.fromkeys(("mcc", "cohen_kappa", "overconfidence"), SIGNED_SHARE),
    "errors": (0.0, math.inf),
    "log_loss": (0.0, math.inf),
    "brier": (0.0, 2.0),
}
CLASS_RANGES = dict.fromkeys(("recall", "precision", "f1", "roc_auc", "average_precision", "mean_confidence"), SHARE)
SLICE_RANGES = {"accuracy": SHARE}
# Of these, two models can be compared image by image.
PAIRED_OVERALL = frozenset(name for name in OVERALL_RANGES if name in INTERVALS)
PAIRED_OF_CLASS = frozenset({"recall", "mean_confidence"})

KEYS = frozenset(
    (*SENSES, "metric", "class", "slice", "severity", "decide", "name", "level", "baseline_missing", "waiver")
)
CHOICES = {
    "severity": ("error", "warning"),
    "decide": ("bound", "point"),
    "baseline_missing": ("error", "allow"),
}


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a gate may fail for a while, who answers for it, and the last day of it."""

    reason: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule.

    Attributes:
        name: unique.
        metric: a key of the overall metrics, or with `class_name` or `slice_name` one of theirs.
        sense: how the threshold is meant.
        threshold: of the metric, or of its change from the baseline or the earlier run.
        class_name: a class, "each" for all of them as one family, or None.
        slice_name: "column=value" or None.
        severity: "warning" never changes the exit status, except for ERROR.
        decide: "bound" for the interval's bound, "point" for the value alone.
        level: the one-sided error of the decision.
        baseline_missing: "allow" to pass without a baseline; over runs, without an earlier one.
        waiver: or None.
        runs: with "max_drop_over", how many runs back the earlier one is; else None.
    """

    name: str
    metric: str
    sense: Sense
    threshold: float
    class_name: str | None = None
    slice_name: str | None = None
    severity: str = "error"
    decide: str = "bound"
    level: float = LEVEL
    baseline_missing: str = "error"
    waiver: Waiver | None = None
    runs: int | None = None

    @property
    def needs_baseline(self) -> bool:
        """Whether it is about a change from the baseline."""
        return self.sense in AGAINST_BASELINE

    @property
    def is_change(self) -> bool:
        """Whether it is about a change, from the baseline or from an earlier run."""
        return self.needs_baseline or self.runs is not None

    @property
    def is_family(self) -> bool:
        """Whether it is about every class at once."""
        return self.class_name == EACH


@dataclass(frozen=True, slots=True)
class GateSet:
    """All rules of a run.

    Attributes:
        gates: in the order in which they are shown.
        inconclusive: whether an open question blocks ("fail") or not ("warn").
        default: whether nobody wrote these rules.
    """

    gates: tuple[Gate, ...]
    inconclusive: Policy = "warn"
    default: bool = field(default=False, compare=False)


def default_gates(*, with_baseline: bool) -> GateSet:
    """What is held where nobody says otherwise."""
    document: list[dict[str, Any]] = [
        {"metric": "accuracy", "min": 0.99},
        {"metric": "recall", "class": EACH, "min": 0.96},
    ]
    if with_baseline:
        document.append({"metric": "accuracy", "max_drop": 0.003})
    return replace(parse_gates({"gates": document}, "the default gates"), default=True)


def parse_gates(document: Mapping[str, Any], where: str) -> GateSet:
    """Read the rules of a TOML document.

    Args:
        document: with the keys `gates` (an array of tables) and `inconclusive`, and no other.
        where: the file, for messages.

    Raises:
        ConfigError: the syntax, a key, a type or a threshold outside the metric's range; the message names the file,
            the gate and the key.
    """
    unknown = sorted(document.keys() - {"gates", "inconclusive"})
    if unknown:
        raise ConfigError(f"{where}: unknown key {unknown[0]!r}, expected [[gates]] and inconclusive")
    policy = document.get("inconclusive", "warn")
    if policy not in get_args(Policy):
        raise ConfigError(f'{where}: inconclusive is {policy!r}, expected "warn" or "fail"')
    tables = document.get("gates", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{where}: gates is {tables!r}, expected an array of tables, written [[gates]]")
    gates = tuple(_parse_gate(table, f"{where}: gate {number}") for number, table in enumerate(tables, start=1))
    names = [gate.name for gate in gates]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"{where}: two gates are called {twice!r}; give each its own name")
    return GateSet(gates, policy)


def _parse_gate(table: Mapping[str, Any], where: str) -> Gate:
    if isinstance(table.get("name"), str):
        where = f"{where} ({table['name']!r})"
    _check_keys(table, where)
    senses = [sense for sense in SENSES if sense in table]
    if len(senses) != 1:
        found = " and ".join(senses) or "none"
        raise ConfigError(f"{where}: found {found}, expected exactly one of {', '.join(SENSES)}")
    column, _, value = table.get("slice", "a=b").partition("=")
    if not column.strip() or not value:
        raise ConfigError(f"{where}: slice is {table['slice']!r}, expected column=value")
    if "class" in table and "slice" in table:
        raise ConfigError(f"{where}: has both a class and a slice, expected at most one of them")
    level = _number(table.get("level", LEVEL), f"{where}: level")
    if not 0 < level < 0.5:
        raise ConfigError(f"{where}: level is {level}, expected above 0 and below 0.5")
    runs, threshold = _parse_window(table[OVER_RUNS], where) if OVER_RUNS in table else (None, table[senses[0]])
    gate = Gate(
        name=table.get("name") or _name(table, senses[0], runs, threshold),
        # A class's accuracy is its recall.
        metric="recall" if "class" in table and table["metric"] == "accuracy" else table["metric"],
        sense=senses[0],  # type: ignore[arg-type]  # one of SENSES
        threshold=_number(threshold, f"{where}: {senses[0]}"),
        class_name=table.get("class"),
        slice_name=table.get("slice"),
        severity=table.get("severity", "error"),
        decide=table.get("decide", "bound"),
        level=level,
        # The first run of all has none before it.
        baseline_missing=table.get("baseline_missing", "error" if runs is None else "allow"),
        waiver=_parse_waiver(table["waiver"], where) if "waiver" in table else None,
        runs=runs,
    )
    _check_range(gate, where)
    _check_bound(gate, where)
    return gate


def _check_keys(table: Mapping[str, Any], where: str) -> None:
    """Keys, and values of those that are text."""
    unknown = sorted(table.keys() - KEYS)
    if unknown:
        raise ConfigError(f"{where}: unknown key {unknown[0]!r}, expected of {', '.join(sorted(KEYS))}")
    for key in ("metric", "class", "slice", "name"):
        if key in table and (not isinstance(table[key], str) or not table[key].strip()):
            raise ConfigError(f"{where}: {key} is {table[key]!r}, expected text")
    for key, choices in CHOICES.items():
        if table.get(key, choices[0]) not in choices:
            raise ConfigError(f"{where}: {key} is {table[key]!r}, expected {' or '.join(map(repr, choices))}")
    if "metric" not in table:
        raise ConfigError(f"{where}: has no metric")


def _check_range(gate: Gate, where: str) -> None:
    """A threshold that the metric cannot have; a metric that nobody knows is an outcome, not a mistake in the rule."""
    bounds = ranges_for(gate).get(gate.metric)
    if bounds is None:
        return
    low, high = (0.0, bounds[1] - bounds[0]) if gate.is_change else bounds
    if not low <= gate.threshold <= high or math.isinf(gate.threshold):
        raise ConfigError(
            f"{where}: {gate.sense} is {gate.threshold!r}, expected {low:g} to {high:g}, the range of {gate.metric}"
        )


def _check_bound(gate: Gate, where: str) -> None:
    """Without an interval there is no bound to decide by; and of earlier runs not everything is known."""
    if gate.runs is not None and gate.metric not in OF_RIGHT:
        raise ConfigError(
            f"{where}: {OVER_RUNS} looks at which images were right, so it takes accuracy, also of a class or a slice; "
            f"found {gate.metric}"
        )
    if gate.decide == "point" or gate.metric not in ranges_for(gate):
        return
    paired = PAIRED_OF_CLASS if gate.class_name else PAIRED_OVERALL
    if gate.metric not in INTERVALS or (gate.needs_baseline and gate.metric not in paired):
        what = f"a change of {gate.metric}" if gate.needs_baseline else gate.metric
        raise ConfigError(f'{where}: {what} has no interval, so its value alone can decide: add decide = "point"')


def ranges_for(gate: Gate) -> Mapping[str, tuple[float, float]]:
    """The metrics that such a gate may name, with the range of each."""
    if gate.class_name is not None:
        return CLASS_RANGES
    return SLICE_RANGES if gate.slice_name is not None else OVERALL_RANGES


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ConfigError(f"{what} is {value!r}, expected a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise ConfigError(f"{what} is too large a number") from error
    if math.isnan(number):
        raise ConfigError(f"{what} is {value!r}, expected a number")
    return number


def _parse_window(table: Any, where: str) -> tuple[int, Any]:
    """How many runs, and the drop that is allowed over them."""
    if not isinstance(table, dict) or table.keys() != {"runs", "drop"}:
        raise ConfigError(f"{where}: {OVER_RUNS} is {table!r}, expected a table such as {{runs = 14, drop = 0.003}}")
    runs = table["runs"]
    if type(runs) is not int or not 1 <= runs <= MOST_RUNS:
        raise ConfigError(f"{where}: {OVER_RUNS}.runs is {runs!r}, expected a whole number from 1 to {MOST_RUNS}")
    return runs, table["drop"]


def _parse_waiver(table: Any, where: str) -> Waiver:
    if not isinstance(table, dict) or table.keys() != {"reason", "owner", "expires"}:
        raise ConfigError(f"{where}: waiver is {table!r}, expected a table of reason, owner and expires")
    for key in ("reason", "owner"):
        if not isinstance(table[key], str) or not table[key].strip():
            raise ConfigError(f"{where}: waiver.{key} is {table[key]!r}, expected text")
    if not isinstance(table["expires"], date) or isinstance(table["expires"], datetime):
        raise ConfigError(f"{where}: waiver.expires is {table['expires']!r}, expected a date such as 2027-01-31")
    return Waiver(**table)


def _name(table: Mapping[str, Any], sense: str, runs: int | None, threshold: Any) -> str:
    """Like "accuracy of class 3 min 0.99", or "accuracy max drop over 14 runs 0.003"."""
    of = ""
    if "class" in table:
        of = " of each class" if table["class"] == EACH else f" of class {table['class']}"
    if "slice" in table:
        of = f" where {table['slice']}"
    over = "" if runs is None else f" {runs} runs"
    return f"{table['metric']}{of} {sense.replace('_', ' ')}{over} {threshold}"
