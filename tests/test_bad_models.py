"""Models that do not fit, through the whole command: status 3, one line, nothing left."""

import pytest

from mnist_report.cli import run_cli


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("large", "takes images of shape (32, 32, 1), the data has (28, 28)"),
        ("eleven", "has 11 outputs, the data has 10 classes"),
        ("logits", "look like logits"),
        ("nan", "contains NaN or infinity"),
        ("two", "found 2 inputs and 1 outputs, expected one of each"),
        ("mean", "answers 500 images with shape (1, 10), expected (500, 10)"),
        ("double", "answers 500 images with shape (1000, 10), expected (500, 10)"),
    ],
)
def test_a_model_that_does_not_fit_is_refused_in_one_line(models, tmp_path, capsys, name, telling):
    """The line names the file, what was found and what was needed."""
    model = models / f"{name}.keras"
    status = run_cli(["run", "--model", str(model), "--reports", str(tmp_path), "--format", "html", "-q"])
    out, err = capsys.readouterr()
    assert (status, out, list(tmp_path.iterdir())) == (3, "", [])
    assert err.count("\n") == 1
    assert str(model) in err
    assert telling in err


def test_a_model_that_takes_vectors_is_evaluated(models, tmp_path, capsys):
    """Images are reshaped where the number of pixels fits."""
    model = models / "vector.keras"
    assert run_cli(["evaluate", "--model", str(model), "--reports", str(tmp_path), "-q"]) == 0
    assert "-vector-" in capsys.readouterr().out
