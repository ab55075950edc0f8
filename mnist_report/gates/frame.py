"""The verdict as a table and as part of metrics.json."""

import math
from typing import TYPE_CHECKING, Any

from mnist_report.gates.verdict import Finding, Result, Verdict

if TYPE_CHECKING:
    import pandas as pd


def gates_frame(verdict: Verdict) -> "pd.DataFrame":
    """A row for each gate and subject: gate, outcome (of the gate), subject (class or slice, empty for the whole set),
    finding (its outcome), metric, sense, threshold, value, ci_low, ci_high, n, margin, detectable_shortfall,
    detectable_margin, images, reason.
    """
    import pandas as pd

    rows = [
        {"gate": result.gate.name, "outcome": result.outcome, **_finding(result, finding)}
        for result in verdict.results
        for finding in result.findings
    ]
    columns = ["gate", "outcome", *_COLUMNS]
    return pd.DataFrame(rows, columns=columns)


def gates_document(verdict: Verdict) -> list[dict[str, Any]]:
    """metrics.json's `gates`; an unknown number is null, and so are more than ten times the images."""
    return [
        {
            "name": result.gate.name,
            "outcome": result.outcome,
            "severity": result.gate.severity,
            "blocks": verdict.blocks(result),
            "notes": list(result.notes),
            "findings": [
                {name: _json(value) for name, value in _finding(result, finding).items()} for finding in result.findings
            ],
        }
        for result in verdict.results
    ]


_COLUMNS = (
    *("subject", "finding", "metric", "sense", "threshold", "value", "ci_low", "ci_high", "n"),
    *("margin", "detectable_shortfall", "detectable_margin", "images", "reason"),
)


def _finding(result: Result, finding: Finding) -> dict[str, Any]:
    gate, seen = result.gate, finding.observed
    parts = (
        *(finding.subject, finding.outcome, gate.metric, gate.sense, gate.threshold),
        *(seen.value, seen.ci_low, seen.ci_high, seen.n),
        *(finding.margin, finding.shortfall, finding.twin, finding.images, finding.reason),
    )
    return dict(zip(_COLUMNS, parts, strict=True))


def _json(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
