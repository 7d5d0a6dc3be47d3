"""The loop closes by itself: `dagster dev` for real, and nothing but data that have changed.

The model is trained on January 2013 by a replay. From February on, flights arrive an hour later and distances are counted in hundreds of
miles. The schedule scores these days, the label sensor takes in their labels, the retraining sensor retrains: all read back over GraphQL.
"""

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from mlworks_orchestration.data import Lake
from tests.e2e.deployment import Deployment
from tests.e2e.server import Server

MODEL = "airline_delay"
SHIFT, END = date(2013, 2, 1), date(2013, 2, 15)
LANDED = [str(SHIFT + timedelta(days)) for days in range((END - SHIFT).days)]
MONTH = [str(date(2013, 1, 1) + timedelta(days)) for days in range(30)]
ASSETS = ["labels", "training_set", "candidate", "champion", "scores", "profile", "drift_report", "performance"]


def end_in_february(declaration: dict[str, Any]) -> None:
    declaration["partitions"]["end"] = END


def tick_often_and_need_few_rows(declaration: dict[str, Any]) -> None:
    end_in_february(declaration)
    declaration["schedule"] = "* * * * *"
    # What holds in a world of 2013 is not asked of one that is shifted; how a version is stored and served is.
    kept = {"serving_parity", "reproducibility", "size"}
    declaration["model_tests"] = [test for test in declaration["model_tests"] if test["kind"] in kept]
    # Fewer new rows are needed than the shifted days bring.
    declaration["retraining"].update(window="28d", holdout="3d", min_new_rows=600)


def shift(deployment: Deployment) -> None:
    """Let flights from SHIFT on arrive an hour later, over distances no feature had before."""
    later = pl.date("year", "month", "day") >= SHIFT
    delay, distance = pl.col("arr_delay") + 60, pl.col("distance") // 100 + 1
    shifted = pl.read_parquet(deployment.flights).with_columns(
        pl.when(later).then(delay).otherwise("arr_delay").alias("arr_delay"), pl.when(later).then(distance).otherwise("distance").alias("distance")
    )
    shifted.write_parquet(deployment.flights)


def declare_wrongly(deployment: Deployment) -> None:
    """Declare another feature table with a field that is spelled wrongly."""
    declared = (deployment.root / "assets" / "flights" / "defs.yaml").read_text()
    broken = deployment.root / "assets" / "delayed" / "defs.yaml"
    broken.parent.mkdir()
    broken.write_text(declared.replace("name: flights", "name: delayed").replace("event_time:", "event_tme:"))


@pytest.fixture(scope="module")
def server(deployment: Deployment, serve: Callable[[], Server]) -> Server:
    """Dagster over a model trained on January, with shifted flights from February on and a broken declaration beside it."""
    for table in ("flights", "weather", "flight_outcomes"):
        deployment.declare(table, end_in_february)
    deployment.declare(MODEL, tick_often_and_need_few_rows)
    declare_wrongly(deployment)
    deployment.replay(MODEL, until="2013-02-02")
    shift(deployment)
    deployment.extra["MLWORKS_AUTOMATION"] = "on"
    return serve()


def test_a_broken_declaration_shows_its_error_and_hides_no_other(server: Server, deployment: Deployment) -> None:
    location = server.graphql(
        '{ workspaceLocationEntryOrError(name: "mlworks") { ... on WorkspaceLocationEntry { loadStatus locationOrLoadError { __typename } } } }'
    )
    assert location["workspaceLocationEntryOrError"] == {"loadStatus": "LOADED", "locationOrLoadError": {"__typename": "RepositoryLocation"}}
    nodes = server.graphql("{ assetNodes { assetKey { path } groupName description } }")["assetNodes"]
    found = {"/".join(node["assetKey"]["path"]): node for node in nodes}
    tables = [f"{kind}/{table}" for kind in ("raw", "features") for table in ("flights", "weather", "flight_outcomes")]
    assert set(found) == {*tables, "online/weather", *(f"{MODEL}/{asset}" for asset in ASSETS), "delayed"}
    assert found["delayed"]["groupName"] == "broken"
    said = found["delayed"]["description"]
    assert said.startswith(f"**Not loaded.** {deployment.root}/assets/delayed/defs.yaml:")
    assert "event_tme: FeatureTable has no such field; did you mean 'event_time'?" in said


def test_a_broken_declaration_fails_the_strict_check(server: Server, deployment: Deployment) -> None:
    assert server.answers()
    checked = deployment.run("dg", "check", "defs")
    assert checked.returncode != 0
    assert "event_tme" in checked.stdout + checked.stderr


def test_a_backfill_of_thirty_days_finishes_in_one_run(server: Server) -> None:
    keys = ["raw/weather", "features/weather"]
    (run,) = server.backfill(keys, MONTH)
    assert run["status"] == "SUCCESS"
    for key in keys:
        built = [event for event in server.materializations(key, MONTH) if event["runId"] == run["runId"]]
        assert sorted(event["partition"] for event in built) == MONTH
        assert all(event["metadata"]["dagster/partition_row_count"] > 0 for event in built)
    judged = [check for check in server.checks("features/weather", "quality") if check["runId"] == run["runId"]]
    assert sorted(check["partition"] for check in judged) == MONTH


