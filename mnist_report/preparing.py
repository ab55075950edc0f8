"""How the images are prepared for a model that does not say what it expects: tried on training images."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mnist_report.data.dataset import Dataset
from mnist_report.data.reading import Reading
from mnist_report.data.sources import EMBEDDED, load_dataset, one_split
from mnist_report.errors import DataError
from mnist_report.evaluation.one_hot import is_one_hot
from mnist_report.evaluation.predictions import log_loss
from mnist_report.inference import Askable
from mnist_report.model.adapter import Anatomy
from mnist_report.model.arranging import AS_THEY_ARE, find_layout, ways
from mnist_report.model.outputs import recognise
from mnist_report.model.scaling import MNIST_DEVIATION, MNIST_MEAN, SCALES, Preparation, ScaleName
from mnist_report.model.temperature import fit_temperature, with_temperature

log = logging.getLogger("mnist_report")

SAMPLE = 500
# A difference counts from so many of its standard errors on.
CLEAR = 3.0
LEAST = 1e-3
# Raw pixels are 255 times those from 0 to 1, and a network's logits may be so too.
TEMPERATURES = (1e-3, 1e3)
SMALLEST = float(np.finfo(np.float32).smallest_subnormal)
SAID = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Training images on which preparations are tried.

    Attributes:
        images: uint8, shape (n, height, width).
        labels: int64, shape (n,).
        mean: of all training pixels between 0 and 1.
        deviation: their standard deviation.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What came of a preparation, training image by training image.

    Attributes:
        losses: shape (n,), the log loss.
        tempered: likewise, at the temperature that makes the mean as low as it can be.
    """

    losses: NDArray[np.float64]
    tempered: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A preparation and why it was taken.

    Attributes:
        preparation: what happens to the images.
        why: how it was chosen, for people.
        doubt: a sentence for the head of the report where nothing speaks for it, else empty.
        losses: the mean log loss of each preparation that was tried, by its name.
        n: on so many training images.
    """

    preparation: Preparation
    why: str
    doubt: str = ""
    losses: Mapping[str, float] = field(default_factory=dict)
    n: int = 0

    @property
    def facts(self) -> dict[str, Any]:
        """What run.json says of it."""
        taken = self.preparation
        standard = {"mean": taken.mean, "deviation": taken.deviation} if taken.scale == "standard" else {}
        chosen = {"shape": list(taken.layout.shape), "way": taken.way, "scale": taken.scale, **standard}
        return chosen | {"why": self.why, "doubt": self.doubt, "log_loss": dict(self.losses), "training_images": self.n}


def training_sample(dataset: Dataset, reading: Reading, seed: int) -> Sample | None:
    """Some of the training images that belong to a test set, or None where there are none of its size and classes.

    Args:
        dataset: what is evaluated.
        reading: how it was read.
        seed: of the draw.
    """
    if dataset.split != "train" and one_split(dataset.source):
        return None
    try:
        training = dataset if dataset.split == "train" else load_dataset(dataset.source, "train", reading)
    except DataError as error:
        log.info("no training images to try scales on: %s", error)
        return None
    if training.images.shape[1:] != dataset.images.shape[1:] or training.class_names != dataset.class_names:
        return None
    drawn = np.random.default_rng(seed).permutation(len(training))[:SAMPLE]
    mean, deviation = MNIST_MEAN, MNIST_DEVIATION
    if dataset.source != EMBEDDED:
        mean, deviation = float(training.images.mean() / 255), float(training.images.std() / 255)
    return Sample(training.images[drawn], training.labels[drawn], mean, deviation or 1.0)


def choose_preparation(
    model: Askable,
    anatomy: Anatomy,
    dataset: Dataset,
    *,
    scale: ScaleName | Literal["auto"],
    sample: Callable[[], Sample | None],
) -> Chosen:
    """Find what happens to the images before the model sees them; where it is not known, by trying.

    Every usual shape and scale is tried on training images, never on those of a test set, and the lowest log loss
    decides: the accuracy of many networks hardly reacts to the scale, but their confidences are ruined by a wrong one.

    Args:
        model: loaded.
        anatomy: of it.
        dataset: what is evaluated.
        scale: one of `SCALES`, or "auto".
        sample: gives training images if asked; reading them takes time.

    Raises:
        ModelError: the model takes no such images, or fails on them.
    """
    chosen = _choose(model, anatomy, dataset, scale, sample)
    taken = chosen.preparation
    way = taken.scale if taken.way == AS_THEY_ARE else f"{taken.scale}, {taken.way}"
    log.info("%s: pixels %s (%s): %s", model.model.path.name, SCALES[taken.scale], way, chosen.why)
    return chosen


def _choose(
    model: Askable,
    anatomy: Anatomy,
    dataset: Dataset,
    scale: ScaleName | Literal["auto"],
    sample: Callable[[], Sample | None],
) -> Chosen:
    """See `choose_preparation`."""
    where, image_shape = str(model.model.path), dataset.images.shape[1:]
    layout = find_layout(anatomy.input_shape, image_shape, where)
    possible = ways(layout, image_shape)
    known: ScaleName | None = "unit" if model.model.card is not None else None
    given = known if scale == "auto" else scale
    assumed = Preparation(layout, possible[0], given or anatomy.implied_scale or "unit")
    because = "as asked for" if scale != "auto" else "as its card says" if known else anatomy.implied_by
    if given and len(possible) == 1 and (given != "standard" or dataset.source == EMBEDDED):
        return Chosen(assumed, because)
    found = sample()
    if found is None and given == "standard":
        doubt = "There are no training images, so the mean and the deviation of their pixels were taken from MNIST's."
        return Chosen(assumed, because, doubt)
    if found is None:
        return Chosen(assumed, because or "assumed", "" if because else _doubt(assumed, "there are no training images"))
    names: tuple[ScaleName, ...] = (given,) if given else tuple(SCALES)
    tries = [Preparation(layout, way, name, found.mean, found.deviation) for way in possible for name in names]
    if len(tries) == 1:
        return Chosen(tries[0], because)
    assumed = replace(assumed, mean=found.mean, deviation=found.deviation)
    answers = {one: model.predict(found.images, lambda *_: None, one).answer for one in tries}
    classes = len(dataset.class_names)
    trials = _trials(answers, anatomy, found.labels, classes)
    chosen = decide(trials, assumed, because, math.log(classes))
    return replace(chosen, why=f"{chosen.why}; these are evaluated, too") if dataset.split == "train" else chosen


def decide(trials: Mapping[Preparation, Trial], assumed: Preparation, because: str, guess: float) -> Chosen:
    """The preparation with the lowest log loss, if the images show that it is the best.

    First those go that are clearly worse at the best temperature of each: a wrong scale can soften a model that is too
    sure of itself and so lower its loss, but what it says is worth less.

    Args:
        trials: of each preparation, on the same images in the same order.
        assumed: what is taken where they do not show it.
        because: what else speaks for that, or nothing.
        guess: the loss of equal probabilities.
    """
    n = len(next(iter(trials.values())).losses)
    means = {one: float(trial.losses.mean()) for one, trial in trials.items()}
    names = {one: _name(one, trials) for one in trials}
    named = {names[one]: round(mean, 4) for one, mean in means.items() if math.isfinite(mean)}
    sharpest = min(trials, key=lambda one: float(trials[one].tempered.mean()))
    if not _clearly_below(trials[sharpest].tempered, np.full(n, guess)):
        reason = f"on {n} training images none had a log loss that is clearly lower than a guess's"
        return Chosen(assumed, because or "assumed", "" if because else _doubt(assumed, reason), named, n)
    fit = _not_worse(trials, sharpest)
    best = min(fit, key=means.__getitem__)
    alike = [one for one in fit if not _clearly_below(trials[best].losses, trials[one].losses)]
    chosen = assumed if assumed in alike else best
    why = f"log loss {means[chosen]:.3g} on {n} training images"
    others = [one for one in trials if one != chosen]
    if len(alike) > 1:
        why += ", hardly different from " + ", ".join(
            f"{names[one]} {means[one]:.3g}" for one in alike if one != chosen
        )
    elif others:
        second = min(others, key=means.__getitem__)
        worse = ", which is worse at any temperature" if means[second] < means[chosen] else ""
        why += f", the next best being {names[second]} with {means[second]:.3g}{worse}"
    return Chosen(chosen, f"{why}; {because}" if because and chosen == assumed else why, "", named, n)


def _not_worse(trials: Mapping[Preparation, Trial], sharpest: Preparation) -> list[Preparation]:
    """Those not clearly worse than the sharpest, and what lies between: no worse, noisier one outlasts it."""
    means = {one: float(trial.tempered.mean()) for one, trial in trials.items()}
    stay = [one for one in trials if not _clearly_below(trials[sharpest].tempered, trials[one].tempered)]
    most = max(means[one] for one in stay)
    return [one for one in trials if means[one] <= most]


def _trials(
    answers: Mapping[Preparation, NDArray[np.float32]], anatomy: Anatomy, labels: NDArray[np.int64], num_classes: int
) -> dict[Preparation, Trial]:
    """The losses of each; a model that only names classes counts as `SAID` sure, or at best as sure as it is right."""
    if anatomy.single_label:
        right = {one: answer[:, 0] == labels for one, answer in answers.items()}
    elif all(is_one_hot(answer) for answer in answers.values()):
        right = {one: answer.argmax(axis=1) == labels for one, answer in answers.items()}
    else:
        return {one: _trial(recognise(answer).probabilities, labels) for one, answer in answers.items()}

    def losses(yes: NDArray[np.bool_], sure: float) -> NDArray[np.float64]:
        return log_loss(np.where(yes, sure, (1 - sure) / (num_classes - 1)))

    sure = {one: min(max(float(yes.mean()), 1 / num_classes), SAID) for one, yes in right.items()}
    return {one: Trial(losses(yes, SAID), losses(yes, sure[one])) for one, yes in right.items()}


def _trial(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Trial:
    every = np.arange(len(labels))
    if not np.isfinite(probabilities).all():
        nothing = np.full(len(labels), np.inf)
        return Trial(nothing, nothing)
    # Down to the last bit of a float32: a network that is too sure of itself has its best knowledge there.
    temperature = fit_temperature(probabilities, labels, TEMPERATURES, SMALLEST)
    tempered = with_temperature(probabilities, temperature, SMALLEST)
    return Trial(log_loss(probabilities[every, labels].astype(np.float64)), log_loss(tempered[every, labels]))


def _clearly_below(lower: NDArray[np.float64], higher: NDArray[np.float64]) -> bool:
    """Whether the mean difference is more than `CLEAR` of its standard errors, and more than a rounding error."""
    if not np.isfinite(lower).all() or not np.isfinite(higher).all():
        return bool(np.isfinite(lower).all())
    difference = higher - lower
    error = difference.std(ddof=1) / math.sqrt(len(difference)) if len(difference) > 1 else math.inf
    return bool(difference.mean() > max(CLEAR * error, LEAST))


def _name(one: Preparation, among: Iterable[Preparation]) -> str:
    """The scale, with the way where there are several."""
    several = len({other.way for other in among}) > 1
    return f"{one.scale}, {one.way}" if several else one.scale


def _doubt(assumed: Preparation, reason: str) -> str:
    return (
        f"Which scale of the pixels the model expects is not known: {reason}. It was given "
        f"{SCALES[assumed.scale]} ({assumed.scale}); say with --scale what it was trained on."
    )
