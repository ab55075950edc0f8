"""The mean of several models, and each of them beside it, against numpy, scikit-learn, statsmodels and plain loops."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
from ensemble_work import named, random_answers, tiny_answers, tiny_ensemble
from hypothesis import given
from hypothesis import strategies as st
from strategies import Sample, law, samples
from tiny_run import LABELS

from mnist_report.errors import DataError
from mnist_report.evaluation.ensemble import average, disputed_first, evaluate_members, member_findings, spread
from mnist_report.evaluation.evaluation import evaluate
from mnist_report.evaluation.metrics import overall_metrics
from mnist_report.evaluation.tally import Tally


@st.composite
def ensembles(draw):
    """Two to five models' answers to the same images."""
    first: Sample = draw(samples())
    orders = draw(st.lists(st.permutations(range(len(first.labels))), min_size=1, max_size=4))
    others = [first._replace(probabilities=first.probabilities[list(order)]) for order in orders]
    return [one.predictions() for one in (first, *others)]


def evaluated(answers):
    """The ensemble, its members, and what is known of them."""
    predictions, scores = average(iter(answers))
    members = named(scores)
    return predictions, members, evaluate_members(predictions, members, 1)


@law
@given(ensembles())
def test_the_ensemble_is_the_mean_of_the_rows(answers):
    """Each row divided by its sum before, as everywhere; stored as float32."""
    predictions, _ = average(answers)
    expected = np.mean([one.rows for one in answers], axis=0)
    assert np.abs(predictions.probabilities - expected).max() <= 2**-24


@law
@given(ensembles())
def test_the_members_keep_their_scores(answers):
    """In their order."""
    _, scores = average(answers)
    for found, one in zip(scores, answers, strict=True):
        for field in ("labels", "predicted", "runner_up", "confidence", "loss", "brier"):
            assert getattr(found, field).tolist() == getattr(one, field).tolist()
        assert not hasattr(found, "probabilities")


def test_no_more_than_two_answers_are_held_at_a_time():
    """Twenty models' probabilities would not fit where one's do."""
    made, held = [], []

    def answers():
        for seed in range(5):
            one = random_answers(1, seed=seed)[0]
            made.append(weakref.ref(one.probabilities))
            held.append(sum(ref() is not None for ref in made))
            yield one

    average(answers())
    assert (len(held), max(held)) == (5, 2)


def test_the_order_of_the_members_does_not_matter():
    """But for the last bits."""
    answers = random_answers(5)
    forward, backward = average(answers)[0], average(answers[::-1])[0]
    assert np.abs(forward.probabilities - backward.probabilities).max() <= 2**-23


def test_of_no_model_there_is_no_mean():
    """As an error of its own, not a crash."""
    with pytest.raises(DataError, match="no predictions to take the mean of"):
        average([])


@law
@given(ensembles())
def test_the_mean_is_no_worse_than_the_mean_member(answers):
    """By log loss and by Brier score, image by image, since both are convex: the reason to have an ensemble."""
    predictions, members, _ = evaluated(answers)
    for name in ("loss", "brier"):
        theirs = np.mean([getattr(member.scores, name) for member in members], axis=0)
        # float32 rows; a probability below the epsilon has a clipped loss.
        assert (getattr(predictions, name) <= theirs + 1e-6).all()


@law
@given(ensembles())
def test_the_variance_is_that_of_the_rows(answers):
    """Found without them, from the Brier scores alone."""
    predictions, members, _ = evaluated(answers)
    expected = np.var([one.rows for one in answers], axis=0).sum(axis=1)
    assert np.abs(spread(predictions, members) - expected).max() <= 1e-6


def test_models_that_agree_have_no_variance():
    """Not a negative one for the last bits."""
    predictions, members, found = evaluated(random_answers(1) * 3)
    assert spread(predictions, members).tolist() == [0.0] * len(predictions)
    assert (found.unanimous.value, len(found.disputed)) == (1, 0)


def test_each_member_has_the_metrics_of_its_own_report():
    """The very same numbers."""
    answers = random_answers()
    _, _, found = evaluated(answers)
    for member, one in zip(found.members, answers, strict=True):
        assert member.overall == overall_metrics(Tally.of(one), 1)


