"""GitHub Actions' annotations: lines on the log that become notes on the pull request."""

from mnist_report.gates.verdict import Verdict
from mnist_report.report.plain import plain
from mnist_report.report.verdict_text import result_sentence

COMMANDS = {"ERROR": "error", "FAIL": "error", "INCONCLUSIVE": "warning", "WARN": "warning", "WAIVED": "notice"}


def annotations(verdict: Verdict, model: str = "") -> str:
    """A line for each gate that did not simply pass; it names the model where there is one to name."""
    lines = []
    for result in verdict.results:
        if result.outcome in COMMANDS:
            command = "error" if verdict.blocks(result) else COMMANDS[result.outcome]
            title = f"{model}: " * bool(model) + f"{result.outcome}: {result.gate.name}"
            lines.append(f"::{command} title={_property(title)}::{_data(result_sentence(result))}\n")
    return "".join(lines)


def _data(text: str) -> str:
    """A workflow command's message."""
    return plain(text).replace("%", "%25")


def _property(text: str) -> str:
    """A workflow command's property, which ends at a comma or two colons."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
