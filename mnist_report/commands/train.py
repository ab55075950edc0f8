"""`mnist-report train`: train the CNN and write the model, its card, its history and a report of the training."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from mnist_report.commands.console import Console, ConsoleOptions, console, interrupt_flag, log, one_line
from mnist_report.commands.curve import curve
from mnist_report.commands.options import Data, Device, ReadingOptions
from mnist_report.commands.recipe_options import RecipeOptions, check_same, chosen_recipe
from mnist_report.data.reading import AS_IT_IS, Reading
from mnist_report.errors import ConfigError, ModelError
from mnist_report.model.recipes import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mnist_report.data.dataset import Dataset
    from mnist_report.model.checkpoint import Checkpoint
    from mnist_report.model.epochs import Progress
    from mnist_report.model.training import Trained

INTERRUPTED = 130

OwnRecipe = Annotated[RecipeOptions, Parameter(name="*", group=Group("Recipe", sort_key=5))]


@dataclass(frozen=True, slots=True)
class Task:
    """One model to train: how, where to, and from which state on."""

    recipe: Recipe
    output: Path
    resumed: "Checkpoint | None" = None


def train(
    *,
    data: Data = "mnist",
    reading: ReadingOptions = AS_IT_IS,
    output: Path | None = None,
    members: int = 1,
    resume: Path | None = None,
    device: Device = "auto",
    recipe: OwnRecipe = RecipeOptions(),  # noqa: B008  frozen
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Train the CNN and write the model, its card (JSON), its history (CSV) and a report of the training (HTML).

    The defaults are the seed project's recipe: Adam, early stopping on the loss of held-out training images, best
    weights kept. Ctrl-C ends training early and keeps the best model so far. The test set is never opened.

    Args:
        output: The .keras file to write; by default models/mnist_cnn-<time>.keras.
        members: So many models, for an ensemble, with seeds one after the other; their files' names end in -1, -2 ...
        resume: The checkpoint (NAME.checkpoint.npz) that an interrupted training left beside its model: go on with it.
    """
    with console(console_options) as terminal:
        from mnist_report.commands.surroundings import now

        if members < 1:
            raise ConfigError(f"--members is {members}, expected at least 1")
        if resume is not None and members > 1:
            raise ConfigError("--resume goes on with one training, and --members begins several; give only one of them")
        first = Task(chosen_recipe(recipe), output or _own_name(now()))
        tasks = [first] if members == 1 else list(_members(first, members))
        dataset = _training_images(data, reading)
        if resume is not None:
            tasks = [_resumed(resume, recipe, output, dataset)]
        for task in tasks:
            trained = _train_one(dataset, task, device, terminal)
            if trained is None:
                return INTERRUPTED
            print(trained.model, flush=True)
            _draw_report(dataset, trained)
            if trained.interrupted:
                return INTERRUPTED
        return 0


def train_model(data: str, device: str, recipe: Recipe, terminal: Console, *, reading: Reading) -> "Trained | None":
    """Train one model for a run, with progress on the terminal; see `train`."""
    from mnist_report.commands.surroundings import now

    dataset = _training_images(data, reading)
    trained = _train_one(dataset, Task(recipe, _own_name(now())), device, terminal)
    if trained is not None:
        _draw_report(dataset, trained)
    return trained


def _own_name(created: "datetime") -> Path:
    return Path("models") / f"mnist_cnn-{created:%Y%m%dT%H%M%SZ}.keras"


def _training_images(data: str, reading: Reading) -> "Dataset":
    from mnist_report.data.sources import load_dataset

    return load_dataset(data, "train", reading)


def _members(first: Task, count: int) -> "Iterator[Task]":
    """The members of an ensemble: each with a seed of its own."""
    for place in range(count):
        output = first.output.with_stem(f"{first.output.stem}-{place + 1}")
        yield Task(replace(first.recipe, seed=first.recipe.seed + place), output)


def _resumed(path: Path, recipe: RecipeOptions, output: Path | None, dataset: "Dataset") -> Task:
    """The training that a checkpoint is of.

    Raises:
        ConfigError: an option says otherwise than the checkpoint does.
        ModelError: the checkpoint cannot be read, or is of other images.
    """
    from mnist_report.model.checkpoint import read_checkpoint

    plan, state = read_checkpoint(path)
    check_same(recipe, plan.recipe)
    own = path.with_name(plan.output)
    if output is not None and output != own:
        raise ConfigError(f"--output is {output}, and {path} belongs to {own}; leave --output out")
    if plan.data_sha256 != dataset.sha256:
        raise ModelError(
            f"{path}: was trained on images with sha256 {plan.data_sha256[:12]}, and those of {dataset.source} have "
            f"{dataset.sha256[:12]}; give the same --data"
        )
    log.info("going on after epoch %d of %s", len(state.history), own)
    return Task(plan.recipe, own, state)


def _train_one(dataset: "Dataset", task: Task, device: str, terminal: Console) -> "Trained | None":
    """Train with progress on the terminal; None when it was interrupted before an epoch was finished."""
    from mnist_report.commands.surroundings import git_commit, now
    from mnist_report.model.checkpoint import checkpoint_path
    from mnist_report.model.epochs import Epoch
    from mnist_report.model.training import train

    log.info(
        "training on %s: %s images, seed %d: %s", dataset.source, f"{len(dataset):,}", task.recipe.seed, task.output
    )
    state = checkpoint_path(task.output)
    if state.exists() and task.resumed is None:
        log.warning("%s, of a training that did not come to its end, will be replaced by this one's", state)
    losses = [epoch.val_loss for epoch in task.resumed.history] if task.resumed else []
    with terminal.progress("training") as move, interrupt_flag() as stopped:

        def show(news: "Progress | Epoch") -> None:
            if isinstance(news, Epoch):
                losses.append(news.val_loss)
                log.info(news.line, extra={"epoch": news.epoch, "val_loss": news.val_loss})
            else:
                so_far = f"  held-out loss {curve(losses)} {losses[-1]:.4f}" if losses else ""
                move(news.step, news.steps, f"epoch {news.epoch} of {task.recipe.epochs}{so_far}")

        trained = train(
            dataset,
            task.recipe,
            task.output,
            device=device,
            created=now().isoformat(),
            show=show,
            stopped=stopped,
            git_commit=git_commit(),
            resumed=task.resumed,
        )
    if trained is None:
        log.warning("interrupted before the first epoch was finished: no model was written")
        return None
    if trained.diverged:
        log.warning("the loss ceased to be a number after epoch %d; try a lower --learning-rate", len(trained.history))
    how = "interrupted; kept the best model so far" if trained.interrupted else "kept the best model"
    log.info("%s: epoch %d, validation loss %.4f: %s", how, trained.best.epoch, trained.best.val_loss, task.output)
    if trained.interrupted:
        log.info("go on with: mnist-report train --resume %s", state)
    return trained


def _draw_report(dataset: "Dataset", trained: "Trained") -> None:
    """Write the training's report beside the model, which is whole by now: nothing here may fail the training."""
    try:
        from mnist_report.report.training_report import draw_training_report, training_report_path
        from mnist_report.report.write import write_reports

        path = training_report_path(trained.model)
        page = draw_training_report(trained.card, trained.layers, dataset)
        write_reports(path.parent, {path.name: page})
    except Exception as error:  # noqa: BLE001  whatever it is, hours of training are worth more
        log.warning("no report of the training was drawn (%s); the model is whole", one_line(error))
        log.debug("why it was not drawn", exc_info=True)
    else:
        log.info("drew %s", path)
