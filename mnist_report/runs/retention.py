"""Which runs of a folder stay, and why: a rule over a list, which touches no file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

FAILED = frozenset({"FAIL", "ERROR"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run that could go.

    Attributes:
        run_id: its name.
        created: when it was made; without a zone it is UTC.
        size: of its files, in bytes.
        verdict: of its gates, or None.
        status: "finished", or what else became of it.
        latest: whether `latest` points at it.
        baseline: whether it is what others are held against.
        recorded: whether the history has it, which outlives its folder.
    """

    run_id: str
    created: datetime
    size: int
    verdict: str | None = None
    status: str = "finished"
    latest: bool = False
    baseline: bool = False
    recorded: bool = True

    @property
    def failed(self) -> bool:
        """Whether its gates failed or could not be decided, or it did not finish."""
        return self.verdict in FAILED or self.status != "finished"

    @property
    def moment(self) -> datetime:
        """When it was made, in UTC."""
        return self.created.replace(tzinfo=UTC) if self.created.tzinfo is None else self.created.astimezone(UTC)

    @property
    def order(self) -> tuple[datetime, str]:
        """The older, the smaller."""
        return self.moment, self.run_id


@dataclass(frozen=True, slots=True)
class Policy:
    """What is to be kept; a run stays if any of the first three says so.

    Attributes:
        keep: so many of the newest; None for no such rule. Where this and the next are None all stay, but for the size.
        keep_monthly: the newest of each of so many months, of the last ones in UTC that have runs at all.
        keep_failed: every run that failed.
        max_size: so many bytes at most, of all that stay; None for any number.
    """

    keep: int | None = None
    keep_monthly: int | None = None
    keep_failed: bool = False
    max_size: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a run.

    Attributes:
        run: which.
        kept: whether it stays.
        why: for people.
    """

    run: Candidate
    kept: bool
    why: str


def decide(runs: Sequence[Candidate], policy: Policy, *, besides: int = 0) -> tuple[Decision, ...]:
    """Decide about every run of a folder, the newest first.

    The newest run, the one that `latest` points at, the baseline and what the history has missed always stay. Where
    the rest is larger than `max_size` the oldest go first; those that a month keeps after the others, and failed ones
    that are kept last.

    Args:
        runs: all of the folder.
        policy: what is to be kept.
        besides: bytes that count for `max_size` and are not to be had: of folders that nobody decides about.
    """
    newest_first = sorted(runs, key=lambda run: run.order, reverse=True)
    rules = _Rules.of(newest_first, policy)
    protected = {run.run_id: _protection(run, newest_first[0]) for run in newest_first}
    stay = [run for run in newest_first if protected[run.run_id] or rules.why(run)]
    total, too_much = besides + sum(run.size for run in stay), set()
    for run in sorted(stay, key=lambda run: (rules.rank(run), run.order)):
        if policy.max_size is None or total <= policy.max_size:
            break
        if not protected[run.run_id]:
            too_much.add(run.run_id)
            total -= run.size
    decisions = []
    for run in newest_first:
        why = [*protected[run.run_id], *rules.why(run)]
        if run.run_id in too_much:
            decisions.append(Decision(run, kept=False, why="over --max-size"))
        else:
            decisions.append(Decision(run, kept=bool(why), why=", ".join(why) or "no rule keeps it"))
    return tuple(decisions)


def _protection(run: Candidate, newest: Candidate) -> list[str]:
    """Why a run stays whatever the policy says."""
    reasons = {
        "the newest": run is newest,
        "latest": run.latest and run is not newest,
        "the baseline": run.baseline,
        "not in the history": not run.recorded,
    }
    return [name for name, holds in reasons.items() if holds]


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the policy keeps, by run-id.

    Attributes:
        policy: that says so.
        counted: of the newest ones.
        monthly: with its month.
        failed: where those are kept.
    """

    policy: Policy
    counted: frozenset[str]
    monthly: Mapping[str, str]
    failed: frozenset[str]

    @classmethod
    def of(cls, newest_first: Sequence[Candidate], policy: Policy) -> "_Rules":
        """Look at all runs, the newest first."""
        months: dict[str, str] = {}
        for run in newest_first:
            months.setdefault(f"{run.moment:%Y-%m}", run.run_id)
        kept = list(months.items())[: policy.keep_monthly or 0]
        return cls(
            policy,
            frozenset(run.run_id for run in newest_first[: policy.keep or 0]),
            {run_id: month for month, run_id in kept},
            frozenset(run.run_id for run in newest_first if run.failed) if policy.keep_failed else frozenset(),
        )

    def why(self, run: Candidate) -> list[str]:
        """The rules that keep it."""
        reasons = []
        if run.run_id in self.counted:
            reasons.append(f"of the newest {self.policy.keep}")
        if run.run_id in self.monthly:
            reasons.append(f"the newest of {self.monthly[run.run_id]}")
        if run.run_id in self.failed:
            reasons.append("failed")
        if not reasons and self.policy.keep is None and self.policy.keep_monthly is None:
            reasons.append("within --max-size")
        return reasons

    def rank(self, run: Candidate) -> int:
        """The higher, the later it goes for its size."""
        return 2 if run.run_id in self.failed else 1 if run.run_id in self.monthly else 0
