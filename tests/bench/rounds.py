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

COMMAND = str(Path(sysconfig.get_path("scripts")) / "mnist-report")


@dataclass(frozen=True)
class Spent:
    """What a command cost.

    Attributes:
        seconds: from its start to its end.
        megabytes: the peak of the resident memory of the largest of its processes.
    """

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Row:
    """A line of a table.

    Attributes:
        what: was measured.
        value: with its unit.
        spread: the least and the most of the rounds, or empty.
        ratio: to what it is held against, or None.
        most: that the ratio should be, or None.
    """

    what: str
    value: str
    spread: str = ""
    ratio: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return f"| {self.what} | {self.value} | {self.spread} | {ratio} | {'' if self.most is None else self.most} |"


def spend(command: Sequence[str], folder: Path) -> Spent:
    """Run one command to its end.

    Raises:
        RuntimeError: it failed; the message is what it said.
    """
    # As installed: with the bytecode that pip writes, whatever the shell says of writing it.
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONDONTWRITEBYTECODE": ""}
    with (folder / "said").open("w+b") as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: status {process.returncode}\n{said.read().decode()}")
    return Spent(seconds, usage.ru_maxrss / 1e3)


def in_rounds(commands: Mapping[str, Sequence[str]], rounds: int, folder: Path) -> dict[str, list[Spent]]:
    """Run all commands one after the other, so many times."""
    spent: dict[str, list[Spent]] = {name: [] for name in commands}
    for number in range(1, rounds + 1):
        for name, command in commands.items():
            spent[name].append(spend(command, folder))
            print(f"{number}/{rounds} {name}: {spent[name][-1].seconds:.2f} s", file=sys.stderr)
    return spent


def seconds_row(what: str, mine: Sequence[Spent], against: Sequence[Spent] = (), most: float | None = None) -> Row:
    """The median seconds of a command, and its ratio to another: the median of the ratios within each round."""
    times = [spent.seconds for spent in mine]
    ratio = None
    if against:
        ratio = statistics.median(a.seconds / b.seconds for a, b in zip(mine, against, strict=True))
    return Row(what, f"{statistics.median(times):.2f} s", f"{min(times):.2f} to {max(times):.2f}", ratio, most)


def table(rows: Sequence[Row]) -> str:
    """In Markdown."""
    return "\n".join(["| what | median | spread | ratio | at most |", "|---|---|---|---|---|", *map(str, rows)])
