"""NAME.training.html: how a model was trained, on what, and what came of it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mnist_report.data.dataset import Dataset
from mnist_report.data.exploring import Exploration, explore
from mnist_report.evaluation.metrics import Metric, proportion
from mnist_report.model.adapter import Layer
from mnist_report.model.distortion import is_distorted
from mnist_report.model.recipes import Recipe
from mnist_report.report import text
from mnist_report.report.canvas import to_svg
from mnist_report.report.digits import png
from mnist_report.report.gallery import data_uri
from mnist_report.report.html import set_template
from mnist_report.report.pictures import Picture
from mnist_report.report.provenance import data_name, history_table, layers_table, moment
from mnist_report.report.recipe_rows import RecipeRow, recipe_note, recipe_rows
from mnist_report.report.shorten import shortened
from mnist_report.report.tables import Table
from mnist_report.report.training_figures import learning_figure, seconds_figure, split_figure


@dataclass(frozen=True, slots=True)
class Sample:
    """An image of a class: its source as a data URI, and its text alternative."""

    source: str
    alternative: str


@dataclass(frozen=True, slots=True)
class Samples:
    """A few images of a class, and its name."""

    name: str
    pictures: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class TrainingView:
    """A training, ready to be set.

    Attributes:
        name: of the model.
        headline: how many of the held-out images are right.
        summary: log loss, and which epoch was kept.
        subject: on what, and when.
        warnings: what the reader must know first.
        ending: why it ended when it did.
        key_figures: name, value and note of each.
        pictures: the figures by name.
        history: the epochs.
        layers: of the network; without rows where they are not known.
        recipe: its fields.
        recipe_note: how it differs from the seed recipe.
        data: terms and values.
        classes: how many images each class has.
        samples: a few images of each class.
        provenance: terms and values.
        model: the file's name.
    """

    name: str
    headline: str
    summary: str
    subject: str
    warnings: tuple[str, ...]
    ending: str
    key_figures: tuple[tuple[str, str, str], ...]
    pictures: Mapping[str, Picture]
    history: Table
    layers: Table
    recipe: tuple[RecipeRow, ...]
    recipe_note: str
    data: tuple[tuple[str, str], ...]
    classes: Table
    samples: tuple[Samples, ...]
    provenance: tuple[tuple[str, str], ...]
    model: str


def training_report_path(model: Path) -> Path:
    """Where the report of a model's training is: `name.keras` has `name.training.html` beside it."""
    return model.with_suffix(".training.html")


def draw_training_report(card: Mapping[str, Any], layers: Sequence[Layer], dataset: Dataset) -> bytes:
    """The page about a training.

    Args:
        card: of the model, as training made it.
        layers: of the network; may be empty.
        dataset: that it was trained on, the held-out images at its end.
    """
    page = set_template("training.html.j2", view=shortened(_make_view(card, layers, dataset)))
    # A path can hold what UTF-8 cannot.
    return page.encode("utf-8", "backslashreplace")


def _make_view(card: Mapping[str, Any], layers: Sequence[Layer], dataset: Dataset) -> TrainingView:
    recipe, training = Recipe(**card["recipe"]), card["training"]
    history, best = training["history"], training["history"][training["best_epoch"] - 1]
    found = explore(dataset, card["data"]["n_held_out"], recipe.seed)
    accuracy = proportion(round(best["val_accuracy"] * card["data"]["n_held_out"]), card["data"]["n_held_out"])
    loss = text.number(best["val_loss"], 4)
    return TrainingView(
        name=card["name"],
        headline=f"{text.percent(accuracy)} of {text.plural(accuracy.n, 'held-out image')} right",
        summary=f"Log loss {loss} with the weights of epoch {best['epoch']} of {len(history)}, which were kept.",
        subject=f"{card['name']} on {data_name({**card['data'], 'n': len(dataset)})}, {moment(card['created'])}",
        warnings=_warnings(card),
        ending=_ending(recipe, training),
        key_figures=_key_figures(card, best, accuracy),
        pictures=_pictures(card, recipe, dataset.class_names, found),
        history=history_table(history),
        layers=layers_table(asdict(layer) for layer in layers),
        recipe=recipe_rows(recipe),
        recipe_note=recipe_note(recipe),
        data=_data_terms(card, dataset, found),
        classes=_classes_table(dataset.class_names, found),
        samples=_samples(dataset, found),
        provenance=_provenance(card),
        model=f"{card['name']}.keras",
    )


def _warnings(card: Mapping[str, Any]) -> tuple[str, ...]:
    training, warnings = card["training"], []
    n, epochs = len(training["history"]), card["recipe"]["epochs"]
    if training["interrupted"]:
        warnings.append(
            f"The training was interrupted after epoch {n} of at most {epochs}; the model is the best until then. "
            f"Go on with: mnist-report train --resume {card['name']}.checkpoint.npz"
        )
    if training["diverged"]:
        warnings.append(
            f"The loss ceased to be a number after epoch {n} of at most {epochs}; the model is the best until then. "
            "Try a lower --learning-rate."
        )
    return tuple(warnings)


def _ending(recipe: Recipe, training: Mapping[str, Any]) -> str:
    n = len(training["history"])
    if training["interrupted"] or training["diverged"]:
        return ""  # the warnings say it
    if n < recipe.epochs:
        return (
            f"It ended after {n} of at most {recipe.epochs} epochs, since the held-out loss had found no lower value "
            f"for {text.plural(recipe.stop_patience, 'epoch')}."
        )
    return f"It went through all of its {text.plural(n, 'epoch')}."


