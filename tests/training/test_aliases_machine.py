"""Aliases, approvals and rollbacks in any order, against a plain dictionary."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.spec import Catalog, MLModel, TimeWindow
from mlworks_orchestration.training import Registry, Verdict, approvals, approved, give_word, moves, notice, roll_back, run_gate, served_at
from mlworks_orchestration.training.verdict import store_verdict
from tests.training.passing import let_pass
from tests.training.trips import day, declare, deployment

_numbers = count(1)
PEOPLE = st.sampled_from(["anna", "ben", "Anna "])
WORDS = st.sampled_from(["approve", "approve", "approve", "reject"])


class Aliases(RuleBasedStateMachine):
    """A model of its own in a shared MLflow and lake; what should be is kept in dictionaries."""

    lake: Lake
    registry: Registry

    def __init__(self) -> None:
        super().__init__()
        self.name = f"model_{next(_numbers)}"
        self.catalog, self.model = self.declared()
        self.registry.client.create_registered_model(self.name)
        self.time = day(1)
        self.held: dict[str, int | None] = {"champion": None, "previous": None}
        self.verdicts: dict[int, tuple[str, bool, int | None]] = {}
        self.words: dict[tuple[int, str], str] = {}
        self.spent: set[int] = set()
        self.served: list[tuple[Any, int | None]] = []

    def declared(self) -> tuple[Catalog, MLModel]:
        return declare(name=self.name, gate={"mode": "manual", "approvals": 2})

    def at(self, act: Callable[[], object]) -> bool:
        """Act a minute later and return whether it was allowed."""
        self.time += timedelta(minutes=1)
        with clock.replaying(self.time):
            try:
                act()
            except MLWorksError:
                return False
        return True

    def moved(self, version: int, *, keeps_previous: bool = False) -> None:
        if self.held["champion"] == version:
            return
        if not keeps_previous and self.held["champion"] is not None:
            self.held["previous"] = self.held["champion"]
        self.held["champion"] = version
        self.spent.add(version)
        self.served.append((self.time, version))

    def granted(self, version: int) -> bool:
        mode, better, champion = self.verdicts[version]
        if version in self.spent or not better or self.held["champion"] != champion:
            return False
        return mode == "automatic" or (mode == "manual" and self.agreed(version))

    def agreed(self, version: int) -> bool:
        said = [word for (number, _), word in self.words.items() if number == version]
        return said == ["approve", "approve"]

    @rule(mode=st.sampled_from(["manual", "automatic", "manual", "dry_run"]), better=st.sampled_from([True, True, False]))
    @precondition(lambda self: len(self.verdicts) < 6)
    def judged(self, mode: str, better: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        self.judge(mode, better=better)

    @initialize()
    def one_version_waits(self) -> None:
        self.judge("manual", better=True)

    def judge(self, mode: str, *, better: bool) -> None:
        made = self.registry.client.create_model_version(self.name, str(Path(self.lake.root)))
        version, champion = int(made.version), self.held["champion"]
        numbers = dict.fromkeys(("challenger_value", "champion_value", "gain", "gain_low", "gain_high"), 1.0)
        holdout = TimeWindow(day(0), day(1))
        promoted = better and mode == "automatic"
        self.time += timedelta(minutes=1)
        store_verdict(
            self.lake,
            Verdict(
                self.name,
                version,
                champion,
                promoted,
                "mae",
                **numbers,
                rows=9,
                holdout=holdout,
                reason="So.",
                decided_at=self.time,
                favourable=better,
                mode=mode,
            ),
        )
        let_pass(self.lake, self.name, version)
        self.verdicts[version] = (mode, better, champion)

    @rule(data=st.data())
    @precondition(lambda self: self.verdicts)
    def gated(self, data: st.DataObject) -> None:
        version = data.draw(st.sampled_from(sorted(self.verdicts)))
        assert self.at(lambda: run_gate(self.lake, self.catalog, self.model, self.registry, version))
        if self.granted(version):
            self.moved(version)

    @rule(data=st.data(), by=PEOPLE, word=WORDS)
    @precondition(lambda self: self.verdicts)
    def said(self, data: st.DataObject, by: str, word: Any) -> None:
        waiting = [number for number, (mode, better, _) in self.verdicts.items() if mode == "manual" and better and number not in self.spent]
        version = data.draw(st.sampled_from(waiting[:1] * 5 + sorted(self.verdicts)))
        mode, better, champion = self.verdicts[version]
        waits = mode == "manual" and better and version not in self.spent and champion == self.held["champion"]
        done = self.at(lambda: give_word(self.lake, self.model, self.registry, version, word, by=by, why="So."))
        assert done is waits
        if done:
            self.words[version, by.strip().casefold()] = word

    @rule(data=st.data())
    def rolled_back(self, data: st.DataObject) -> None:
        to = data.draw(st.sampled_from([None, *range(1, len(self.verdicts) + 2)]))
        target = self.held["previous"] if to is None else to
        allowed = target in self.verdicts and target != self.held["champion"] and (target in self.spent or self.agreed(target))
        assert self.at(lambda: roll_back(self.lake, self.model, self.registry, to, by="carl", why="So.")) is allowed
        if allowed and target is not None:
            self.moved(target)

    @rule(data=st.data())
    @precondition(lambda self: self.verdicts)
    def moved_by_hand(self, data: st.DataObject) -> None:
        version = data.draw(st.sampled_from(sorted(self.verdicts)))
        self.registry.client.set_registered_model_alias(self.name, "champion", str(version))
        completes = self.granted(version)  # as if a promotion had been killed before its record was written
        assert self.at(lambda: notice(self.lake, self.model, self.registry))
        self.moved(version, keeps_previous=not completes or self.held["champion"] is None)
        if completes:
            # The alias `previous` was not moved, and a promotion that finds its version serving leaves it so.
            self.held["previous"] = self.registry.aliases(self.name).get("previous")

    @invariant()
    def aliases_are_as_they_should_be(self) -> None:
        held = self.registry.aliases(self.name)
        assert {alias: held.get(alias) for alias in self.held} == self.held

    @invariant()
    def history_tells_who_served(self) -> None:
        rows = moves(self.lake, self.name)
        assert rows["number"].to_list() == list(range(1, rows.height + 1))
        if self.served:
            assert served_at(self.lake, self.name, self.time).version == self.held["champion"]

    @invariant()
    def the_sensor_asks_for_what_is_granted(self) -> None:
        waiting = [version for version, (mode, *_) in self.verdicts.items() if mode == "manual" and self.granted(version)]
        found = approved(self.lake, self.model)
        assert (found[0].version if found else None) == max(waiting, default=None)

    @invariant()
    def each_person_s_last_word_stands_in_the_lake(self) -> None:
        last = {(row["version"], row["by"].casefold()): row["action"] for row in approvals(self.lake, self.name).iter_rows(named=True)}
        assert last == self.words


def test_in_any_order_they_are_as_a_dictionary_says(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = deployment(shutil.copytree(filled, tmp_path_factory.mktemp("machine") / "home"))
    Aliases.lake, Aliases.registry = made.lake, made.registry
    chosen = settings(max_examples=25, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    run_state_machine_as_test(Aliases, settings=chosen)
