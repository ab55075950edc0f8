"""What each part of the strong recipe brings: `python tests/ablation.py FOLDER` trains the variants and prints a table.

Nothing here opens the test set. A model that is in the folder is not trained again, one whose training was interrupted
goes on, so the command can be ended and given again at any time.
"""

import argparse
import json
import math
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np

from mnist_report.commands.surroundings import git_commit, now
from mnist_report.data.sources import load_dataset
from mnist_report.inference import start_model
from mnist_report.model.checkpoint import checkpoint_path, read_checkpoint
from mnist_report.model.recipes import SEED, STRONG, Recipe
from mnist_report.model.store import identify_model
from mnist_report.model.training import train

# Each is the one above it with a part more, up to the strong recipe; the rest are the strong one with another change.
DISTORTION = {name: getattr(STRONG, name) for name in ("rotation", "scaling", "shear", "shift")}
SCHEDULE = {name: getattr(STRONG, name) for name in ("learning_rate", "schedule", "warm_up", "stop_patience")}
VARIANTS = {
    "seed": replace(SEED, stop_patience=0),
    "+ cosine schedule": replace(SEED, **SCHEDULE),
    "+ weight averaging": replace(SEED, **SCHEDULE, weight_averaging=STRONG.weight_averaging),
    "+ distortion = strong": STRONG,
    "strong, elastic too": replace(STRONG, elastic=1.0),
    "strong, labels smoothed": replace(STRONG, label_smoothing=0.05),
    "strong, half the distortion": replace(STRONG, **{name: most / 2 for name, most in DISTORTION.items()}),
    "strong, no averaging": replace(STRONG, weight_averaging=0.0),
}


@dataclass(frozen=True, slots=True)
class Result:
    """A variant's validation losses.

    Attributes:
        losses: log loss of each held-out image in nats, shape (seeds, images).
        accuracies: of each seed.
    """

    losses: np.ndarray
    accuracies: tuple[float, ...]


def main() -> None:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(prog="ablation", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS), metavar="NAME")
    parser.add_argument("--mixed-precision", action="store_true", help="train in bfloat16")
    given = parser.parse_args()
    dataset = load_dataset("mnist", "train")
    for seed, name in product(given.seeds, given.variants):
        recipe = replace(VARIANTS[name], epochs=given.epochs, seed=seed, mixed_precision=given.mixed_precision)
        model = model_file(given.folder, name, seed)
        if not model.exists():
            train_one(dataset, recipe, model)
    results = {
        name: result(dataset, [model_file(given.folder, name, seed) for seed in given.seeds]) for name in given.variants
    }
    (given.folder / "ablation.json").write_text(
        json.dumps({name: asdict(VARIANTS[name]) for name in given.variants}, indent=1), "utf-8"
    )
    print(table(results))


def model_file(folder: Path, name: str, seed: int) -> Path:
    """Where a variant's model lies."""
    return folder / f"{''.join(sign if sign.isalnum() else '-' for sign in name).strip('-')}-{seed}.keras"


def train_one(dataset: object, recipe: Recipe, model: Path) -> None:
    """Train a model, or go on where its training was ended."""
    print(f"{model.name}:", flush=True)
    resumed = None
    if checkpoint_path(model).exists():
        plan, resumed = read_checkpoint(checkpoint_path(model))
        assert plan.recipe == recipe, f"{model}: another recipe began it"
    train(
        dataset,
        recipe,
        model,
        device="cpu",
        created=now().isoformat(),
        show=lambda news: print(getattr(news, "line", ""), end="\n" if hasattr(news, "line") else "", flush=True),
        stopped=lambda: False,
        git_commit=git_commit(),
        resumed=resumed,
    )


def result(dataset: object, models: list[Path]) -> Result:
    """The held-out losses of a variant's models."""
    losses, accuracies = [], []
    for file in models:
        held_out = json.loads(file.with_suffix(".card.json").read_text("utf-8"))["data"]["n_held_out"]
        labels = dataset.labels[-held_out:]
        with start_model(identify_model(file), device="cpu", batch_size=500) as model:
            model.wait_until_loaded()
            answer = model.predict(dataset.images[-held_out:], lambda *_: None).answer
        rows = answer.astype(np.float64) / answer.sum(axis=1, keepdims=True, dtype=np.float64)
        said = rows[np.arange(held_out), labels]
        losses.append(-np.log(np.maximum(said, np.finfo(np.float64).eps)))
        accuracies.append(float(np.mean(answer.argmax(axis=1) == labels)))
    return Result(np.array(losses), tuple(accuracies))


def table(results: dict[str, Result]) -> str:
    """Markdown: validation log loss, and its paired difference to the strong recipe with its standard error."""
    lines = [
        "| variant | log loss of each seed | mean | less than strong's by | accuracy |",
        "|---|---|---|---|---|",
    ]
    strong = results.get("+ distortion = strong")
    for name, found in results.items():
        each = ", ".join(f"{loss:.4f}" for loss in found.losses.mean(axis=1))
        if strong is None or found is strong:
            difference = "-"
        else:
            # Paired image by image; the error is that of another draw of images, the seeds as they are.
            paired = (strong.losses - found.losses).mean(axis=0)
            difference = f"{paired.mean():+.4f} +- {paired.std(ddof=1) / math.sqrt(len(paired)):.4f}"
        accuracy = sum(found.accuracies) / len(found.accuracies)
        lines.append(f"| {name} | {each} | {found.losses.mean():.4f} | {difference} | {accuracy:.2%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
