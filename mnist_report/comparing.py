"""Two stored runs become a comparison."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_report.errors import DataError
from mnist_report.evaluation.comparison import Comparison, compare, comparison_frame, flips_frame
from mnist_report.report.formats import usable_formats
from mnist_report.report.write import draw_comparison, write_reports
from mnist_report.runs.folder import write_frames
from mnist_report.runs.images_file import NO_IMAGES, images_of_either
from mnist_report.runs.predictions_file import ScoredImages, read_scored_images


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRuns:
    """Two sides, row by row of the same images, and their comparison."""

    candidate: ScoredImages
    baseline: ScoredImages
    comparison: Comparison


def write_comparison(compared: ComparedRuns, folder: Path, formats: tuple[str, ...] | None) -> list[Path]:
    """Draw a comparison as compare.html and compare.pdf.

    Args:
        compared: the two sides.
        folder: where to write them.
        formats: of "html" and "pdf"; None for both where this machine can make them.

    Returns:
        What was written.

    Raises:
        OutputError: a side's images are damaged, or the folder cannot be written to.
        RenderError: the PDF was asked for by name and Pango is missing.
    """
    sides = (compared.candidate, compared.baseline)
    # Only then is an image's row its place in the data set.
    whole = all(np.array_equal(side.index, np.arange(len(side.index))) for side in sides)
    images = images_of_either(*(Path(side.name) for side in sides)) if whole else NO_IMAGES
    reports = draw_comparison(compared.comparison, sides, images, usable_formats(formats))
    write_reports(folder, reports)
    return [folder / name for name in reports]


def compare_runs(candidate: Path, baseline: Path, *, join_by_index: bool, frames: Path | None) -> ComparedRuns:
    """Compare two stored runs or predictions files.

    Args:
        candidate: a run folder or a predictions file.
        baseline: another one.
        join_by_index: keep the images whose index both have, whatever the data digests say.
        frames: a folder for comparison.csv and flips.csv, or None.

    Raises:
        OutputError: one of them cannot be read, or `frames` not be written.
        DataError: they are not of the same images.
    """
    ours, theirs = read_scored_images(candidate), read_scored_images(baseline)
    if join_by_index:
        common = np.intersect1d(ours.index, theirs.index)
        if len(common) == 0:
            raise DataError(f"{candidate} and {baseline} have no index in common")
        ours, theirs = ours.only(common), theirs.only(common)
    elif ours.data_sha256 and theirs.data_sha256 and ours.data_sha256 != theirs.data_sha256:
        raise DataError(
            f"{candidate} and {baseline} are of different data (sha256 {ours.data_sha256[:12]}... and "
            f"{theirs.data_sha256[:12]}...); to compare the images whose index both have, add --join-by-index"
        )
    elif not np.array_equal(ours.index, theirs.index):
        raise DataError(f"{candidate} and {baseline} have different indices; to join them, add --join-by-index")
    comparison = compare(ours.predictions, theirs.predictions)
    if frames is not None:
        flips = flips_frame(comparison, ours.predictions, theirs.predictions, ours.index)
        table = comparison_frame(comparison, ours.predictions.class_names)
        write_frames(frames, {"comparison": table, "flips": flips})
    return ComparedRuns(ours, theirs, comparison)
