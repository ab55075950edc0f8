"""The history as a table for people, as CSV for spreadsheets, and as JSON for programs."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_report.evaluation.metrics import Metric
from mnist_report.report import text
from mnist_report.report.plain import harmless, plain
from mnist_report.runs.history import FIELDS, PastRun

WIDTH = 100
HEAD = ("when (UTC)", "gates", "accuracy (95 %)", "errors", "model", "run-id")
GAP = "  "
# A run-id that is cut keeps its time and its digest.
FIRST, LAST = 17, 7
MODEL, LEAST_MODEL = 4, 8
UNKNOWN = Metric(math.nan, math.nan, math.nan, 0)


def history_table(runs: Sequence[PastRun]) -> str:
    """Lines of at most 100 characters; long names are cut, which they are not in CSV and JSON."""
    rows = [HEAD, *(_cells(run) for run in runs)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]
    room = WIDTH - len(GAP) * (len(HEAD) - 1) - sum(widths[:MODEL])
    # The run-id has the model's name in it, so that is cut first.
    widths[MODEL] = max(min(widths[MODEL], room - widths[-1]), min(widths[MODEL], LEAST_MODEL))
    widths[-1] = min(widths[-1], room - widths[MODEL])
    lines = []
    for row in rows:
        cells = (*row[:MODEL], text.short(row[MODEL], widths[MODEL]), _short_id(row[-1], widths[-1]))
        lines.append(GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    return "\n".join(lines) + "\n"


def history_csv(runs: Sequence[PastRun]) -> str:
    """A row a run; what is not defined is empty."""
    file = io.StringIO()
    records = [_record(run) for run in runs]
    columns = list(records[0]) if records else [*FIELDS, *_measured({})]
    writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
    writer.writeheader()
    for record in records:
        writer.writerow({name: harmless(value) if isinstance(value, str) else value for name, value in record.items()})
    return file.getvalue()


def history_json(runs: Sequence[PastRun]) -> str:
    """A list of objects; what is not defined is null."""
    return json.dumps([_record(run) for run in runs], indent=1, allow_nan=False) + "\n"


def _record(run: PastRun) -> dict[str, Any]:
    return {name: getattr(run, name) for name in FIELDS} | _measured(run.overall)


def _measured(overall: Mapping[str, Metric]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("accuracy", "errors", "balanced_accuracy", "macro_f1", "log_loss", "brier", "ece"):
        metric = overall.get(name, UNKNOWN)
        found[name] = _finite(metric.value)
        if name == "errors" and found[name] is not None:
            found[name] = int(metric.value)
        if name == "accuracy":
            found |= {"accuracy_ci_low": _finite(metric.ci_low), "accuracy_ci_high": _finite(metric.ci_high)}
    return found


def _cells(run: PastRun) -> tuple[str, ...]:
    accuracy, errors = run.overall.get("accuracy", UNKNOWN), run.overall.get("errors", UNKNOWN).value
    spread = "" if math.isnan(accuracy.ci_low) else f" ({_narrow(text.percent_interval(accuracy))})"
    return (
        plain(run.created[:16].replace("T", " ")),
        plain(run.verdict or text.DASH),
        f"{text.percent(accuracy)}{spread}",
        text.DASH if math.isnan(errors) else text.count(int(errors)),
        plain(run.model),
        plain(run.run_id),
    )


def _narrow(interval: str) -> str:
    """An interval without its blanks and its unit."""
    return interval.removesuffix(" %").replace(" ", "")


def _short_id(run_id: str, width: int) -> str:
    if len(run_id) <= width:
        return run_id
    return text.short(run_id[:-LAST], max(width - LAST, FIRST)) + run_id[-LAST:]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
