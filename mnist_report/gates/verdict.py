"""The verdict: each rule against the evidence, in three values and with its reasons.

FAIL where the data reject that the threshold holds, PASS where they reject that it does not, else INCONCLUSIVE. A
family fails by Holm's adjustment of its members' tests, and passes only if each member passes by its own.
"""

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.paired import holm
from mnist_report.evaluation.past import oldest_of
from mnist_report.gates.document import Document, observe_document
from mnist_report.gates.evidence import NO_PAST, Evidence, Observation, observe, subjects_of
from mnist_report.gates.known import NoEvidenceError
from mnist_report.gates.measurements import Measurement
from mnist_report.gates.rules import SHARE, Gate, GateSet, ranges_for

Outcome = Literal["PASS", "WARN", "FAIL", "INCONCLUSIVE", "WAIVED", "ERROR"]
# From the one that matters most; a family has the worst outcome of its members.
OUTCOMES: tuple[Outcome, ...] = ("ERROR", "FAIL", "INCONCLUSIVE", "WARN", "WAIVED", "PASS")
MOST_IMAGES = 10
MOST_NEEDED = 100_000_000
UNDEFINED = Metric(math.nan, math.nan, math.nan, 0)
PASSED, FAILED, OPEN = 0, 1, 4


@dataclass(frozen=True, slots=True)
class Finding:
    """What a gate found about one subject: the whole set, a class or a slice.

    Attributes:
        subject: the class or slice, "" for the whole set.
        outcome: PASS, FAIL, INCONCLUSIVE or ERROR.
        observed: the value (or change) with its 95 % interval and n.
        margin: how far the value is on the right side of the threshold; negative on the wrong one.
        shortfall: the smallest one below the threshold that this gate fails with probability 0.80, NaN if unknown.
        twin: the smallest margin above it that this gate passes with probability 0.80.
        images: how many images would settle an open question; infinity for more than ten times these.
        reason: of an ERROR.
    """

    subject: str
    outcome: Outcome
    observed: Metric
    margin: float = math.nan
    shortfall: float = math.nan
    twin: float = math.nan
    images: float = math.nan
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one gate.

    Attributes:
        gate: the rule.
        outcome: with severity and waiver taken into account.
        findings: one for each subject, in order.
        notes: what else a reader must know.
    """

    gate: Gate
    outcome: Outcome
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def deciding(self) -> Finding:
        """The finding that decided: the first of the worst outcome with the smallest margin."""
        worst = min(OUTCOMES.index(finding.outcome) for finding in self.findings)
        candidates = [finding for finding in self.findings if finding.outcome == OUTCOMES[worst]]
        return min(candidates, key=lambda finding: math.inf if math.isnan(finding.margin) else finding.margin)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of all gates.

    Attributes:
        results: in the order of the rules.
        inconclusive: whether an open question blocks ("fail").
    """

    results: tuple[Result, ...]
    inconclusive: str

    def count(self, outcome: Outcome) -> int:
        """How many gates have that outcome."""
        return sum(result.outcome == outcome for result in self.results)

    def blocks(self, result: Result) -> bool:
        """Whether a gate changes the exit status."""
        open_question = result.outcome == "INCONCLUSIVE" and result.gate.severity == "error"
        return result.outcome in {"ERROR", "FAIL"} or (open_question and self.inconclusive == "fail")

    @property
    def exit_status(self) -> int:
        """1 where a gate failed or could not be decided, 4 where an open question blocks, else 0."""
        if self.count("ERROR") or self.count("FAIL"):
            return FAILED
        return OPEN if any(map(self.blocks, self.results)) else PASSED

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of all gates; PASS where there are none."""
        return min((result.outcome for result in self.results), key=OUTCOMES.index, default="PASS")


def judge(gates: GateSet, evidence: Evidence | Document, today: date) -> Verdict:
    """Hold every rule against the evidence.

    Args:
        gates: the rules.
        evidence: of a run, or of its metrics.json alone.
        today: waivers hold through their last day.
    """
    return Verdict(tuple(_judge(gate, evidence, today) for gate in gates.gates), gates.inconclusive)


def _judge(gate: Gate, evidence: Evidence | Document, today: date) -> Result:
    missing = _missing(gate, evidence)
    if missing and gate.baseline_missing == "allow":
        return Result(gate, "PASS", (Finding("", "PASS", UNDEFINED),), (f"{missing}, which this gate allows",))
    observed: list[tuple[str, Observation | str]] = []
    for subject in subjects_of(gate, evidence.class_names):
        try:
            found = (
                observe_document(gate, subject, evidence)
                if isinstance(evidence, Document)
                else observe(gate, subject, evidence)
            )
            observed.append((subject, found))
        except NoEvidenceError as error:
            observed.append((subject, str(error)))
    findings = tuple(_decide(gate, observed))
    outcome = min((finding.outcome for finding in findings), key=OUTCOMES.index)
    notes = _notes_of_window(gate, evidence) + _notes(gate, findings) + _notes_of_tests(gate, observed)
    return _excuse(Result(gate, outcome, findings, notes), today)


def _missing(gate: Gate, evidence: Evidence | Document) -> str:
    """What a change would have to be measured from, and is not there; else empty."""
    if gate.needs_baseline:
        return evidence.no_baseline if evidence.baseline_missing else ""
    if gate.runs is None or isinstance(evidence, Document):
        return ""
    return "" if oldest_of(evidence.past, gate.runs, len(evidence.predictions)) else NO_PAST


def _notes_of_window(gate: Gate, evidence: Evidence | Document) -> tuple[str, ...]:
    """Which run a drift is measured from."""
    if gate.runs is None or isinstance(evidence, Document):
        return ()
    found = oldest_of(evidence.past, gate.runs, len(evidence.predictions))
    if found is None:
        return ()
    fewer = f", of the {gate.runs} that this gate looks back" if found.back < gate.runs else ""
    return (f"measured from {found.run_id}, {found.back} {'run' if found.back == 1 else 'runs'} before{fewer}",)


def _decide(gate: Gate, observed: list[tuple[str, Observation | str]]) -> list[Finding]:
    """A finding for each subject; the family's failures by Holm's adjustment."""
    sign = 1 if gate.sense in {"min", "max_drop", "max_drop_over"} else -1
    # A metric that must stay low is one whose negative must stay high; a change may go so far below 0.
    threshold = -gate.threshold if gate.sense != "min" else gate.threshold
    measured = [
        None if isinstance(seen, str) or seen.measurement is None else _high_is_good(seen.measurement, sign)
        for _, seen in observed
    ]
    adjusted = holm([math.nan if m is None else m.as_low(threshold) for m in measured])
    fail_level = gate.level / max(1, sum(m is not None for m in measured))
    findings = []
    for (subject, seen), measurement, p_fail in zip(observed, measured, adjusted, strict=True):
        if isinstance(seen, str):
            findings.append(Finding(subject, "ERROR", UNDEFINED, reason=seen))
            continue
        found = Finding(subject, "PASS", seen.metric, margin=sign * seen.metric.value - threshold)
        if gate.decide == "point":
            # Written so that NaN fails.
            findings.append(found if found.margin >= 0 else replace(found, outcome="FAIL"))
        elif measurement is None:
            findings.append(replace(found, outcome="ERROR", reason=f"{gate.metric} has no interval"))
        else:
            findings.append(_test(gate, found, measurement, threshold, p_fail=p_fail, fail_level=fail_level))
    return findings


def _high_is_good(measurement: Measurement, sign: int) -> Measurement:
    return measurement if sign > 0 else measurement.negated()


def _test(
    gate: Gate, found: Finding, measurement: Measurement, threshold: float, *, p_fail: float, fail_level: float
) -> Finding:
    """PASS, FAIL or INCONCLUSIVE by the measurement's test."""
    p_pass = measurement.as_high(threshold)
    if math.isnan(p_pass) or math.isnan(p_fail):
        return replace(found, outcome="ERROR", reason=f"{gate.metric} has no interval on {measurement.n} images")
    hopeless = _never(measurement, threshold, gate.level, fail_level)
    if hopeless:
        return replace(found, outcome="ERROR", reason=hopeless)
    power = measurement.detectable(threshold, fail_level, gate.level)
    found = replace(found, shortfall=power.shortfall, twin=power.margin)
    if p_fail <= gate.level:
        return replace(found, outcome="FAIL")
    if p_pass <= gate.level:
        return found
    return replace(found, outcome="INCONCLUSIVE", images=_images(measurement, threshold, gate.level, fail_level))


