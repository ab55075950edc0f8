"""run.json as it is read back: what the report needs of it, of the right type; and the name that it gives a run."""

import hashlib
import json
import string
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mnist_report.errors import OutputError
from mnist_report.runs.metrics_document import FORMAT

KEYS = (
    *("run_id", "created", "title", "command", "git_commit", "seed", "versions", "host", "device", "model", "data"),
)


def read_provenance(path: Path) -> dict[str, Any]:
    """Read run.json.

    Raises:
        OutputError: it is of another format or lacks a key.
        OSError, AttributeError, LookupError, TypeError, ValueError: it is damaged otherwise.
    """
    provenance: dict[str, Any] = json.loads(path.read_text("utf-8"))
    if provenance.get("format") != FORMAT:
        raise OutputError(f"{path}: format is {provenance.get('format')!r}, this version reads {FORMAT}")
    missing = [key for key in KEYS if key not in provenance]
    if missing:
        raise OutputError(f"{path}: damaged, it has no {missing[0]!r}")
    _check_types(provenance)
    return provenance


def _check_types(provenance: Mapping[str, Any]) -> None:
    """See that what is computed with is of its type.

    Raises:
        LookupError, TypeError, ValueError: it is not.
    """
    datetime.fromisoformat(provenance["created"])
    texts = (provenance["run_id"], provenance["title"], provenance["model"]["name"], provenance["data"]["sha256"])
    if not all(isinstance(text, str) for text in (*texts, *provenance["data"]["class_names"])):
        raise ValueError("run_id, title, the model's name, the data's sha256 and the class names must be text")
    if not isinstance(provenance["data"]["class_names"], list):
        raise TypeError("data.class_names must be a list")
    if type(provenance["seed"]) is not int or provenance["seed"] < 0:
        raise ValueError(f"seed is {provenance['seed']!r}, expected a whole number")
    for key in ("baseline", "corruptions"):
        if not isinstance(provenance.get(key), dict | None):
            raise TypeError(f"{key} is {provenance[key]!r}, expected a table or null")


def make_run_id(provenance: Mapping[str, Any]) -> str:
    """`YYYYmmddTHHMMSSZ-<model name>-<6 hex>`: when, what, and the digest of everything known before the report."""
    created = provenance["created"][:19].replace("-", "").replace(":", "")
    digest = hashlib.sha256(json.dumps(provenance, sort_keys=True).encode()).hexdigest()
    plain = string.ascii_letters + string.digits + "_."
    name = "".join(letter if letter in plain else "_" for letter in provenance["model"]["name"])
    return f"{created}Z-{name[:60]}-{digest[:6]}"
