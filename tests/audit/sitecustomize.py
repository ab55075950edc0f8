"""Imported by every Python that `sandbox.py` starts: it writes down what a process does to the world outside.

Each line is a JSON list: the event and what it was about. What C libraries do raises no event; the sandbox watches its
folders for that.
"""

import json
import os
import sys

LOG, ALLOWED = os.environ.get("AUDIT_LOG"), tuple(json.loads(os.environ.get("AUDIT_ALLOWED", "[]")))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events about paths that are changed: where in their arguments these stand, and where the folder that they start from.
CHANGES = {
    "os.chmod": ((0, 2),), "os.chown": ((0, 3),), "os.link": ((1, 3),), "os.mkdir": ((0, 2),), "os.remove": ((0, 1),),
    "os.rename": ((0, 2), (1, 3)), "os.rmdir": ((0, 1),), "os.setxattr": ((0, 9),), "os.symlink": ((1, 2),),
    "os.truncate": ((0, 9),), "os.utime": ((0, 3),), "shutil.unpack_archive": ((1, 9),),
}  # fmt: skip
CALLS = {
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.spawn",
    "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "urllib.Request",
    "webbrowser.open",
}  # fmt: skip
# With these a file can bring code along.
CODE = {"code.__new__", "function.__new__", "marshal.load", "marshal.loads"}
# Where they are nobody's but Python's and TensorFlow's own.
OWN_CODE = ("<frozen importlib", f"{os.path.dirname(os.__file__)}/types.py")  # noqa: PTH120
# Of interest is which of them started at all.
LIBRARIES = {"tensorflow", "onnxruntime", "ai_edge_litert"}
CANARIES = {"evil", "antigravity", "this", "webbrowser", "torch"}


def _note(event: str, *about: object) -> None:
    os.write(_log, (json.dumps([event, *map(str, about)]) + "\n").encode(errors="backslashreplace"))


def _outside(path: object, folder: object = -1) -> bool:
    if not isinstance(path, str | bytes):  # a file that is open already
        return False
    name = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0:
        name = f"{os.readlink(f'/proc/self/fd/{folder}')}/{name}"  # noqa: PTH115  pathlib would raise events of its own
    whole = os.path.abspath(name)  # noqa: PTH100
    return whole != os.devnull and not f"{whole}/".startswith(ALLOWED)


def _hook(event: str, arguments: tuple[object, ...]) -> None:  # noqa: C901  a list of cases
    if event == "open":
        path, mode, flags = arguments
        writes = any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool(int(flags or 0) & WRITING)
        if writes and _outside(path):
            _note("written", path)
    elif event == "import":
        if arguments[0] in LIBRARIES or str(arguments[0]).partition(".")[0] in CANARIES:
            _note(event, arguments[0])
    elif event == "pickle.find_class":
        _note(event, ".".join(map(str, arguments)))
    elif event in CODE:
        caller = sys._getframe(1).f_code.co_filename
        if not caller.startswith(OWN_CODE) and "/site-packages/tensorflow/" not in caller:
            _note(event, caller)
    elif event in CHANGES:
        for place, start in CHANGES[event]:
            if _outside(arguments[place], arguments[start] if start < len(arguments) else -1):
                _note(event, arguments[place])
    elif event in CALLS:
        _note(event, *arguments[:2])


if LOG:
    _log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    sys.addaudithook(_hook)
