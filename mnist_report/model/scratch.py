"""Private temporary folders that a killed process cannot leave behind for good.

Each is locked by the process that made it. The kernel frees the lock when that process is gone, however it went, so
that another one can tell what is left over from what is in use.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# Not that of earlier versions, whose folders nobody locked.
PREFIX = "mnist-report-scratch-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder for this process alone; it goes with the context.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        descriptor = _hold(folder)
        if descriptor is not None:
            break
        # Somebody took it for a leftover before it was locked, and has removed it.
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_leftovers() -> list[Path]:
    """Remove this user's folders whose processes are gone, and say which; others are not touched."""
    removed = []
    for folder in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
        with suppress(OSError):
            if folder.lstat().st_uid != os.getuid():
                continue
            descriptor = _hold(folder)
            if descriptor is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)
                removed.append(folder)
    return removed


def _hold(folder: Path) -> int | None:
    """Lock a folder, no link; None where another process has it or it is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), folder.lstat()):
            return descriptor
    os.close(descriptor)
    return None
