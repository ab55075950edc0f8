"""What a look at the machine found: a line for people, a table for machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mnist_report.report.plain import plain

State = Literal["ok", "warn", "fail"]
# Green, yellow and red.
COLOURS: dict[State, str] = {"ok": "32", "warn": "33", "fail": "31"}
NAME_WIDTH = 14


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a run needs, and how it is.

    Attributes:
        name: of the thing.
        state: "ok"; "warn" where a run works and somebody should know; "fail" where it would not work as wanted.
        found: what is there.
        fix: what to do; empty where all is well.
    """

    name: str
    state: State
    found: str
    fix: str = ""


def line(check: Check, *, colour: bool = False) -> str:
    """The check as a line, and what to do about it as a second one."""
    state = f"{check.state:4}"
    if colour:
        state = f"\x1b[{COLOURS[check.state]}m{state}\x1b[0m"
    text = f"{state}  {check.name:{NAME_WIDTH}} {_one_line(check.found)}"
    return f"{text}\n      {'':{NAME_WIDTH}} fix: {_one_line(check.fix)}" if check.fix else text


def document(checks: Sequence[Check]) -> dict[str, Any]:
    """All checks for machines; the state is the worst one."""
    rows = [
        {"name": check.name, "state": check.state, "found": _one_line(check.found), "fix": _one_line(check.fix)}
        for check in checks
    ]
    return {"format": 1, "state": worst(checks), "checks": rows}


def worst(checks: Sequence[Check]) -> State:
    """The worst state of all; "ok" where there is none."""
    states = {check.state for check in checks}
    return "fail" if "fail" in states else "warn" if "warn" in states else "ok"


def _one_line(text: str) -> str:
    return plain(" ".join(text.split()))
