"""Of several runs that were started for one decision, one does it."""

import os
from collections.abc import Mapping

import dagster as dg
import pytest

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph.names import REPLAYED, RUN_KEY, RUN_PROCESS
from mlworks_orchestration.graph.processes import take_turn, this_process
from mlworks_orchestration.graph.retraining_sensor import InstanceRuns
from tests.graph.world import MODEL

KEY = f"{MODEL}:1:1"


@dg.job(name=f"{MODEL}_train")
def training() -> None:
    pass


def made(instance: dg.DagsterInstance, tags: Mapping[str, str] | None = None, key: str = KEY) -> dg.DagsterRun:
    return instance.create_run_for_job(training, tags={RUN_KEY: key, **(tags or {})}, status=dg.DagsterRunStatus.STARTED)


def test_of_two_runs_with_one_key_the_first_goes_on_and_the_second_says_why_it_does_not(blank: dg.DagsterInstance) -> None:
    first, second, other = made(blank), made(blank), made(blank, key=f"{MODEL}:1:2")
    for _ in range(2):
        take_turn(blank, first)
        take_turn(blank, other)
        with pytest.raises(MLWorksError, match=f"Run {first.run_id} was first with the run key {KEY}"):
            take_turn(blank, second)


def test_the_second_has_its_turn_once_the_first_has_failed_and_a_third_has_not(blank: dg.DagsterInstance) -> None:
    first, second, third = made(blank), made(blank), made(blank)
    blank.report_run_failed(first)
    take_turn(blank, second)
    with pytest.raises(MLWorksError, match=f"Run {second.run_id} was first"):
        take_turn(blank, third)


def test_what_was_done_is_done_again_only_where_a_person_repeats_the_run(blank: dg.DagsterInstance) -> None:
    first = blank.create_run_for_job(training, tags={RUN_KEY: KEY}, status=dg.DagsterRunStatus.SUCCESS)
    with pytest.raises(MLWorksError, match="what was decided once is done once"):
        take_turn(blank, made(blank))
    take_turn(blank, made(blank, {"dagster/parent_run_id": first.run_id, "dagster/root_run_id": first.run_id}))


def test_runs_without_a_key_are_as_many_as_are_asked_for(blank: dg.DagsterInstance) -> None:
    for _ in range(2):
        take_turn(blank, blank.create_run_for_job(training, status=dg.DagsterRunStatus.STARTED))


def test_a_run_that_another_process_executes_is_left_to_it_unless_that_is_gone(blank: dg.DagsterInstance) -> None:
    other = f"{this_process().partition(' ')[0]} {os.getppid()} "
    alive = made(blank, {RUN_PROCESS: f"another-host {os.getppid()} 1.00"})
    with pytest.raises(MLWorksError, match=f"Run {alive.run_id} is under way in the process another-host"):
        take_turn(blank, alive)
    take_turn(blank, made(blank, {RUN_PROCESS: f"{other}1.00"}, key="gone"))


def test_a_run_says_which_process_executes_it_so_that_its_end_is_noticed(blank: dg.DagsterInstance) -> None:
    run = made(blank)
    take_turn(blank, run)
    stored = blank.get_run_by_id(run.run_id)
    assert stored
    assert stored.tags[RUN_PROCESS] == this_process()


@pytest.mark.parametrize(("tags", "launched"), [({}, True), ({REPLAYED: MODEL}, False)])
def test_a_run_that_failed_counts_as_launched_except_for_the_replay_that_stopped_at_it(
    blank: dg.DagsterInstance,
    tags: dict[str, str],
    launched: bool,  # noqa: FBT001 - a case's answer
) -> None:
    run = made(blank, tags)
    assert InstanceRuns(blank, MODEL).launched(KEY)
    blank.report_run_failed(run)
    assert InstanceRuns(blank, MODEL).launched(KEY) is launched


def test_a_run_failed_by_itself_when_none_with_its_key_goes_on_or_was_done_or_stopped_by_a_person(blank: dg.DagsterInstance) -> None:
    runs = InstanceRuns(blank, MODEL)
    assert not runs.failed(KEY), "none was launched"
    run = made(blank)
    assert not runs.failed(KEY), "it goes on"
    blank.report_run_failed(run)
    assert runs.failed(KEY)
    stopped = made(blank)
    blank.report_run_canceled(stopped)
    assert not runs.failed(KEY)
