"""What both processes of one `mnist-report run` do when, and what comes after the model's last answer."""

import json
import statistics
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from commands import BARE_COMMAND
from probe import END, MODEL, REPORT
from rounds import Bar, Measured, Row, say, spend, times_row

PROBE = Path(__file__).with_name("probe.py")
# Pieces of one kind with less than this between them are one bar, and shorter bars are left out: they would not show.
GAP_SECONDS, LEAST_SECONDS = 0.03, 0.02
AIM, WHOLE = 1.25, "mnist-report run, watched, over the bare script"


def measure(rounds: int, folder: Path) -> Measured:
    """Runs that are watched beside the bare script; the bars are those of the round in the middle."""
    found: list[list[Bar]] = []
    bare: list[float] = []
    for number in range(1, rounds + 1):
        bare.append(spend(BARE_COMMAND, folder).seconds)
        found.append(_watched(folder))
        say(f"{number}/{rounds} timeline: {end_of(found[-1]):.2f} s, bare script {bare[-1]:.2f} s")
    middle = sorted(found, key=end_of)[len(found) // 2]
    return Measured(rows_of(found, bare), bars=middle)


def _watched(folder: Path) -> list[Bar]:
    log = folder / "timeline.jsonl"
    log.unlink(missing_ok=True)
    began = time.monotonic()
    spend([sys.executable, str(PROBE), "run"], folder, {"TIMELINE": str(log), "TIMELINE_BEGAN": str(began)})
    ended = time.monotonic() - began
    pieces = [json.loads(line) for line in log.read_text().splitlines()]
    bars = [Bar(one["process"], one["what"], one["from"] - began, one["to"] - began) for one in pieces]
    last = max(bar.ended for bar in bars)
    return [*merged(bars), Bar(REPORT, END, last, ended)]


def merged(bars: Iterable[Bar]) -> list[Bar]:
    """Pieces that follow each other as one bar, process by process; what is too short to be seen is left out."""
    found: list[Bar] = []
    for bar in sorted(bars, key=lambda bar: (bar.process != REPORT, bar.began)):
        before = found[-1] if found else None
        if (
            before
            and (before.process, before.what) == (bar.process, bar.what)
            and bar.began - before.ended < GAP_SECONDS
        ):
            found[-1] = Bar(bar.process, bar.what, before.began, bar.ended)
        else:
            found.append(bar)
    return [bar for bar in found if bar.ended - bar.began >= LEAST_SECONDS]


def end_of(bars: Iterable[Bar]) -> float:
    """When the command was over, in seconds."""
    return max(bar.ended for bar in bars)


def last_answer(bars: Iterable[Bar]) -> float:
    """When the model had answered for the last image, in seconds."""
    return max(bar.ended for bar in bars if bar.process == MODEL)


def rows_of(found: Sequence[Sequence[Bar]], bare: Sequence[float]) -> list[Row]:
    """The way to the last answer and what comes after it, over the bare script.

    Args:
        found: the bars of each round.
        bare: seconds of the bare script in each round.
    """
    whole = [end_of(bars) for bars in found]
    answered = [last_answer(bars) for bars in found]
    behind = statistics.median(w - AIM * b for w, b in zip(whole, bare, strict=True))
    after = [_after(bars, then) for bars, then in zip(found, answered, strict=True)]
    shares = [
        times_row(f"after it: {label}", [one.get(label, 0.0) for one in after], bare)
        for label in dict.fromkeys(label for one in after for label in one)
        if statistics.median(one.get(label, 0.0) for one in after) >= LEAST_SECONDS
    ]
    return [
        times_row("bare script", bare),
        times_row(WHOLE, whole, bare),
        times_row("of it, until the model's last answer", answered, bare),
        *shares,
        Row(f"more than {AIM} times the bare script", f"{behind:+.2f} s"),
    ]


def _after(bars: Sequence[Bar], then: float) -> dict[str, float]:
    """The seconds that the report's process spends on each thing from a moment on, and on what has no name."""
    found: dict[str, float] = {}
    for bar in bars:
        if bar.process == REPORT and bar.ended > then:
            found[bar.what] = found.get(bar.what, 0.0) + bar.ended - max(bar.began, then)
    rest = end_of(bars) - then - sum(found.values())
    return {**found, "all the rest": rest}
