"""Two models on the same images."""

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_report.errors import DataError
from mnist_report.evaluation.metrics import overall_metrics
from mnist_report.evaluation.mistakes import flips
from mnist_report.evaluation.paired import Difference, holm, paired_counts, paired_means, paired_proportions
from mnist_report.evaluation.power import Detectable, detectable_change
from mnist_report.evaluation.predictions import Scores
from mnist_report.evaluation.ranking import overall_ranking
from mnist_report.evaluation.tally import Tally

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What changed from the baseline to the candidate.

    Attributes:
        overall: the difference of every metric of the whole set, in the order of `overall_metrics`. Proportions, means
            and functions of the confusion counts have paired intervals; the others (ECE, AURC, coverage) none. NaN for
            what needs probabilities, where a side has none.
        per_class: the difference in recall of each class, in label order.
        per_class_adjusted: their McNemar p-values, adjusted by Holm.
        regressed: int64, indices of the images that only the baseline gets right, worst for the candidate first.
        fixed: int64, indices of those that only the candidate gets right, worst for the baseline first.
        negative_flip_rate: the share of images that regressed (Yan et al. 2021).
        agreement: the share of images on which both predict the same class.
        detectable: the smallest drop in accuracy that this comparison would have called a drop with probability 0.80,
            and the smallest rise that it would have called none, both from the share of images on which one is right
            and the other wrong; NaN where there is no such image.
    """

    overall: dict[str, Difference]
    per_class: tuple[Difference, ...]
    per_class_adjusted: tuple[float, ...]
    regressed: NDArray[np.int64]
    fixed: NDArray[np.int64]
    negative_flip_rate: float
    agreement: float
    detectable: Detectable


def compare(candidate: Scores, baseline: Scores, seed: int = 0) -> Comparison:
    """Compare two sets of predictions, row by row.

    Args:
        candidate: of one model.
        baseline: of the other, for the same images in the same order.
        seed: of the resampled intervals.

    Raises:
        DataError: they are not of the same images, labels and classes.
    """
    _check_same_images(candidate, baseline)
    regressed, fixed = flips(candidate, baseline)
    per_class = tuple(
        paired_proportions(candidate.right[chosen], baseline.right[chosen])
        for chosen in (candidate.labels == k for k in range(len(candidate.class_names)))
    )
    return Comparison(
        overall=_overall(candidate, baseline, seed),
        per_class=per_class,
        per_class_adjusted=tuple(holm([difference.p_value for difference in per_class])),
        regressed=regressed,
        fixed=fixed,
        negative_flip_rate=len(regressed) / len(candidate),
        agreement=float((candidate.predicted == baseline.predicted).mean()),
        detectable=detectable_change(len(regressed) + len(fixed), len(candidate)),
    )


def _overall(candidate: Scores, baseline: Scores, seed: int) -> dict[str, Difference]:
    """The difference of each metric, with the paired interval of its kind."""
    ours, theirs = (overall_metrics(Tally.of(side), seed) | overall_ranking(side) for side in (candidate, baseline))
    paired = paired_counts(candidate, baseline, seed) | {
        "accuracy": paired_proportions(candidate.right, baseline.right),
        **(_of_probabilities(candidate, baseline) if candidate.graded and baseline.graded else {}),
    }
    return {
        name: paired.get(name) or Difference(metric.value - theirs[name].value, math.nan, math.nan, metric.n)
        for name, metric in ours.items()
    }


def _of_probabilities(candidate: Scores, baseline: Scores) -> dict[str, Difference]:
    """What is only defined where both sides have probabilities."""
    return {
        "top2_accuracy": paired_proportions(candidate.in_top2, baseline.in_top2),
        "log_loss": paired_means(candidate.loss, baseline.loss),
        "brier": paired_means(candidate.brier, baseline.brier),
        "mean_confidence": paired_means(candidate.confidence, baseline.confidence),
        "overconfidence": paired_means(candidate.confidence - candidate.right, baseline.confidence - baseline.right),
    }


def _check_same_images(candidate: Scores, baseline: Scores) -> None:
    if candidate.class_names != baseline.class_names:
        raise DataError(
            f"the candidate's classes are {', '.join(candidate.class_names)}, "
            f"the baseline's {', '.join(baseline.class_names)}"
        )
    if len(candidate) != len(baseline):
        raise DataError(f"the candidate has {len(candidate)} images, the baseline {len(baseline)}")
    other = np.flatnonzero(candidate.labels != baseline.labels)
    if len(other):
        raise DataError(f"the labels differ, first at row {other[0]} ({len(other)} rows)")


def comparison_frame(comparison: Comparison, class_names: tuple[str, ...]) -> "pd.DataFrame":
    """The comparison as a table: metric, class (empty for the whole set), difference (candidate less baseline), ci_low
    and ci_high (paired 95 %), n, regressed, fixed, p_value (exact McNemar) and p_adjusted (Holm, over the classes).
    """
    import pandas as pd

    rows = [(name, "", d, d.p_value) for name, d in comparison.overall.items()]
    rows += [
        ("recall", name, d, adjusted)
        for name, d, adjusted in zip(class_names, comparison.per_class, comparison.per_class_adjusted, strict=True)
    ]
    return pd.DataFrame(
        [
            (metric, name, d.value, d.ci_low, d.ci_high, d.n, d.regressed, d.fixed, d.p_value, adjusted)
            for metric, name, d, adjusted in rows
        ],
        columns=[
            *("metric", "class", "difference", "ci_low", "ci_high", "n"),
            *("regressed", "fixed", "p_value", "p_adjusted"),
        ],
    )


def comparison_document(comparison: Comparison, class_names: tuple[str, ...]) -> dict[str, Any]:
    """metrics.json's `comparison`; what is not defined is null."""
    return {
        "overall": {name: _difference(difference) for name, difference in comparison.overall.items()},
        "per_class": [
            {"class": name, "recall": _difference(difference), "p_adjusted": _json_number(adjusted)}
            for name, difference, adjusted in zip(
                class_names, comparison.per_class, comparison.per_class_adjusted, strict=True
            )
        ],
        "regressed": comparison.regressed.tolist(),
        "fixed": comparison.fixed.tolist(),
        "negative_flip_rate": comparison.negative_flip_rate,
        "agreement": comparison.agreement,
        "detectable": {name: _json_number(value) for name, value in asdict(comparison.detectable).items()},
    }


def _difference(difference: Difference) -> dict[str, float | int | None]:
    return {name: _json_number(value) for name, value in asdict(difference).items()}


def _json_number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def flips_frame(
    comparison: Comparison, candidate: Scores, baseline: Scores, index: NDArray[np.int64]
) -> "pd.DataFrame":
    """The images that flipped: index, change (regressed or fixed), label, and what each side predicted how surely.

    Args:
        comparison: of the two.
        candidate: its predictions.
        baseline: its predictions.
        index: shape (n,), each row's place in the data set.
    """
    import pandas as pd

    names = candidate.class_names
    rows = [
        (
            int(index[row]),
            change,
            names[candidate.labels[row]],
            names[candidate.predicted[row]],
            candidate.confidence[row],
            names[baseline.predicted[row]],
            baseline.confidence[row],
        )
        for change, flipped in (("regressed", comparison.regressed), ("fixed", comparison.fixed))
        for row in flipped
    ]
    sides = [f"{side}_{what}" for side in ("candidate", "baseline") for what in ("predicted", "confidence")]
    return pd.DataFrame(rows, columns=["index", "change", "label", *sides])
