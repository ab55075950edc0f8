"""A recipe on the command line: its name, and a flag for each of its fields that overrides it."""

import re
from dataclasses import fields, make_dataclass, replace
from typing import Any, Literal

from mnist_report.errors import ConfigError
from mnist_report.model.recipes import RECIPES, SEED, STRONG, Recipe


def chosen_recipe(options: Any) -> Recipe:
    """The recipe that `RecipeOptions` ask for.

    Raises:
        ConfigError: a number is out of its range.
    """
    given = {field.name: getattr(options, field.name) for field in fields(Recipe)}
    return replace(RECIPES[options.recipe], **{name: value for name, value in given.items() if value is not None})


def check_same(options: Any, recipe: Recipe) -> None:
    """See that no option asks for another recipe than the one that a training began with.

    Raises:
        ConfigError: one does.
    """
    for field in fields(Recipe):
        wanted, began = getattr(options, field.name), getattr(recipe, field.name)
        if wanted is not None and wanted != began:
            raise ConfigError(
                f"--{field.name.replace('_', '-')} is {wanted}, and the training that --resume names began with "
                f"{began}; leave it out, or train from the start"
            )


def _documented() -> str:
    """The recipe's own documentation, with what each recipe has for each field."""
    text = Recipe.__doc__ or ""
    for field in fields(Recipe):
        seed, strong = (_shown(getattr(recipe, field.name)) for recipe in (SEED, STRONG))
        values = seed if seed == strong else f"{seed}; strong: {strong}"
        text = re.sub(rf"(?m)^( +){field.name}: ", rf"\g<0>[{values}] " if values else r"\g<0>", text)
    head = (
        "Attributes:\n        recipe: seed: the seed project's own; strong: the same network, trained longer on "
        "distorted images. The other options override it.\n"
    )
    return text.replace("Attributes:\n", head)


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value}"


# One class would do if a flag could tell "15, because I say so" from "15, since nobody said anything".
RecipeOptions: Any = make_dataclass(
    "RecipeOptions",
    [
        ("recipe", Literal["seed", "strong"], "seed"),
        *[
            (field.name, Literal["plateau", "cosine"] | None if field.name == "schedule" else field.type | None, None)  # type: ignore[operator]  # types, not their names
            for field in fields(Recipe)
        ],
    ],
    frozen=True,
    namespace={"__doc__": _documented(), "__module__": __name__},
)
