"""Runs that nobody executes any more: whoever waits for a run does not wait for these."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunsTable

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph.names import ROLLBACK, RUN_FROM, RUN_KEY, RUN_MODEL, RUN_PROCESS, RUN_TRIGGER, RUN_VERSION
from mlworks_orchestration.graph.processes import BEGIN_WITHIN, take_turn, this_process, write_process
from mlworks_orchestration.graph.retraining_sensor import InstanceRuns
from tests.graph.test_requests import asked, skipped
from tests.graph.world import MODEL, World

KEY = f"{MODEL}:1:1"
GONE = f"{this_process().partition(' ')[0]} {os.getpid()} 1.00"
JUST_IN_TIME, TOO_LATE = BEGIN_WITHIN - timedelta(minutes=1), BEGIN_WITHIN + timedelta(minutes=1)
STATUS = dg.DagsterRunStatus


@dg.job(name=f"{MODEL}_train")
def training() -> None:
    pass


@dg.job(name=ROLLBACK)
def back() -> None:
    pass


def left(instance: dg.DagsterInstance, status: STATUS, tags: Mapping[str, str] | None = None, *, ago: timedelta = timedelta()) -> dg.DagsterRun:
    """Leave a training in a state, as if it had last been heard of some time ago."""
    run = instance.create_run_for_job(training, tags={RUN_KEY: KEY, **(tags or {})}, status=status)
    make_older(instance, run, ago)
    return run


def make_older(instance: dg.DagsterInstance, run: dg.DagsterRun, ago: timedelta) -> None:
    assert isinstance(instance.run_storage, SqlRunStorage)
    heard_of = (datetime.now(UTC) - ago).replace(tzinfo=None)
    with instance.run_storage.connect() as connection:
        connection.execute(sa.update(RunsTable).where(RunsTable.c.run_id == run.run_id).values(update_timestamp=heard_of))


def status_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> STATUS:
    stored = instance.get_run_by_id(run.run_id)
    assert stored
    return stored.status


LAUNCHED = [STATUS.NOT_STARTED, STATUS.STARTING, STATUS.STARTED]


@pytest.mark.parametrize("status", LAUNCHED, ids=str)
def test_a_run_that_no_process_began_in_time_failed_and_so_is_tried_again(blank: dg.DagsterInstance, status: STATUS) -> None:
    runs, run = InstanceRuns(blank, MODEL), left(blank, status, ago=JUST_IN_TIME)
    assert runs.in_progress()
    make_older(blank, run, TOO_LATE)
    assert not runs.in_progress()
    assert runs.failed(KEY)
    [told] = [event.message for event in blank.all_logs(run.run_id) if event.is_dagster_event]
    assert "No process began this run within 10 minutes" in told


@pytest.mark.parametrize("status", LAUNCHED, ids=str)
def test_a_run_whose_process_is_gone_is_no_longer_under_way_however_long_that_is(blank: dg.DagsterInstance, status: STATUS) -> None:
    runs = InstanceRuns(blank, MODEL)
    for elsewhere in (this_process(), "another-host 1 1.00"):
        alive = left(blank, status, {RUN_PROCESS: elsewhere}, ago=timedelta(days=2))
        assert runs.in_progress(), "a training may take days"
        blank.report_run_failed(alive)
    dead = left(blank, status, {RUN_PROCESS: GONE})
    assert not runs.in_progress()
    assert status_of(blank, dead) is STATUS.FAILURE


def test_a_run_that_is_queued_waits_for_as_long_as_it_must(blank: dg.DagsterInstance) -> None:
    origin = RegisteredCodeLocationOrigin("mlworks")
    where = RemoteJobOrigin(RemoteRepositoryOrigin(origin, "__repository__"), training.name)
    run = blank.create_run_for_job(training, remote_job_origin=where, status=STATUS.QUEUED)
    make_older(blank, run, timedelta(days=2))
    assert InstanceRuns(blank, MODEL).in_progress()


def test_a_run_that_a_person_stops_is_canceled_though_its_process_was_killed(blank: dg.DagsterInstance) -> None:
    run = left(blank, STATUS.CANCELING, {RUN_PROCESS: GONE})
    assert not InstanceRuns(blank, MODEL).in_progress()
    assert status_of(blank, run) is STATUS.CANCELED
    assert not InstanceRuns(blank, MODEL).failed(KEY), "nothing is tried again"


def test_a_run_that_was_given_up_does_nothing_when_its_process_begins_after_all(blank: dg.DagsterInstance) -> None:
    run = left(blank, STATUS.STARTED, ago=TOO_LATE)
    assert not InstanceRuns(blank, MODEL).in_progress()
    with pytest.raises(MLWorksError, match=f"Run {run.run_id} was given up before it began"):
        take_turn(blank, run)


def test_a_run_that_a_person_repeats_is_not_taken_for_the_one_that_was_killed(blank: dg.DagsterInstance) -> None:
    first = left(blank, STATUS.FAILURE, {RUN_PROCESS: GONE})
    # Dagster's UI gives it all tags of the first.
    again = left(blank, STATUS.STARTED, {RUN_PROCESS: GONE, "dagster/parent_run_id": first.run_id, "dagster/root_run_id": first.run_id})
    assert InstanceRuns(blank, MODEL).in_progress(), "it has not begun"
    take_turn(blank, again)
    make_older(blank, again, TOO_LATE)
    assert InstanceRuns(blank, MODEL).in_progress(), "it is executed by this process"


def test_a_run_that_goes_on_in_another_process_is_that_ones_and_no_longer_lost(blank: dg.DagsterInstance) -> None:
    run = left(blank, STATUS.STARTED, {RUN_PROCESS: GONE})
    write_process(blank, run)
    assert InstanceRuns(blank, MODEL).in_progress()


def test_a_rollback_that_was_killed_is_not_waited_for(blank: dg.DagsterInstance) -> None:
    runs, key = InstanceRuns(blank, MODEL), f"{MODEL}:rollback:2:1"
    run = blank.create_run_for_job(back, tags={RUN_KEY: key, RUN_MODEL: MODEL, RUN_PROCESS: GONE}, status=STATUS.STARTED)
    assert not InstanceRuns(blank, "another").rolling_back()
    assert status_of(blank, run) is STATUS.STARTED, "it is another model's"
    assert not runs.rolling_back()
    assert runs.failed(key)


def test_rollback_and_scoring_say_which_process_executes_them(world: World, blank: dg.DagsterInstance) -> None:
    tags = {RUN_MODEL: MODEL, RUN_FROM: "2", RUN_VERSION: "1", RUN_TRIGGER: "Version 2 did not help."}
    world.definitions().resolve_job_def(ROLLBACK).execute_in_process(instance=blank, tags=tags, raise_on_error=False)
    world.run(blank, "score", ["2013-01-02"])
    assert {run.job_name: run.tags.get(RUN_PROCESS) for run in blank.get_runs()} == dict.fromkeys([ROLLBACK, f"{MODEL}_score"], this_process())


def test_the_schedule_scores_on_after_a_scoring_run_that_was_killed(world: World, tmp_path: Path) -> None:
    definitions, moment = world.definitions(), datetime(2013, 1, 3, 5, tzinfo=UTC)
    schedule, job = definitions.resolve_schedule_def(f"{MODEL}_schedule"), definitions.resolve_job_def(f"{MODEL}_score")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = instance.create_run_for_job(job, tags={RUN_PROCESS: this_process()}, status=STATUS.STARTED)
        with dg.build_schedule_context(instance, scheduled_execution_time=moment) as context:
            assert "A scoring run of ride_time is under way" in skipped(schedule(context))  # type: ignore[arg-type]
            instance.add_run_tags(run.run_id, {RUN_PROCESS: GONE})
            assert asked(schedule(context)) == ("2013-01-02", "2013-01-02")  # type: ignore[arg-type]
