"""A stored run becomes report.html and report.pdf."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from mnist_report.errors import OutputError, RenderError
from mnist_report.evaluation.comparison import Comparison
from mnist_report.evaluation.evaluation import Evaluation
from mnist_report.evaluation.past import EarlierRun
from mnist_report.gates.verdict import Verdict
from mnist_report.report.canvas import to_png, to_svg
from mnist_report.report.compare_view import make_compare_view
from mnist_report.report.corruption_figure import curves_figure, sets_figure
from mnist_report.report.figures import make_figures
from mnist_report.report.html import set_template, to_html
from mnist_report.report.members_figure import members_figure
from mnist_report.report.pdf import Attachment, import_weasyprint, to_pdf
from mnist_report.report.robustness_view import CURVES, SETS, split_kinds
from mnist_report.report.shorten import shortened
from mnist_report.report.trend import shown_runs
from mnist_report.report.trend_figure import trend_figure
from mnist_report.report.view import make_view
from mnist_report.runs.durable import sync
from mnist_report.runs.folder import StoredRun
from mnist_report.runs.images_file import ShownImages
from mnist_report.runs.predictions_file import ScoredImages

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# A comparison is not an event: it has no time of its own.
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING: Mapping[str, str] = MappingProxyType({})


def draw_figures(run: StoredRun, evaluation: Evaluation, without: Collection[str] = ()) -> dict[str, "Figure"]:
    """Every figure of a run, by name; without that of the training where it has been drawn already."""
    training = {} if "training" in without else (run.provenance["model"]["card"] or {}).get("training", {})
    confidences = evaluation.tally.confidences if evaluation.tally.graded else None
    figures = make_figures(evaluation.frames, confidences, training.get("history", ()))
    if run.corruptions is not None:
        curved, alone = split_kinds(run.corruptions.sets)
        clean = evaluation.overall["accuracy"]
        figures |= {CURVES: curves_figure(curved, clean)} if curved else {}
        figures |= {SETS: sets_figure([one for (one,) in alone.values()], clean)} if alone else {}
    if evaluation.ensemble is not None:
        figures["members"] = members_figure(evaluation.ensemble)
    if run.past:
        facts = run.provenance
        this = EarlierRun(facts["run_id"], facts["created"], "", "", evaluation.overall["accuracy"], None)
        baseline = (facts.get("baseline") or {}).get("run_id")
        figures["trend"] = trend_figure((*shown_runs(run.past), this), baseline)
    return figures


def draw_reports(
    run: StoredRun,
    evaluation: Evaluation,
    formats: Collection[str],
    verdict: Verdict | None = None,
    comparison: Comparison | None = None,
    *,
    templates: Path | None = None,
    attachments: Sequence[Attachment] = (),
    drawn: Mapping[str, str] = NOTHING,
) -> dict[str, bytes]:
    """The reports by file name.

    Args:
        run: as stored.
        evaluation: of its predictions.
        formats: of "html" and "pdf".
        verdict: of its gates, or None.
        comparison: with its baseline, or None.
        templates: a folder of templates that come before ours, or None.
        attachments: to go into the PDF.
        drawn: figures that are there already, as SVG; see `ahead`.

    Raises:
        RenderError: the PDF was asked for and Pango is missing, or a template of that folder is at fault.
    """
    if not formats:
        return {}
    figures = {**drawn, **{name: to_svg(figure) for name, figure in draw_figures(run, evaluation, drawn).items()}}
    view = make_view(run, evaluation, figures, verdict, comparison)
    html = to_html(view, templates)
    reports = {"report.html": html.encode()} if "html" in formats else {}
    if "pdf" in formats:
        created = datetime.fromisoformat(run.provenance["created"])
        with _blaming(templates):
            reports["report.pdf"] = to_pdf(html, created, attachments)
    return reports


def draw_comparison(
    comparison: Comparison, sides: tuple[ScoredImages, ScoredImages], images: ShownImages, formats: Collection[str]
) -> dict[str, bytes]:
    """The reports of a comparison by file name.

    Args:
        comparison: of the two.
        sides: candidate and baseline.
        images: those that can be shown.
        formats: of "html" and "pdf".

    Raises:
        RenderError: the PDF was asked for and Pango is missing.
    """
    html = set_template("compare.html.j2", view=shortened(make_compare_view(comparison, *sides, images)))
    reports = {"compare.html": html.encode()} if "html" in formats else {}
    return reports | ({"compare.pdf": to_pdf(html, NO_TIME)} if "pdf" in formats else {})


@contextmanager
def _blaming(templates: Path | None) -> Iterator[None]:
    """What cannot be set of a team's templates is their fault."""
    if templates is None:
        yield
        return
    import_weasyprint()
    from weasyprint.urls import FatalURLFetchingError

    try:
        yield
    except FatalURLFetchingError as error:
        why = "a report loads nothing; embed it as a data: address"
        raise RenderError(f"{templates}: the PDF cannot be set: {error}; {why}") from error
    except Exception as error:
        raise RenderError(f"{templates}: the PDF cannot be set: {type(error).__name__}: {error}") from error


def write_figures(folder: Path, figures: dict[str, "Figure"]) -> None:
    """Write each figure as <name>.svg and <name>.png.

    Raises:
        OutputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            (folder / f"{name}.svg").write_text(to_svg(figure), "utf-8")
            (folder / f"{name}.png").write_bytes(to_png(figure))
    except OSError as error:
        raise OutputError(f"{folder}: cannot write the figures: {error.strerror or error}") from error


def write_reports(folder: Path, reports: dict[str, bytes]) -> None:
    """Write each report beside its place and sync it, then put all in place.

    Raises:
        OutputError: the folder cannot be written to; the reports that were there stay as they were.
    """
    token = secrets.token_hex(4)  # two runs may write one index
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in reports.items():
            _beside(folder, name, token).write_bytes(content)
            sync(_beside(folder, name, token))
        for name in reports:
            _beside(folder, name, token).replace(folder / name)
        sync(folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot write the reports: {error.strerror or error}") from error
    finally:
        for name in reports:
            with suppress(OSError):
                _beside(folder, name, token).unlink(missing_ok=True)


def _beside(folder: Path, name: str, token: str) -> Path:
    return folder / f".{name}.{token}.unfinished"
