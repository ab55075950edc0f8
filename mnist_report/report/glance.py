"""The classes at a glance."""

from dataclasses import dataclass

from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.report import text

MOST_CLASSES = 20


@dataclass(frozen=True, slots=True)
class GlanceItem:
    """A class: its name, accuracy, errors, where there is more about it, and whether it is surely below the whole."""

    name: str
    accuracy: str
    errors: str
    target: str
    weak: bool


@dataclass(frozen=True, slots=True)
class Glance:
    """The classes, or where there are many the weakest; and what is to be said of them."""

    items: tuple[GlanceItem, ...]
    note: str


def make_glance(evaluation: Evaluation, names: tuple[str, ...]) -> Glance:
    """A class is weak where its whole 95 % interval lies below the accuracy of all images."""
    recalls = [metrics["recall"] for metrics in evaluation.per_class]
    present = [k for k, recall in enumerate(recalls) if recall.n]
    chosen = present
    if len(present) > MOST_CLASSES:
        chosen = sorted(present, key=lambda k: recalls[k].value)[:MOST_CLASSES]
    whole = evaluation.overall["accuracy"].value
    items = []
    for k in chosen:
        wrong = int(evaluation.tally.confusion[k].sum() - evaluation.tally.confusion[k, k])
        weak = recalls[k].ci_high < whole
        items.append(GlanceItem(names[k], text.percent(recalls[k]), f"{text.count(wrong)} wrong", f"class-{k}", weak))
    notes = []
    if len(chosen) < len(present):
        notes.append(f"The weakest {len(chosen)} of {len(present)} classes.")
    if any(item.weak for item in items):
        notes.append("Marked: the class's 95 % interval lies below the accuracy of all images.")
    return Glance(tuple(items), " ".join(notes))
