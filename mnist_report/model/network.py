"""A process without network: in a network namespace of its own there is not even a loopback that is up."""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

# From linux/sched.h; os.unshare comes with Python 3.12.
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000


def leave_network() -> bool:
    """Cut this process, and all that it starts, off from the network; files and pipes stay as they are.

    Root may do so; anybody else needs a user namespace too, in which they stay who they are. It must be called before
    the first thread is started: another thread would stay where it was.

    Returns:
        Whether it is cut off. Where the system does not offer it, nothing has changed.
    """
    if sys.platform != "linux":
        return False
    try:
        if len(list(Path("/proc/self/task").iterdir())) > 1:
            return False
        unshare = ctypes.CDLL(None).unshare
    except (OSError, AttributeError):  # no /proc, no such library, no such function
        return False
    user, group = os.geteuid(), os.getegid()
    if unshare(NEW_NETWORK) == 0:
        return True
    # In a user namespace root would lose its rights to the files of others, and those may be Python's own.
    if user == 0 or unshare(NEW_USER | NEW_NETWORK) != 0:
        return False
    # Without names for user and group all would go on as well, but libraries ask who they are.
    with suppress(OSError):
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True
