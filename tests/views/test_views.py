"""What people look at: the state of each model, and its history by month."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import Catalog, DriftKind
from mlworks_orchestration.training import stored_results
from mlworks_orchestration.training.aliases import record
from mlworks_orchestration.training.approvals import say
from mlworks_orchestration.views import ModelStatus, first_champion, model_history, model_status, statuses
from tests.graph.world import MODEL, Replayed, World

UTC_TIME = pl.Datetime("us", "UTC")


@pytest.fixture
def lake(history: Replayed, tmp_path: Path) -> Lake:
    """A copy of the replayed lake, to be changed."""
    shutil.copytree(history.world.home / "lake", tmp_path / "lake")
    return Lake(tmp_path / "lake")


def months(world: World, lake: Lake | None = None) -> dict[str, dict[str, Any]]:
    rows = model_history(lake or world.lake, world.project.catalog, world.model, world.registry).months
    return {row["month"]: row for row in rows.iter_rows(named=True)}


def test_the_history_has_a_row_a_month_of_what_was_scored_and_decided(replayed: World) -> None:
    found = months(replayed)
    assert list(found) == ["2013-01", "2013-02"]
    assert [found[month]["rows"] for month in found] == [680, 160]
    assert [found[month]["retrainings"] for month in found] == [2, 0]
    assert (found["2013-01"]["promoted"], found["2013-01"]["rejected"]) == ("v3", "v2")
    assert (found["2013-02"]["promoted"], found["2013-02"]["rejected"]) == ("", "")


def test_the_champions_error_is_that_of_the_scores_against_the_labels(replayed: World) -> None:
    scores = replayed.lake.read(f"{MODEL}/scores").filter(pl.col(PARTITION).str.starts_with("2013-02"))
    labels = replayed.lake.read(f"{MODEL}/labels").select("ride_id", "label")
    joined = scores.join(labels, on="ride_id")
    expected = float(np.abs(joined["prediction"].to_numpy() - joined["label"].to_numpy()).mean())
    assert months(replayed)["2013-02"]["champion"] == pytest.approx(expected)


def test_the_first_model_never_retrained_would_have_been_worse_after_the_change(replayed: World) -> None:
    february = months(replayed)["2013-02"]
    assert isinstance(february["first_model"], float)
    assert isinstance(february["champion"], float)
    assert february["first_model"] > 2 * february["champion"]


def test_what_retraining_brought_is_measured_on_all_rows_with_labels_since_the_first_champion(replayed: World) -> None:
    found = model_history(replayed.lake, replayed.project.catalog, replayed.model, replayed.registry)
    (mae,) = (row for row in found.compared.iter_rows(named=True) if row["metric"] == "mae")
    weights = [(row["rows"], row["champion"]) for row in months(replayed).values()]
    assert mae["rows"] == sum(rows for rows, _ in weights)
    assert mae["champion"] == pytest.approx(sum(rows * value for rows, value in weights) / mae["rows"])
    assert mae["gain"] == pytest.approx(mae["first_model"] - mae["champion"])
    assert mae["gain"] > 0


def test_what_was_scored_in_arrears_does_not_count(replayed: World) -> None:
    _, since = first_champion(replayed.lake, replayed.model)
    scored = replayed.lake.read(f"{MODEL}/scores", columns=[replayed.model.event_time])
    assert (scored[replayed.model.event_time] < since).any()
    assert sum(row["rows"] for row in months(replayed).values()) == (scored[replayed.model.event_time] >= since).sum()


def test_columns_count_once_a_report_that_raised_an_alarm(replayed: World) -> None:
    found = model_history(replayed.lake, replayed.project.catalog, replayed.model, replayed.registry)
    for row in found.drifted.iter_rows(named=True):
        alarms = sum(month[f"{row['kind']}_alarms"] for month in found.months.iter_rows(named=True))
        assert 0 < row["reports"] <= alarms
    assert found.drifted.height > 0


def test_alarms_are_the_partitions_whose_report_drifted(replayed: World) -> None:
    report = replayed.lake.read(f"{MODEL}/drift_report").filter((pl.col("column") == "") & pl.col("drifted"))
    found = months(replayed)
    for kind in DriftKind:
        of_kind = report.filter(pl.col("kind") == kind.value)[PARTITION].str.slice(0, 7)
        assert {month: row[f"{kind}_alarms"] for month, row in found.items()} == {month: (of_kind == month).sum() for month in found}


def test_without_labels_reports_or_verdicts_there_is_still_a_history_of_rows(replayed: World, lake: Lake, tmp_path: Path) -> None:
    for table in ("labels", "drift_report", "verdicts"):
        shutil.rmtree(tmp_path / "lake" / MODEL / table)
    found = months(replayed, lake)
    assert [row["rows"] for row in found.values()] == [680, 160]
    assert {row["champion"] for row in found.values()} == {None}
    assert {row["retrainings"] for row in found.values()} == {0}
    assert {row["concept_alarms"] for row in found.values()} <= {0, None}


def test_a_month_of_verdicts_alone_has_a_row_too(replayed: World, lake: Lake) -> None:
    last = lake.read(f"{MODEL}/verdicts").sort("challenger").tail(1)
    later = last.with_columns(pl.lit(datetime(2013, 3, 5, tzinfo=UTC), UTC_TIME).alias("decided_at"), pl.lit(9, pl.Int64).alias("challenger"))
    lake.append(f"{MODEL}/verdicts", later)
    march = months(replayed, lake)["2013-03"]
    assert (march["rows"], march["retrainings"], march["promoted"], march["champion"]) == (0, 1, "v9", None)


def test_a_model_that_was_never_scored_has_no_history(world: World) -> None:
    with pytest.raises(NotReadyError, match="no scores yet; run `mlworks replay ride_time`"):
        model_history(world.lake, world.project.catalog, world.model, world.registry)


def test_the_first_champion_is_the_one_that_served_first(replayed: World) -> None:
    assert first_champion(replayed.lake, replayed.model)[0] == 1


def test_a_model_that_never_had_a_champion_has_no_first(replayed: World, tmp_path: Path) -> None:
    other = Lake(tmp_path / "other")
    other.append(f"{MODEL}/aliases", replayed.lake.read(f"{MODEL}/aliases").filter(pl.col("alias") == "challenger"))
    with pytest.raises(NotReadyError, match="ride_time never had a champion"):
        first_champion(other, replayed.model)


def test_a_state_is_read_from_the_lake_alone(replayed: World) -> None:
    found = model_status(replayed.lake, replayed.project.catalog, replayed.model)
    assert (found.model, found.champion, found.last_scored) == (MODEL, 3, "2013-02-04")
    assert found.last_verdict_at == datetime(2013, 1, 29, 5, tzinfo=UTC)
    assert found.last_verdict.startswith("Promoted: on 160 held-out rows version 3")
    newest = replayed.lake.read(f"{MODEL}/drift_report", partitions=["2013-02-04"])
    drifted = set(newest.filter((pl.col("column") == "") & pl.col("drifted"))["kind"])
    assert set(found.drifted_now) == drifted
    assert found.failing_quality == ("rides: row_count(min=41) (1 of 40 rows of 2013-02-04, a warning)",)
    asked = replayed.lake.read(f"{MODEL}/decisions").filter(pl.col("action") == "retrain").sort("decided_at")
    assert (found.last_retraining, found.last_retraining_at) == (asked["reason"][-1], asked["decided_at"][-1])
    assert (found.tested, found.failing_tests) == (3, ("minimum_quality (a warning)",))
    assert found.to_dict()["champion"] == 3


def test_a_champion_that_was_taken_away_by_hand_is_none(lake: Lake, replayed: World) -> None:
    last = lake.read(f"{MODEL}/aliases").filter(pl.col("alias") == "champion").sort("number").tail(1)
    taken = last.with_columns(pl.col("number") + 100, pl.lit(None, pl.Int64).alias("version"), pl.col("held_from") + pl.duration(days=1))
    lake.append(f"{MODEL}/aliases", taken)
    assert model_status(lake, replayed.project.catalog, replayed.model).champion is None


def test_the_next_step_follows_from_the_state(replayed: World, lake: Lake, tmp_path: Path) -> None:
    model = replayed.model
    report = lake.read(f"{MODEL}/drift_report", partitions=["2013-02-04"])
    lake.write(f"{MODEL}/drift_report", report.with_columns(pl.lit(value=True).alias("drifted")), partitions=["2013-02-04"])
    drifted = model_status(lake, replayed.project.catalog, model)
    assert drifted.drifted_now == tuple(kind.value for kind in DriftKind)
    assert f"mlworks report {MODEL}" in drifted.next_step
    lake.write(f"{MODEL}/drift_report", report.with_columns(pl.lit(value=False).alias("drifted")), partitions=["2013-02-04"])
    calm = model_status(lake, replayed.project.catalog, model)
    assert (calm.drifted_now, calm.next_step) == ((), "Nothing to do.")
    shutil.rmtree(tmp_path / "lake" / MODEL / "scores")
    assert f"{MODEL}_score" in model_status(lake, replayed.project.catalog, model).next_step
    shutil.rmtree(tmp_path / "lake" / MODEL / "aliases")
    assert f"{MODEL}_train" in model_status(lake, replayed.project.catalog, model).next_step


def test_a_model_without_anything_is_told_to_be_trained(world: World) -> None:
    found = model_status(world.lake, world.project.catalog, world.model)
    assert found == ModelStatus(MODEL, next_step=found.next_step)
    assert f"mlworks replay {MODEL}" in found.next_step


def test_models_that_need_a_person_come_first_broken_declarations_among_them(world: World) -> None:
    world.declare("demand", lambda attributes: attributes.update(colour="red"))
    declarations = world.project.declarations
    found = statuses(world.lake, declarations.catalog, declarations.broken)
    assert [item.model for item in found] == ["demand", MODEL]
    assert "colour" in found[0].error
    assert "demand" in found[1].error
    assert all(item.needs_person and "dg check defs" in item.next_step for item in found)


def test_a_model_whose_sensor_called_a_person_comes_before_those_that_do_without(lake: Lake, replayed: World) -> None:
    calm = replayed.model.model_copy(update={"name": "calm"})
    catalog = Catalog(replayed.project.catalog.tables, {"calm": calm, MODEL: replayed.model})
    assert [item.model for item in statuses(lake, catalog, ())] == ["calm", MODEL]
    decided(lake, "escalate", "2 retrainings did not help.")
    assert [(item.model, item.needs_person) for item in statuses(lake, catalog, ())] == [(MODEL, True), ("calm", False)]


def decided(lake: Lake, action: str, reason: str) -> datetime:
    """Add a decision a day after the last and return when it was taken."""
    last = lake.read(f"{MODEL}/decisions").sort("decided_at").tail(1)
    changed = [pl.col("decided_at") + pl.duration(days=1), pl.lit(action).alias("action"), pl.lit(reason).alias("reason")]
    lake.append(f"{MODEL}/decisions", last.with_columns(changed))
    moment: datetime = last["decided_at"][0] + timedelta(days=1)
    return moment


def test_an_escalation_is_the_next_step(lake: Lake, replayed: World) -> None:
    at = decided(lake, "escalate", "2 retrainings did not help.")
    found = model_status(lake, replayed.project.catalog, replayed.model)
    assert found.next_step == (
        f"A person is needed: 2 retrainings did not help. Commands that help: `mlworks report {MODEL}`, `mlworks events {MODEL}`, "
        f"`mlworks retrain {MODEL} --why TEXT`."
    )
    assert (found.last_decision_action, found.last_decision_at, found.needs_person) == ("escalate", at, True)


def test_a_call_about_a_version_that_serves_no_more_needs_nobody_until_the_sensor_decides_anew(lake: Lake, replayed: World) -> None:
    decided(lake, "escalate", "2 retrainings did not help.")
    record(lake, MODEL, {"champion": 1}, held_from=datetime(2013, 2, 6, tzinfo=UTC), why="Rolled back from version 3: it doubled", moved_by="anna")
    found = model_status(lake, replayed.project.catalog, replayed.model)
    assert (found.needs_person, found.last_decision_action, found.last_decision_about) == (False, "escalate", 3)
    assert found.next_step.startswith(
        "The retraining sensor called a person about version 3, before version 1 came to serve; it decides anew with the next drift report. "
    )
    record(lake, MODEL, {"champion": 3}, held_from=datetime(2013, 2, 7, tzinfo=UTC), why="Moved from version 1: it was right", moved_by="anna")
    assert model_status(lake, replayed.project.catalog, replayed.model).needs_person


def test_the_last_decision_is_told_with_its_reason_and_its_time(lake: Lake, replayed: World) -> None:
    at = decided(lake, "wait", "No drift lasts.")
    found = model_status(lake, replayed.project.catalog, replayed.model)
    assert (found.last_decision_action, found.last_decision, found.last_decision_at) == ("wait", "No drift lasts.", at)
    assert not found.needs_person


def test_the_cooldown_ends_so_long_after_the_last_training_was_asked_for(replayed: World) -> None:
    asked = replayed.lake.read(f"{MODEL}/decisions").filter(pl.col("action") == "retrain")["decided_at"].max()
    assert isinstance(asked, datetime)
    found = model_status(replayed.lake, replayed.project.catalog, replayed.model)
    assert found.cooldown_ends == asked + replayed.model.retraining.cooldown
    assert found.to_dict()["cooldown_ends"] == found.cooldown_ends.isoformat()


def test_the_champion_serves_since_its_alias_moved(replayed: World) -> None:
    moved = replayed.lake.read(f"{MODEL}/aliases").filter(pl.col("alias") == "champion", pl.col("version") == 3)
    assert model_status(replayed.lake, replayed.project.catalog, replayed.model).champion_since == moved["held_from"][0]


def test_a_rollback_is_told_with_who_and_why_and_the_champions_tests_beside_the_newest(lake: Lake, replayed: World) -> None:
    before = model_status(lake, replayed.project.catalog, replayed.model)
    assert (before.champion_by, before.champion_why) == ("gate", before.last_verdict)
    record(lake, MODEL, {"champion": 1}, held_from=datetime(2013, 2, 5, tzinfo=UTC), why="Rolled back from version 3: it doubled", moved_by="anna")
    found = model_status(lake, replayed.project.catalog, replayed.model)
    assert (found.champion, found.champion_by, found.champion_why) == (1, "anna", "Rolled back from version 3: it doubled")
    tests = stored_results(lake, MODEL).filter(pl.col("version") == 1, pl.col("part") == "")
    shown = {"failed": found.champion_failing_tests, "inconclusive": found.champion_inconclusive_tests}
    for state, named in shown.items():
        assert [test.partition(" ")[0] for test in named] == tests.filter(pl.col("state") == state)["test"].to_list()
    assert (found.tested, found.failing_tests) == (3, before.failing_tests)


def test_tests_that_could_not_tell_are_not_among_those_that_failed(lake: Lake, replayed: World) -> None:
    tests = stored_results(lake, MODEL)
    shutil.rmtree(Path(lake.root) / MODEL / "model_tests")
    lake.append(f"{MODEL}/model_tests", tests.with_columns(state=pl.col("state").replace("failed", "inconclusive")))
    found = model_status(lake, replayed.project.catalog, replayed.model)
    assert (found.failing_tests, found.inconclusive_tests) == ((), ("minimum_quality (a warning)",))
    assert (found.champion_failing_tests, found.champion_inconclusive_tests) == ((), ("minimum_quality (a warning)",))


def test_a_version_that_waits_for_approval_needs_a_person(lake: Lake, replayed: World) -> None:
    last = lake.read(f"{MODEL}/verdicts").sort("challenger").tail(1)
    waits = {"challenger": 9, "champion": 3, "promoted": False, "favourable": True, "mode": "manual"}
    changed = [pl.lit(value).cast(last[name].dtype).alias(name) for name, value in waits.items()]
    lake.append(f"{MODEL}/verdicts", last.with_columns(pl.col("decided_at") + pl.duration(days=1), *changed))
    found = model_status(lake, replayed.project.catalog, replayed.model)
    assert found.needs_person
    assert f"mlworks approve {MODEL} 9" in found.next_step
    say(lake, MODEL, 9, "approve", by="ben", why="better at night")
    two = replayed.model.model_copy(update={"gate": replayed.model.gate.model_copy(update={"approvals": 2})})
    assert model_status(lake, replayed.project.catalog, two).next_step.endswith("It has 1 of 2.")
    approved = model_status(lake, replayed.project.catalog, replayed.model)
    assert not approved.needs_person
    assert approved.next_step.startswith(f"Version 9 is approved: {MODEL}_approval_sensor lets it serve at its next tick")
