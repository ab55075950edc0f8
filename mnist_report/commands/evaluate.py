"""`mnist-report evaluate`: predictions and frames without a report."""

from pathlib import Path

from mnist_report.commands.console import Console, ConsoleOptions, console
from mnist_report.commands.options import BatchSize, Data, Device, Model, Reports, Seed, Split
from mnist_report.errors import ConfigError


def evaluate(
    *,
    model: Model = None,
    data: Data = "mnist",
    split: Split = "test",
    reports: Reports = Path("reports"),
    device: Device = "auto",
    batch_size: BatchSize = 500,
    seed: Seed = 42,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Evaluate a model and store predictions and frames, without a report.

    It prints the new run folder; `mnist-report render` draws its reports later.
    """
    with console(console_options) as terminal:
        folder = run_job(
            terminal,
            model=model,
            data=data,
            split=split,
            device=device,
            batch_size=batch_size,
            seed=seed,
            reports=reports,
            title="Digit classifier evaluation",
            formats=(),
        )
        print(folder)
    return 0


def run_job(
    terminal: Console,
    *,
    model: Path | None,
    data: str,
    split: str,
    device: str,
    batch_size: int,
    seed: int,
    reports: Path,
    title: str,
    formats: tuple[str, ...] | None,
) -> Path:
    """Run one job with a progress bar; returns the run folder."""
    from mnist_report.commands.surroundings import look_around
    from mnist_report.model.store import shipped_model
    from mnist_report.pipeline import Job, run

    for name, value, least in (("batch-size", batch_size, 1), ("seed", seed, 0)):
        if value < least:
            raise ConfigError(f"{name} is {value}, expected at least {least}")
    job = Job(
        model=model or shipped_model(),
        data=data,
        split=split,
        device=device,
        batch_size=batch_size,
        seed=seed,
        reports=reports,
        title=title,
        formats=formats,
    )
    with terminal.progress("images") as move:
        return run(job, look_around(), lambda done, total: move(done, total, ""))
