"""Several models on the same images, ranked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from strategies import law
from test_change import tango

from mnist_report.evaluation.contest import Result, rank
from mnist_report.evaluation.metrics import Metric, proportion

N = 200


def result(name, right, log_loss=0.5):
    """Of a model with these right answers."""
    right = np.array(right, dtype=bool)
    overall = {"accuracy": proportion(int(right.sum()), len(right)), "log_loss": Metric(log_loss, 0, 1, len(right))}
    return Result(name, overall, right, {})


def names(*results):
    """In their order."""
    return [one.result.name for one in rank(results)]


@pytest.fixture(scope="module")
def three():
    """The right answers of three models on 200 images, the best second."""
    random = np.random.default_rng(3)
    return [random.random(N) < share for share in (0.8, 0.95, 0.9)]


def test_the_most_accurate_is_first():
    """Whatever its log loss."""
    assert names(result("a", [1, 0, 0], 0.1), result("b", [1, 1, 1], 0.9), result("c", [0, 1, 1], 0.2)) == [*"bca"]


def test_equals_are_ordered_by_log_loss():
    """Less is better."""
    assert names(result("a", [1, 0], 0.3), result("b", [0, 1], 0.2)) == ["b", "a"]


def test_equals_in_that_too_are_ordered_by_name():
    """So that the page is the same each time."""
    assert names(result("b", [1, 0]), result("a", [0, 1])) == ["a", "b"]


def test_places_count_from_one(three):
    """Each has its own."""
    assert [one.place for one in rank([result(str(k), right) for k, right in enumerate(three)])] == [1, 2, 3]


def test_the_best_is_held_against_nobody(three):
    """It is the best."""
    first, *others = rank([result(str(k), right) for k, right in enumerate(three)])
    assert first.result.name == "1"
    assert first.difference is None
    assert all(one.difference is not None for one in others)


@pytest.mark.parametrize("model", [0, 2])
def test_the_difference_to_the_best_is_a_plain_loops(three, model):
    """Candidate less best, by images."""
    ranked = {one.result.name: one for one in rank([result(str(k), right) for k, right in enumerate(three)])}
    pairs = list(zip(three[model], three[1], strict=True))
    regressed, fixed = sum(not ours and best for ours, best in pairs), sum(ours and not best for ours, best in pairs)
    found = ranked[str(model)].difference
    assert (found.regressed, found.fixed, found.n) == (regressed, fixed, N)
    assert found.value == pytest.approx(three[model].mean() - three[1].mean(), abs=1e-12)
    assert found.value < 0 < min(regressed, fixed)


@pytest.mark.parametrize("model", [0, 2])
def test_its_interval_is_tangos_and_its_p_the_exact_mcnemars(three, model):
    """By root finding, and by statsmodels."""
    ranked = {one.result.name: one for one in rank([result(str(k), right) for k, right in enumerate(three)])}
    found = ranked[str(model)].difference
    assert (found.ci_low, found.ci_high) == pytest.approx(tango(found.fixed, found.regressed, N), abs=1e-7)
    table = [[0, found.fixed], [found.regressed, 0]]
    assert found.p_value == pytest.approx(mcnemar(table, exact=True).pvalue, rel=1e-9)


def test_one_model_is_the_best():
    """Of those that are left when the others failed."""
    (only,) = rank([result("a", [1, 0])])
    assert (only.place, only.difference) == (1, None)


def test_without_models_there_is_no_place():
    """All of them failed."""
    assert rank([]) == ()


@law
@given(st.integers(2, 5).flatmap(lambda m: st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=m)))
def test_nobody_is_better_than_the_best(rights):
    """Every difference is 0 or less, and falls with the place."""
    ranked = rank([result(str(k), right) for k, right in enumerate(rights)])
    values = [one.difference.value for one in ranked[1:]]
    assert values == sorted(values, reverse=True)
    assert all(value <= 0 for value in values)
