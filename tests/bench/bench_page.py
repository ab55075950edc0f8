"""The page: numbers as they were measured, in the words of `bench_page.md.j2`."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import scaling
from figures import Group
from rounds import Row

TEMPLATE = "bench_page.md.j2"
TITLES = {
    "commands": "Whole commands",
    "peers": "Beside Evidently",
    "loop": "The inference loop",
    "training": "Training",
    "device": "An accelerator",
    "growth": "Growth",
    "ray_engine": "Ray",
    "timeline": "The critical path",
}
HEAD = ("what", "median", "rounds", "ratio", "its spread", "bound")
BOUNDS_HEAD = ("figure", "measured", "its spread", "bound", "")


def write_page(path: Path, groups: Mapping[str, Group]) -> None:
    """Write the page, and its pictures into a folder of its name.

    Args:
        path: of the page, `<name>.md`.
        groups: what was measured, by name.
    """
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in _pictures(groups).items():
        (folder / f"{name}.svg").write_text(picture, "utf-8")
    path.write_text(page_text(groups, folder.name), "utf-8")


def page_text(groups: Mapping[str, Group], folder: str) -> str:
    """The page in Markdown.

    Args:
        groups: what was measured, by name.
        folder: where the pictures are, beside the page.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  Markdown
    )
    known = {name: groups[name] for name in TITLES if name in groups}
    parts = {name: _part(TITLES[name], group) for name, group in known.items()}
    text: str = environment.get_template(TEMPLATE).render(
        bounds=markdown_table(BOUNDS_HEAD, bound_rows(row for group in known.values() for row in group.measured.rows)),
        parts=parts,
        words=_words(known),
        scaling=_scaling(known),
        folder=folder,
    )
    return text


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells as they are, but for what would end one."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def group_table(rows: Iterable[Row]) -> str:
    """What a group measured."""
    return markdown_table(
        HEAD,
        (
            (
                row.what,
                row.value,
                row.spread,
                "" if row.ratio is None or row.unit else f"{row.ratio:.2f}",
                "" if row.unit else spread_text(row),
                bound_text(row),
            )
            for row in rows
        ),
    )


def bound_rows(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    """A line for each figure that has a bound."""
    return [
        (
            row.what,
            row.value if row.ratio is None else number_text(row.ratio, row.unit),
            spread_text(row),
            bound_text(row),
            outcome(row),
        )
        for row in rows
        if row.most is not None or row.least is not None
    ]


def outcome(row: Row) -> str:
    """Whether the figure keeps its bound, or by how much it misses it."""
    if row.ratio is None:
        return "skipped" if row.value.startswith("skipped") else "not settled"
    over = 0.0 if row.most is None else row.ratio / row.most - 1
    under = 0.0 if row.least is None else 1 - row.ratio / row.least
    missed = max(over, under)
    return f"**missed by {max(0.1, 100 * missed):.2g} %**" if missed > 0 else "met"


def number_text(number: float, unit: str) -> str:
    """A ratio, or a number with its unit."""
    if not unit:
        return f"{number:.2f}"
    return f"{number:,.0f} {unit}" if number >= 100 else f"{number:.3g} {unit}"


def spread_text(row: Row) -> str:
    """From the least to the most; "no end" where there is none."""
    if row.low is None and row.high is None:
        return ""
    low, high = ("no end" if end is None else number_text(end, row.unit) for end in (row.low, row.high))
    return f"{low} to {high}"


def bound_text(row: Row) -> str:
    """What the figure should be."""
    parts = [("at most", row.most), ("at least", row.least)]
    return " ".join(f"{word} {bound:,.10g}{row.unit and ' '}{row.unit}" for word, bound in parts if bound is not None)


def _part(title: str, group: Group) -> dict[str, str]:
    versions = ", ".join(f"{name} {version}" for name, version in group.versions.items())
    taken = f"{group.date}, rounds: {group.rounds}, on {group.machine}; {versions}."
    return {"title": title, "taken": taken, "table": group_table(group.measured.rows)}


def _words(groups: Mapping[str, Group]) -> dict[str, str]:
    """What each picture shows, for who does not see it."""
    from pictures import growth_words, timeline_words

    words = {}
    if "growth" in groups:
        words["growth"] = growth_words(groups["growth"].measured.points)
    if "timeline" in groups:
        words["timeline"] = timeline_words(groups["timeline"].measured.bars)
    return words


def _pictures(groups: Mapping[str, Group]) -> dict[str, str]:
    from pictures import growth_figure, timeline_figure, to_svg

    pictures = {}
    if "growth" in groups:
        pictures["growth"] = to_svg(growth_figure(groups["growth"].measured.points))
    if "timeline" in groups:
        pictures["timeline"] = to_svg(timeline_figure(groups["timeline"].measured.bars))
    return pictures


def _scaling(groups: Mapping[str, Group]) -> dict[str, Any] | None:
    if "growth" not in groups:
        return None
    points = groups["growth"].measured.points
    cost = scaling.cost_of(points)
    if cost is None:
        return None
    head = ("images", "machine-hours", "at that price", *(f"on {n:,}" for n in scaling.WORKERS))
    device = groups.get("device")
    faster = scaling.accelerated(cost, device.measured.rows) if device else None
    part_head = ("part", "a million images more", "images a second")
    return {
        "machine": groups["growth"].machine,
        "parts": markdown_table(part_head, scaling.part_rows(cost)),
        "start": f"{cost.start:.1f}",
        "price": f"{scaling.DOLLARS_PER_HOUR:.2f}",
        "times": markdown_table(head, scaling.time_rows(cost)),
        "device": faster
        and {
            "machine": device.machine,
            "times": markdown_table(head, scaling.time_rows(faster)),
        },
    }
