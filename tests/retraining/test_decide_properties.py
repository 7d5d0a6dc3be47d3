from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from mlworks_orchestration.retraining import (
    Aftermath,
    Attempt,
    Decision,
    Episode,
    Evidence,
    Finding,
    History,
    Outcome,
    Overdue,
    Promotion,
    Report,
    Rollback,
    decide,
)
from mlworks_orchestration.retraining.breaker import RETRY_AFTER
from mlworks_orchestration.retraining.past import first_key, retry_key
from mlworks_orchestration.spec import DriftKind, Gate, Retraining

DAY = timedelta(days=1)
YEAR = 365 * DAY
START = datetime(2013, 1, 1, tzinfo=UTC)

POLICIES = st.builds(
    lambda of, violations, cooldown, budget, rows, kinds, every, new_rows: Retraining(
        of=of,
        violations=min(of, violations),
        cooldown=cooldown * DAY,
        budget_per_year=budget,
        min_new_rows=rows,
        kinds=kinds,
        every=every and every * DAY,
        new_rows=new_rows,
    ),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 60),
    st.integers(0, 6),
    st.integers(0, 3000),
    st.lists(st.sampled_from(DriftKind), min_size=1, unique=True),
    st.none() | st.integers(1, 90),
    st.none() | st.integers(1, 9000),
)
GATES = st.builds(
    lambda mode, kinds: Gate(mode=mode, rollback_on=kinds),
    st.sampled_from(["automatic", "automatic", "manual", "dry_run"]),
    st.lists(st.sampled_from(DriftKind), unique=True),
)
MOMENTS = st.datetimes(datetime(2012, 1, 1), datetime(2014, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is added
KEYS = st.integers(1, 28).map(lambda day: f"2013-05-{day:02}")
VERSIONS = st.integers(0, 3)
REPORTS = st.builds(
    Report,
    KEYS,
    VERSIONS,
    st.lists(VERSIONS, max_size=2).map(tuple),
    st.dictionaries(st.sampled_from(DriftKind), st.builds(Finding, st.sampled_from([True, True, False, None]), st.text(max_size=9))),
)
NUMBERS = st.none() | st.floats(-5, 5)
AFTERMATHS = st.builds(
    lambda champion, previous, low: Aftermath(champion, previous, "2013-05-01", 14, 900, "mae", 2.0, 1.0, low, low, low, 0.5, "" if low else "gone."),
    VERSIONS,
    VERSIONS,
    NUMBERS,
)
EVIDENCE = st.builds(
    Evidence,
    st.just("delays"),
    VERSIONS | st.none(),
    st.lists(REPORTS, max_size=8, unique_by=lambda report: report.partition).map(tuple),
    st.integers(0, 4000),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | st.builds(Promotion, VERSIONS, MOMENTS, VERSIONS | st.none()),
    st.none() | AFTERMATHS,
    st.booleans(),
    st.booleans(),
    st.none() | st.builds(Overdue, KEYS, st.integers(1, 90), MOMENTS),
)
ATTEMPTS = st.builds(
    Attempt,
    MOMENTS,
    VERSIONS | st.none(),
    st.sampled_from(Outcome),
    st.none() | st.integers(1, 99).map(lambda number: f"delays:0:{number}"),
    st.none() | KEYS,
    st.none() | KEYS,
    st.lists(st.sampled_from(DriftKind), unique=True).map(tuple),
    st.sampled_from([None, "drift", "schedule", "new_rows", "person"]),
    st.integers(0, 9000),
    st.none() | VERSIONS,
    st.lists(MOMENTS, max_size=4).map(tuple),
)
HISTORIES = st.builds(
    History,
    st.lists(ATTEMPTS, max_size=8).map(tuple),
    st.none() | st.builds(Episode, VERSIONS, KEYS),
    st.none(),
    st.none() | VERSIONS,
    st.lists(st.builds(Rollback, MOMENTS, VERSIONS, VERSIONS, st.sampled_from(["delays:rollback", "delays:rollback:retry-1"])), max_size=6).map(
        tuple
    ),
)


@settings(max_examples=200, deadline=None)
@given(EVIDENCE, POLICIES, HISTORIES, MOMENTS, GATES)
def test_any_facts_give_a_decision_with_a_reason_that_keeps_every_guard(
    evidence: Evidence, policy: Retraining, history: History, now: datetime, gate: Gate
) -> None:
    decision = decide(evidence, policy, history, now, gate)
    assert decision == decide(evidence, policy, history, now, gate)
    assert len(decision.reason) > 20
    assert decision.reason.endswith((".", "gone."))
    assert (decision.run_key is not None) == (decision.action in {"retrain", "rollback"})
    assert (decision.to is not None) == (decision.action == "rollback")
    assert (decision.trigger is not None) == (decision.action == "retrain")
    assert all(lasts(kind, evidence, policy) for kind in decision.kinds)
    if decision.action == "retrain":
        assert_retraining_is_allowed(decision, evidence, policy, history, now)
    if decision.action == "rollback":
        assert evidence.promotion is not None
        before = [done for done in history.rollbacks if done.champion == evidence.promotion.version]
        assert decision.to == (before[0].to if before else evidence.promotion.previous)
        assert len(before) <= len(RETRY_AFTER) or not evidence.rollback_launched
        assert not evidence.rollback_launched or not before or not evidence.rolling_back
        assert not evidence.rollback_launched or decision.run_key not in {done.run_key for done in before}


def assert_retraining_is_allowed(decision: Decision, evidence: Evidence, policy: Retraining, history: History, now: datetime) -> None:
    assert evidence.champion is not None
    assert not evidence.running
    assert decision.kinds or decision.trigger != "drift"
    known = [attempt for attempt in history.attempts if attempt.champion == evidence.champion and attempt.run_key]
    lost = [attempt for attempt in known if attempt.outcome is Outcome.UNFINISHED]
    if not evidence.launched and decision.run_key in {attempt.last_key for attempt in lost}:
        return
    if decision.run_key != first_key(decision.run_key or ""):
        assert_same_training_again(decision, evidence, lost, now)
        return
    assert decision.run_key == f"delays:{evidence.champion}:{len(known) + 1}"
    assert all(now - attempt.begun >= policy.cooldown for attempt in history.attempts)
    assert sum(attempt.champion is not None and now - attempt.at < YEAR for attempt in history.attempts) < policy.budget_per_year
    assert evidence.new_rows >= policy.min_new_rows


def assert_same_training_again(decision: Decision, evidence: Evidence, lost: Sequence[Attempt], now: datetime) -> None:
    assert evidence.failed
    again = [attempt for attempt in lost if decision.run_key == retry_key(attempt.run_key or "", len(attempt.retries) + 1)]
    assert any(
        len(attempt.retries) < len(RETRY_AFTER)
        and now >= attempt.begun + RETRY_AFTER[len(attempt.retries)]
        and (decision.trigger != "drift" or (decision.episode is not None and attempt.episode == decision.episode.began))
        for attempt in again
    )
    assert "It is tried again" in decision.reason


def lasts(kind: DriftKind, evidence: Evidence, policy: Retraining) -> bool:
    """The rule once more, as the docs put it."""
    said: list[bool | None] = []
    for report in sorted(evidence.reports, key=lambda report: report.partition):
        if report.reference_version == evidence.champion:
            foreign = kind in {DriftKind.PREDICTION, DriftKind.CONCEPT} and set(report.scored_versions) != {evidence.champion}
            drifted = None if foreign or kind not in report.findings else report.findings[kind].drifted
            if drifted is not None or kind in {DriftKind.FEATURE, DriftKind.PREDICTION}:
                said.append(drifted)
    last = said[-policy.of :]
    return last[-1:] == [True] and sum(drifted is True for drifted in last) >= policy.violations


@dataclass
class World:
    """A year of one model, in which daemons crash, double, lag and see old records; runs start once a key, as in Dagster.

    Parameters:
        policy: the declared policy.
        seed: of all that happens.
        helps: how often a challenger is better.
        trouble: how often things go wrong.
        turns: how often drift begins or ends.
        noise: how often a report says the opposite.
        worse: how often a challenger that was promoted proves worse than its predecessor.
        gate: the declared gate.
    """

    policy: Retraining
    seed: int
    helps: float
    trouble: float
    turns: float = 0.05
    noise: float = 0.2
    worse: float = 0.0
    gate: Gate = field(default_factory=Gate)
    champion: int = 1
    promotion: Promotion | None = None
    was_worse: bool = False
    rollbacks: list[Rollback] = field(default_factory=list)
    served: list[int] = field(default_factory=lambda: [1])
    versions: int = 1
    days: list[Report] = field(default_factory=list)
    decisions: list[tuple[datetime, Decision]] = field(default_factory=list)
    rows: list[Attempt] = field(default_factory=list)
    launched: dict[str, datetime] = field(default_factory=dict)
    finishing: dict[str, datetime] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    episode: Episode | None = None
    decided_for: int | None = None

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - no secret

    def live(self, days: int) -> "World":
        drifting = False
        for day in range(days):
            now = START + day * DAY
            drifting = drifting ^ (self.chance.random() < self.turns)
            self.finish(now)
            self.report(now, drifting)
            before = self.known()
            self.tick(now, before)
            for late in range(self.chance.randint(0, 2)):
                stale = before if self.chance.random() < self.trouble else self.known()
                self.tick(now + timedelta(minutes=late + 1), stale)
        return self

    def report(self, now: datetime, drifting: bool) -> None:  # noqa: FBT001 - a day's weather
        said = [None, not drifting, drifting], [self.noise / 2, self.noise, 1 - 1.5 * self.noise]
        findings = {kind: Finding(self.chance.choices(*said)[0]) for kind in DriftKind}
        self.days.append(Report(f"{now:%Y-%m-%d}", self.champion, (self.champion,), findings))

    def tick(self, now: datetime, history: History) -> None:
        decision = decide(self.evidence(now, history), self.policy, history, now, self.gate)
        self.decisions.append((now, decision))
        self.episode, self.decided_for = decision.episode, decision.champion
        if decision.run_key is None:
            return
        if decision.action == "rollback":
            if decision.run_key not in {done.run_key for done in self.rollbacks}:
                self.rollbacks.append(Rollback(now, decision.champion or 0, decision.to or 0, decision.run_key))
        elif decision.run_key != (first := first_key(decision.run_key)):
            self.rows = [
                replace(row, retries=(*row.retries, now))
                if row.run_key == first and decision.run_key == retry_key(first, len(row.retries) + 1)
                else row
                for row in self.rows
            ]
        elif decision.run_key not in {row.run_key for row in self.rows}:
            began = decision.episode.began if decision.episode else None
            seen = (decision.run_key, began, self.days[-1].partition, decision.kinds, decision.trigger)
            self.rows.append(Attempt(now, self.champion, Outcome.UNFINISHED, *seen))
        crashed = self.chance.random() < self.trouble
        if not crashed and decision.run_key not in self.launched:
            self.launched[decision.run_key] = now
            self.finishing[decision.run_key] = now + self.chance.randint(0, 3) * DAY

    def evidence(self, now: datetime, history: History) -> Evidence:
        asked = [attempt.last_key for attempt in history.attempts if attempt.last_key and attempt.champion == self.champion]
        back = [done.run_key for done in history.rollbacks if self.promotion and done.champion == self.promotion.version]
        told = self.promotion and self.promotion.previous and self.was_worse and now - self.promotion.at >= 14 * DAY
        return Evidence(
            "delays",
            self.champion,
            tuple(self.days[-self.policy.of :]),
            self.chance.randint(0, 9000),
            running=any("rollback" not in key for key in self.finishing),
            launched=not asked or asked[-1] in self.launched,
            failed=bool(asked) and asked[-1] in self.failed,
            promotion=self.promotion,
            aftermath=Aftermath(self.champion, self.served[-2], f"{now:%Y-%m-%d}", 14, 900, "mae", 2, 1, 1, 0.5, 1.5, 0.0) if told else None,
            rollback_launched=not back or back[-1] in self.launched,
            rolling_back=any("rollback" in key for key in self.finishing),
        )

    def finish(self, now: datetime) -> None:
        for key in [key for key, moment in self.finishing.items() if moment <= now]:
            del self.finishing[key]
            if self.chance.random() >= self.trouble:
                (self.go_back if "rollback" in key else self.judge)(key, now)
            else:
                self.failed.add(key)

    def judge(self, key: str, now: datetime) -> None:
        promoted = self.chance.random() < self.helps
        self.versions += 1
        outcome = Outcome.PROMOTED if promoted else Outcome.REJECTED
        self.rows = [replace(row, outcome=outcome, version=self.versions) if row.run_key == first_key(key) else row for row in self.rows]
        if promoted:
            barred = {row.version for row in self.rows if row.outcome is Outcome.ROLLED_BACK}
            self.promotion = Promotion(self.versions, now, None if self.champion in barred else self.champion)
            self.was_worse = self.chance.random() < self.worse
            self.serve(self.versions)

    def go_back(self, key: str, _now: datetime) -> None:
        (done,) = [done for done in self.rollbacks if done.run_key == key]
        if self.champion == done.champion:
            self.rows = [replace(row, outcome=Outcome.ROLLED_BACK) if row.version == done.champion else row for row in self.rows]
            self.promotion = None
            self.serve(done.to)

    def serve(self, version: int) -> None:
        self.champion = version
        self.served.append(version)

    def known(self) -> History:
        return History(tuple(self.rows), self.episode, None, self.decided_for, tuple(self.rollbacks))

    @property
    def retrainings(self) -> list[datetime]:
        """When each retraining was first asked for, in order; one a run key, and tries of one that failed are the same."""
        first: dict[str, datetime] = {}
        for now, decision in self.decisions:
            if decision.run_key is not None and decision.action == "retrain":
                first.setdefault(first_key(decision.run_key), now)
        return sorted(first.values())


def assert_is_safe(world: World) -> None:
    asked = world.retrainings
    assert len(asked) == len(world.rows), "one record a run key"
    assert {first_key(key) for key in world.launched} <= {row.run_key for row in world.rows} | {first_key(done.run_key) for done in world.rollbacks}
    assert all(later.at - earlier.begun >= world.policy.cooldown for earlier, later in pairwise(world.rows))
    assert_same_training_is_tried_few_times(world)
    assert all(sum(moment - YEAR < each <= moment for each in asked) <= world.policy.budget_per_year for moment in asked)
    assert all(decision.reason for _, decision in world.decisions)
    assert_tries_are_few(world.rows)
    assert_nothing_flaps(world)


def assert_same_training_is_tried_few_times(world: World) -> None:
    told = {decision.run_key: decision for _, decision in reversed(world.decisions) if decision.action == "retrain"}
    for row in world.rows:
        moments = [row.at, *row.retries]
        assert len(row.retries) <= len(RETRY_AFTER)
        assert all(later - earlier >= wait for (earlier, later), wait in zip(pairwise(moments), RETRY_AFTER, strict=False))
        for number in range(1, len(moments)):
            again, last = told[retry_key(row.run_key or "", number)], retry_key(row.run_key or "", number - 1) if number > 1 else row.run_key
            assert last in world.failed, "a try goes on, or nobody knows of it"
            assert row.trigger != "drift" or (again.episode and again.episode.began == row.episode)


def assert_nothing_flaps(world: World) -> None:
    """A promotion is rolled back at most once, to one version, in few tries; and what was rolled back never serves again."""
    assert len({done.champion for done in world.rollbacks}) == len({(done.champion, done.to) for done in world.rollbacks})
    assert max(Counter(done.champion for done in world.rollbacks).values(), default=0) <= 1 + len(RETRY_AFTER)
    for term, version in enumerate(world.served[1:], start=1):
        if version in world.served[:term]:
            assert world.served[term - 1] not in world.served[term:]
            assert (world.served[term - 1], version) in {(done.champion, done.to) for done in world.rollbacks}


def assert_tries_are_few(rows: Sequence[Attempt]) -> None:
    in_vain: dict[tuple[int | None, str | None], int] = {}
    for row in rows:
        if row.outcome not in {Outcome.PROMOTED, Outcome.ROLLED_BACK} and row.trigger == "drift":
            in_vain[row.champion, row.episode] = in_vain.get((row.champion, row.episode), 0) + 1
    assert all(tries <= 2 for tries in in_vain.values())


@settings(max_examples=15, deadline=None)
@given(POLICIES, st.integers(0, 10**6), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.3]))
def test_through_any_two_years_of_crashes_and_double_ticks_every_guard_holds(policy: Retraining, seed: int, helps: float, trouble: float) -> None:
    assert_is_safe(World(policy, seed, helps, trouble).live(730))


