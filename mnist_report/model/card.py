"""The model card: what is known of a model's training, as JSON beside the model file."""

import importlib.metadata
import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnist_report.errors import ModelError
from mnist_report.model.backend import Backend
from mnist_report.model.fitting import Fit
from mnist_report.model.recipes import Recipe
from mnist_report.model.temperature import HIGHEST, LOWEST

CARD_FORMAT = 1
# What the report needs of a card.
CARD_PARTS = {
    "recipe": (),
    "data": ("source", "split", "sha256", "n_trained_on", "n_held_out"),
    "training": ("best_epoch", "duration_s", "history"),
}


def card_path(model: Path) -> Path:
    """Where a model's card is: `name.keras` has `name.card.json` beside it."""
    return model.with_suffix(".card.json")


def make_card(
    model: Path,
    *,
    sha256: str,
    created: str,
    recipe: Recipe,
    data: dict[str, Any],
    fit: Fit,
    interrupted: bool,
    backend: Backend,
    git_commit: str | None = None,
) -> dict[str, Any]:
    """The card of a model that was just trained.

    Args:
        model: its file.
        sha256: of that file.
        created: ISO 8601.
        recipe: how it was trained.
        data: the source, split and sha256 of the training images and the number of them.
        fit: what training did.
        interrupted: whether the user ended it early.
        backend: what it ran on.
        git_commit: of the code, where it is known.
    """
    return {
        "format": CARD_FORMAT,
        "name": model.stem,
        "created": created,
        "model": {
            "sha256": sha256,
            "parameters": fit.parameters,
            "trainable_parameters": fit.trainable_parameters,
        },
        "recipe": asdict(recipe),
        "data": {
            "source": data["source"],
            "split": data["split"],
            "sha256": data["sha256"],
            "n_trained_on": data["n"] - fit.n_held_out,
            "n_held_out": fit.n_held_out,
        },
        "training": {
            "best_epoch": fit.best.epoch,
            "interrupted": interrupted,
            "diverged": fit.diverged,
            "duration_s": round(fit.seconds, 1),
            "history": [asdict(epoch) for epoch in fit.history],
        },
        "calibration": {"temperature": fit.temperature, "n": fit.n_held_out},
        "device": {"kind": backend.device, "name": backend.device_name, "backend": backend.name},
        "git_commit": git_commit,
        "versions": {
            "mnist-report": importlib.metadata.version("mnist-report"),
            "python": platform.python_version(),
            "numpy": importlib.metadata.version("numpy"),
            **backend.versions,
        },
    }


def read_card(model: Path, sha256: str) -> dict[str, Any] | None:
    """The card of the model file with this sha256, or None where it has none of its own.

    Raises:
        ModelError: there is a card, but not JSON of our format.
    """
    path = card_path(model)
    try:
        card = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a readable model card ({error}); remove it or train again") from error
    if not isinstance(card, dict) or card.get("format") != CARD_FORMAT or not isinstance(card.get("model"), dict):
        raise ModelError(f"{path}: not a model card of format {CARD_FORMAT}; remove it or train again")
    if card["model"].get("sha256") != sha256:
        # A file that was replaced after its card was written is not the model that the card describes.
        return None
    parts = {part: card[part] if isinstance(card.get(part), dict) else {} for part in CARD_PARTS}
    missing = [f"{part}.{key}" for part, keys in CARD_PARTS.items() for key in keys if key not in parts[part]]
    missing += [part for part in CARD_PARTS if not isinstance(card.get(part), dict)]
    if missing:
        raise ModelError(f"{path}: the model card has no {missing[0]}; remove it or train again")
    _check_temperature(card, path)
    return card


def card_temperature(card: dict[str, Any] | None) -> float | None:
    """The temperature on a card; None where there is no card, or none on it."""
    part = (card or {}).get("calibration") or {}
    temperature: float | None = part.get("temperature")
    return temperature


def _check_temperature(card: dict[str, Any], path: Path) -> None:
    if "calibration" not in card:
        return
    part = card["calibration"]
    found = part.get("temperature") if isinstance(part, dict) else None
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not LOWEST <= found <= HIGHEST:
        raise ModelError(
            f"{path}: calibration.temperature is {found!r}, expected a number from {LOWEST} to {HIGHEST}; remove the "
            "card or train again"
        )
