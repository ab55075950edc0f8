"""The change from the baseline, as the templates show it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist_report.evaluation.comparison import Comparison
from mnist_report.evaluation.paired import Difference
from mnist_report.evaluation.predictions import Predictions, Scores
from mnist_report.report import text
from mnist_report.report.comparison_text import p_value, visible_drop
from mnist_report.report.gallery import Gallery, flips_gallery
from mnist_report.report.tables import METRIC_NAMES, SHARES, Table
from mnist_report.runs.images_file import ShownImages


@dataclass(frozen=True, slots=True)
class Change:
    """What changed from the baseline.

    Attributes:
        headline: the change in accuracy in one sentence.
        baseline: what the baseline is.
        power: which drop would have been found.
        overall: the difference of each metric.
        per_class: the difference in accuracy of each class.
        regressed: images that only the baseline gets right.
        fixed: images that only the candidate gets right.
    """

    headline: str
    baseline: str
    power: str
    overall: Table
    per_class: Table
    regressed: Gallery
    fixed: Gallery


def make_change(
    comparison: Comparison, predictions: Predictions, baseline: Scores, images: ShownImages, name: str
) -> Change:
    """Say a comparison in words, tables and galleries.

    Args:
        comparison: of the two.
        predictions: of the candidate.
        baseline: what the baseline said about the same images.
        images: the stored ones.
        name: of the baseline.
    """
    power = visible_drop(comparison.detectable)
    return Change(
        headline=change_headline(comparison),
        baseline=name,
        power=f"{power[:1].upper()}{power[1:]}.",
        overall=_overall_table(comparison),
        per_class=_per_class_table(comparison, predictions.class_names),
        regressed=flips_gallery(predictions, baseline, images, comparison.regressed, "regressed"),
        fixed=flips_gallery(predictions, baseline, images, comparison.fixed, "fixed"),
    )


def change_headline(comparison: Comparison) -> str:
    """The change in accuracy with its interval and the flips."""
    value, interval = spoken_difference(comparison.overall["accuracy"], share=True)
    flipped = f"{text.plural(len(comparison.regressed), 'image')} regressed, {len(comparison.fixed):,} fixed"
    return f"Accuracy {value} against the baseline (95 % interval {interval}): {flipped}"


def _overall_table(comparison: Comparison) -> Table:
    rows = tuple(
        (METRIC_NAMES[name][0], *spoken_difference(difference, share=name in SHARES))
        for name, difference in comparison.overall.items()
        if name != "errors"
    )
    return Table(("Metric", "Change", "95 % interval"), rows, frozenset({1, 2}))


def _per_class_table(comparison: Comparison, class_names: tuple[str, ...]) -> Table:
    rows = tuple(
        (name, *spoken_difference(difference, share=True), p_value(adjusted).removeprefix("p = "))
        for name, difference, adjusted in zip(
            class_names, comparison.per_class, comparison.per_class_adjusted, strict=True
        )
    )
    return Table(("Class", "Change in accuracy", "95 % interval", "p, by Holm"), rows, frozenset({1, 2, 3}))


def spoken_difference(difference: Difference, *, share: bool) -> tuple[str, str]:
    """A difference and its interval; of shares in percentage points."""
    say = _points if share else _number
    if math.isnan(difference.ci_low):
        return say(difference.value), text.DASH
    return say(difference.value), f"{say(difference.ci_low).removesuffix(' pp')} to {say(difference.ci_high)}"


def _points(value: float) -> str:
    """In percentage points; 0 added, so that no number is -0.00."""
    return text.DASH if math.isnan(value) else f"{round(100 * value, 2) + 0.0:+.2f} pp"


def _number(value: float) -> str:
    return text.DASH if math.isnan(value) else f"{round(value, 4) + 0.0:+.4f}"


def baseline_name(facts: Mapping[str, Any]) -> str:
    """Like "run 2026...-abc123, accepted by Ann on 2 January 2026: a new recipe"."""
    what = f"run {facts['run_id']}" if facts.get("run_id") else str(facts.get("path", ""))
    accepted = facts.get("accepted")
    if not isinstance(accepted, dict):
        return what
    return f"{what}, accepted by {accepted.get('by')} on {str(accepted.get('when'))[:10]}: {accepted.get('why')}"