@settings(max_examples=15, deadline=None)
@given(POLICIES, GATES, st.integers(0, 10**6), st.sampled_from([0.5, 1.0]), st.sampled_from([0.0, 0.3]))
def test_through_any_two_years_of_bad_promotions_nothing_flaps(policy: Retraining, gate: Gate, seed: int, worse: float, trouble: float) -> None:
    assert_is_safe(World(policy, seed, 0.9, trouble, worse=worse, gate=gate).live(730))


def test_bad_promotions_are_undone_and_people_called() -> None:
    world = World(Retraining(), 2013, helps=1.0, trouble=0.0, worse=1.0).live(730)
    assert_is_safe(world)
    assert len(world.rollbacks) >= 2
    assert {"retrain", "wait", "escalate", "rollback"} == {decision.action for _, decision in world.decisions}


def test_trainings_that_are_killed_are_tried_again_and_one_that_never_ends_is_given_to_a_person() -> None:
    world = World(Retraining(), 2013, helps=0.5, trouble=0.3).live(730)
    assert_is_safe(world)
    assert any(row.retries and row.outcome is not Outcome.UNFINISHED for row in world.rows)
    hopeless = World(Retraining(), 2013, helps=1.0, trouble=0.0, turns=0.0, noise=0.0)
    hopeless.report = lambda now, _: World.report(hopeless, now, drifting=True)  # type: ignore[method-assign]
    hopeless.judge = lambda key, _: hopeless.failed.add(key)  # type: ignore[method-assign]
    assert_is_safe(hopeless.live(13))
    assert [len(row.retries) for row in hopeless.rows] == [len(RETRY_AFTER)]
    assert "was launched 4 times" in hopeless.decisions[-1][1].reason
    assert hopeless.decisions[-1][1].action == "escalate"


