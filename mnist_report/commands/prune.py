"""`mnist-report prune`: old runs go."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mnist_report.commands.console import ConsoleOptions, console, log
from mnist_report.commands.options import Reports
from mnist_report.commands.session import Wait, folder_of, mended
from mnist_report.errors import ConfigError
from mnist_report.report.plain import plain

if TYPE_CHECKING:
    from mnist_report.pruning import Pruned

UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
UNITS |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
ACCEPTED = Path("baseline")


def prune(
    *,
    keep: int | None = None,
    keep_monthly: int | None = None,
    keep_failed: Annotated[bool, Parameter(negative=())] = False,
    max_size: str | None = None,
    dry_run: Annotated[bool, Parameter(negative=())] = False,
    baseline: Path | None = None,
    reports: Reports = Path("reports"),
    wait: Wait = 0.0,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Remove old runs; a run stays if any rule keeps it.

    The newest run, the one that reports/latest points at, the accepted baseline and a run that the history does not
    have always stay, as does all that is no run folder. It prints a line for each run.

    Args:
        keep: So many of the newest runs.
        keep_monthly: The newest run of each of so many months: the last ones, in UTC, that have runs.
        keep_failed: Every run whose verdict is FAIL or ERROR.
        max_size: What stays may be so large, as 2GB or 500MiB: the oldest runs go first, those of a month after the
            others, and failed ones that are kept last.
        dry_run: Print the same and change nothing.
        baseline: What runs are held against: a baseline folder, or one of the runs; else the folder baseline, where
            there is one.
    """
    with console(console_options):
        from mnist_report import pruning
        from mnist_report.runs.recording import recorded_names
        from mnist_report.runs.retention import Policy

        for name, value in (("keep", keep), ("keep-monthly", keep_monthly)):
            if value is not None and value < 0:
                raise ConfigError(f"{name} is {value}, expected at least 0")
        if keep is None and keep_monthly is None and max_size is None:
            raise ConfigError(
                "nothing says which runs stay; give --keep N, --keep-monthly N or --max-size SIZE, for instance "
                "--keep 30 --keep-monthly 12 --keep-failed"
            )
        policy = Policy(keep, keep_monthly, keep_failed, None if max_size is None else parse_size(max_size))
        if baseline is None and ACCEPTED.is_dir():
            baseline = ACCEPTED
        if baseline is not None and not baseline.exists():
            log.warning("there is no baseline at %s, so no run is kept for it", baseline)
        if dry_run:
            pruned = pruning.prune(folder_of(reports), policy, baseline, dry_run=True)
        else:
            with mended(reports, wait):
                # Mending has given all runs their rows, or has warned: what only its folder knows of stays.
                recorded = frozenset(recorded_names(reports))
                pruned = pruning.prune(reports, policy, baseline, dry_run=False, recorded=recorded)
        print("\n".join(_table(pruned)), flush=True)
        for folder in pruned.damaged:
            log.warning("%s: kept, it cannot be read as a run: %s", plain(folder.name), plain(folder.problem))
        removed, kept = pruned.removed, [decision.run for decision in pruned.decisions if decision.kept]
        log.info(
            "%s %d of %d runs, %s; %s stay",
            "would remove" if dry_run else "removed",
            *(len(removed), len(pruned.decisions), show_size(sum(run.size for run in removed))),
            show_size(sum(run.size for run in kept) + sum(folder.size for folder in pruned.damaged)),
        )
    return 0


def parse_size(text: str) -> int:
    """The bytes of "2GB", "1.5 GiB", "500MB" or "1000".

    Raises:
        ConfigError: it is no size, or none at all.
    """
    known = {unit.lower(): factor for unit, factor in UNITS.items()} | {"": 1}
    match = re.fullmatch(r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*([A-Za-z]*)\s*", text, re.ASCII)
    factor = known.get(match[2].lower()) if match else None
    if match is None or factor is None or not float(match[1]):
        raise ConfigError(f"max-size is {text!r}, expected a size such as 2GB, 500MB or 1.5GiB ({', '.join(UNITS)})")
    return int(float(match[1]) * factor)


def show_size(size: int) -> str:
    """Bytes in the largest decimal unit that has a whole one."""
    unit = max((unit for unit in UNITS if "i" not in unit and size >= UNITS[unit]), key=UNITS.__getitem__, default="B")
    return f"{size} B" if unit == "B" else f"{size / UNITS[unit]:.1f} {unit}"


def _table(pruned: "Pruned") -> list[str]:
    rows = [("run", "size", "", "why")]
    rows += [
        (each.run.run_id, show_size(each.run.size), "kept" if each.kept else "removed", each.why)
        for each in pruned.decisions
    ]
    rows += [(plain(folder.name), show_size(folder.size), "kept", "damaged") for folder in pruned.damaged]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return [f"{a:{widths[0]}}  {b:>{widths[1]}}  {c:{widths[2]}}  {d}".rstrip() for a, b, c, d in rows]
