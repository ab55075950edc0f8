"""Writing what must outlast a crash: fsync before a rename, and the folder's own fsync after it."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

# A few file systems cannot sync a folder, and say so.
CANNOT_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.ENOSYS})
# What a disk without room says, or a quota that is used up.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk.

    Raises:
        OSError: the disk refuses.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in CANNOT_SYNC:
            error.filename = str(path)
            raise
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until all files of a folder, then all its folders, are on the disk.

    Raises:
        OSError: the disk refuses.
    """
    for place, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(Path(place, name))
        sync(Path(place))


def beside(path: Path) -> Path:
    """A hidden name beside a file's place, that `leftovers` knows for ours."""
    return path.with_name(f".{path.name.removeprefix('.')}.{secrets.token_hex(4)}.unfinished")


def write_durably(path: Path, content: bytes) -> None:
    """Write a file beside its place, and put it there whole.

    Raises:
        OSError: the disk refuses; what was there is as it was.
    """
    unfinished = beside(path)
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync(path.parent)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
