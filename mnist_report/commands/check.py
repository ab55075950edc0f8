"""`mnist-report check`: decide again about a stored run."""

from datetime import UTC
from pathlib import Path

from mnist_report.commands.console import ConsoleOptions, console, log
from mnist_report.commands.gating import GateOptions, load_gates, tell_ci, warn_of_unused_baseline
from mnist_report.commands.surroundings import now
from mnist_report.errors import ConfigError


def check(
    run: Path,
    /,
    *,
    junit: Path | None = None,
    summary: Path | None = None,
    gate_options: GateOptions = GateOptions(),  # noqa: B008  frozen
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Decide again about a stored run, without TensorFlow.

    The rules are those of --gates or of the configuration file, else the run's own; the baseline is --baseline, else
    the run's own. It prints a line for each gate and changes nothing in the run folder.

    Args:
        run: A run folder, or a metrics.json.
        junit: Also write a JUnit file.
        summary: Also write a Markdown summary.
    """
    with console(console_options):
        from mnist_report.checking import check_document, check_run, write_files

        if junit is not None and junit == summary:
            raise ConfigError(f"--junit and --summary are both {junit}; give each its own file")
        gates, today = load_gates(gate_options), now().astimezone(UTC).date()
        folder = run.parent if (run.parent / "run.json").exists() and run.name == "metrics.json" else run
        if folder.suffix == ".json":
            checked = check_document(folder, gates, today, has_baseline=gate_options.baseline is not None)
        else:
            checked = check_run(folder, gates, gate_options.baseline, today)
        wanted = {junit: "junit.xml", summary: "summary.md"}
        write_files({path: checked.files[name] for path, name in wanted.items() if path is not None})
        log.info("rules: %s", gate_options.gates or gate_options.rules_of or "the run's own")
        warn_of_unused_baseline(checked.verdict, gate_options)
        for line in checked.lines:
            print(line)
        tell_ci(checked.verdict, checked.files["summary.md"])
        log.log(checked.log_level, "%s", checked.sentence)
        return checked.verdict.exit_status
