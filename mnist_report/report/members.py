"""An ensemble beside its members, in words, tables and pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_report.evaluation.ensemble import Ensemble, Member, MemberResult
from mnist_report.evaluation.ensemble_tables import votes
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.mistakes import MOST_DISPUTED
from mnist_report.evaluation.predictions import Predictions
from mnist_report.report import text
from mnist_report.report.change import spoken_difference
from mnist_report.report.comparison_text import p_value
from mnist_report.report.gallery import Gallery, plain_gallery
from mnist_report.report.tables import Table
from mnist_report.runs.images_file import ShownImages

ENSEMBLE = "Ensemble"


@dataclass(frozen=True, slots=True)
class Members:
    """What a report says of the models of an ensemble.

    Attributes:
        summary: whether it is better than they are.
        each: every one with its numbers, the ensemble first.
        differences: the ensemble less each.
        disagreement: how often they are of several minds, and what becomes of that.
        disputed: the images on which they disagree most.
        omitted: how many of how many are shown, or "".
    """

    summary: str
    each: Table
    differences: Table
    disagreement: str
    disputed: Gallery
    omitted: str


def make_members(
    evaluation: Evaluation, predictions: Predictions, members: Sequence[Member], images: ShownImages
) -> Members | None:
    """Say an ensemble in words, tables and a gallery; None where one model answered.

    Args:
        evaluation: of the ensemble.
        predictions: of the ensemble.
        members: of it.
        images: the stored ones.
    """
    ensemble = evaluation.ensemble
    if ensemble is None:
        return None
    shown = ensemble.disputed[:MOST_DISPUTED].tolist()
    notes = {row: _votes(row, members) for row in shown}
    disputed, shown_of = len(ensemble.disputed), plain_gallery(predictions, images, shown, "disputed", notes)
    return Members(
        summary=_summary(ensemble),
        each=_each_table(evaluation, ensemble),
        differences=_differences_table(ensemble),
        disagreement=_disagreement(ensemble, predictions, members),
        disputed=shown_of,
        omitted=(
            f"{text.count(len(shown_of.digits))} of {text.count(disputed)} are shown; frames/disagreements.csv has all"
            if shown_of.digits and len(shown_of.digits) < disputed
            else ""
        ),
    )


def _votes(row: int, members: Sequence[Member]) -> str:
    """Like "3 votes for cat, 2 for dog"."""
    (most, n), *others = votes(row, members).items()
    return ", ".join((f"{text.plural(n, 'vote')} for {most}", *(f"{k} for {name}" for name, k in others)))


def _summary(ensemble: Ensemble) -> str:
    """What is compared, and how sure that is."""
    n = len(ensemble.members)
    clear = sum(member.differences["log_loss"].ci_high < 0 for member in ensemble.members)
    best = min(ensemble.members, key=lambda member: member.overall["log_loss"].value)
    return (
        f"What is evaluated is the mean of the probabilities of {n} models (Lakshminarayanan et al. 2017), here beside "
        f"each of them on the same images. The log loss is below a member's by more than chance for {clear} of the "
        f"{n}. The best member by log loss is {best.name}; it was picked on these very images, so part of its lead "
        "over the others may be luck."
    )


def _each_table(evaluation: Evaluation, ensemble: Ensemble) -> Table:
    rows = ((ENSEMBLE, evaluation.overall), *((member.name, member.overall) for member in ensemble.members))
    columns = ("Model", "Accuracy", "95 % interval", "Errors", "Log loss", "95 % interval", "Brier score", "ECE")
    return Table(
        columns,
        tuple(
            (
                name,
                text.percent(overall["accuracy"]),
                text.percent_interval(overall["accuracy"]),
                text.count(int(overall["errors"].value)),
                text.number(overall["log_loss"].value, 4),
                text.interval(overall["log_loss"], 4),
                text.number(overall["brier"].value, 4),
                text.number(overall["ece"].value, 4),
            )
            for name, overall in rows
        ),
        frozenset(range(1, len(columns))),
    )


def _differences_table(ensemble: Ensemble) -> Table:
    columns = (
        *("Ensemble less", "Accuracy", "95 % interval", "p, by Holm", "Fixed", "Regressed"),
        *("Log loss", "95 % interval"),
    )
    rows = tuple(_difference_row(member) for member in ensemble.members)
    return Table(columns, rows, frozenset(range(1, len(columns))))


def _difference_row(member: MemberResult) -> tuple[str, ...]:
    accuracy = member.differences["accuracy"]
    return (
        member.name,
        *spoken_difference(accuracy, share=True),
        p_value(member.p_adjusted).removeprefix("p = "),
        text.count(accuracy.fixed or 0),
        text.count(accuracy.regressed or 0),
        *spoken_difference(member.differences["log_loss"], share=False),
    )


def _disagreement(ensemble: Ensemble, predictions: Predictions, members: Sequence[Member]) -> str:
    """On how many images, who is right there, and what the mean takes off the Brier score."""
    disputed = ensemble.disputed
    if len(disputed) == 0:
        return "All members predict the same class for every image."
    right = int(predictions.right[disputed].sum())
    theirs = sum(int(member.scores.right[disputed].sum()) for member in members) / len(members)
    brier = float(ensemble.variance.mean())
    return (
        f"All members predict the same class for {text.percent(ensemble.unanimous)} of the images; of the other "
        f"{text.count(len(disputed))} the ensemble gets {text.count(right)} right, and a member {theirs:,.1f} in the "
        f"mean. The variance of their probabilities, {text.number(brier, 5)} in the mean over the images, is what the "
        "ensemble's Brier score is below the mean of theirs (Krogh and Vedelsby 1994)."
    )
