"""Commands in turns, and what each of them cost.

Both sides of a ratio run in the same round: a shared machine's absolute times mean little.
"""

import os
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memory import Watched

COMMAND = str(Path(sysconfig.get_path("scripts")) / "mnist-report")
# What the system counts the memory of an ended process in.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Spent:
    """What a command cost.

    Attributes:
        seconds: from its start to its end.
        processor: seconds that processors worked for it and for the processes that it waited for.
        megabytes: the peak of the resident memory of all of its processes together.
    """

    seconds: float
    processor: float
    megabytes: float


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        what: was measured.
        value: with its unit, or why there is none.
        spread: of the value, the least and the most of the rounds; or empty.
        ratio: to what it is held against, or the number itself where a bound is on that; None for neither.
        most: that the ratio may be, or None.
        least: that the ratio may be, or None.
        low: end of the ratio's spread, or None.
        high: end of the ratio's spread, or None.
        unit: of the ratio, where it is none.
    """

    what: str
    value: str
    spread: str = ""
    ratio: float | None = None
    most: float | None = None
    least: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Point:
    """What a command cost on n images.

    Attributes:
        series: which command.
        n: images, or predictions.
        round: in which it ran; some run several times in one.
        seconds: from its start to its end.
        processor: seconds.
        megabytes: at its peak.
        laps: seconds of each stage, where the command wrote a run folder.
    """

    series: str
    n: int
    round: int
    seconds: float
    processor: float
    megabytes: float
    laps: Mapping[str, float]


@dataclass(frozen=True)
class Bar:
    """What one process did from when to when, in seconds since the command was started."""

    process: str
    what: str
    began: float
    ended: float


@dataclass(frozen=True)
class Measured:
    """What a group found: a table, and what is drawn."""

    rows: Sequence[Row]
    points: Sequence[Point] = ()
    bars: Sequence[Bar] = ()


def skipped(what: str, why: str, most: float | None = None) -> Row:
    """A line for what cannot be had here."""
    return Row(what, f"skipped: {why}", most=most)


def spend(command: Sequence[str], folder: Path, more: Mapping[str, str] | None = None) -> Spent:
    """Run one command to its end.

    Args:
        command: to run.
        folder: where it runs.
        more: variables of the environment.

    Raises:
        RuntimeError: it failed; the message is what it said.
    """
    # As installed: with the bytecode that pip writes, whatever the shell says of writing it.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": "", **(more or {})}
    with (folder / "said").open("w+b") as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, env=environment)
        with Watched(process.pid) as watched:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: status {process.returncode}\n{said.read().decode()}")
    # Without /proc, what the system says of the largest process.
    peak = watched.peak or usage.ru_maxrss * MAXRSS_UNIT
    return Spent(seconds, usage.ru_utime + usage.ru_stime, peak / 1e6)


def in_rounds(commands: Mapping[str, Sequence[str]], rounds: int, folder: Path) -> dict[str, list[Spent]]:
    """Run all commands one after the other, so many times."""
    spent: dict[str, list[Spent]] = {name: [] for name in commands}
    for number in range(1, rounds + 1):
        for name, command in commands.items():
            spent[name].append(spend(command, folder))
            say(f"{number}/{rounds} {name}: {spent[name][-1].seconds:.2f} s")
    return spent


def say(line: str) -> None:
    """How far it is, for whoever waits."""
    print(line, file=sys.stderr, flush=True)


def seconds_row(what: str, mine: Sequence[Spent], against: Sequence[Spent] = (), most: float | None = None) -> Row:
    """The median seconds of a command, and its ratio to another."""
    theirs = [spent.seconds for spent in against]
    return times_row(what, [spent.seconds for spent in mine], theirs, most)


def times_row(what: str, mine: Sequence[float], against: Sequence[float] = (), most: float | None = None) -> Row:
    """The median of seconds, and the median of their ratios to others of the same rounds."""
    ratios = [a / b for a, b in zip(mine, against, strict=True)] if against else []
    return Row(
        what,
        f"{statistics.median(mine):.2f} s",
        f"{min(mine):.2f} to {max(mine):.2f}",
        statistics.median(ratios) if ratios else None,
        most,
        low=min(ratios, default=None),
        high=max(ratios, default=None),
    )
