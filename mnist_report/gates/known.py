"""Whether there can be evidence for a gate at all."""

from mnist_report.evaluation.metrics import OF_PROBABILITIES
from mnist_report.gates.rules import CLASS_RANGES, Gate, ranges_for


class NoEvidenceError(Exception):
    """A gate asks for something that this run does not have; the text says what and what there is."""


def check_known(gate: Gate) -> None:
    """See that there is such a metric at all.

    Raises:
        NoEvidenceError: there is not.
    """
    known = ranges_for(gate)
    if gate.metric in known:
        return
    if gate.metric in CLASS_RANGES and gate.slice_name is None:
        raise NoEvidenceError(f'{gate.metric} is a metric of a class: add class = "each", or the name of one')
    where = "a class has" if gate.class_name else "a slice has" if gate.slice_name else "known are"
    raise NoEvidenceError(f"unknown metric {gate.metric!r}; {where} {', '.join(known)}")


def check_graded(gate: Gate, *, graded: bool, whose: str = "this run") -> None:
    """See that there are probabilities where the metric needs them.

    Raises:
        NoEvidenceError: there are none.
    """
    if gate.metric in OF_PROBABILITIES and not graded:
        raise NoEvidenceError(
            f"{whose} has no probabilities, which {gate.metric} needs: its predictions are classes alone"
        )
