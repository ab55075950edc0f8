"""`tox -e bench`: what we cost, as ratios, in a table. Nothing here passes or fails: machines are noisy."""

import argparse
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import commands
import growth
import loop
import peers
from rounds import table

GROUPS = {"commands": commands.measure, "loop": loop.measure, "growth": growth.measure, "peers": peers.measure}
TITLES = {
    "commands": "Whole commands",
    "loop": "Inference",
    "growth": "Growth",
    "peers": "Beside others",
}


def main() -> None:
    """Measure in rounds; print the tables, or write them into a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[[], *GROUPS], help="by default all of them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="a file for the tables")
    given = parser.parse_args()
    wanted = given.groups or list(GROUPS)
    parts = [f"{machine()}; {given.rounds} rounds, {datetime.now(UTC):%Y-%m-%d}."]
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            parts.append(f"## {TITLES[name]}\n\n{table(GROUPS[name](given.rounds, Path(folder)))}")
    text = "\n\n".join(parts) + "\n"
    if given.write:
        given.write.write_text(text, "utf-8")
    print(text)


def machine() -> str:
    """What was measured on."""
    from mnist_report.model.backend import cpu_name

    return f"{os.cpu_count()} cores of {cpu_name()}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