def test_a_year_of_drift_with_the_declared_defaults() -> None:
    world = World(Retraining(), 2013, helps=0.5, trouble=0.1).live(365)
    assert_is_safe(world)
    actions = [decision.action for _, decision in world.decisions]
    assert 3 <= len(world.retrainings) <= 12
    assert {"retrain", "wait", "escalate"} == set(actions)
    assert {row.outcome for row in world.rows} >= {Outcome.PROMOTED, Outcome.REJECTED}


def test_a_calm_year_is_left_alone() -> None:
    world = World(Retraining(), 1, helps=1.0, trouble=0.0, turns=0.0, noise=0.0).live(365)
    assert {decision.action for _, decision in world.decisions} == {"wait"}


def test_a_drift_that_no_retraining_helps_is_tried_twice_and_then_given_to_a_person() -> None:
    history, day, actions = History(), START, []
    for number in range(1, 200):
        day += DAY
        findings = {kind: Finding(drifted=True) for kind in DriftKind}
        reports = tuple(Report(f"2013-{number - back:04}", 1, (1,), findings) for back in (2, 1, 0))
        decision = decide(Evidence("delays", 1, reports, 9000), Retraining(), history, day)
        actions.append(decision.action)
        rows = history.attempts
        if decision.run_key:
            began = decision.episode.began if decision.episode else None
            rows = (*rows, Attempt(day, 1, Outcome.REJECTED, decision.run_key, began, reports[-1].partition, decision.kinds))
        history = History(rows, decision.episode)
    assert [number for number, action in enumerate(actions) if action == "retrain"] == [0, 14]
    assert set(actions[1:14]) == {"wait"}
    assert set(actions[15:]) == {"escalate"}
