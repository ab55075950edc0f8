"""`mnist-report evaluate`: predictions and frames without a report."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_report.commands.console import Console, ConsoleOptions, console
from mnist_report.commands.ensemble import check_ensemble
from mnist_report.commands.options import (
    TITLE,
    BatchSize,
    Corrupted,
    Corruptions,
    Data,
    Device,
    EngineOptions,
    Ensemble,
    Models,
    ModelSha256,
    MostMistakes,
    Precision,
    Predictions,
    ReadingOptions,
    Reports,
    Scale,
    Seed,
    Slices,
    Split,
    TrustModel,
    check_digest,
)
from mnist_report.commands.session import Wait, session
from mnist_report.data.reading import AS_IT_IS, Reading
from mnist_report.engines import LOCAL, Engine
from mnist_report.errors import ConfigError

if TYPE_CHECKING:
    from mnist_report.data.dataset import Dataset
    from mnist_report.gates.rules import GateSet
    from mnist_report.jobs import Job, Surroundings
    from mnist_report.judging import Finished


def evaluate(
    *,
    model: Models = None,
    ensemble: Ensemble = False,
    predictions: Predictions = None,
    trust_model: TrustModel = False,
    model_sha256: ModelSha256 = None,
    scale: Scale = "auto",
    data: Data = "mnist",
    split: Split = "test",
    reading: ReadingOptions = AS_IT_IS,
    slices: Slices = None,
    corruptions: Corruptions = False,
    corrupted: Corrupted = None,
    reports: Reports = Path("reports"),
    device: Device = "auto",
    batch_size: BatchSize = None,
    precision: Precision = "float32",
    seed: Seed = 42,
    most_mistakes: MostMistakes = 300,
    engine: EngineOptions = LOCAL,
    wait: Wait = 0.0,
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Evaluate a model and store predictions and frames, without a report.

    It prints the new run folder; `mnist-report render` draws its reports later.
    """
    with console(console_options) as terminal:
        from mnist_report.model.named import find_models

        models = find_models(model or ())
        if ensemble:
            check_ensemble(models, predictions=predictions, model_sha256=model_sha256, engine=engine)
        elif len(models) > 1:
            raise ConfigError(
                f"--model names {len(models)} models, and evaluate takes one; make them one with --ensemble, or use "
                "mnist-report run, which evaluates each"
            )
        job = make_job(
            model=models[0] if models else None,
            predictions=predictions,
            trust_model=trust_model,
            model_sha256=model_sha256,
            scale=scale,
            data=data,
            split=split,
            reading=reading,
            device=device,
            batch_size=batch_size,
            precision=precision,
            seed=seed,
            most_mistakes=most_mistakes,
            reports=reports,
            title=TITLE,
            slices=slices,
            corruptions=corruptions,
            corrupted=corrupted,
            formats=(),
            baseline=None,
            gates=None,
            notes=None,
            templates=None,
            engine=engine,
            members=models if ensemble else (),
        )
        with session(job, wait) as (operation, surroundings):
            finished = run_job(job, terminal, surroundings=surroundings)
            operation.runs.append(finished.folder.name)
        print(finished.folder, flush=True)
    return 0


