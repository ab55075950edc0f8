"""What a monitor sees of a folder of runs: OpenMetrics of the last run and the last success, and one JSON of the last
failure.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mnist_report.ci.openmetrics import Samples, exposition
from mnist_report.gates.verdict import OUTCOMES
from mnist_report.report.plain import plain
from mnist_report.report.text import short
from mnist_report.runs.history import PastGate, PastRun

MOST_LETTERS = 1_000
HELPS = {
    "last_run_timestamp_seconds": "When the last run ended, however it did.",
    "last_run_duration_seconds": "How long it took.",
    "last_run_exit_status": "The exit status that it ended with.",
    "last_success_timestamp_seconds": "When the last run with exit status 0 ended.",
    "last_success_duration_seconds": "How long it took.",
    "metric": "A metric of the whole set, of the last finished run.",
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


def monitoring_text(
    ending: Ending, finished: PastRun | None, gates: Sequence[PastGate], success: PastRun | None
) -> str:
    """metrics.prom beside the run folders.

    Args:
        ending: of the command that has just ended.
        finished: the last run that is in the history, or None.
        gates: what its gates found.
        success: the last one before with exit status 0, or None.
    """
    families: dict[str, Samples] = {
        "last_run_timestamp_seconds": [({}, round(ending.ended.timestamp(), 3))],
        "last_run_duration_seconds": [({}, round(ending.seconds, 3))],
        "last_run_exit_status": [({}, float(ending.exit_status))],
    }
    if ending.exit_status == 0:  # also where the history is of a later version
        families["last_success_timestamp_seconds"] = families["last_run_timestamp_seconds"]
        families["last_success_duration_seconds"] = families["last_run_duration_seconds"]
    elif success is not None:
        families["last_success_timestamp_seconds"] = [({}, round(success.ended.timestamp(), 3))]
        families["last_success_duration_seconds"] = [({}, success.duration_s or math.nan)]
    if finished is not None:
        metrics = [({"model": finished.model, "metric": name}, metric) for name, metric in finished.overall.items()]
        families["metric"] = [(labels, metric.value) for labels, metric in metrics]
        families["metric_ci_low"] = [(labels, metric.ci_low) for labels, metric in metrics]
        families["metric_ci_high"] = [(labels, metric.ci_high) for labels, metric in metrics]
        families["gate"] = _states(finished.model, {gate.name: gate.outcome for gate in gates})
    return exposition(families, HELPS)


def _states(model: str, outcomes: Mapping[str, str]) -> Samples:
    return [
        ({"model": model, "gate": name, "outcome": outcome}, float(found == outcome))
        for name, found in outcomes.items()
        for outcome in OUTCOMES
    ]
