"""`mnist-report train`: train the CNN and write the model, its card and its history."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Group, Parameter

from mnist_report.commands.console import Console, ConsoleOptions, console, interrupt_flag, log
from mnist_report.commands.options import Data, Device, ReadingOptions
from mnist_report.commands.recipe_options import RecipeOptions, chosen_recipe
from mnist_report.data.reading import AS_IT_IS, Reading
from mnist_report.model.recipes import Recipe

if TYPE_CHECKING:
    from mnist_report.model.epochs import Epoch, Progress
    from mnist_report.model.training import Trained

INTERRUPTED = 130

OwnRecipe = Annotated[RecipeOptions, Parameter(name="*", group=Group("Recipe", sort_key=5))]


def train(
    *,
    data: Data = "mnist",
    reading: ReadingOptions = AS_IT_IS,
    output: Path | None = None,
    device: Device = "auto",
    recipe: OwnRecipe = RecipeOptions(),  # noqa: B008  frozen
    console_options: ConsoleOptions = ConsoleOptions(),  # noqa: B008  frozen
) -> int:
    """Train the CNN and write the model, its card (JSON) and its history (CSV).

    The defaults are the seed project's recipe: Adam, early stopping on the loss of held-out training images, best
    weights kept. Ctrl-C ends training early and keeps the best model so far. The test set is never opened.

    Args:
        output: The .keras file to write; by default models/mnist_cnn-<time>.keras.
    """
    with console(console_options) as terminal:
        trained = train_model(data, output, device, chosen_recipe(recipe), terminal, reading=reading)
        if trained is None:
            return INTERRUPTED
        print(trained.model, flush=True)
        return INTERRUPTED if trained.interrupted else 0


def train_model(
    data: str, output: Path | None, device: str, recipe: Recipe, terminal: Console, *, reading: Reading
) -> "Trained | None":
    """Train with progress on the terminal; None when it was interrupted before an epoch was finished."""
    from mnist_report.commands.surroundings import git_commit, now
    from mnist_report.data.sources import load_dataset
    from mnist_report.model.epochs import Epoch
    from mnist_report.model.training import train

    created = now()
    output = output or Path("models") / f"mnist_cnn-{created:%Y%m%dT%H%M%SZ}.keras"
    dataset = load_dataset(data, "train", reading)
    log.info("training on %s: %s images, seed %d", dataset.source, f"{len(dataset):,}", recipe.seed)
    with terminal.progress("epoch 1") as move, interrupt_flag() as stopped:

        def show(news: "Progress | Epoch") -> None:
            if isinstance(news, Epoch):
                log.info(news.line, extra={"epoch": news.epoch, "val_loss": news.val_loss})
            else:
                move(news.step, news.steps, f"epoch {news.epoch}")

        trained = train(
            dataset,
            recipe,
            output,
            device=device,
            created=created.isoformat(),
            show=show,
            stopped=stopped,
            git_commit=git_commit(),
        )
    if trained is None:
        log.warning("interrupted before the first epoch was finished: no model was written")
    else:
        how = "interrupted; kept the best model so far" if trained.interrupted else "kept the best model"
        log.info("%s: epoch %d, validation loss %.4f: %s", how, trained.best.epoch, trained.best.val_loss, output)
    return trained
