"""An ensemble and its members as tables and as a document."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mnist_report.evaluation.ensemble import Ensemble, Member
from mnist_report.evaluation.metrics import Metric
from mnist_report.evaluation.paired import Difference
from mnist_report.evaluation.predictions import Scores

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("accuracy", "log_loss", "brier")


def ensemble_frames(ensemble: Ensemble, predictions: Scores, members: Sequence[Member]) -> "dict[str, pd.DataFrame]":
    """The frames of an ensemble by name."""
    return {"members": members_frame(ensemble), "disagreements": disagreements_frame(ensemble, predictions, members)}


def members_frame(ensemble: Ensemble) -> "pd.DataFrame":
    """A row a member: model, n, errors, ece, for accuracy, log_loss and brier the value and its ci_low and ci_high, and
    `<metric>_difference`, the ensemble less the member, with its paired ci_low and ci_high; regressed (images that only
    the member gets right), fixed (those that only the ensemble does), p_value (exact McNemar) and p_adjusted (Holm).
    """
    import pandas as pd

    rows = []
    for member in ensemble.members:
        overall, found = member.overall, member.differences
        row = {"model": member.name, "n": overall["accuracy"].n, "errors": int(overall["errors"].value)}
        row |= {"ece": overall["ece"].value}
        row |= {key: cell for name in METRICS for key, cell in _spread_out(name, overall[name]).items()}
        row |= {key: cell for name in METRICS for key, cell in _spread_out(f"{name}_difference", found[name]).items()}
        accuracy = found["accuracy"]
        row |= {"regressed": accuracy.regressed, "fixed": accuracy.fixed}
        rows.append(row | {"p_value": accuracy.p_value, "p_adjusted": member.p_adjusted})
    return pd.DataFrame(rows)


def _spread_out(name: str, value: Metric | Difference) -> dict[str, float]:
    return {name: value.value, f"{name}_ci_low": value.ci_low, f"{name}_ci_high": value.ci_high}


def disagreements_frame(ensemble: Ensemble, predictions: Scores, members: Sequence[Member]) -> "pd.DataFrame":
    """The images for which not all members predict the same class, the largest variance first: index, label, predicted
    and confidence (the ensemble's), against (members that predict another class), votes and variance (summed over the
    classes).
    """
    import pandas as pd

    names = predictions.class_names
    rows = [
        (
            index,
            names[predictions.labels[index]],
            names[predictions.predicted[index]],
            predictions.confidence[index],
            int(ensemble.against[index]),
            ", ".join(f"{name}: {n}" for name, n in votes(index, members).items()),
            ensemble.variance[index],
        )
        for index in ensemble.disputed.tolist()
    ]
    columns = ["index", "label", "predicted", "confidence", "against", "votes", "variance"]
    return pd.DataFrame(rows, columns=columns)


def votes(index: int, members: Sequence[Member]) -> dict[str, int]:
    """How many members predict each class for an image, the most frequent first, equals in label order."""
    said = Counter(int(member.scores.predicted[index]) for member in members)
    names = members[0].scores.class_names
    return {names[k]: n for k, n in sorted(said.items(), key=lambda one: (-one[1], one[0]))}


def ensemble_document(ensemble: Ensemble) -> dict[str, Any]:
    """metrics.json's `ensemble` and `members`; what is not defined is null."""
    variance = float(ensemble.variance.mean())
    return {
        "ensemble": {"unanimous": _numbers(ensemble.unanimous), "variance": variance},
        "members": [
            {
                "model": member.name,
                "overall": {name: _numbers(metric) for name, metric in member.overall.items()},
                "difference": {name: _numbers(difference) for name, difference in member.differences.items()},
                "p_adjusted": member.p_adjusted,
            }
            for member in ensemble.members
        ],
    }


def _numbers(value: Metric | Difference) -> dict[str, float | int | None]:
    fields = asdict(value).items()
    return {name: None if isinstance(number, float) and math.isnan(number) else number for name, number in fields}
