"""The rules as a TOML document: gates.toml of a run folder."""

import json
from collections.abc import Iterable
from typing import Any

from mnist_report.gates.rules import Gate, GateSet


def to_toml(gates: GateSet) -> str:
    """The rules as a document that `parse_gates` reads to the same rules."""
    return "\n".join([f'inconclusive = "{gates.inconclusive}"', *map(_gate_toml, gates.gates)]) + "\n"


def _gate_toml(gate: Gate) -> str:
    values: list[tuple[str, Any]] = [
        ("name", gate.name),
        ("metric", gate.metric),
        *([] if gate.runs is not None else [(gate.sense, gate.threshold)]),
        ("class", gate.class_name),
        ("slice", gate.slice_name),
        ("severity", gate.severity),
        ("decide", gate.decide),
        ("level", gate.level),
        ("baseline_missing", gate.baseline_missing),
    ]
    lines = ["", "[[gates]]", *_lines(values)]
    if gate.runs is not None:
        lines.append(f"{gate.sense} = {{runs = {gate.runs}, drop = {_literal(gate.threshold)}}}")
    if gate.waiver:
        parts = _lines([("reason", gate.waiver.reason), ("owner", gate.waiver.owner)])
        lines.append(f"waiver = {{{', '.join(parts)}, expires = {gate.waiver.expires.isoformat()}}}")
    return "\n".join(lines)


def _lines(values: Iterable[tuple[str, Any]]) -> list[str]:
    return [f"{key} = {_literal(value)}" for key, value in values if value is not None]


def _literal(value: str | float) -> str:
    # JSON's strings are TOML's, but for the one control character that JSON leaves as it is.
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
