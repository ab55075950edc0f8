"""Which runs stay: laws that hold for any folder and any policy, and examples by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from mnist_report.runs.retention import Candidate, Policy, decide

LAST = datetime(2027, 3, 10, tzinfo=UTC)


def made_at(days, run_id="", **facts):
    """A run of so many days before the last one, of ten bytes."""
    created = LAST - timedelta(days=days)
    return Candidate(run_id or f"run{days}", created, **{"size": 10, "verdict": "PASS", **facts})


@st.composite
def folders(draw):
    """Runs of some years, in any order; one of them may be the latest, and several baselines."""
    days = draw(st.lists(st.integers(0, 800), min_size=1, max_size=25))
    latest = draw(st.integers(0, 40))
    return [
        made_at(
            day,
            f"run{number:02}",
            size=draw(st.integers(0, 50)),
            verdict=draw(st.sampled_from([None, "PASS", "FAIL", "ERROR", "INCONCLUSIVE"])),
            status=draw(st.sampled_from(["finished", "finished", "failed"])),
            baseline=draw(st.integers(0, 9)) == 0,
            latest=number == latest,
        )
        for number, day in enumerate(days)
    ]


POLICIES = st.builds(
    Policy,
    st.none() | st.integers(0, 30),
    st.none() | st.integers(0, 30),
    st.booleans(),
    st.none() | st.integers(0, 600),
)


def kept(runs, policy):
    """The ids of the runs that stay."""
    return {decision.run.run_id for decision in decide(runs, policy) if decision.kept}


def newest(runs):
    """The id that comes last in time and name."""
    return max(runs, key=lambda run: (run.created, run.run_id)).run_id


@given(folders(), POLICIES)
def test_every_run_is_decided_about_once(runs, policy):
    """And each decision has a reason."""
    decisions = decide(runs, policy)
    assert sorted(decision.run.run_id for decision in decisions) == sorted(run.run_id for run in runs)
    assert all(decision.why for decision in decisions)


@given(folders(), POLICIES)
def test_the_newest_stays(runs, policy):
    """Whatever the policy."""
    assert newest(runs) in kept(runs, policy)


@given(folders(), POLICIES)
def test_baselines_and_the_latest_stay(runs, policy):
    """Others are held against the one, and a link points at the other."""
    assert {run.run_id for run in runs if run.baseline or run.latest} <= kept(runs, policy)


@given(folders(), POLICIES)
def test_the_size_is_obeyed_unless_only_protected_runs_are_left(runs, policy):
    """There is nothing else that could go."""
    left = [run for run in runs if run.run_id in kept(runs, policy)]
    free = [run for run in left if not (run.baseline or run.latest or run.run_id == newest(runs))]
    assert policy.max_size is None or sum(run.size for run in left) <= policy.max_size or not free


@given(folders(), POLICIES, st.integers(0, 30))
def test_a_larger_keep_never_removes_more(runs, policy, more):
    """Without a limit of the size; with one, what is kept more must go elsewhere."""
    policy = replace(policy, keep=policy.keep or 0, max_size=None)
    assert kept(runs, policy) <= kept(runs, replace(policy, keep=policy.keep + more))


@given(folders(), POLICIES, st.integers(0, 30))
def test_more_months_never_remove_more(runs, policy, more):
    """Likewise."""
    policy = replace(policy, keep_monthly=policy.keep_monthly or 0, max_size=None)
    assert kept(runs, policy) <= kept(runs, replace(policy, keep_monthly=policy.keep_monthly + more))


@given(folders(), POLICIES, st.integers(0, 600))
def test_a_larger_size_never_removes_more(runs, policy, more):
    """What goes for its size goes in one order."""
    policy = replace(policy, max_size=policy.max_size or 0)
    assert kept(runs, policy) <= kept(runs, replace(policy, max_size=policy.max_size + more))


@given(folders(), POLICIES)
def test_deciding_again_removes_nothing_more(runs, policy):
    """A second call on what the first one left; months without a run that stays may count no more."""
    left = [run for run in runs if run.run_id in kept(runs, policy)]
    assert kept(left, policy) == {run.run_id for run in left}


@given(folders(), POLICIES, st.randoms())
def test_the_order_of_the_list_does_not_matter(runs, policy, random):
    """A folder has none."""
    shuffled = random.sample(runs, len(runs))
    assert decide(shuffled, policy) == decide(runs, policy)


@given(folders(), st.integers(0, 30))
def test_so_many_of_the_newest_stay(runs, keep):
    """Those, and what is protected."""
    by_age = sorted(runs, key=lambda run: (run.created, run.run_id))
    expected = {run.run_id for run in by_age[len(by_age) - min(keep, len(by_age)) :]}
    protected = {run.run_id for run in runs if run.baseline or run.latest} | {newest(runs)}
    assert kept(runs, Policy(keep=keep)) == expected | protected


@given(folders(), st.integers(0, 30))
def test_the_newest_of_each_month_stays(runs, months):
    """By a plain loop over the months that have runs."""
    expected = {run.run_id for run in runs if run.baseline or run.latest} | {newest(runs)}
    for month in sorted({run.created.strftime("%Y%m") for run in runs}, reverse=True)[:months]:
        expected.add(newest([run for run in runs if run.created.strftime("%Y%m") == month]))
    assert kept(runs, Policy(keep_monthly=months)) == expected


def test_months_without_runs_do_not_count():
    """Whoever pauses for a year keeps what there was before."""
    runs = [made_at(0), made_at(1), made_at(400), made_at(401)]
    assert kept(runs, Policy(keep_monthly=2)) == {"run0", "run400"}


def test_months_are_those_of_utc():
    """A run of the first of March, 00:30 in Berlin, is of February."""
    berlin = timezone(timedelta(hours=1))
    early = Candidate("early", datetime(2027, 3, 1, 0, 30, tzinfo=berlin), 10)
    february = Candidate("february", datetime(2027, 2, 28, 12, tzinfo=UTC), 10)
    assert kept([early, february, made_at(0)], Policy(keep_monthly=2)) == {"early", "run0"}


def test_failed_runs_stay_where_that_is_wanted():
    """FAIL, ERROR, or not finished; INCONCLUSIVE is neither."""
    runs = [
        made_at(0),
        made_at(1, verdict="FAIL"),
        made_at(2, verdict="ERROR"),
        made_at(3, verdict="INCONCLUSIVE"),
        made_at(4, status="failed"),
        made_at(5, verdict=None),
    ]
    assert kept(runs, Policy(keep=1, keep_failed=True)) == {"run0", "run1", "run2", "run4"}
    assert kept(runs, Policy(keep=1)) == {"run0"}


def test_with_a_size_alone_all_stay_that_fit():
    """The oldest go."""
    assert kept([made_at(day) for day in range(5)], Policy(max_size=30)) == {"run0", "run1", "run2"}


def test_months_go_after_the_others_and_failed_ones_last():
    """Or the runs of a year would be the first to go for those of last week."""
    runs = [made_at(0), made_at(1), made_at(2, verdict="FAIL"), made_at(40), made_at(70)]
    policy = Policy(keep=3, keep_monthly=3, keep_failed=True)
    left = [kept(runs, replace(policy, max_size=size)) for size in (50, 40, 30, 20, 10)]
    assert left == [
        {"run0", "run1", "run2", "run40", "run70"},
        {"run0", "run2", "run40", "run70"},
        {"run0", "run2", "run40"},
        {"run0", "run2"},
        {"run0"},
    ]


def test_folders_that_nobody_decides_about_count_for_the_size():
    """They fill the disk too."""
    runs = [made_at(0), made_at(1)]
    decisions = decide(runs, Policy(max_size=20), besides=1)
    assert [decision.kept for decision in decisions] == [True, False]


def test_all_reasons_are_told():
    """So that nobody has to guess which rule to change."""
    runs = [made_at(0, baseline=True), made_at(1, verdict="FAIL")]
    first, second = decide(runs, Policy(keep=1, keep_monthly=1, keep_failed=True))
    assert first.why == "the newest, the baseline, of the newest 1, the newest of 2027-03"
    assert second.why == "failed"