def _key_figures(
    card: Mapping[str, Any], best: Mapping[str, Any], accuracy: Metric
) -> tuple[tuple[str, str, str], ...]:
    data, training = card["data"], card["training"]
    return (
        ("Held-out accuracy", text.percent(accuracy), f"95 % interval {text.percent_interval(accuracy)}"),
        ("Held-out log loss", text.number(best["val_loss"], 4), "in nats; lower is better"),
        ("Kept epoch", f"{best['epoch']} of {len(training['history'])}", "the lowest held-out loss"),
        ("Temperature", f"{card['calibration']['temperature']:.3f}", "that suits the held-out images best"),
        ("Parameters", text.count(card["model"]["parameters"]), f"{_trainable(card)} trainable"),
        ("Duration", text.duration(training["duration_s"]), f"on {text.plural(data['n_trained_on'], 'image')}"),
    )


def _trainable(card: Mapping[str, Any]) -> str:
    return text.count(card["model"]["trainable_parameters"])


def _pictures(card: Mapping[str, Any], recipe: Recipe, names: Sequence[str], found: Exploration) -> dict[str, Picture]:
    history, best = card["training"]["history"], card["training"]["best_epoch"]
    loss = text.number(history[best - 1]["val_loss"], 4)
    trained_on = "trained on, distorted" if is_distorted(recipe) else "trained on"
    return {
        "learning": _picture(
            learning_figure(history, best, trained_on),
            f"The held-out loss was lowest after epoch {best}, at {loss}",
            "Curves of loss, accuracy and learning rate by epoch.",
        ),
        "seconds": _picture(seconds_figure(history), _seconds_finding(history), "Bars of the time of each epoch."),
        "split": _picture(
            split_figure(names, found.trained_on, found.held_out),
            _split_finding(names, found),
            "Bars of each class's share of the images that are trained on, and marks of its share of those held out.",
        ),
    }


def _picture(figure: Any, finding: str, kind: str) -> Picture:
    return Picture(data_uri("image/svg+xml", to_svg(figure).encode()), finding, f"{kind} {finding}.")


def _seconds_finding(history: Sequence[Mapping[str, Any]]) -> str:
    seconds = [epoch["seconds"] for epoch in history]
    middle, low, high = (text.duration(value) for value in (statistics.median(seconds), min(seconds), max(seconds)))
    return f"An epoch took {middle}" + ("" if low == high else f" (median), from {low} to {high}")


def _split_finding(names: Sequence[str], found: Exploration) -> str:
    n = found.trained_on + found.held_out
    most, least = int(n.argmax()), int(n.argmin())
    if n[most] == n[least]:
        return f"Every class has {text.plural(int(n[most]), 'image')}"
    ends = [f"{text.class_name(names[k])} ({text.share(n[k] / n.sum(), 1)} of the images)" for k in (most, least)]
    return f"The most frequent is {ends[0]}, the rarest {ends[1]}"


def _classes_table(names: Sequence[str], found: Exploration) -> Table:
    columns = ("Class", "Trained on", "Share", "Held out", "Share", "Mean pixel")
    rows = tuple(
        (
            names[k],
            text.count(int(found.trained_on[k])),
            text.share(found.trained_on[k] / found.trained_on.sum(), 2),
            text.count(int(found.held_out[k])),
            text.share(found.held_out[k] / found.held_out.sum(), 2),
            text.number(float(found.ink[k]), 3),
        )
        for k in range(len(names))
    )
    return Table(columns, rows, frozenset(range(1, len(columns))))


def _samples(dataset: Dataset, found: Exploration) -> tuple[Samples, ...]:
    return tuple(
        Samples(
            name,
            tuple(
                Sample(data_uri("image/png", png(dataset.images[index])), f"{text.class_name(name)}, image {index}")
                for index in chosen
            ),
        )
        for name, chosen in zip(dataset.class_names, found.samples, strict=True)
    )


def _data_terms(card: Mapping[str, Any], dataset: Dataset, found: Exploration) -> tuple[tuple[str, str], ...]:
    data, (height, width) = card["data"], dataset.images.shape[1:]
    return (
        ("Source", f"{data['source']}, {data['split']} split"),
        ("Sha256", data["sha256"]),
        ("Trained on", f"{text.plural(data['n_trained_on'], 'image')}, the first ones"),
        ("Held out", f"{text.plural(data['n_held_out'], 'image')}, the last ones"),
        ("Size", f"{height} x {width} pixels, {len(dataset.class_names)} classes"),
        ("Pixels", f"mean {found.mean:.4f}, standard deviation {found.deviation:.4f} (0 = background, 1 = ink)"),
        ("Background", f"{text.share(found.background, 1)} of all pixels are exactly 0"),
        ("Never inked", f"{text.count(found.blank)} of the {text.count(found.places)} places of an image"),
    )


def _provenance(card: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    device = card["device"]
    return (
        ("Model file", f"{card['name']}.keras"),
        ("Model sha256", card["model"]["sha256"]),
        ("Created", moment(card["created"])),
        ("Duration", text.duration(card["training"]["duration_s"])),
        ("Test set", "never looked at: training opens the training split alone"),
        ("Git commit (of the folder it ran in)", card["git_commit"] or text.DASH),
        ("Device", f"{device['name']} ({device['kind']}), {device['backend']} backend"),
        ("Versions", ", ".join(f"{name} {version}" for name, version in card["versions"].items())),
    )
