"""An ensemble as frames and as a document: what other programs read."""

import json

import numpy as np
import pytest
from ensemble_work import MEMBERS, ensemble_run, tiny_answers, tiny_ensemble
from tiny_run import NAMES

from mnist_report.evaluation.ensemble import evaluate_members
from mnist_report.evaluation.ensemble_tables import disagreements_frame, ensemble_document, members_frame, votes


@pytest.fixture(scope="module")
def found():
    """The ensemble, its members and what is known of them."""
    predictions, members = tiny_ensemble()
    return predictions, members, evaluate_members(predictions, members)


def test_the_members_frame_has_a_row_a_member(found):
    """In the order in which they were named."""
    frame = members_frame(found[2])
    assert frame["model"].tolist() == list(MEMBERS)
    assert frame["n"].tolist() == [12] * 3
    assert frame["errors"].tolist() == [int((~one.right).sum()) for one in tiny_answers()]


@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "brier"])
def test_each_metric_has_its_interval_and_its_difference(found, metric):
    """With the columns that the other frames have."""
    frame = members_frame(found[2])
    for row, member in zip(frame.to_dict("records"), found[2].members, strict=True):
        for name, value in ((metric, member.overall[metric]), (f"{metric}_difference", member.differences[metric])):
            expected = (value.value, value.ci_low, value.ci_high)
            assert (row[name], row[f"{name}_ci_low"], row[f"{name}_ci_high"]) == expected


def test_the_disagreements_frame_has_the_disputed_images(found):
    """With what each side says."""
    predictions, members, ensemble = found
    frame = disagreements_frame(ensemble, predictions, members)
    assert frame["index"].tolist() == ensemble.disputed.tolist()
    for row in frame.to_dict("records"):
        index = row["index"]
        assert row["label"] == NAMES[predictions.labels[index]]
        assert row["predicted"] == NAMES[predictions.predicted[index]]
        assert row["confidence"] == predictions.confidence[index]
        rows = [one.rows[index] for one in tiny_answers()]
        assert row["variance"] == pytest.approx(np.var(rows, axis=0).sum(), abs=1e-6)


def test_votes_are_counted_most_frequent_first(found):
    """Of equals, the first class first."""
    _, members, _ = found
    assert votes(3, members) == {"dog": 2, "cat": 1}
    assert votes(0, members) == {"cat": 2, "dog": 1}
    assert votes(1, members) == {"cat": 3}


def test_the_document_is_json(found):
    """Every member with its metrics; null where there is no number."""
    document = json.loads(json.dumps(ensemble_document(found[2]), allow_nan=False))
    assert [member["model"] for member in document["members"]] == list(MEMBERS)
    assert document["members"][0]["overall"]["ece"]["ci_low"] is None
    assert document["members"][0]["difference"]["log_loss"]["regressed"] is None
    assert document["ensemble"]["unanimous"]["value"] == found[2].unanimous.value


def test_the_mean_variance_is_what_the_brier_score_gains(found):
    """The ambiguity decomposition, from the document alone."""
    document = ensemble_document(found[2])
    theirs = np.mean([member["overall"]["brier"]["value"] for member in document["members"]])
    ours = ensemble_run().evaluation.overall["brier"].value
    assert document["ensemble"]["variance"] == pytest.approx(theirs - ours, abs=1e-9)