def test_the_schedule_scores_what_has_ended_and_then_says_that_nothing_is_left(server: Server) -> None:
    def launched() -> list[dict[str, Any]]:
        return [tick for tick in server.schedule_ticks(f"{MODEL}_schedule") if tick["status"] == "SUCCESS"]

    def skipped() -> list[dict[str, Any]]:
        last = launched()[0]["timestamp"]
        return [tick for tick in server.schedule_ticks(f"{MODEL}_schedule") if tick["status"] == "SKIPPED" and tick["timestamp"] > last]

    first = server.until(launched, "a tick of the schedule that launches a run")[-1]
    (run_id,) = first["runIds"]
    server.success(run_id)
    scored = [event for event in server.materializations(f"{MODEL}/scores", LANDED) if event["runId"] == run_id]
    assert sorted(event["partition"] for event in scored) == LANDED
    assert {event["metadata"]["model_version"] for event in scored} == {1}
    reason = server.until(skipped, "a tick of the schedule that has nothing to do")[0]["skipReason"]
    assert reason == f"Every ended partition of {MODEL} is scored, up to {LANDED[-1]}."


def test_lasting_drift_retrains_the_model_once_and_the_better_challenger_is_promoted(server: Server, deployment: Deployment) -> None:
    sensor, job = "retraining_sensor", f"{MODEL}_train"

    def asked() -> list[dict[str, Any]]:
        return [tick for tick in server.sensor_ticks(sensor) if tick["status"] == "SUCCESS"]

    tick = server.until(asked, "the retraining sensor's request")[0]
    (run_id,) = tick["runIds"]
    assert tick["runKeys"] == [f"{MODEL}:1:1"]
    server.success(run_id)
    (run,) = server.runs(job, dagster__sensor_name=sensor)
    assert run["runId"] == run_id
    assert run["tags"]["mlworks/trigger"].startswith("Drift lasts: 2 of a kind's last 3 reports must drift")
    assert run["tags"]["mlworks/trigger"].endswith("retraining 1 against version 1.")

    first_look = min(server.sensor_ticks(sensor), key=lambda each: each["timestamp"])
    # The flights are of 2013, so labels of later ones are overdue and a person is called too.
    assert first_look["skipReason"].startswith(f"{MODEL}: escalate: No drift lasts: 2 of a kind's last 3 reports must drift")
    assert "labels do not arrive" in first_look["skipReason"]

    def judged() -> dict[str, dict[str, Any]]:
        kinds = ("feature", "label", "prediction", "concept")
        found = {
            kind: [check for check in server.checks(f"{MODEL}/drift_report", f"{kind}_drift") if check["partition"] == LANDED[-1]] for kind in kinds
        }
        return {kind: checks[0] for kind, checks in found.items()} if all(found.values()) else {}

    drifted = server.until(judged, "the evaluation of every drift check of the last day")
    assert not drifted["label"]["success"]
    assert drifted["label"]["severity"] == "WARN"
    assert not drifted["feature"]["success"]
    assert any("distance" in record for record in drifted["feature"]["metadata"]["drifted"]["records"])

    verdict = Lake(deployment.lake).read(f"{MODEL}/verdicts").sort("decided_at").row(-1, named=True)
    assert (verdict["challenger"], verdict["champion"], verdict["promoted"]) == (2, 1, True)
    assert verdict["gain_low"] > 0
    (gate,) = [check for check in server.checks(f"{MODEL}/champion", "gate") if check["runId"] == run_id]
    assert gate["success"]
    assert gate["description"] == verdict["reason"]
    assert gate["metadata"]["challenger_mae"] == pytest.approx(verdict["challenger_value"], rel=1e-5)
    for test in ("loads_cleanly", "serving_parity", "reproducibility", "size"):
        (check,) = [check for check in server.checks(f"{MODEL}/candidate", test) if check["runId"] == run_id]
        assert check["success"], check["description"]
    (champion,) = [event for event in server.materializations(f"{MODEL}/champion") if event["runId"] == run_id]
    assert champion["metadata"] == {"promoted": True, "reason": verdict["reason"], "version": 2}
    (candidate,) = [event for event in server.materializations(f"{MODEL}/candidate") if event["runId"] == run_id]
    assert candidate["metadata"]["version"] == 2
    assert candidate["metadata"]["trigger"] == run["tags"]["mlworks/trigger"]
    aliases = Lake(deployment.lake).read(f"{MODEL}/aliases").filter(pl.col("alias") == "champion").sort("recorded_at")
    assert aliases["version"].to_list() == [1, 2]


def test_reports_after_the_retraining_do_not_retrain_again(server: Server) -> None:
    sensor, job = "retraining_sensor", f"{MODEL}_train"
    server.until(lambda: server.runs(job, dagster__sensor_name=sensor), "the retraining")
    server.success(server.runs(job, dagster__sensor_name=sensor)[0]["runId"])
    asked = time.time()
    (run,) = server.backfill([f"{MODEL}/drift_report"], LANDED[-3:])
    reported = [event for event in server.materializations(f"{MODEL}/drift_report", LANDED[-3:]) if event["runId"] == run["runId"]]
    assert {event["metadata"]["reference_version"] for event in reported} == {2}

    def looked() -> list[dict[str, Any]]:
        since = [tick for tick in server.sensor_ticks(sensor) if tick["timestamp"] > asked]
        return [tick for tick in since if (tick["skipReason"] or "").startswith(f"{MODEL}: wait: ")]

    assert {tick["status"] for tick in server.until(looked, "the sensor's look at the new reports")} == {"SKIPPED"}
    assert len(server.runs(job, dagster__sensor_name=sensor)) == 1
