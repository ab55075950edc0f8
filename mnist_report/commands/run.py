"""`mnist-report run`: the main job."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from mnist_report.commands.console import ConsoleOptions, console
from mnist_report.commands.ensemble import check_ensemble
from mnist_report.commands.evaluate import make_job, run_job
from mnist_report.commands.gating import GateOptions, load_gates, tell_ci, warn_of_unused_baseline
from mnist_report.commands.options import (
    TITLE,
    BatchSize,
    Corrupted,
    Corruptions,
    Data,
    Device,
    EngineOptions,
    Ensemble,
    Format,
    Models,
    ModelSha256,
    MostMistakes,
    Notes,
    Precision,
    Predictions,
    ReadingOptions,
    Reports,
    Scale,
    Seed,
    Slices,
    Split,
    TemplateDir,
    Title,
    TrustModel,
    parse_formats,
)
from mnist_report.commands.recipe_options import RecipeOptions, chosen_recipe
from mnist_report.commands.session import Wait, session
from mnist_report.commands.several import run_models
from mnist_report.commands.train import INTERRUPTED, train_model
from mnist_report.data.reading import AS_IT_IS
from mnist_report.engines import LOCAL
from mnist_report.errors import ConfigError

TrainingOptions = Annotated[RecipeOptions, Parameter(name="training", group=Group("With --train", sort_key=5))]


def run(
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
    train: Annotated[bool, Parameter(negative=())] = False,
    slices: Slices = None,
    corruptions: Corruptions = False,
    corrupted: Corrupted = None,
    reports: Reports = Path("reports"),
    format: Format = None,  # noqa: A002  the option's name
    title: Title = TITLE,
    notes: Notes = None,
    template_dir: TemplateDir = None,
    gate_options: GateOptions = GateOptions(),  # noqa: B008  frozen
    device: Device = "auto",
    batch_size: BatchSize = None,
    precision: Precision = "float32",
    seed: Seed = 42,
    most_mistakes: MostMistakes = 300,
    engine: EngineOptions = LOCAL,
    wait: Wait = 0.0,
    training: TrainingOptions = RecipeOptions(),  # noqa: B008  frozen
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Evaluate a model on a test set and write the HTML and PDF report.

    Without arguments it takes the shipped model and the embedded MNIST test set. It prints the new run folder,
    reports/<run-id>/; reports/latest points at it. Of several models each gets a run folder, and
    reports/leaderboard.html ranks them; one that fails does not stop the others. With --ensemble they are one.

    Args:
        train: Train a model first, as `mnist-report train` does with its table of the configuration file, and
            evaluate that one.
    """
    with console(console_options) as terminal:
        from mnist_report.gates.rules import default_gates
        from mnist_report.model.named import find_models

        models = find_models(model or ())
        if ensemble:
            check_ensemble(models, predictions=predictions, model_sha256=model_sha256, engine=engine, train=train)
        if train and model is not None:
            raise ConfigError("--train trains a new model, so --model cannot name one; give only one of the two")
        if train and predictions is not None:
            raise ConfigError("--train trains a model, and --predictions needs none; give only one of the two")
        if train and model_sha256 is not None:
            raise ConfigError("--train trains a new model, so --model-sha256 cannot know its digest")
        if len(models) > 1 and model_sha256 is not None:
            raise ConfigError(
                f"--model-sha256 is the digest of one model, and there are {len(models)}; run that one alone"
            )
        if len(models) > 1 and (engine.engine == "ray" or engine.no_predictions):
            raise ConfigError(
                "with --no-predictions or --engine ray the images are counted part by part, and they have no "
                "leaderboard; run each model alone"
            )
        gates = load_gates(gate_options)
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
            title=title,
            slices=slices,
            corruptions=corruptions,
            corrupted=corrupted,
            formats=parse_formats(format),
            baseline=gate_options.baseline,
            gates=gates or default_gates(with_baseline=gate_options.baseline is not None),
            notes=notes,
            templates=template_dir,
            engine=engine,
            members=models if ensemble else (),
        )
        with session(job, wait, 1 if ensemble else len(models) or 1) as (operation, begun):
            if train:
                from mnist_report.counted import is_counted, rehearse_counted
                from mnist_report.pipeline import rehearse

                rehearse_counted(job) if is_counted(job) else rehearse(job)
                trained = train_model(data, device, chosen_recipe(training), terminal, reading=reading)
                if trained is None or trained.interrupted:
                    operation.exit_status, operation.message = INTERRUPTED, "interrupted while training"
                    return INTERRUPTED
                job = replace(job, model=trained.model)
            if len(models) > 1 and not ensemble:
                operation.exit_status, operation.message = run_models(
                    models, job, terminal, gate_options, operation.runs
                )
                return operation.exit_status
            finished = run_job(job, terminal, surroundings=None if train else begun)
            operation.exit_status, operation.message = finished.exit_status, finished.sentence
            operation.runs.append(finished.folder.name)
            print(finished.folder, flush=True)
            warn_of_unused_baseline(finished.verdict, gate_options)
            tell_ci(finished.verdict, finished.summary)
            return finished.exit_status
