"""The real command in folders of its own, with a look at all that it and its children do there."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import mnist_report

AUDIT = Path(__file__).parent / "audit"
PACKAGE_PARENT = Path(mnist_report.__file__).parents[1]
PAUSE = 0.02
FONTS = "home/matplotlib"
MOST_SECONDS, MOST_MEMORY = 60, 3 * 10**9
LIBRARIES = {"tensorflow", "onnxruntime", "ai_edge_litert"}
# What a run does, whatever the file: matplotlib looks for fonts, urllib3 for IPv6, and keras for a folder of settings
# that it is not given. What is unpickled comes from the other process.
USUAL = re.compile(
    rf"import ({'|'.join(sorted(LIBRARIES))})"
    rf"|subprocess\.Popen (git|uname|fc-list|lscpu|{re.escape(sys.executable)}) .*"
    r"|pickle\.find_class (mnist_report|numpy|multiprocessing)\..*|pickle\.find_class pathlib\.(_local\.)?PosixPath"
    r"|written /dev/null/keras\.json|socket\.bind .*\('::1', 0\)"
)
# From <sys/inotify.h>: a file was read, changed, opened, created, removed.
ANYTHING = 0x1 | 0x2 | 0x20 | 0x100 | 0x200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call of the command came to.

    Attributes:
        status: the exit status, or minus the signal.
        out: its standard output.
        err: its standard error.
        seconds: so long it took.
        memory: the most bytes that its processes held at a time.
        largest: the most that one of them held.
        events: what the audit hooks saw, each a list of texts.
        changed: files outside of reports/ that are there, or gone, or other than before.
        watched: whether anybody looked into the folder of secrets.
        left: whether a process was left behind.
    """

    status: int
    out: str
    err: str
    seconds: float
    memory: int
    largest: int
    events: list[list[str]]
    changed: list[str]
    watched: bool
    left: bool

    @property
    def libraries(self) -> set[str]:
        """Those that run models, as far as they were started."""
        return {name for event, name, *_ in self.events if event == "import"} & LIBRARIES

    def complaints(self, name: str) -> list[str]:
        """What should not have happened, where the command was given a file of this name that nobody can trust."""
        lines = self.err.splitlines()
        errors = [line for line in lines if line.startswith("error: ")]
        refused = lines == errors and len(errors) == 1 and name in errors[0]
        warned = all(line.startswith("warning: ") for line in lines)
        strange = [event for event in self.events if not USUAL.fullmatch(" ".join(event))]
        found = {
            f"status {self.status}": self.status not in (0, 3),
            "not one line that names the file": self.status == 3 and not (refused and not self.out),
            "errors of a run that succeeded": self.status == 0 and not warned,
            f"{self.seconds:.0f} s": self.seconds >= MOST_SECONDS,
            f"{self.memory:,} bytes of memory": self.memory >= MOST_MEMORY,
            f"changed {self.changed}": bool(self.changed),
            "read what it should not": self.watched,
            "a process was left behind": self.left,
            f"did {strange[:5]}": bool(strange),
        }
        return [what for what, is_so in found.items() if is_so]