def make_job(
    *,
    model: Path | None,
    predictions: Path | None,
    trust_model: bool,
    model_sha256: str | None,
    scale: Scale,
    data: str,
    split: str,
    reading: Reading,
    device: str,
    batch_size: int | None,
    precision: Precision,
    seed: int,
    most_mistakes: int,
    reports: Path,
    title: str,
    slices: Path | None,
    corruptions: bool,
    corrupted: Path | None,
    formats: tuple[str, ...] | None,
    baseline: Path | None,
    gates: "GateSet | None",
    notes: Path | None,
    templates: Path | None,
    engine: Engine,
    members: tuple[Path, ...] = (),
) -> "Job":
    """The options as a job.

    Raises:
        ConfigError: a number is out of its range, the digest is none, or options contradict each other.
        DataError: the notes cannot be read.
    """
    from mnist_report.jobs import NO_DATA, Job
    from mnist_report.model.store import shipped_model
    from mnist_report.runs.notes_file import read_notes

    for name, value, least in (
        ("batch-size", batch_size, 1),
        ("seed", seed, 0),
        ("most-mistakes", most_mistakes, 0),
    ):
        if value is not None and value < least:
            raise ConfigError(f"{name} is {value}, expected at least {least}")
    check_sources(model, predictions, data)
    worse = (("--corruptions", corruptions), ("--corrupted", corrupted is not None))
    if predictions is not None:
        unused = (
            *worse,
            ("--scale", scale != "auto"),
            ("--trust-model", trust_model),
            ("--model-sha256", model_sha256),
            ("--precision", precision != "float32"),
        )
        _refuse_unused(unused, f"a model, and --predictions {predictions} has none")
    if members:
        _refuse_unused(worse, "one model, and --ensemble asks several")
    if data == NO_DATA:
        _refuse_unused(
            (("--center", reading.center), ("--transpose", reading.transpose)), "images, and --data none has none"
        )
    if engine.engine == "ray" or engine.no_predictions:
        _refuse_unused(
            worse,
            "images that memory holds, and these are counted part by part (--no-predictions, --engine ray)",
        )
    if corrupted is not None:
        _refuse_unused(
            (("--center", reading.center), ("--transpose", reading.transpose)),
            f"the data, and --corrupted {corrupted} is read as it is",
        )
    check_engine(engine)
    check_digest(model_sha256)
    return Job(
        model=model or shipped_model(),
        trust_model=trust_model,
        model_sha256=model_sha256,
        scale=scale,
        data=data,
        split=split,
        reading=reading,
        device=device,
        batch_size=batch_size,
        precision=precision,
        seed=seed,
        most_mistakes=most_mistakes,
        reports=reports,
        title=title,
        slices=slices,
        corruptions=corruptions,
        corrupted=corrupted,
        formats=formats,
        baseline=baseline,
        gates=gates,
        notes=read_notes(notes) if notes else "",
        templates=templates,
        predictions=predictions,
        engine=engine,
        members=members,
    )


def check_sources(model: Path | None, predictions: Path | None, data: str) -> None:
    """See that model, predictions and data go together.

    Raises:
        ConfigError: they do not.
    """
    if predictions is not None and model is not None:
        raise ConfigError(f"--model {model} and --predictions {predictions} exclude each other; give only one of them")
    if data == "none" and predictions is None:
        raise ConfigError("--data none goes with --predictions alone; a model needs images")


def check_engine(engine: Engine) -> None:
    """See that there are workers, and that nothing is said of them where none are used.

    Raises:
        ConfigError: it is not so.
    """
    if engine.workers is not None and engine.workers < 1:
        raise ConfigError(f"workers is {engine.workers}, expected at least 1")
    if engine.engine == "local":
        of_ray = (("--workers", engine.workers is not None), ("--ray-address", engine.ray_address is not None))
        _refuse_unused(of_ray, "the workers of a Ray cluster", "give --engine ray, too, or leave it out")


def _refuse_unused(given: Iterable[tuple[str, object]], about: str, advice: str = "leave it out") -> None:
    """See that no option is given that nothing would heed."""
    for option, value in given:
        if value:
            raise ConfigError(f"{option} is about {about}; {advice}")


def run_job(
    job: "Job", terminal: Console, dataset: "Dataset | None" = None, surroundings: "Surroundings | None" = None
) -> "Finished":
    """Run one job, with a progress bar where a model predicts.

    Args:
        job: what to do.
        terminal: for the bar.
        dataset: the job's data, where they have been read already.
        surroundings: where somebody has looked around already.
    """
    from mnist_report.commands.surroundings import look_around

    surroundings = surroundings or look_around()
    from mnist_report.counted import is_counted, run_counted

    if is_counted(job):
        with terminal.progress("images") as move:
            return run_counted(job, surroundings, lambda done, total: move(done, total, ""))
    if job.predictions is not None:
        from mnist_report.predicted import run_predictions

        return run_predictions(job, surroundings)
    if job.members:
        from mnist_report.ensembling import run_ensemble

        with terminal.progress("images") as move:
            return run_ensemble(job, surroundings, lambda done, total: move(done, total, ""))
    from mnist_report.pipeline import run

    with terminal.progress("images") as move:
        return run(job, surroundings, lambda done, total: move(done, total, ""), dataset)
