"""What schedule and sensors ask for: pure functions first, then ticks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph.jobs import MAX_PARTITIONS, request_tags, score_request
from mlworks_orchestration.graph.label_sensor import labels_request
from mlworks_orchestration.graph.names import RUN_FROM, RUN_MODEL, RUN_TRIGGER, RUN_VERSION
from mlworks_orchestration.graph.replay import Replay
from mlworks_orchestration.graph.retraining_sensor import RETRAINING_SENSOR, InstanceRuns, answer
from mlworks_orchestration.retraining import Decision
from mlworks_orchestration.spec import MLModel
from tests.graph.world import MODEL, World

START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@pytest.fixture(scope="module")
def model() -> MLModel:
    declared = {
        "name": MODEL,
        "description": "Minutes.",
        "task": "regression",
        "owners": {"data_science": "team:science"},
        "entity": ["ride_id"],
        "event_time": "starts_at",
        "partitions": {"every": "day", "start": "2013-01-01"},
        "features": [{"table": "rides", "columns": ["distance"]}],
        "label": {"table": "outcomes", "column": "minutes", "delay": "2d"},
        "estimator": "a:b",
        "metrics": {"primary": "mae"},
    }
    return MLModel.model_validate(declared)


def days(first: int, last: int) -> list[str]:
    return [f"{datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=day - 1):%Y-%m-%d}" for day in range(first, last + 1)]


def asked(request: dg.RunRequest | dg.SkipReason) -> tuple[str, str]:
    assert isinstance(request, dg.RunRequest)
    one = request.tags.get("dagster/partition")
    return (one, one) if one else (request.tags[START], request.tags[END])


def skipped(request: dg.RunRequest | dg.SkipReason) -> str:
    assert isinstance(request, dg.SkipReason)
    return request.skip_message or ""


def test_one_partition_is_no_range() -> None:
    assert request_tags(["2013-01-01"]) == {"dagster/partition": "2013-01-01"}
    assert request_tags(days(1, 3)) == {START: "2013-01-01", END: "2013-01-03"}


def test_what_has_ended_and_is_not_scored_is_scored_in_one_run(model: MLModel) -> None:
    request = score_request(model, days(1, 4), days(1, 7))
    assert asked(request) == ("2013-01-05", "2013-01-07")
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == "2013-01-05:2013-01-07"


def test_without_any_scores_only_the_newest_partition_is_scored(model: MLModel) -> None:
    assert asked(score_request(model, [], days(1, 7))) == ("2013-01-07", "2013-01-07")


@pytest.mark.parametrize(("scored", "ended", "said"), [(days(1, 7), days(1, 7), "up to 2013-01-07"), ([], [], "up to none")])
def test_when_all_is_scored_it_says_up_to_where(model: MLModel, scored: Sequence[str], ended: Sequence[str], said: str) -> None:
    assert said in skipped(score_request(model, scored, ended))


def test_a_long_outage_is_caught_up_in_pieces(model: MLModel) -> None:
    ended = days(1, 100)
    assert asked(score_request(model, days(1, 1), ended)) == (ended[1], ended[MAX_PARTITIONS])
    assert asked(score_request(model, days(1, 1 + MAX_PARTITIONS), ended))[0] == ended[1 + MAX_PARTITIONS]


def test_a_gap_before_the_last_score_is_left_to_people(model: MLModel) -> None:
    assert asked(score_request(model, ["2013-01-01", "2013-01-04"], days(1, 5))) == ("2013-01-05", "2013-01-05")


NOON_OF_THE_TENTH = datetime(2013, 1, 10, 12, tzinfo=UTC)


def test_labels_are_asked_for_once_their_delay_has_passed(model: MLModel) -> None:
    # The seventh ends on the eighth at midnight; two days later is the tenth.
    request = labels_request(model, days(1, 9), days(1, 5), NOON_OF_THE_TENTH)
    assert asked(request) == ("2013-01-06", "2013-01-07")
    exactly = datetime(2013, 1, 10, tzinfo=UTC)
    assert asked(labels_request(model, days(1, 9), days(1, 5), exactly))[1] == "2013-01-07"
    assert asked(labels_request(model, days(1, 9), days(1, 5), exactly - timedelta(seconds=1)))[1] == "2013-01-06"


def test_labels_that_wait_are_counted_in_the_skip(model: MLModel) -> None:
    said = skipped(labels_request(model, days(1, 9), days(1, 7), NOON_OF_THE_TENTH))
    assert "7 scored partitions have theirs, 2 wait" in said


def test_a_gap_in_what_is_measured_is_asked_for_first_and_alone(model: MLModel) -> None:
    measured = {*days(1, 2), *days(5, 5)}
    assert asked(labels_request(model, days(1, 7), measured, NOON_OF_THE_TENTH)) == ("2013-01-03", "2013-01-04")
    assert asked(labels_request(model, days(1, 7), {*days(1, 5)}, NOON_OF_THE_TENTH)) == ("2013-01-06", "2013-01-07")


def test_a_request_that_failed_is_made_again_in_another_hour_only(model: MLModel) -> None:
    keys = [
        request.run_key
        for later in (timedelta(), timedelta(minutes=59), timedelta(hours=1))
        if isinstance(request := labels_request(model, days(1, 7), [], NOON_OF_THE_TENTH + later), dg.RunRequest)
    ]
    assert len(keys) == 3
    assert keys[0] == keys[1] != keys[2]


def test_labels_of_a_long_time_come_in_pieces(model: MLModel) -> None:
    request = labels_request(model, days(1, 90), [], datetime(2014, 1, 1, tzinfo=UTC))
    assert asked(request) == (days(1, 1)[0], days(MAX_PARTITIONS, MAX_PARTITIONS)[0])


def test_a_decision_to_retrain_is_one_request_with_its_key_and_reason() -> None:
    result = answer({MODEL: Decision("retrain", "Drift lasts.", "ride_time:1:1")}, "7")
    [request] = result.run_requests or []
    assert (request.run_key, request.job_name, request.tags) == ("ride_time:1:1", f"{MODEL}_train", {RUN_TRIGGER: "Drift lasts."})
    assert result.cursor == "7"


def test_a_decision_to_go_back_is_one_request_that_says_from_which_version_to_which() -> None:
    back = Decision("rollback", "Version 2 did not help.", "ride_time:rollback:2:1", to=1, champion=2)
    [request] = answer({MODEL: back, "another": Decision("wait", "Nothing lasts.")}, "7").run_requests or []
    assert (request.run_key, request.job_name) == ("ride_time:rollback:2:1", "rollback")
    assert request.tags == {RUN_MODEL: MODEL, RUN_FROM: "2", RUN_VERSION: "1", RUN_TRIGGER: "Version 2 did not help."}


@pytest.mark.parametrize("action", ["wait", "escalate"])
def test_any_other_decision_is_a_skip_in_words(action: str) -> None:
    result = answer({MODEL: Decision(action, "The budget is spent.")}, "7")  # type: ignore[arg-type]
    assert not result.run_requests
    assert f"{MODEL}: {action}: The budget is spent." in str(result.skip_reason)
    assert result.cursor == "7"


def test_nothing_new_is_a_skip_too() -> None:
    result = answer({}, "7")
    assert "Nothing to decide about has come" in str(result.skip_reason)
    assert result.cursor == "7"


def test_runs_are_asked_of_the_instance(blank: dg.DagsterInstance) -> None:
    @dg.job(name=f"{MODEL}_train")
    def training() -> None:
        pass

    runs = InstanceRuns(blank, MODEL)
    assert not runs.in_progress()
    assert not runs.launched("ride_time:1:1")
    run = blank.create_run_for_job(training, tags={"dagster/run_key": "ride_time:1:1"}, status=dg.DagsterRunStatus.STARTED)
    assert runs.in_progress()
    assert runs.launched("ride_time:1:1")
    assert not runs.launched("ride_time:1:2")
    assert not InstanceRuns(blank, "another").in_progress()
    blank.report_run_failed(run)
    assert not runs.in_progress()
    assert runs.launched("ride_time:1:1")


def test_the_schedule_skips_what_is_scored_and_asks_for_what_has_ended(replayed: World, instance: dg.DagsterInstance) -> None:
    schedule = replayed.definitions().resolve_schedule_def(f"{MODEL}_schedule")
    with dg.build_schedule_context(instance, scheduled_execution_time=datetime(2013, 2, 1, 5, tzinfo=UTC)) as context:
        assert "Every ended partition" in skipped(schedule(context))  # type: ignore[arg-type]
    with clock.replaying(datetime(2013, 1, 3, 5, tzinfo=UTC)), dg.build_schedule_context(instance) as context:
        assert "up to 2013-02-04" in skipped(schedule(context))  # type: ignore[arg-type]


def test_the_schedule_of_a_new_model_asks_for_the_newest_partition_unless_a_run_is_under_way(world: World, tmp_path: Path) -> None:
    definitions = world.definitions()
    schedule = definitions.resolve_schedule_def(f"{MODEL}_schedule")
    moment = datetime(2013, 1, 3, 5, tzinfo=UTC)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        with dg.build_schedule_context(instance, scheduled_execution_time=moment) as context:
            assert asked(schedule(context)) == ("2013-01-02", "2013-01-02")  # type: ignore[arg-type]
        instance.create_run_for_job(definitions.resolve_job_def(f"{MODEL}_score"), tags={"dagster/partition": "2013-01-02"})
        with dg.build_schedule_context(instance, scheduled_execution_time=moment) as context:
            assert "A scoring run of ride_time is under way" in skipped(schedule(context))  # type: ignore[arg-type]


def test_sensors_tick_on_a_world_without_data(world: World, blank: dg.DagsterInstance) -> None:
    definitions = world.definitions()
    with dg.build_sensor_context(instance=blank) as context:
        assert "No labels of ride_time are due" in skipped(definitions.resolve_sensor_def(f"{MODEL}_label_sensor")(context))  # type: ignore[arg-type]
    with dg.build_sensor_context(instance=blank) as context:
        result = definitions.resolve_sensor_def(RETRAINING_SENSOR)(context)
    assert isinstance(result, dg.SensorResult)
    assert "Nothing to decide about" in str(result.skip_reason)


def test_a_replay_does_not_take_any_sensor_for_the_retraining_one(world: World, blank: dg.DagsterInstance) -> None:
    @dg.sensor(name=RETRAINING_SENSOR, job_name=f"{MODEL}_train")
    def another() -> dg.SkipReason:
        return dg.SkipReason("not ours")

    @dg.job(name=f"{MODEL}_train")
    def training() -> None:
        pass

    made = Replay(world.model, dg.Definitions(jobs=[training], sensors=[another]), blank, world.lake)
    with pytest.raises(MLWorksError, match=r"must be made by graph\.retraining_sensor, not a SensorDefinition"):
        made._retraining_tick(datetime(2013, 1, 1, tzinfo=UTC), None, lambda _: None)  # noqa: SLF001 - it would take a whole replay to get there
