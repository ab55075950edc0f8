"""A comparison as plain text for a terminal."""

from mnist_report.evaluation.comparison import Comparison, Difference
from mnist_report.report import text
from mnist_report.runs.predictions_file import ScoredImages

MOST_LISTED = 20
NAMES = {"accuracy": "accuracy", "top2_accuracy": "top-2 accuracy", "log_loss": "log loss", "brier": "Brier score"}


def comparison_text(comparison: Comparison, candidate: ScoredImages, baseline: ScoredImages) -> str:
    """The comparison in a dozen lines: metrics, flips, classes whose change is more than chance."""
    overall = comparison.overall["accuracy"]
    n = len(candidate.predictions)
    right = [int(side.predictions.right.sum()) for side in (candidate, baseline)]
    lines = [
        f"candidate  {candidate.name}: {text.count(right[0])} of {text.plural(n, 'image')} right",
        f"baseline   {baseline.name}: {text.count(right[1])} of {text.plural(n, 'image')} right",
        "",
        f"{'difference':16}{'value':>12}   95 % interval",
        *(_line(NAMES[name], difference) for name, difference in comparison.overall.items()),
        "",
        f"regressed {overall.regressed}, fixed {overall.fixed}; exact McNemar {_p(overall.p_value)}",
        f"negative flip rate {text.share(comparison.negative_flip_rate, 2)}",
        f"same prediction on {text.share(comparison.agreement, 2)}",
        f"regressed images: {_listed(candidate.index[comparison.regressed].tolist())}",
        f"fixed images:     {_listed(candidate.index[comparison.fixed].tolist())}",
        "",
        "accuracy by class (p adjusted by Holm)",
        *(
            f"{_line(name, difference)}   {_p(adjusted)}"
            for name, difference, adjusted in zip(
                candidate.predictions.class_names, comparison.per_class, comparison.per_class_adjusted, strict=True
            )
        ),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, difference: Difference) -> str:
    """Shares in percentage points, means as they are."""
    factor, unit = (100, " pp") if difference.regressed is not None else (1, "")
    value, low, high = (f"{factor * x:+.4f}" for x in (difference.value, difference.ci_low, difference.ci_high))
    return f"{name:16}{value:>12}   {low} to {high}{unit}"


def _p(value: float) -> str:
    """A p-value; no test proves that something is impossible."""
    return f"p = {value:.3g}" if value > 1e-300 else "p < 1e-300"


def _listed(indices: list[int]) -> str:
    """The first ones, and how many more there are."""
    shown = ", ".join(f"#{index}" for index in indices[:MOST_LISTED]) or "none"
    return shown + (f" and {len(indices) - MOST_LISTED} more" if len(indices) > MOST_LISTED else "")
