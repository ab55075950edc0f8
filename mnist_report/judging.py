"""A stored run and its rules become a verdict, and the files by which CI learns of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from mnist_report.ci.junit import junit_xml
from mnist_report.ci.markdown import summary
from mnist_report.ci.openmetrics import openmetrics
from mnist_report.evaluation.comparison import Comparison, compare
from mnist_report.evaluation.evaluation import Evaluation, evaluate
from mnist_report.evaluation.past import SHOWN
from mnist_report.evaluation.robustness import accuracies
from mnist_report.evaluation.summary import evaluate_summary
from mnist_report.gates.document import Document, read_document
from mnist_report.gates.evidence import NO_SETS, Evidence, gather
from mnist_report.gates.rules import GateSet
from mnist_report.gates.verdict import Verdict, judge
from mnist_report.model.card import card_temperature
from mnist_report.report.comparison_text import change_lines
from mnist_report.report.text import accuracy_sentence, percent, percent_interval, short
from mnist_report.report.verdict_text import verdict_sentence
from mnist_report.runs.folder import StoredRun
from mnist_report.runs.metrics_document import metrics_document

# Of a line that fits a pager.
MOST_LETTERS = 200
# What a gate needs that a run which was counted part by part cannot decide.
AT_ONCE = "where memory holds all images, run again without --no-predictions and --engine ray, or leave this gate out"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the gates say of a run.

    Attributes:
        evidence: what they looked at.
        verdict: their outcome, or None where nothing was gated.
        comparison: with the baseline, or None where there is none.
        default_gates: whether nobody wrote the gates.
    """

    evidence: Evidence | Document
    verdict: Verdict | None
    comparison: Comparison | None
    default_gates: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished run.

    Attributes:
        folder: of the run.
        verdict: of its gates, or None.
        summary: the verdict as Markdown.
        sentence: the outcome in one line.
    """

    folder: Path
    verdict: Verdict | None
    summary: str
    sentence: str = ""

    @property
    def exit_status(self) -> int:
        """By the gates."""
        return self.verdict.exit_status if self.verdict else 0


def judge_run(run: StoredRun, today: date, evaluation: Evaluation | None = None) -> Judged:
    """Hold a run against its rules and its baseline.

    Args:
        run: with rules and baseline.
        today: for the waivers.
        evaluation: of the run, where there is one already.
    """
    if run.summary is not None:
        return _judge_counted(run, today, evaluation or evaluate_run(run))
    seed = run.provenance["seed"]
    evidence = gather(
        run.predictions,
        run.slice_columns,
        seed,
        run.baseline,
        run.no_baseline,
        baseline_missing=run.baseline_missing,
        past=run.past,
        corrupted=accuracies(run.corruptions.sets) if run.corruptions else NO_SETS,
        evaluation=evaluation,
    )
    verdict = None if run.gates is None else judge(run.gates, evidence, today)
    comparison = None if run.baseline is None else compare(run.predictions, run.baseline, seed)
    return Judged(evidence, verdict, comparison, default_gates=run.gates is not None and run.gates.default)


def _judge_counted(run: StoredRun, today: date, evaluation: Evaluation) -> Judged:
    """By the counts and intervals, as of a metrics.json."""
    document = read_document(metrics_document(evaluation, run.predictions.class_names))
    stored = (run.provenance.get("engine") or {}).get("predictions")
    rows = ", and its rows were stored one part after the other" if stored else " and has no row per image"
    evidence = replace(document, no_baseline=f"this run was counted part by part{rows}; {AT_ONCE}", counted=True)
    verdict = None if run.gates is None else judge(run.gates, evidence, today)
    return Judged(evidence, verdict, None, default_gates=run.gates is not None and run.gates.default)


def evaluate_run(run: StoredRun) -> Evaluation:
    """The numbers of a run, from its rows or from what was counted."""
    temperature, seed = card_temperature(run.provenance["model"].get("card")), run.provenance["seed"]
    if run.summary is not None:
        return evaluate_summary(run.summary, seed, temperature)
    return evaluate(run.predictions, seed, run.slice_columns, temperature, run.members)


def most_runs(gates: GateSet | None) -> int:
    """How many earlier runs a run remembers: those that the report shows, or more where a gate looks further back."""
    return max([SHOWN - 1, *(gate.runs or 0 for gate in (gates.gates if gates else ()))])


def looks_back(gates: GateSet | None) -> bool:
    """Whether a gate looks at earlier runs."""
    return gates is not None and any(gate.runs is not None for gate in gates.gates)


def judge_document(document: Document, gates: GateSet, today: date) -> Judged:
    """Hold a metrics.json against rules."""
    return Judged(document, judge(gates, document, today), None)


def ci_files(facts: Mapping[str, Any], judged: Judged) -> dict[str, str]:
    """The files for CI and monitoring: metrics.prom, and where something was gated junit.xml and summary.md.

    Args:
        facts: run.json: the title, created, the run-id and the model's name.
        judged: the run.
    """
    files = {"metrics.prom": openmetrics(judged.evidence.overall, judged.verdict, model=facts["model"]["name"])}
    if judged.verdict is not None:
        files["junit.xml"] = junit_xml(judged.verdict, suite=facts["title"], created=facts["created"])
        files["summary.md"] = summary(
            judged.verdict,
            title=facts["title"],
            accuracy=f"{accuracy_sentence(judged.evidence.overall)}.",
            run_id=facts["run_id"],
            flips=change_lines(judged.comparison) if judged.comparison else (),
        )
    return files


def last_line(judged: Judged) -> str:
    """The verdict in one sentence, or where nothing was gated the accuracy."""
    if judged.verdict is None:
        return accuracy_sentence(judged.evidence.overall)
    sentence = verdict_sentence(judged.verdict)
    undecided = [result for result in judged.verdict.results if result.outcome == "ERROR"]
    # Few images, or images of few classes, cannot decide them; a baseline that does not fit is another matter.
    ours = judged.default_gates and judged.verdict.outcome == "ERROR" and not judged.verdict.count("FAIL")
    if ours and not any(result.gate.needs_baseline for result in undecided):
        return f"{sentence} (these are the default gates; give your own with --gates)"
    return sentence


def pager_line(judged: Judged, run_id: str) -> str:
    """The verdict, the accuracy and the run-id in one line for a pager; a long reason is cut."""
    overall = judged.evidence.overall
    if judged.verdict is None:
        return f"{accuracy_sentence(overall)}; {run_id}"
    interval = percent_interval(overall["accuracy"])
    end = f"; accuracy {percent(overall['accuracy'])} ({interval}); {run_id}"
    return short(last_line(judged), MOST_LETTERS - len(end)) + end
