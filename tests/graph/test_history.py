"""The replayed history: what the jobs and sensors of production left in the instance, the lake and MLflow."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import MLWorksError, NotReadyError
from mlworks_orchestration.graph import Replay, integrate
from mlworks_orchestration.graph.names import RUN_NOW, RUN_TRIGGER
from mlworks_orchestration.monitoring.page import causes_note, read_report
from mlworks_orchestration.spec import LOADS_CLEANLY, Partitions
from mlworks_orchestration.training import stored_results
from tests.graph.world import MODEL, Replayed, World

END = datetime(2013, 2, 6, 5, tzinfo=UTC)


def of(name: str) -> dg.AssetKey:
    return dg.AssetKey([MODEL, name])


def runs(instance: dg.DagsterInstance, verb: str) -> list[dg.DagsterRun]:
    records = instance.get_run_records(dg.RunsFilter(job_name=f"{MODEL}_{verb}"), ascending=True)
    return [record.dagster_run for record in records]


def values(metadata: Mapping[str, dg.MetadataValue]) -> dict[str, Any]:
    return {name: value.value for name, value in metadata.items()}


def newest(instance: dg.DagsterInstance, name: str, partition: str | None = None) -> dict[str, Any]:
    """Return the metadata of the newest materialisation."""
    wanted = dg.AssetRecordsFilter(asset_key=of(name), asset_partitions=[partition] if partition else None)
    [record] = instance.fetch_materializations(wanted, limit=1).records
    assert record.asset_materialization
    return values(record.asset_materialization.metadata)


def replay(world: World, instance: dg.DagsterInstance, until: datetime | None = None) -> Replay:
    return Replay(world.model, world.definitions(), instance, world.lake, until)


def checks(instance: dg.DagsterInstance, job: str) -> list[dg.AssetCheckEvaluation]:
    found = []
    for run in runs(instance, job):
        for record in instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records:
            event = record.event_log_entry.get_dagster_event()
            found.append(event.asset_check_evaluation_data)
    return found


def test_the_clock_stops_after_a_training_window_then_every_week_and_when_the_last_label_has_come(
    replayed: World, instance: dg.DagsterInstance
) -> None:
    moments = replay(replayed, instance).moments()
    assert [f"{moment:%m-%d %H}" for moment in moments] == ["01-15 05", "01-22 05", "01-29 05", "02-05 05", "02-06 05"]


def test_a_replay_stops_where_it_is_told(replayed: World, instance: dg.DagsterInstance) -> None:
    until = datetime(2013, 1, 24, tzinfo=UTC)
    assert replay(replayed, instance, until).moments()[-2:] == [datetime(2013, 1, 22, 5, tzinfo=UTC), until]


def test_a_history_without_an_end_needs_to_be_told_one(replayed: World, instance: dg.DagsterInstance) -> None:
    endless = Partitions.model_validate({"every": "day", "start": "2013-01-01"})
    made = Replay(replayed.model.model_copy(update={"partitions": endless}), replayed.definitions(), instance, replayed.lake)
    with pytest.raises(NotReadyError, match=r"ride_time has no partitions\.end; .* --until"):
        made.moments()


def test_a_stop_before_the_first_training_window_has_passed_is_refused(replayed: World, instance: dg.DagsterInstance) -> None:
    with pytest.raises(NotReadyError, match=r"2013-01-02 is before the first training window has passed .* give a later --until"):
        replay(replayed, instance, datetime(2013, 1, 2, tzinfo=UTC)).moments()


def test_a_failing_run_stops_the_replay_and_says_which_when_why_and_what_to_do(history: Replayed) -> None:
    said = str(history.interruption)
    for part in (f"of {MODEL}_score failed at 2013-01-29", "raw__rides", "Feature table rides", "the rides' server is down", "replay again"):
        assert part in said


def test_the_next_replay_goes_on_from_the_week_that_failed(history: Replayed) -> None:
    assert {progress.done for progress in history.before} == {0, 1, 2}
    assert min(progress.done for progress in history.after) == 2
    assert history.after[-1].doing == "done"
    assert history.after[-1].done == history.after[-1].total == 5


def test_no_job_succeeded_twice_for_the_same_partitions(instance: dg.DagsterInstance) -> None:
    done = [run for run in instance.get_runs() if run.is_success]
    keys = [(run.job_name, run.tags["dagster/run_key"]) for run in done]
    assert len(keys) == len(set(keys))
    assert len([run for run in instance.get_runs() if not run.is_success]) == 1


def test_a_third_replay_has_nothing_to_do(replayed: World, instance: dg.DagsterInstance) -> None:
    before = instance.get_runs_count()
    told: list[str] = []
    replay(replayed, instance).run(lambda progress: told.append(progress.doing))
    assert told == ["done"]
    assert instance.get_runs_count() == before


def test_every_partition_is_scored_reported_and_measured_once(replayed: World) -> None:
    expected = Partitions.model_validate({"every": "day", "start": "2013-01-14", "end": "2013-02-05"}).keys(END)
    for table in ("scores", "profile", "drift_report", "performance"):
        assert replayed.lake.partitions(f"{MODEL}/{table}") == expected, table
    assert len(replayed.lake.read(f"{MODEL}/scores")) == 40 * len(expected)


def test_runs_stand_where_the_clock_stood(replayed: World, instance: dg.DagsterInstance) -> None:
    [run, *_] = runs(instance, "score")
    assert run.tags[RUN_NOW] == "2013-01-22T05:00:00+00:00"
    assert "mlworks/replay" in run.tags
    scored = replayed.lake.read(f"{MODEL}/scores", partitions=["2013-01-14"])
    assert scored["scored_at"].unique().to_list() == [datetime(2013, 1, 22, 5, tzinfo=UTC)]


def test_scores_and_labels_come_in_ranges_of_one_run(instance: dg.DagsterInstance) -> None:
    ranges = [
        (run.tags["dagster/asset_partition_range_start"], run.tags["dagster/asset_partition_range_end"])
        for run in runs(instance, "score")
        if run.is_success
    ]
    assert ranges == [("2013-01-14", "2013-01-21"), ("2013-01-22", "2013-01-28"), ("2013-01-29", "2013-02-04")]
    assert [run.tags.get("dagster/partition") for run in runs(instance, "labels")][-1] == "2013-02-04"


def test_the_trigger_in_words_is_a_tag_of_the_run_and_of_the_version(replayed: World, instance: dg.DagsterInstance) -> None:
    first, second, *_ = runs(instance, "train")
    assert first.tags[RUN_TRIGGER] == "first training"
    versions = {version.version: version.tags for version in replayed.registry.versions(MODEL)}
    assert versions[1]["trigger"] == "first training"
    assert versions[1]["dagster_run_id"] == first.run_id
    assert versions[2]["trigger"].startswith("Drift lasts: ")
    assert versions[2]["trigger"][:100] == second.tags[RUN_TRIGGER][:100]


def test_the_concept_change_is_seen_retrained_on_and_at_last_overcome(replayed: World) -> None:
    verdicts = replayed.lake.read(f"{MODEL}/verdicts").sort("challenger")
    assert verdicts["promoted"].to_list() == [True, False, True]
    champion = replayed.registry.champion(MODEL)
    assert champion
    assert champion.version == 3
    report = replayed.lake.read(f"{MODEL}/drift_report").filter((pl.col("column") == "") & (pl.col("kind") == "concept")).sort(PARTITION)
    by_day = dict(report.select(PARTITION, "drifted").iter_rows())
    assert by_day["2013-01-17"] is False
    assert by_day["2013-01-22"] is True
    assert by_day["2013-02-03"] is False


def test_the_gate_is_a_check_with_both_numbers(instance: dg.DagsterInstance) -> None:
    gates = [check for check in checks(instance, "train") if check.check_name == "gate"]
    assert [check.passed for check in gates] == [True, False, True]
    assert gates[1].severity is dg.AssetCheckSeverity.WARN
    assert all(check.blocking for check in gates)
    metadata = values(gates[2].metadata)
    assert metadata["challenger"] == 3
    assert metadata["champion"] == 1
    low, high, gain = (metadata[name] for name in ("gain_low", "gain_high", "gain"))
    assert 0 < low < gain < high
    assert metadata["champion_mae"] - metadata["challenger_mae"] == pytest.approx(gain, rel=1e-3)
    assert "champion" not in gates[0].metadata


def test_model_tests_are_checks_on_the_candidate_with_numbers_and_words(replayed: World, instance: dg.DagsterInstance) -> None:
    found = [check for check in checks(instance, "train") if check.asset_key == of("candidate")]
    assert [check.check_name for check in found] == [LOADS_CLEANLY, "minimum_quality", "never_below"] * 3
    assert not any(check.blocking for check in found), "the gate says which of them hold a version back"
    loads, quality, own = found[-3:]
    assert (loads.passed, quality.passed, own.passed) == (True, False, True)
    assert (quality.severity, own.severity) == (dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR)
    metadata = values(quality.metadata)
    assert 0.001 == metadata["limit"] < metadata["low"] < metadata["value"] < metadata["high"]
    assert metadata["state"] == "failed"
    assert str(quality.description).startswith("mae is ")
    rows = stored_results(replayed.lake, MODEL)
    assert rows["version"].unique().to_list() == [1, 2, 3]
    assert rows.filter(pl.col("version") == 3, pl.col("test") == "minimum_quality")["champion"].item() == 1


def test_the_champion_asset_shows_who_serves_also_when_the_challenger_lost(instance: dg.DagsterInstance) -> None:
    records = instance.fetch_materializations(of("champion"), limit=10, ascending=True).records
    shown = [values(record.asset_materialization.metadata) for record in records if record.asset_materialization]
    assert [(item["version"], item["promoted"]) for item in shown] == [(1, True), (1, False), (3, True)]
    assert str(shown[1]["reason"]).startswith("Not promoted")


def test_a_candidate_links_to_its_mlflow_run(replayed: World, instance: dg.DagsterInstance) -> None:
    metadata = newest(instance, "candidate")
    assert metadata["version"] == 3
    experiment = replayed.registry.experiment(MODEL)
    assert metadata["mlflow"] == f"http://127.0.0.1:5000/#/experiments/{experiment}/runs/{metadata['mlflow_run']}"
    run = replayed.registry.client.get_run(metadata["mlflow_run"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["mlworks/model"] == MODEL
    assert metadata["training_seconds"] > 0


def test_a_training_set_shows_what_it_pins(replayed: World, instance: dg.DagsterInstance) -> None:
    metadata = newest(instance, "training_set")
    tables = metadata["tables"]
    assert isinstance(tables, dict)
    assert set(tables) == {"features/rides", "features/demand", "features/outcomes", f"{MODEL}/labels"}
    assert metadata["rows"] == 400
    assert metadata["holdout_rows"] == 160
    assert "label is known by" in str(metadata["filter"])
    assert replayed.lake.exists(f"{MODEL}/training_set")


def test_numbers_are_plotted_by_partition(replayed: World, instance: dg.DagsterInstance) -> None:
    scores = newest(instance, "scores", "2013-01-30")
    mean = replayed.lake.read(f"{MODEL}/scores", partitions=["2013-01-30"])["prediction"].mean()
    assert scores["mean_prediction"] == pytest.approx(mean, rel=1e-5)
    assert scores["dagster/partition_row_count"] == 40
    assert scores["model_version"] == 3
    performance = newest(instance, "performance", "2013-01-30")
    assert performance["rows"] == 40
    assert 0 < performance["mae"] < performance["rmse"]
    costs = {f"{step}_{what}" for step in ("training", "scoring") for what in ("seconds", "peak_memory_mb", "rows_per_second")}
    assert all(float(performance[name]) > 0 for name in costs)
    assert newest(instance, "labels", "2013-01-30")["mean_label"] > 0
    assert newest(instance, "profile", "2013-01-30")["dagster/partition_row_count"] == 40
    assert newest(instance, "drift_report", "2013-01-30")["label_effect"] > 0


def test_drift_checks_carry_their_partition_and_what_drifted(instance: dg.DagsterInstance) -> None:
    found = [check for check in checks(instance, "labels") if check.check_name == "concept_drift" and check.partition == "2013-01-20"]
    assert [check.passed for check in found] == [False]
    assert found[0].severity is dg.AssetCheckSeverity.WARN
    assert not found[0].blocking
    drifted = found[0].metadata["drifted"]
    assert isinstance(drifted, dg.TableMetadataValue)
    assert drifted.records[0].data["column"] == "residual"
    assert values(found[0].metadata)["drifted_columns"] == 1
    passed = [check for check in checks(instance, "labels") if check.check_name == "concept_drift" and check.partition == "2013-01-17"]
    assert [(check.passed, sorted(check.metadata)) for check in passed] == [(True, ["drifted_columns", "effect"])]


def test_an_alarm_is_told_with_its_causes_and_what_to_do(replayed: World, instance: dg.DagsterInstance) -> None:
    explained = replayed.lake.partitions(f"{MODEL}/causes")
    assert explained
    found = read_report(replayed.lake, replayed.model, explained[0])
    told = newest(instance, "drift_report", explained[0])
    assert told["what_to_do"] == "\n".join(found.actions.values())
    assert causes_note(found) in told["causes"]
    described = {
        check.check_name: check.description or "" for check in checks(instance, "labels") if check.partition == explained[0] and not check.passed
    }
    for kind, action in found.actions.items():
        assert described[f"{kind}_drift"].endswith(f". {action}")


def test_the_causes_of_an_alarm_are_sought_once(replayed: World) -> None:
    report = replayed.lake.read(f"{MODEL}/drift_report").filter((pl.col("column") == "") & pl.col("drifted"))
    assert 0 < len(replayed.lake.partitions(f"{MODEL}/causes")) < report[PARTITION].n_unique()


def test_a_run_of_the_newest_report_says_where_its_page_is(replayed: World, instance: dg.DagsterInstance) -> None:
    page = replayed.home / "pages" / MODEL / "drift.html"
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert [one.name for one in page.parent.iterdir()] == ["drift.html"]
    assert newest(instance, "drift_report")["page"] == str(page)


def test_a_kind_that_cannot_be_judged_has_no_check(replayed: World, instance: dg.DagsterInstance) -> None:
    report = replayed.lake.read(f"{MODEL}/drift_report", partitions=["2013-01-14"]).filter(pl.col("column") == "")
    inconclusive = set(report.filter(pl.col("drifted").is_null())["kind"])
    assert inconclusive
    told = {check.check_name for check in checks(instance, "score") + checks(instance, "labels") if check.partition == "2013-01-14"}
    assert not told & {f"{kind}_drift" for kind in inconclusive}


def test_decisions_are_recorded_also_those_to_wait(replayed: World) -> None:
    decisions = replayed.lake.read(f"{MODEL}/decisions").sort("decided_at")
    assert decisions["action"].to_list()[:2] == ["retrain", "retrain"]
    assert set(decisions["action"].to_list()[2:]) == {"wait"}


def test_integration_reports_every_check_of_what_was_selected(replayed: World, instance: dg.DagsterInstance) -> None:
    reports = integrate(replayed.project, replayed.definitions(), instance, select=f"group:{MODEL}", until=END, report=lambda _: None)
    by_name = {report.check: report for report in reports}
    assert set(by_name) == {
        "gate",
        LOADS_CLEANLY,
        "minimum_quality",
        "never_below",
        *(f"{kind}_drift" for kind in ("feature", "label", "prediction", "concept")),
    }
    assert not any(report.is_error for report in reports)
    concept = by_name["concept_drift"]
    assert (concept.severity, concept.asset) == ("WARN", f"{MODEL}/drift_report")
    assert 0 < concept.failed < concept.evaluations <= 22
    assert concept.description.startswith("2013-01-")
    assert by_name["gate"].evaluations == 1
    assert not by_name["gate"].failed


@pytest.mark.parametrize(
    ("select", "said"),
    [("key:nothing", "'key:nothing' chooses no asset; try"), (f"{MODEL}s", f"is no model, .*did you mean '{MODEL}'"), ("((", "is no model, ")],
)
def test_an_unknown_selection_names_what_would_do(replayed: World, instance: dg.DagsterInstance, select: str, said: str) -> None:
    with pytest.raises(MLWorksError, match=said):
        integrate(replayed.project, replayed.definitions(), instance, select=select, until=END, report=lambda _: None)
