"""From the seed project to here: `python tests/training_page.py` writes the page from docs/training/figures.json.

`--add GROUP RUN...` first takes the figures of run folders into the groups shipped, seed or strong; each run is of one
model, whose card is in it. `--ablation FILE --budget TEXT` takes the table that tests/ablation.py printed.
"""

import argparse
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mnist_report.evaluation.metrics import proportion
from mnist_report.report import text

DOCS = Path(__file__).parents[1] / "docs"
PAGE, FIGURES = DOCS / "from-the-seed-project.md", DOCS / "training" / "figures.json"
TEMPLATE = "training_page.md.j2"
GROUPS = ("shipped", "seed", "strong")
HEAD = (
    *("model", "seed", "held-out log loss", "kept epoch", "test errors", "test accuracy", "95 % interval"),
    *("log loss", "ECE", "ECE with temperature", "weakest class", "minutes", "device"),
)
OPEN = "*Not measured yet.*"
# The test images on which the seed project's notebook counted 48 errors; its README says only 99.2 %.
N, NOTEBOOK_ERRORS, README_ERRORS = 10_000, 48, 80


def main() -> None:
    """Take what is given, then write the page."""
    parser = argparse.ArgumentParser(prog="training_page", description=__doc__)
    parser.add_argument("--add", nargs="+", action="append", default=[], metavar=("GROUP", "RUN"))
    parser.add_argument("--ablation", type=Path, metavar="FILE", help="what tests/ablation.py printed")
    parser.add_argument("--budget", default="", help="epochs, seeds and device of the ablation, in words")
    given = parser.parse_args()
    figures = read_figures(FIGURES)
    for group, *runs in given.add:
        if group not in GROUPS:
            parser.error(f"unknown group {group!r}, expected {', '.join(GROUPS)}")
        figures = with_runs(figures, group, [row_of(Path(run)) for run in runs])
    if given.ablation is not None:
        table = [line for line in given.ablation.read_text("utf-8").splitlines() if line.startswith("|")]
        figures = {**figures, "ablation": {"budget": given.budget, "table": table}}
    write_figures(FIGURES, figures)
    PAGE.write_text(page_text(figures), "utf-8")


def read_figures(path: Path) -> dict[str, Any]:
    """The figures as they are kept."""
    figures: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return figures


def write_figures(path: Path, figures: Mapping[str, Any]) -> None:
    """A line for each model, so that a change shows what changed."""
    groups = []
    for name in GROUPS:
        rows = ",\n".join(f"  {json.dumps(row)}" for row in figures[name])
        groups.append(f'"{name}": [\n{rows}\n]' if rows else f'"{name}": []')
    ablation = json.dumps(figures["ablation"], indent=1)
    path.write_text("{\n" + ",\n".join([*groups, f'"ablation": {ablation}']) + "\n}\n", "utf-8")


def row_of(run: Path) -> dict[str, Any]:
    """What a run folder says of its model; the card is that of its training."""
    facts, metrics = (json.loads((run / name).read_text("utf-8")) for name in ("run.json", "metrics.json"))
    card, overall, tempered = facts["model"]["card"], metrics["overall"], metrics["temperature"]
    training = card["training"]
    best = training["history"][training["best_epoch"] - 1]
    weakest = min(metrics["per_class"], key=lambda row: row["recall"]["value"])
    return {
        "name": card["name"],
        "seed": card["recipe"]["seed"],
        "parameters": facts["model"]["parameters"],
        "val_loss": best["val_loss"],
        "best_epoch": best["epoch"],
        "epochs": len(training["history"]),
        "minutes": round(training["duration_s"] / 60, 1),
        "device": card["device"]["name"],
        "n": overall["accuracy"]["n"],
        "errors": int(overall["errors"]["value"]),
        "log_loss": overall["log_loss"]["value"],
        "ece": overall["ece"]["value"],
        "ece_tempered": tempered["overall"]["ece"]["value"],
        "weakest": [weakest["class"], weakest["recall"]["value"]],
        "model_sha256": facts["model"]["sha256"],
    }


