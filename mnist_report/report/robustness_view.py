"""What worse images do to a model: a sentence, a grid of pictures and accuracies, and the weakest classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.robustness import CorruptedSet, by_kind, looks, mean_accuracy, weakest
from mnist_report.report import text
from mnist_report.report.digits import png
from mnist_report.report.gallery import data_uri
from mnist_report.report.pictures import Picture
from mnist_report.report.tables import Link, Table
from mnist_report.runs.corruptions_file import Corruptions, Example

MOST_WEAK = 10
CURVES, SETS = "corruptions", "corrupted_sets"
UNITS = {
    "rotation": "turned to either side by {} degrees",
    "shift": "moved in any direction by {} % of the side",
    "noise": "Gaussian noise, standard deviation {} % of the range of grey",
    "blur": "Gaussian blur, standard deviation {} % of the side",
    "contrast": "contrast reduced to {} %",
    "occlusion": "a grey square, {} % of the side, somewhere in the middle half",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One set: its id on the page, the example as it has it, and its accuracy with the 95 % interval.

    Of the images as they are there is the picture alone: the column's head says the rest.

    Attributes:
        anchor: the cell's id.
        source: of the picture, a data URI.
        alternative: text for those who do not see it.
        accuracy: as text.
        interval: as text.
        said: like "said 3" where the example is taken for something else, or "".
    """

    anchor: str
    source: str
    alternative: str
    accuracy: str
    interval: str
    said: str


@dataclass(frozen=True, slots=True)
class Row:
    """The sets of one kind: its name, what it does, the cells, and the mean of several accuracies."""

    name: str
    what: str
    cells: tuple[Cell, ...]
    mean: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Kinds (rows) by severity (columns)."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class RobustnessView:
    """The section.

    Attributes:
        sentence: what was found.
        notes: where the images come from, in sentences.
        figures: by their names.
        grids: one for each kind of set.
        weakest: classes of sets.
        weakest_note: how often was looked.
    """

    sentence: str
    notes: tuple[str, ...]
    figures: Mapping[str, Picture]
    grids: tuple[Grid, ...]
    weakest: Table
    weakest_note: str


def make_robustness(
    corruptions: Corruptions,
    accuracy: Metric,
    class_names: Sequence[str],
    facts: Mapping[str, Any],
    figures: Mapping[str, str],
) -> RobustnessView:
    """Say what worse images do.

    Args:
        corruptions: what was counted, and the example.
        accuracy: on the images as they are.
        class_names: in label order.
        facts: run.json's `corruptions`: how the sets were made or which they are.
        figures: the SVG text of each figure by name.
    """
    sets = corruptions.sets
    curved, alone = split_kinds(sets)
    places = {one.name: place for place, one in enumerate(sets)}
    amounts = (facts.get("made") or {}).get("severities", {})
    grids = [
        _grid(
            kinds,
            places=places,
            example=corruptions.example,
            accuracy=accuracy,
            class_names=class_names,
            amounts=amounts,
        )
        for kinds in (curved, alone)
        if kinds
    ]
    return RobustnessView(
        sentence=_sentence(sets, accuracy),
        notes=_notes(facts),
        figures=_pictures(curved, alone, figures),
        grids=tuple(grids),
        weakest=_weakest(sets, class_names),
        weakest_note=(
            f"The lowest of {text.count(looks(sets))} classes of sets. The worst of many looks is partly chance; so "
            "these intervals are wide enough to hold for all of them together (Bonferroni)."
        ),
    )


def split_kinds(
    sets: Sequence[CorruptedSet],
) -> tuple[dict[str, tuple[CorruptedSet, ...]], dict[str, tuple[CorruptedSet, ...]]]:
    """The kinds with several severities, and those with one."""
    kinds = by_kind(sets)
    return (
        {kind: group for kind, group in kinds.items() if len(group) > 1},
        {kind: group for kind, group in kinds.items() if len(group) == 1},
    )


def anchor_of(place: int) -> str:
    """The id of a set's cell, by its place among all sets."""
    return f"corruption-{place}"


def _sentence(sets: Sequence[CorruptedSet], accuracy: Metric) -> str:
    lowest = min(sets, key=lambda one: one.accuracy.value)
    sets_of = f"{text.plural(len(sets), 'corrupted set')} of {text.plural(accuracy.n, 'image')} each"
    return (
        f"On the images as they are, {text.percent(accuracy)} are right; on {sets_of}, "
        f"{text.share(mean_accuracy(sets), 1)} in the mean. Lowest is {_said(lowest, sets)}, at "
        f"{text.percent(lowest.accuracy)} (95 % interval {text.percent_interval(lowest.accuracy)})."
    )


def _said(one: CorruptedSet, sets: Sequence[CorruptedSet]) -> str:
    return f"{one.kind} at severity {one.severity}" if len(by_kind(sets)[one.kind]) > 1 else one.kind


