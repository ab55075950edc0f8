"""A recipe beside the seed project's."""

from dataclasses import fields, replace

from mnist_report.model.recipes import SEED, STRONG, Recipe
from mnist_report.report.recipe_rows import recipe_note, recipe_rows


def test_every_field_has_a_row_with_its_meaning():
    """In the words of the documentation."""
    rows = recipe_rows(SEED)
    assert [row.name for row in rows] == [field.name.replace("_", " ") for field in fields(Recipe)]
    assert all(row.meaning.endswith(".") for row in rows)
    meanings = {row.name: row.meaning for row in rows}
    assert meanings["shift"] == "Images are moved by at most so many pixels along each axis."
    assert "0: it never ends early." in meanings["stop patience"]  # the documentation breaks its line


def test_only_what_differs_has_the_seed_projects_value():
    """So that the eye finds it."""
    differing = {
        row.name: (row.value, row.seed) for row in recipe_rows(replace(SEED, rotation=11.5, seed=7)) if row.seed
    }
    assert differing == {"seed": ("7", "42"), "rotation": ("11.5", "0")}


def test_values_are_words():
    """Yes and no, and a dash for nothing."""
    values = {row.name: row.value for row in recipe_rows(SEED)}
    assert (values["deterministic"], values["architecture"], values["learning rate"]) == (
        "no",
        "\N{EN DASH}",
        "0.001",
    )


def test_a_known_recipe_is_named():
    """Whatever its seed."""
    assert recipe_note(SEED).startswith("This is the recipe seed: none of its ")
    assert recipe_note(replace(STRONG, seed=43)).startswith("This is the recipe strong: ")
    assert recipe_note(replace(SEED, epochs=3)).startswith("This is a recipe of its own: 1 of its ")
