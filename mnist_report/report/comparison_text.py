"""A comparison as plain text for a terminal."""

import math

from mnist_report.evaluation.comparison import Comparison
from mnist_report.evaluation.paired import Difference
from mnist_report.evaluation.power import Detectable
from mnist_report.report import text
from mnist_report.report.plain import plain
from mnist_report.report.tables import METRIC_NAMES, SHARES
from mnist_report.runs.predictions_file import ScoredImages

MOST_LISTED = 20


def comparison_text(comparison: Comparison, candidate: ScoredImages, baseline: ScoredImages) -> str:
    """The comparison in a dozen lines: metrics, flips, classes whose change is more than chance."""
    overall = comparison.overall["accuracy"]
    n = len(candidate.predictions)
    right = [int(side.predictions.right.sum()) for side in (candidate, baseline)]
    lines = [
        f"candidate  {plain(candidate.name)}: {text.count(right[0])} of {text.plural(n, 'image')} right",
        f"baseline   {plain(baseline.name)}: {text.count(right[1])} of {text.plural(n, 'image')} right",
        "",
        f"{'difference':30}{'value':>10}      95 % interval",
        *(
            _line(METRIC_NAMES[name][0], difference, share=name in SHARES)
            for name, difference in comparison.overall.items()
            if name != "errors"  # the flips below say it better
        ),
        "",
        f"regressed {overall.regressed}, fixed {overall.fixed}; exact McNemar {p_value(overall.p_value)}",
        visible_drop(comparison.detectable),
        f"negative flip rate {text.share(comparison.negative_flip_rate, 2)}",
        f"same prediction on {text.share(comparison.agreement, 2)}",
        f"regressed images: {_listed(candidate.index[comparison.regressed].tolist())}",
        f"fixed images:     {_listed(candidate.index[comparison.fixed].tolist())}",
        "",
        "accuracy by class (p adjusted by Holm)",
        *(
            f"{_line(plain(name), difference, share=True)}   {p_value(adjusted)}"
            for name, difference, adjusted in zip(
                candidate.predictions.class_names, comparison.per_class, comparison.per_class_adjusted, strict=True
            )
        ),
    ]
    return "\n".join(lines) + "\n"


def change_lines(comparison: Comparison) -> tuple[str, ...]:
    """The change from the baseline in two sentences."""
    accuracy = comparison.overall["accuracy"]
    index = comparison.regressed.tolist()
    change = (
        f"Against the baseline: accuracy {_points(accuracy.value)} pp (95 % interval "
        f"{_points(accuracy.ci_low)} to {_points(accuracy.ci_high)} pp), {text.plural(len(index), 'image')} "
        f"regressed, {len(comparison.fixed):,} fixed, exact McNemar {p_value(accuracy.p_value)}."
    )
    return change, f"Regressed images: {_listed(index)}."


def _points(value: float) -> str:
    """In percentage points; rounded first, and 0 added: no number is -0.00."""
    return f"{round(100 * value, 2) + 0.0:+.2f}"


def _line(name: str, difference: Difference, *, share: bool) -> str:
    """Shares in percentage points, other numbers as they are; a dash where there is no interval or no value."""
    factor, unit = (100, "pp") if share else (1, "")
    value, low, high = (
        # Rounded first, and 0 added: no number is -0.0000.
        text.DASH if math.isnan(x) else f"{round(factor * x, 4) + 0.0:+.4f}"
        for x in (difference.value, difference.ci_low, difference.ci_high)
    )
    return f"{name:30}{value:>10} {unit:2}   {text.DASH if low == text.DASH else f'{low} to {high}'}"


def visible_drop(detectable: Detectable) -> str:
    """What so many images, disagreeing so often, can show."""
    if math.isnan(detectable.shortfall):
        return "which drop these images would show is not known: too few flipped"
    return f"a true drop of {100 * detectable.shortfall:.2f} pp would be found with probability 0.80"


def p_value(value: float) -> str:
    """A p-value; no test proves that something is impossible."""
    if math.isnan(value):
        return f"p = {text.DASH}"
    return f"p = {value:.3g}" if value > 1e-300 else "p < 1e-300"


def _listed(indices: list[int]) -> str:
    """The first ones, and how many more there are."""
    shown = ", ".join(f"#{index}" for index in indices[:MOST_LISTED]) or "none"
    return shown + (f" and {len(indices) - MOST_LISTED} more" if len(indices) > MOST_LISTED else "")