def _notes(facts: Mapping[str, Any]) -> tuple[str, ...]:
    made, read = facts.get("made"), facts.get("read")
    notes = []
    if made:
        notes.append(
            "The six kinds at severities 1 to 5 are this program's own, made of the test images with seed "
            f"{made['seed']}: to be compared from run to run, not with published figures."
        )
    if read:
        sets = text.plural(len(read["corruptions"]), "set")
        notes.append(f"Read from the folder {read['path']}: {sets} of corrupted images, as they are there.")
    return tuple(notes)


def _grid(
    kinds: Mapping[str, Sequence[CorruptedSet]],
    *,
    places: Mapping[str, int],
    example: Example,
    accuracy: Metric,
    class_names: Sequence[str],
    amounts: Mapping[str, Sequence[float]],
) -> Grid:
    several = max(len(group) for group in kinds.values()) > 1
    most = max(len(group) for group in kinds.values())
    severities = tuple(str(k) for k in range(1, most + 1)) if several else ("corrupted",)
    as_they_are = f"as they are ({text.percent(accuracy)})"
    caption = "Accuracy by kind and severity" if several else "Accuracy on each corrupted set"
    return Grid(
        columns=(f"0: {as_they_are}" if several else as_they_are, *severities, *(["mean"] if several else [])),
        rows=tuple(
            Row(
                name=kind,
                what=_what(kind, amounts.get(kind, ())),
                cells=(
                    _cell(example, 0, f"Image {example.index} as it is", None, class_names),
                    *(
                        _cell(
                            example, 1 + places[one.name], _alternative(example, one, group), one.accuracy, class_names
                        )
                        for one in group
                    ),
                ),
                mean=text.share(mean_accuracy(group), 1) if several else "",
            )
            for kind, group in kinds.items()
        ),
        caption=f"{caption}, with its 95 % interval; the picture is image {example.index}",
    )


def _alternative(example: Example, one: CorruptedSet, group: Sequence[CorruptedSet]) -> str:
    return f"Image {example.index}, {_said(one, group)}"


def _cell(example: Example, place: int, alternative: str, accuracy: Metric | None, class_names: Sequence[str]) -> Cell:
    said = class_names[example.said[place]]
    other = example.said[place] != example.said[0]
    return Cell(
        anchor=anchor_of(place - 1) if place else "",
        source=data_uri("image/png", png(example.pixels[place])),
        alternative=f"{alternative}: predicted {said}",
        accuracy=text.percent(accuracy) if accuracy else "",
        interval=text.percent_interval(accuracy) if accuracy else "",
        said=f"taken for {said}" if other else "",
    )


def _what(kind: str, amounts: Sequence[float]) -> str:
    """What a kind of ours does, with its amounts; of a folder's, nobody knows."""
    if kind not in UNITS or not amounts:
        return ""
    shown = [f"{amount if kind == 'rotation' else 100 * amount:g}" for amount in amounts]
    return UNITS[kind].format(f"{', '.join(shown[:-1])} and {shown[-1]}")


def _weakest(sets: Sequence[CorruptedSet], class_names: Sequence[str]) -> Table:
    rows = tuple(
        (
            Link(_said(sets[weak.place], sets), anchor_of(weak.place)),
            class_names[weak.class_index],
            text.count(weak.accuracy.n),
            text.count(weak.accuracy.n - weak.right),
            text.percent(weak.accuracy),
            text.percent_interval(weak.accuracy),
        )
        for weak in weakest(sets, MOST_WEAK)
    )
    columns = ("Corruption", "Class", "Images", "Errors", "Accuracy", "95 % interval, all together")
    return Table(columns, rows, frozenset({2, 3, 4, 5}))


def _pictures(
    curved: Mapping[str, Sequence[CorruptedSet]],
    alone: Mapping[str, Sequence[CorruptedSet]],
    figures: Mapping[str, str],
) -> dict[str, Picture]:
    said = {}
    if curved:
        means = {kind: mean_accuracy(group) for kind, group in curved.items()}
        hardest, easiest = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
        finding = (
            f"Hardest to bear is {hardest} ({text.share(means[hardest], 1)} in the mean of its severities), easiest "
            f"{easiest} ({text.share(means[easiest], 1)})"
        )
        said[CURVES] = (finding, "Curves of the accuracy by severity, a panel for each kind of corruption.")
    if alone:
        ranked = sorted((group[0] for group in alone.values()), key=lambda one: one.accuracy.value)
        finding = f"Hardest to bear is {ranked[0].kind} ({text.percent(ranked[0].accuracy)})"
        said[SETS] = (finding, "Dots for the accuracy on each corrupted set with its 95 % interval.")
    return {
        name: Picture(data_uri("image/svg+xml", figures[name].encode()), finding, f"{kind} {finding}.")
        for name, (finding, kind) in said.items()
        if name in figures
    }