class Sandbox:
    """Folders: `home`, `work` (the current one), `temporary`, `files`, `secret`, and `reports` for the runs."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("home", "work", "temporary", "files", "secret", "reports", "log"):
            (root / name).mkdir()
        # Whoever imports what a file names would import these.
        for name in ("evil", "sitecustomize_evil"):
            (root / "work" / f"{name}.py").write_text("open('was_here', 'w').close()\n", "utf-8")
        (root / "secret" / "words.txt").write_text("secret\n" * 100, "utf-8")

    @property
    def secret(self) -> Path:
        """A file that nobody may open."""
        return self.root / "secret" / "words.txt"

    @property
    def canary(self) -> Path:
        """A file that code of an attack makes."""
        return self.root / "work" / "was_here"

    def run(self, *arguments: str | Path, patience: float = 120) -> Outcome:
        """Call the command; one that takes longer than `patience` is killed, and so has the status -9."""
        log = self.root / "log" / "audit.jsonl"
        log.unlink(missing_ok=True)
        before = self._snapshot()
        began = time.monotonic()
        with _Watch(self.root / "secret") as watch:
            child = subprocess.Popen(
                [sys.executable, "-m", "mnist_report", *map(str, arguments)],
                cwd=self.root / "work",
                env=self._environment(log),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            meter = _Meter(child.pid)
            timer = threading.Timer(patience, os.killpg, (child.pid, signal.SIGKILL))
            timer.start()
            out, err = child.communicate()
            seconds = time.monotonic() - began
            timer.cancel()
            meter.stop()
        events = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
        after = self._snapshot()
        return Outcome(
            child.returncode,
            out.decode(errors="backslashreplace"),
            err.decode(errors="backslashreplace"),
            seconds,
            meter.most,
            meter.largest,
            events,
            sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path)),
            watch.seen,
            _group_lives(child.pid),
        )

    def _environment(self, log: Path) -> dict[str, str]:
        places = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
        ours = ("MNIST_REPORT_", "KERAS_", "MPLCONFIGDIR", "ORT_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        # The font cache is matplotlib's own, whatever the files.
        allowed = [f"{self.root / name}/" for name in ("temporary", "reports", FONTS)]
        return kept | {
            **dict.fromkeys(places, str(self.root / "home")),
            "TMPDIR": str(self.root / "temporary"),
            "PYTHONPATH": f"{AUDIT}{os.pathsep}{PACKAGE_PARENT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AUDIT_LOG": str(log),
            "AUDIT_ALLOWED": json.dumps([*allowed, "/proc/self/", "/dev/shm/", "/dev/nvidia"]),  # noqa: S108
        }

    def _snapshot(self) -> dict[str, object]:
        """Every file outside of reports/, with what changes when somebody writes it."""
        found: dict[str, object] = {}
        for name in ("home", "work", "temporary", "files", "secret"):
            for path in (self.root / name).rglob("*"):
                if path.is_relative_to(self.root / FONTS):
                    continue
                facts = path.lstat()
                size = None if path.is_dir() else (facts.st_size, facts.st_mtime_ns)
                found[str(path.relative_to(self.root))] = (facts.st_mode, size)
        return found


class _Meter:
    """Looks at the memory of a process and all its children, some fifty times a second."""

    def __init__(self, pid: int) -> None:
        self.most = self.largest = 0
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(PAUSE):
            pids = _family(self._pid)
            sizes = [_resident(pid) for pid in pids]
            self.most = max(self.most, sum(sizes))
            self.largest = max([self.largest, *sizes])


def _family(pid: int) -> list[int]:
    """A process and all below it, but for those that are just being forked: they share their parent's memory."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                children = [int(word) for word in (task / "children").read_text().split()]
                found += [child for child in children if _called(child) != _called(parent)]
    return found


def _called(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _resident(pid: int) -> int:
    with suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _group_lives(group: int) -> bool:
    """Whether a process is left after a moment; multiprocessing's own helper takes one to notice."""
    for _ in range(250):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(PAUSE)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    return True


class _Watch:
    """Whether anybody, in whatever language, looks into a folder."""

    def __init__(self, folder: Path) -> None:
        self.seen = False
        self._folder = folder

    def __enter__(self) -> Self:
        libc = ctypes.CDLL(None, use_errno=True)
        self._file = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        # Files too: a link to one from elsewhere tells their folder nothing.
        for path in (self._folder, *self._folder.rglob("*")):
            if libc.inotify_add_watch(self._file, os.fsencode(path), ANYTHING) < 0:
                raise OSError(ctypes.get_errno(), "inotify")
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BlockingIOError):
            self.seen = bool(os.read(self._file, 1 << 16))
        os.close(self._file)
