"""A training's recipe as a table, beside the seed project's."""

import inspect
import re
from dataclasses import asdict, dataclass, replace

from mnist_report.model.recipes import RECIPES, SEED, Recipe
from mnist_report.report import text


@dataclass(frozen=True, slots=True)
class RecipeRow:
    """A field of the recipe: its value, the seed recipe's where that is another (else ""), and what it means."""

    name: str
    value: str
    seed: str
    meaning: str


def recipe_rows(recipe: Recipe) -> tuple[RecipeRow, ...]:
    """A row for each field, in the recipe's own order."""
    seed, meanings = asdict(SEED), _meanings()
    return tuple(
        RecipeRow(
            name.replace("_", " "),
            _shown(value),
            "" if value == seed[name] else _shown(seed[name]),
            meanings.get(name, ""),
        )
        for name, value in asdict(recipe).items()
    )


def recipe_note(recipe: Recipe) -> str:
    """Which recipe it is, and how many of its fields are not the seed project's."""
    fields = asdict(recipe)
    differing = sum(value != asdict(SEED)[name] for name, value in fields.items())
    known = [name for name, other in RECIPES.items() if replace(recipe, seed=other.seed) == other]
    called = f"This is the recipe {known[0]}" if known else "This is a recipe of its own"
    return f"{called}: {differing or 'none'} of its {len(fields)} fields differ from the seed project's."


def _meanings() -> dict[str, str]:
    """What each field of a recipe means, as its documentation has it."""
    words = re.findall(r"(?m)^    (\w+): (.*(?:\n {8}.*)*)", inspect.getdoc(Recipe) or "")
    return {name: " ".join(meaning.split()) for name, meaning in words}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value) or text.DASH
