"""`mnist-report verify`: whether run folders are what they were."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from mnist_report.commands.console import ConsoleOptions, console, log, one_line
from mnist_report.errors import OutputError
from mnist_report.report.plain import plain

if TYPE_CHECKING:
    from mnist_report.verifying import Verified

INTACT, CHANGED = 0, 1


def verify(
    *runs: Path,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """See whether run folders are what they were when they were made, without TensorFlow.

    The digests of the manifest, and every metric, frame, gate and CI file computed again from predictions.parquet by
    the run's own rules and date. The exit status is 1 where something differs, 3 where a folder is no run or cannot be
    read.

    Args:
        runs: Run folders; by default reports/latest.
        as_json: Print JSON in place of text.
    """
    worst, told = INTACT, []
    with console(console_options):
        from mnist_report.verifying import verify_run

        for folder in runs or (Path("reports/latest"),):
            try:
                found = verify_run(folder)
            except OutputError as error:
                log.error(plain(one_line(error)))
                worst = error.exit_status
                told.append({"run": plain(str(folder)), "state": "unreadable", "problem": plain(one_line(error))})
                continue
            worst = max(worst, CHANGED if found.differences else INTACT)
            told.append(_document(found))
            if not as_json:
                print("\n".join(_lines(found)), flush=True)
        if as_json:
            print(json.dumps({"format": 1, "exit_status": worst, "runs": told}, indent=1))
        log.info("report.html and report.pdf are not covered: they may be rendered again")
    return worst


def _lines(found: "Verified") -> list[str]:
    name, n = plain(str(found.folder)), len(found.differences)
    if not n:
        what = "predictions" if found.stored else "images counted, whose predictions were not stored"
        return [f"{name}: is what it was; {found.files} files, {found.images:,} {what}"]
    made = f" (made by mnist-report {plain(found.version)})" if found.version else ""
    head = f"{name}: is not what it was: {n} {'differences' if n > 1 else 'difference'}{made}"
    parts = ((f"{each.file}: " if each.file else "") + each.problem for each in found.differences)
    return [head, *(f"  {plain(one)}" for one in parts)]


def _document(found: "Verified") -> dict[str, Any]:
    return {
        "run": plain(str(found.folder)),
        "state": "changed" if found.differences else "intact",
        "files": found.files,
        "predictions": found.images if found.stored else 0,
        "made_by": plain(found.version),
        "differences": [{"file": plain(each.file), "problem": plain(each.problem)} for each in found.differences],
    }
