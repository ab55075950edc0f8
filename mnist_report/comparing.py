"""Two stored runs become a comparison."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_report.errors import DataError
from mnist_report.evaluation.comparison import Comparison, compare, comparison_frame, flips_frame
from mnist_report.runs.folder import write_frames
from mnist_report.runs.predictions_file import ScoredImages, read_scored_images


@dataclass(frozen=True, slots=True, eq=False)
class ComparedRuns:
    """Two sides, row by row of the same images, and their comparison."""

    candidate: ScoredImages
    baseline: ScoredImages
    comparison: Comparison


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
