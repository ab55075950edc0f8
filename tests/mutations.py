"""Damaged copies of a file, and a look at what reading them does."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CODE = ("exec", "compile", "marshal.loads", "pickle.find_class", "subprocess.Popen", "os.system", "socket.connect")
_watching: list[tuple[Path, list[str]]] = []


def mutations(content: bytes, n: int, seed: int = 0) -> Iterator[bytes]:
    """Copies with a bit flipped, a piece cut out, the end missing, a piece doubled or overwritten.

    Half of the damage is near the ends, where a zip archive has its names and a HDF5 file its root.
    """
    draw = random.Random(seed)  # noqa: S311  damage, not secrets
    for k in range(n):
        damaged = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            near = draw.choice([len(damaged), min(len(damaged), 2048)])
            at = draw.choice([draw.randrange(near), len(damaged) - 1 - draw.randrange(near)])
            if k % 5 == 0:
                damaged[at] ^= 1 << draw.randrange(8)
            elif k % 5 == 1:
                del damaged[at : at + draw.randint(1, 64)]
            elif k % 5 == 2:
                del damaged[max(at, 1) :]
            elif k % 5 == 3:
                damaged[at:at] = damaged[at : at + draw.randint(1, 200)]
            else:
                damaged[at : at + 8] = draw.choice([b"\xff" * 8, bytes(8), draw.randbytes(8)])
        yield bytes(damaged)


@contextmanager
def audited(folder: Path) -> Iterator[list[str]]:
    """Every audit event that runs code, or opens a file outside a folder."""
    if not _watching:
        sys.addaudithook(_note)  # cannot be taken away again
    seen: list[str] = []
    _watching.append((folder, seen))
    try:
        yield seen
    finally:
        _watching[-1] = (folder, [])


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    folder, seen = _watching[-1]
    if event in CODE:
        seen.append(event)
    elif event == "open" and isinstance(arguments[0], str) and not Path(arguments[0]).is_relative_to(folder):
        seen.append(f"open {arguments[0]}")
