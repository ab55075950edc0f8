"""The memory that a command and all processes it started hold together."""

import os
from pathlib import Path
from threading import Event, Thread
from typing import Self

PROCESSES = Path("/proc")
LOOK_SECONDS = 0.02


class Watched:
    """Looks at a process and all below it fifty times a second, while the context lasts.

    The resident memory of each is summed, so a page that two of them share counts twice. What a process held between
    two looks the system has kept, for each alone. Not what it says of one that has ended: that counts the memory of
    whoever started it, too. Where there is no /proc, nothing is seen.

    Attributes:
        peak: the most bytes that they held at once.
    """

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._tree = {pid}
        self._others: set[int] = set()
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        seen: set[int] = set()
        while PROCESSES.is_dir() and not self._over.is_set():
            self._find_children()
            # At its very start a process still has the memory of the one that starts it.
            held = [_memory(pid) for pid in self._tree & seen]
            self.peak = max(self.peak, sum(now for now, _ in held), *(most for _, most in held))
            seen = set(self._tree)
            self._over.wait(LOOK_SECONDS)

    def _find_children(self) -> None:
        """Each process is looked at once: whose child it is does not change while its parent lives."""
        running = {int(name) for name in os.listdir(PROCESSES) if name.isdigit()}  # noqa: PTH208  no path for each, fifty times a second
        self._tree &= running
        self._others &= running
        for pid in sorted(running - self._tree - self._others):
            (self._tree if _parent(pid) in self._tree else self._others).add(pid)


def _memory(pid: int) -> tuple[int, int]:
    """The resident bytes of a process, now and at their peak; 0 once it has ended."""
    try:
        lines = (PROCESSES / str(pid) / "status").read_text(errors="replace").splitlines()
    except OSError:
        return 0, 0
    sizes = {
        name: 1024 * int(text.split()[0])
        for name, _, text in (line.partition(":") for line in lines)
        if text.endswith("kB")
    }
    return sizes.get("VmRSS", 0), sizes.get("VmHWM", 0)


def _parent(pid: int) -> int:
    try:
        # The name before the last bracket may hold anything.
        return int((PROCESSES / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
    except OSError:
        return 0
