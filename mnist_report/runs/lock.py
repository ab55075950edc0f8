"""One at a time: whoever writes run folders or the history of a folder holds its lock.

The lock is the kernel's, on the file `.lock`, which stays: it is free as soon as the process that held it is gone,
however it went. Who holds it stands in `.lock.json`, for the message alone: where the lock is free, nobody looks at it.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from mnist_report.errors import LockedError, OutputError
from mnist_report.runs.durable import FULL, write_durably

LOCK, HOLDER = ".lock", ".lock.json"
LOOK_SECONDS = 0.05
# So long a process that has just got the lock may take to say who it is.
SAYING_SECONDS = 1.0
MOST_LETTERS = 100


@contextmanager
def locked(
    reports: Path, holder: Mapping[str, str], wait_seconds: float = 0, *, needs_room: bool = True
) -> Iterator[None]:
    """Hold the lock of a folder of run folders.

    Args:
        reports: the folder; it is there.
        holder: who wants it, for the message of the next one: host, since and command.
        wait_seconds: so long to wait for another one that holds it.
        needs_room: whether a full disk is an error; whoever makes room goes without saying who it is.

    Raises:
        LockedError: another one holds it.
        OutputError: the folder cannot be written to.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(reports / LOCK, timeout=wait_seconds, poll_interval=LOOK_SECONDS, mode=0o644)
    try:
        lock.acquire()
        (reports / HOLDER).unlink(missing_ok=True)  # of one that is gone
        try:
            write_durably(reports / HOLDER, (json.dumps({"pid": os.getpid(), **holder}) + "\n").encode())
        except OSError as error:
            if needs_room or error.errno not in FULL:
                raise
    except Timeout as error:
        raise LockedError(
            f"{reports}: another run holds it: {_who(reports, holder['host'])}; wait for it with --wait SECONDS, "
            "or give another --reports"
        ) from error
    except OSError as error:
        lock.release()
        raise OutputError(f"{error.filename or reports}: cannot be written: {error.strerror or error}") from error
    except BaseException:
        lock.release()
        raise
    try:
        yield
    finally:
        with suppress(OSError):
            (reports / HOLDER).unlink(missing_ok=True)
        lock.release()


def _who(reports: Path, here: str) -> str:
    """The holder in words.

    Args:
        reports: the folder.
        here: this machine's name.
    """
    until = time.monotonic() + SAYING_SECONDS
    words = "one that does not say who it is"
    while time.monotonic() < until:
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            found = json.loads((reports / HOLDER).read_text("utf-8"))
            pid, command = int(found["pid"]), str(found["command"])
            command = command if len(command) <= MOST_LETTERS else f"{command[: MOST_LETTERS - 3]}..."
            words = f"process {pid} on {found['host']} since {found['since']} ({command})"
            if found["host"] != here or _lives(pid):
                return words
        # The last one is gone, and the next has not said yet who it is; or it lives in another container.
        time.sleep(LOOK_SECONDS)
    return words


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True