def _never(measurement: Measurement, threshold: float, level: float, fail_level: float) -> str:
    """Why a gate could never pass or never fail on so many images; empty where it could do both."""
    extremes = measurement.extremes()
    if extremes is None:
        return ""
    best, worst = extremes
    if best.as_high(threshold) > level:
        return f"it can never pass on {measurement.n} images, {_needs(best, 'as_high', threshold, level)}"
    if worst.as_low(threshold) > fail_level:
        return f"it can never fail on {measurement.n} images, {_needs(worst, 'as_low', threshold, fail_level)}"
    return ""


def _needs(extreme: Measurement, test: str, threshold: float, level: float) -> str:
    """How many images it would take."""

    def enough(images: int) -> bool:
        return bool(getattr(extreme.scaled(images / extreme.n), test)(threshold) <= level)

    low, high = extreme.n, 2 * extreme.n
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST_NEEDED:
            return 'nor on any number of them; use decide = "point"'
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return f"it needs {high:,} of them"


def _images(measurement: Measurement, threshold: float, level: float, fail_level: float) -> float:
    """How many images would settle the question if they went on like these; infinity for more than ten times these."""
    n = measurement.n

    def settled(images: int) -> bool:
        larger = measurement.scaled(images / n)
        return larger.as_high(threshold) <= level or larger.as_low(threshold) <= fail_level

    step = max(1, n // 100)
    for images in range(n + step, MOST_IMAGES * n + 1, step):
        if settled(images):
            return next(fewer for fewer in range(images - step + 1, images + 1) if settled(fewer))
    return math.inf


def _notes(gate: Gate, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """A threshold that is finer than these images can see."""
    if gate.decide == "point":
        return ()
    if not gate.is_change and (gate.sense == "max" or ranges_for(gate).get(gate.metric) != SHARE):
        return ()
    best = 1 - gate.threshold if gate.sense == "min" else gate.threshold
    # Against another run, NaN says that no image flipped, so that nothing is known; else that nothing would be enough.
    unknown = 0.0 if gate.is_change else math.inf
    twins = [(finding, unknown if math.isnan(finding.twin) else finding.twin) for finding in findings]
    blind = [finding for finding, twin in twins if finding.outcome != "ERROR" and twin > best]
    if not blind:
        return ()
    who = "an equal candidate" if gate.is_change else "even a perfect model"
    of = f" of {blind[0].subject}" if len(findings) > 1 else ""
    return (f"finer than {blind[0].observed.n} images{of} can see: {who} would pass with a probability below 0.80",)


def _notes_of_tests(gate: Gate, observed: list[tuple[str, Observation | str]]) -> tuple[str, ...]:
    """What the first subject's test has to say."""
    said = [seen.note for _, seen in observed if isinstance(seen, Observation) and seen.note]
    return () if gate.decide == "point" else tuple(said[:1])


def _excuse(result: Result, today: date) -> Result:
    """Severity and waiver; an ERROR has no excuse."""
    gate = result.gate
    waivable = result.outcome in {"FAIL", "INCONCLUSIVE"}
    if waivable and gate.waiver and today <= gate.waiver.expires:
        return replace(result, outcome="WAIVED")
    if waivable and gate.waiver:
        note = f"the waiver of {gate.waiver.owner} expired on {gate.waiver.expires.isoformat()}"
        result = replace(result, notes=(*result.notes, note))
    if result.outcome == "FAIL" and gate.severity == "warning":
        return replace(result, outcome="WARN")
    return result
