"""Galleries: images of the data set with what was said about them, as the templates show them."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_report.evaluation.ensemble import Member
from mnist_report.evaluation.label_issues import LabelIssues
from mnist_report.evaluation.mistakes import MOST_FLIPS, Galleries, pairs_of
from mnist_report.evaluation.predictions import Predictions, Scores
from mnist_report.report import text
from mnist_report.report.digits import png
from mnist_report.runs.images_file import ShownImages

MOST_BARS = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One of the most probable classes.

    Attributes:
        name: of the class.
        share: its probability, as text.
        percent: the same, whole.
        kind: "actual", "said" or "".
    """

    name: str
    share: str
    percent: int
    kind: str


@dataclass(frozen=True, slots=True)
class Digit:
    """One image of the data set with what was said about it.

    Attributes:
        anchor: its id on the page.
        source: a data URI.
        alternative: text for those who do not see it.
        index: like "#445".
        actual: its label's name.
        predicted: what it was taken for.
        pair: both in short, or the one where they are the same.
        confidence: of that, as text; "" without probabilities.
        percent: of that, as a number from 0 to 100; None without probabilities.
        right: whether the two are the same.
        bars: the most probable classes; none without probabilities.
        next: the anchor of the next image of the same pair on the page, or "".
        note: what else is to be said of it, or "".
    """

    anchor: str
    source: str
    alternative: str
    index: str
    actual: str
    predicted: str
    pair: str
    confidence: str
    percent: float | None
    right: bool
    bars: tuple[Bar, ...] = ()
    next: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Images in an order, and how many of how many they are where some were left out."""

    digits: tuple[Digit, ...] = ()
    omitted: str = ""


def make_digit(
    predictions: Predictions,
    images: ShownImages,
    row: int,
    *,
    prefix: str = "image",
    next_anchor: str = "",
    note: str = "",
) -> Digit:
    """An image, one of those that are stored.

    Args:
        predictions: of the whole set, or those that were kept.
        images: the stored ones.
        row: of the image in the predictions.
        prefix: of its anchor, since an image can be in several galleries.
        next_anchor: see `Digit.next`.
        note: see `Digit.note`.
    """
    actual, predicted = (predictions.class_names[k[row]] for k in (predictions.labels, predictions.predicted))
    graded, index = predictions.graded, _place(predictions, row)
    confidence = text.share(predictions.confidence[row], 1) if graded else ""
    sure = f" with {confidence}" if graded else ""
    return Digit(
        anchor=f"{prefix}-{index}",
        source=data_uri("image/png", png(images.of(index))),
        alternative=f"Image {index}: {actual}, predicted {predicted}{sure}",
        index=f"#{index}",
        actual=actual,
        predicted=predicted,
        pair=actual if actual == predicted else f"{actual} \N{RIGHTWARDS ARROW} {predicted}",
        confidence=confidence,
        percent=round(100 * float(predictions.confidence[row]), 1) if graded else None,
        right=bool(predictions.right[row]),
        bars=_bars(predictions, row) if graded else (),
        next=next_anchor,
        note=note,
    )


def mistakes_gallery(predictions: Predictions, images: ShownImages, galleries: Galleries, errors: int) -> Gallery:
    """The mistakes, of so many in all; each leads to the next one of its pair, and the last to the first."""
    shown = stored(galleries.mistakes, predictions, images)
    pairs = pairs_of(predictions, np.array(shown, dtype=np.int64)).tolist()
    members: dict[int, list[int]] = {}
    for pair, row in zip(pairs, shown, strict=True):
        members.setdefault(pair, []).append(row)
    following = {
        row: f"image-{_place(predictions, group[(turn + 1) % len(group)])}"
        for group in members.values()
        if len(group) > 1
        for turn, row in enumerate(group)
    }
    digits = tuple(make_digit(predictions, images, row, next_anchor=following.get(row, "")) for row in shown)
    return Gallery(digits, _omitted(errors, len(shown)))


def plain_gallery(
    predictions: Predictions,
    images: ShownImages,
    rows: Sequence[int],
    prefix: str,
    notes: Mapping[int, str] | None = None,
) -> Gallery:
    """Images in their order, each with a note where it has one."""
    notes = notes or {}
    return Gallery(
        tuple(
            make_digit(predictions, images, row, prefix=prefix, note=notes.get(row, ""))
            for row in stored(rows, predictions, images)
        )
    )


def flips_gallery(
    predictions: Predictions, baseline: Scores, images: ShownImages, index: NDArray[np.int64], prefix: str
) -> Gallery:
    """The first images of those that flipped, each with what the baseline said."""
    names = predictions.class_names
    shown = stored(index[:MOST_FLIPS].tolist(), predictions, images)
    notes = {k: f"baseline: {said(baseline, k, names)}" for k in shown}
    return Gallery(plain_gallery(predictions, images, shown, prefix, notes).digits, _omitted(len(index), len(shown)))


def said(scores: Scores, row: int, names: Sequence[str]) -> str:
    """The class that was predicted and, where that is known, how surely."""
    name = names[scores.predicted[row]]
    return f"{name}, {text.share(float(scores.confidence[row]), 1)}" if scores.graded else name


def near_misses_gallery(predictions: Predictions, images: ShownImages, index: Sequence[int]) -> Gallery:
    """Right answers that were nearly another."""
    names, margins = predictions.class_names, predictions.margins(np.array(index, dtype=np.int64))
    notes = {
        k: f"nearly {names[predictions.runner_up[k]]}, margin {text.share(float(margin), 1)}"
        for k, margin in zip(index, margins, strict=True)
    }
    return plain_gallery(predictions, images, index, "near", notes)


def label_issues_gallery(
    predictions: Predictions,
    images: ShownImages,
    index: Sequence[int],
    issues: LabelIssues,
    members: Sequence[Member] = (),
) -> Gallery:
    """Labels that the model finds hard to believe; of an ensemble, also how many of its members say the other class."""
    names = predictions.class_names
    alternative = dict(zip(issues.index.tolist(), issues.alternative.tolist(), strict=True))
    notes = {k: ("suspected to be " if issues.suspected[k] else "perhaps ") + names[alternative[k]] for k in index}
    if members:
        saying = {k: sum(int(one.scores.predicted[k] == alternative[k]) for one in members) for k in index}
        notes = {k: f"{note}, as {saying[k]} of {len(members)} members say" for k, note in notes.items()}
    return plain_gallery(predictions, images, index, "label", notes)


def stored(rows: Iterable[int], predictions: Predictions, images: ShownImages) -> list[int]:
    """Those of the rows whose pixels are there, in their order."""
    there = set(images.index.tolist())
    return [int(row) for row in rows if _place(predictions, int(row)) in there]


def _place(predictions: Predictions, row: int) -> int:
    """Of the image in the data set."""
    return row if predictions.index is None else int(predictions.index[row])


def data_uri(media_type: str, data: bytes) -> str:
    """The data as a link that needs no request."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _bars(predictions: Predictions, index: int) -> tuple[Bar, ...]:
    row = predictions.probabilities[index].astype(np.float64)
    row /= row.sum()
    # The predicted class is the first of equals, as it is everywhere.
    best = np.argsort(-row, kind="stable")[:MOST_BARS].tolist()
    kinds = {int(predictions.predicted[index]): "said", int(predictions.labels[index]): "actual"}
    return tuple(
        Bar(predictions.class_names[k], text.share(row[k], 0), round(100 * row[k]), kinds.get(k, "")) for k in best
    )


def _omitted(of: int, shown: int) -> str:
    return f"{text.count(shown)} of {text.count(of)} are shown" if shown < of else ""
