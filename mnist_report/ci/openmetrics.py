"""OpenMetrics text, for GitLab's metrics reports and Prometheus's textfile collector."""

import math
from collections.abc import Mapping
from typing import TypeAlias

from mnist_report.evaluation.metrics import Metric
from mnist_report.gates.verdict import OUTCOMES, Verdict
from mnist_report.report.plain import plain

# Labels and value of each sample of a gauge.
Samples: TypeAlias = list[tuple[dict[str, str], float]]


def openmetrics(overall: Mapping[str, Metric], verdict: Verdict | None, *, model: str) -> str:
    """The metrics of the whole set with their bounds, and each gate's outcome.

    Args:
        overall: by metric.
        verdict: of the run, or None where there were no gates.
        model: its name, a label of every sample.
    """
    families: dict[str, Samples] = {
        "metric": [({"model": model, "metric": name}, m.value) for name, m in overall.items()],
        "metric_ci_low": [({"model": model, "metric": name}, m.ci_low) for name, m in overall.items()],
        "metric_ci_high": [({"model": model, "metric": name}, m.ci_high) for name, m in overall.items()],
    }
    helps = {
        "metric": "A metric of the whole set.",
        "metric_ci_low": "The lower bound of its 95 % interval.",
        "metric_ci_high": "The upper bound of its 95 % interval.",
        "gate": "1 for the outcome of a gate, else 0.",
        "exit_status": "The exit status by the gates.",
    }
    if verdict is not None:
        families["gate"] = [
            ({"model": model, "gate": result.gate.name, "outcome": outcome}, float(result.outcome == outcome))
            for result in verdict.results
            for outcome in OUTCOMES
        ]
        families["exit_status"] = [({"model": model}, float(verdict.exit_status))]
    return exposition(families, helps)


def exposition(families: Mapping[str, Samples], helps: Mapping[str, str]) -> str:
    """OpenMetrics text.

    Args:
        families: the samples of each gauge by its name; what is not finite is left out.
        helps: what each gauge is.
    """
    lines = []
    for name, samples in families.items():
        lines += [f"# TYPE mnist_report_{name} gauge", f"# HELP mnist_report_{name} {helps[name]}"]
        lines += [
            f"mnist_report_{name}{_labels(labels)} {number!r}" for labels, number in samples if math.isfinite(number)
        ]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels.items()) + "}"


def _escape(text: str) -> str:
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')
