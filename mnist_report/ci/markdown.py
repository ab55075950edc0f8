"""Markdown that fits a pull request's comment or a job's summary."""

import re
from collections.abc import Sequence

from mnist_report.gates.verdict import Verdict
from mnist_report.report.plain import plain
from mnist_report.report.verdict_text import gates_table, result_sentence, verdict_sentence

MARKS = {"PASS": "✅", "WARN": "⚠️", "FAIL": "❌", "INCONCLUSIVE": "❔", "WAIVED": "⏸️", "ERROR": "🚫"}
SPECIAL = re.compile(r"(?P<issue>(?<=[Gg][Hh])-(?=\d))|([\\`*_{}\[\]()#+\-.!|<>~&@:/$^=])")

# GitHub looks for mentions and issues after it has rendered the text, so nothing but a character between helps.
APART = "&#8203;"
INSTEAD = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": f"@{APART}", "#": f"\\#{APART}"}


def summary(verdict: Verdict, *, title: str, accuracy: str, run_id: str, flips: Sequence[str] = ()) -> str:
    """The verdict, the headline and a table of the gates.

    Args:
        verdict: of a run.
        title: of the report.
        accuracy: the headline.
        run_id: of the run.
        flips: lines about the change from the baseline.
    """
    lines = [
        f"### {MARKS[verdict.outcome]} {escape(title)}",
        "",
        f"**{escape(verdict_sentence(verdict))}**",
        "",
        escape(accuracy[:1].upper() + accuracy[1:]),
        "",
    ]
    lines += [line for flip in flips for line in (escape(flip), "")]
    if verdict.results:
        table = gates_table(verdict)
        lines += [_row(table.columns), _row(["---", "---", *["--:"] * (len(table.columns) - 2)])]
        lines += [_row([f"{MARKS[row[0]]} {row[0]}", *map(escape, row[1:])]) for row in table.rows]
        open_ones = [result for result in verdict.results if result.outcome != "PASS" or result.notes]
        lines += ["", *(f"- **{result.outcome}** {escape(result_sentence(result))}" for result in open_ones)]
    lines += ["", f"Run {escape(run_id)}, by mnist\\-report"]
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Text from outside as text: no markup, no mention, no link to an issue."""
    return SPECIAL.sub(_escaped, plain(text))


def _escaped(found: re.Match[str]) -> str:
    if found["issue"]:
        return f"\\-{APART}"
    return INSTEAD.get(found[0], f"\\{found[0]}")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
