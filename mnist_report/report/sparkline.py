"""A trend as small as a word: a line of SVG, drawn by hand, since the list of runs is written after every run."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_report.evaluation.past import EarlierRun
from mnist_report.report import text
from mnist_report.report.provenance import moment

WIDTH, HEIGHT, EDGE = 240, 48, 6
FAILED = frozenset({"FAIL", "ERROR"})


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the line: where it is, and whether it is "last", "failed" or the "baseline"."""

    x: str
    y: str
    kind: str


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A series of runs, ready to be set.

    Attributes:
        name: what they ran on.
        accuracy: of the newest run.
        note: how many runs these are, since when, and between which bounds the accuracy was.
        line: the points of the accuracies, as SVG has them.
        band: the points around the intervals.
        marks: what stands out; of one place the baseline comes first, and then what failed.
    """

    name: str
    accuracy: str
    note: str
    line: str
    band: str
    marks: tuple[Mark, ...]


def make_sparkline(name: str, runs: Sequence[EarlierRun], baseline: str | None) -> Sparkline:
    """Draw the accuracy of some runs, with its 95 % interval.

    Args:
        name: what they ran on.
        runs: at least two, the oldest first.
        baseline: the run-id of the accepted baseline, which is marked where it is among them.
    """
    low = min(run.accuracy.ci_low for run in runs)
    high = max(run.accuracy.ci_high for run in runs)

    def x_of(place: int) -> str:
        return f"{EDGE + (WIDTH - 2 * EDGE) * place / (len(runs) - 1):.1f}"

    def y_of(share: float) -> str:
        return f"{EDGE + (HEIGHT - 2 * EDGE) * (high - share) / (high - low or 1):.1f}"

    upper = [f"{x_of(k)},{y_of(run.accuracy.ci_high)}" for k, run in enumerate(runs)]
    lower = [f"{x_of(k)},{y_of(run.accuracy.ci_low)}" for k, run in enumerate(runs)]
    kinds = [
        *((k, "baseline") for k, run in enumerate(runs) if run.run_id == baseline),
        *((k, "failed") for k, run in enumerate(runs) if run.outcome in FAILED),
        (len(runs) - 1, "last"),
    ]
    least, most = (choose(runs, key=lambda run: run.accuracy.value).accuracy for choose in (min, max))
    return Sparkline(
        name=name,
        accuracy=text.percent(runs[-1].accuracy),
        note=(
            f"{text.plural(len(runs), 'run')} since {moment(runs[0].created)}, "
            f"{text.percent(least)} to {text.percent(most)}"
        ),
        line=" ".join(f"{x_of(k)},{y_of(run.accuracy.value)}" for k, run in enumerate(runs)),
        band=" ".join((*upper, *reversed(lower))),
        marks=tuple(Mark(x_of(k), y_of(runs[k].accuracy.value), kind) for k, kind in kinds),
    )
