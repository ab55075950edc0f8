"""What a monitor sees of a folder of runs: OpenMetrics of the last run and the last success, and one JSON of the last
failure.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mnist_report.ci.openmetrics import Samples, exposition
from mnist_report.gates.verdict import OUTCOMES
from mnist_report.report.plain import plain
from mnist_report.report.text import short
from mnist_report.runs.history import PastGate, PastRun

MOST_LETTERS = 1_000
SUCCESS = re.compile(r"^mnist_report_last_success_(\w+)_seconds (\d+(?:\.\d+)?(?:e[+-]?\d+)?)$", re.MULTILINE)
HELPS = {
    "last_run_timestamp_seconds": "When the last run ended, however it did.",
    "last_run_duration_seconds": "How long it took.",
    "last_run_exit_status": "The exit status that it ended with.",
    "last_success_timestamp_seconds": "When the last run with exit status 0 ended; one of several models: of them all.",
    "last_success_duration_seconds": "How long it took.",
    "metric": "A metric of the whole set, of the last finished run; one of several models: of each of them.",
    "metric_ci_low": "The lower bound of its 95 % interval.",
    "metric_ci_high": "The upper bound of its 95 % interval.",
    "gate": "1 for the outcome of a gate of the last finished run, else 0.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a command that makes runs ended.

    Attributes:
        run_id: of its run.
        command: as typed.
        host: the machine.
        version: of this program.
        ended: when.
        seconds: it took.
        exit_status: that it ends with.
        message: what went wrong, or nothing.
    """

    run_id: str
    command: str
    host: str
    version: str
    ended: datetime
    seconds: float
    exit_status: int
    message: str


def failure_json(ending: Ending) -> str:
    """last-failure.json; the message is one line."""
    document = {
        "when": ending.ended.isoformat(timespec="seconds"),
        "run_id": ending.run_id,
        "command": plain(ending.command),
        "exit_status": ending.exit_status,
        "message": short(plain(" ".join(ending.message.split())), MOST_LETTERS),
        "version": ending.version,
        "host": ending.host,
    }
    return json.dumps(document, indent=1) + "\n"


@dataclass(frozen=True, slots=True)
class Success:
    """The last command that ended with exit status 0.

    Attributes:
        ended: when, in seconds since 1970.
        seconds: it took.
    """

    ended: float
    seconds: float


def success_in(text: str) -> Success | None:
    """The last success that a metrics.prom tells of, or None. A command of several models has no row of its own in
    the history, where those of them that were fine may stand beside one that failed.
    """
    found = dict(SUCCESS.findall(text))
    if found.keys() != {"timestamp", "duration"}:
        return None
    return Success(float(found["timestamp"]), float(found["duration"]))


def monitoring_text(
    ending: Ending, finished: Sequence[tuple[PastRun, Sequence[PastGate]]], success: Success | None
) -> str:
    """metrics.prom beside the run folders.

    Args:
        ending: of the command that has just ended.
        finished: the last finished runs, with what their gates found; of one model the last counts.
        success: the last one before, or None.
    """
    if ending.exit_status == 0:
        success = Success(ending.ended.timestamp(), ending.seconds)
    families: dict[str, Samples] = {
        "last_run_timestamp_seconds": [({}, round(ending.ended.timestamp(), 3))],
        "last_run_duration_seconds": [({}, round(ending.seconds, 3))],
        "last_run_exit_status": [({}, float(ending.exit_status))],
    }
    if success is not None:
        families["last_success_timestamp_seconds"] = [({}, round(success.ended, 3))]
        families["last_success_duration_seconds"] = [({}, round(success.seconds, 3))]
    by_model = {run.model: (run, gates) for run, gates in finished}
    metrics = [
        ({"model": model, "metric": name}, metric)
        for model, (run, _) in by_model.items()
        for name, metric in run.overall.items()
    ]
    families["metric"] = [(labels, metric.value) for labels, metric in metrics]
    families["metric_ci_low"] = [(labels, metric.ci_low) for labels, metric in metrics]
    families["metric_ci_high"] = [(labels, metric.ci_high) for labels, metric in metrics]
    families["gate"] = [
        state
        for model, (_, gates) in by_model.items()
        for state in _states(model, {gate.name: gate.outcome for gate in gates})
    ]
    return exposition({name: samples for name, samples in families.items() if samples}, HELPS)


def _states(model: str, outcomes: Mapping[str, str]) -> Samples:
    return [
        ({"model": model, "gate": name, "outcome": outcome}, float(found == outcome))
        for name, found in outcomes.items()
        for outcome in OUTCOMES
    ]
