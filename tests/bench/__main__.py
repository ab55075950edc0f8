"""`tox -e bench`: what we cost, as ratios, in a page. Nothing here passes or fails: machines are noisy."""

import argparse
import importlib
import importlib.util
import tempfile
from pathlib import Path

from bench_page import TITLES, page_text, write_page
from figures import Group, read_groups, write_groups
from rounds import Measured

ALL = [name for name in TITLES if importlib.util.find_spec(name)]


def main() -> None:
    """Measure group by group; print the page, or write it with its pictures and figures."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group", help=f"by default all of them: {', '.join(ALL)}")
    parser.add_argument("--rounds", type=int, default=5, help="0 measures nothing and writes the page alone")
    parser.add_argument("--write", type=Path, metavar="PAGE.md", help="figures and pictures go into the folder PAGE")
    parser.add_argument("--take", type=Path, action="append", default=[], help="figures of another machine")
    given = parser.parse_args()
    unknown = sorted(set(given.groups) - set(ALL))
    if unknown:
        parser.error(f"unknown group {unknown[0]!r}, expected {', '.join(ALL)}")
    stored = given.write and given.write.with_suffix("") / "figures.json"
    groups = read_groups(stored) if stored else {}
    for path in given.take:
        groups |= read_groups(path)
    for name in given.groups or ALL:
        if given.rounds:
            groups[name] = Group.of_today(measured(name, given.rounds), given.rounds)
        groups = {name: groups[name] for name in TITLES if name in groups}
        if stored:  # group by group: the next one may take an hour
            write_groups(stored, groups)
            write_page(given.write, groups)
    if not stored:
        print(page_text(groups, "benchmarks"))


def measured(name: str, rounds: int) -> Measured:
    """What a group finds, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        found = importlib.import_module(name).measure(rounds, Path(folder))
    return found if isinstance(found, Measured) else Measured(found)


if __name__ == "__main__":
    main()