def test_log_losses_are_scikit_learns():
    """Of the mean and of each member."""
    from sklearn.metrics import log_loss

    answers = random_answers()
    predictions, _, found = evaluated(answers)
    ours = [log_loss(one.labels, one.rows, labels=range(4)) for one in (predictions, *answers)]
    assert overall_metrics(Tally.of(predictions))["log_loss"].value == pytest.approx(ours[0], rel=1e-9)
    for member, expected in zip(found.members, ours[1:], strict=True):
        assert member.overall["log_loss"].value == pytest.approx(expected, rel=1e-9)
        assert member.differences["log_loss"].value == pytest.approx(ours[0] - expected, rel=1e-9)


def test_differences_are_the_ensembles_less_the_members():
    """In accuracy: images that only one of the two gets right, by a plain loop."""
    predictions, members, found = evaluated(random_answers())
    for member, one in zip(members, found.members, strict=True):
        fixed = regressed = 0
        for label, mean, own in zip(
            predictions.labels.tolist(), predictions.predicted.tolist(), member.scores.predicted.tolist(), strict=True
        ):
            fixed += mean == label != own
            regressed += own == label != mean
        accuracy = one.differences["accuracy"]
        assert (accuracy.fixed, accuracy.regressed) == (fixed, regressed)
        assert accuracy.value == pytest.approx((fixed - regressed) / len(predictions))


def test_p_values_are_statsmodels():
    """Exact McNemar, adjusted by Holm over the members."""
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.multitest import multipletests

    predictions, members, found = evaluated(random_answers(5))
    raw = []
    for member in members:
        ours, theirs = predictions.right, member.scores.right
        table = [[int((a & b).sum()) for b in (theirs, ~theirs)] for a in (ours, ~ours)]
        raw.append(mcnemar(table, exact=True).pvalue)
    adjusted = multipletests(raw, method="holm")[1]
    assert [one.differences["accuracy"].p_value for one in found.members] == pytest.approx(raw)
    assert [one.p_adjusted for one in found.members] == pytest.approx(adjusted.tolist())


def test_who_is_against_is_counted():
    """Image by image: of the twelve, 0, 3, 7... are disputed."""
    predictions, members = tiny_ensemble()
    found = evaluate_members(predictions, members)
    for row in range(len(LABELS)):
        said = [int(one.predicted[row]) for one in tiny_answers()]
        assert found.against[row] == sum(k != predictions.predicted[row] for k in said)
        assert (found.against[row] == 0) == (len(set(said)) == 1)
    assert found.unanimous.value == np.mean(found.against == 0)


@law
@given(ensembles())
def test_the_disputed_are_those_with_several_opinions(answers):
    """All of them, the largest variance first."""
    predictions, members, _ = evaluated(answers)
    index = disputed_first(predictions, members)
    opinions = [{int(one.predicted[row]) for one in answers} for row in range(len(predictions))]
    several = {row for row, said in enumerate(opinions) if len(said) > 1}
    # A tie of the members' rows may be broken by the rounding of their mean.
    assert several <= set(index.tolist())
    variance = spread(predictions, members)[index]
    assert (np.diff(variance) <= 0).all()


def test_a_model_that_counts_twice_is_told_of():
    """A copy in another format has other bytes."""
    first, second = random_answers(2)
    said = [one.scores for one in (first, second, first, first)]
    assert member_findings(named(said[:2])) == ()
    assert member_findings(named(said)) == (
        "m2 answers exactly as m0 does, so one model counts twice in the mean.",
        "m3 answers exactly as m0 does, so one model counts twice in the mean.",
    )


def test_it_is_told_at_the_head_of_the_report():
    """Before what else is wrong."""
    predictions, scores = average(random_answers(1) * 2)
    assert evaluate(predictions, members=named(scores)).findings[0].startswith("m1 answers exactly as m0 does")


def test_a_broken_member_is_named():
    """A good mean hides it: with the wrong scale of pixels a model is no better than chance."""
    first, second, third = random_answers(3)
    scores = replace(third.scores, predicted=(third.labels + 1) % 4)
    (sentence, *_) = member_findings(named([first.scores, second.scores, scores]))
    assert sentence.startswith("m2: The accuracy of 0.0 % is no better than chance")