def with_runs(figures: Mapping[str, Any], group: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures with these rows; one of the same model takes the place of the one that is there."""
    new = {row["model_sha256"] for row in rows}
    kept = [row for row in figures[group] if row["model_sha256"] not in new]
    return {**figures, group: sorted([*kept, *rows], key=lambda row: (row["seed"], row["model_sha256"]))}


def page_text(figures: Mapping[str, Any]) -> str:
    """The page in Markdown."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  Markdown
    )
    shipped = figures["shipped"]
    page: str = environment.get_template(TEMPLATE).render(
        groups={name: _group(figures[name]) for name in GROUPS},
        ablation="\n".join(figures["ablation"]["table"]) or OPEN,
        budget=figures["ablation"]["budget"],
        parameters=text.count(shipped[0]["parameters"]) if shipped else OPEN,
        ours=_ours(figures),
        minutes=_minutes(figures),
        notebook=text.percent_interval(proportion(N - NOTEBOOK_ERRORS, N)),
        readme=text.percent_interval(proportion(N - README_ERRORS, N)),
    )
    return page


def _group(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A table of models, and their mean in words."""
    if not rows:
        return {"table": OPEN, "mean": ""}
    lines = ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    return {"table": "\n".join(lines), "mean": _mean(rows)}


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    accuracy = proportion(row["n"] - row["errors"], row["n"])
    name, recall = row["weakest"]
    return (
        f"`{row['name']}`",
        str(row["seed"]),
        f"{row['val_loss']:.4f}",
        f"{row['best_epoch']} of {row['epochs']}",
        text.count(row["errors"]),
        text.percent(accuracy),
        text.percent_interval(accuracy),
        *(f"{row[key]:.4f}" for key in ("log_loss", "ece", "ece_tempered")),
        f"{name}: {text.share(recall, 1)}",
        f"{row['minutes']:.1f}",
        str(row["device"]),
    )


def _mean(rows: Sequence[Mapping[str, Any]]) -> str:
    """Of several models: the mean with its standard error, which is that of another seed on the same test images."""
    if len(rows) < 2:
        return ""
    shares = [100 * (1 - row["errors"] / row["n"]) for row in rows]
    losses = [row["log_loss"] for row in rows]
    return (
        f"Mean of {len(rows)} seeds: accuracy {statistics.mean(shares):.3f} % (standard error "
        f"{statistics.stdev(shares) / math.sqrt(len(rows)):.3f}), least {min(shares):.2f} %; log loss "
        f"{statistics.mean(losses):.4f} (standard error {statistics.stdev(losses) / math.sqrt(len(rows)):.4f})."
    )


def _ours(figures: Mapping[str, Any]) -> str:
    """Accuracy by recipe, in short."""
    parts = []
    for name in ("seed", "strong"):
        shares = [100 * (1 - row["errors"] / row["n"]) for row in figures[name]]
        if shares:
            parts.append(f"recipe {name}: {statistics.mean(shares):.2f} % (mean of {text.plural(len(shares), 'seed')})")
    for row in figures["shipped"]:
        accuracy = proportion(row["n"] - row["errors"], row["n"])
        said = f"{text.percent(accuracy)} ({text.percent_interval(accuracy)}), {row['errors']} errors"
        parts.append(f"shipped `{row['name']}`: {said}")
    return "; ".join(parts) or OPEN


def _minutes(figures: Mapping[str, Any]) -> str:
    """How long the seed recipe took, from the least to the most, and where."""
    rows = figures["seed"] or figures["shipped"]
    if not rows:
        return OPEN
    low, high = (f"{pick(row['minutes'] for row in rows):.1f}" for pick in (min, max))
    devices = ", ".join(sorted({row["device"] for row in rows}))
    return f"{low if low == high else f'{low} to {high}'} minutes on {devices}"


if __name__ == "__main__":
    main()
