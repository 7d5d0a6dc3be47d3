"""Lineage on a replayed history: what the walks find, what holds of every graph, and what is said when something is not there."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import DataError, NotReadyError, TrackingError
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import find_verdict, stored_results
from mlworks_orchestration.views.lineage import (
    REVERSED,
    Lineage,
    Node,
    Stores,
    built_from,
    in_words,
    lineage_of_alarm,
    lineage_of_champion,
    lineage_of_metric,
    lineage_of_score,
    lineage_of_version,
)
from tests.graph.world import MODEL

LAST = "2013-02-03"
NO_COMMIT = "no git commit was recorded: the estimator was in no repository"


def model_of(stores: Stores) -> MLModel:
    return stores.catalog.model(MODEL)


def of_kind(found: Lineage, kind: str) -> list[Node]:
    return [node for node in found.nodes if node.kind == kind]


def missing(found: Lineage) -> set[str]:
    return {node.kind for node in found.nodes if "missing" in node.facts}


def below(found: Lineage, identity: str) -> set[str]:
    """Return all that a node was made of, directly or not."""
    reached, waiting = {identity}, [identity]
    while waiting:
        here = waiting.pop()
        new = {edge.target for edge in found.edges if edge.source == here} - reached
        reached |= new
        waiting += new
    return reached


def walks(stores: Stores) -> Iterator[Lineage]:
    model = model_of(stores)
    yield lineage_of_metric(stores, model, "mae")
    yield lineage_of_metric(stores, model, "rmse", "2013-01-30")
    yield lineage_of_score(stores, model, str(stores.lake.read(f"{MODEL}/scores")["ride_id"][0]))
    yield from (lineage_of_alarm(stores, model, kind.value, "2013-01-29") for kind in DriftKind)
    yield from (lineage_of_version(stores, model, version) for version in (1, 2, 3))


def test_every_walk_is_an_acyclic_graph_that_leads_to_code_training_sets_features_and_sources(stores: Stores) -> None:
    for found in walks(stores):
        known = [node.id for node in found.nodes]
        assert len(known) == len(set(known))
        assert {end for edge in found.edges for end in (edge.source, edge.target)} <= set(known)
        parts: dict[str, set[str]] = {}
        for edge in found.edges:
            parts.setdefault(edge.source, set()).add(edge.target)
        TopologicalSorter(parts).prepare()
        reached = below(found, found.root)
        assert reached == set(known)
        kinds = {identity.partition(":")[0] for identity in reached}
        assert kinds >= {"model_version", "run", "hyperparameters", "code", "snapshot", "feature", "table", "source", "check", "verdict", "decision"}
        assert {node.facts["missing"] for node in found.nodes if "missing" in node.facts} == {NO_COMMIT}


def test_a_lineage_is_json_that_says_the_same_again(stores: Stores) -> None:
    for found in walks(stores):
        document = json.loads(found.to_json())
        assert set(document) == {"root", "nodes", "edges"}
        assert {node["id"] for node in document["nodes"]} == {node.id for node in found.nodes}
        assert all(set(edge) == {"source", "target", "relation"} for edge in document["edges"])


def test_every_node_can_be_told_in_a_line(stores: Stores) -> None:
    for found in walks(stores):
        for node in found.nodes:
            assert "\n" not in in_words(node)
            assert in_words(node) or node.kind in {"feature", "table", "partition"}


def test_a_metric_is_the_one_that_is_stored_and_leads_to_the_version_that_scored(stores: Stores) -> None:
    stored = stores.lake.read(f"{MODEL}/performance", partitions=["2013-01-30"])
    row = stored.filter((pl.col("slice_column") == "") & (pl.col("metric") == "mae")).row(0, named=True)
    found = lineage_of_metric(stores, model_of(stores), "mae", "2013-01-30")
    root = found.node(found.root)
    assert (root.facts["value"], root.facts["rows"], root.facts["model_version"]) == (row["value"], row["rows"], row["model_version"])
    assert [node.facts["version"] for node in of_kind(found, "model_version")] == [row["model_version"]]
    tables = {node.name for node in of_kind(found, "table")}
    assert tables >= {f"{table}@{version}" for table, version in json.loads(row["inputs"]).items()}


def test_a_metric_without_a_partition_is_the_newest(stores: Stores) -> None:
    found = lineage_of_metric(stores, model_of(stores), "mae")
    assert found.node(found.root).facts["partition"] == stores.lake.partitions(f"{MODEL}/performance")[-1]


def test_a_version_leads_to_the_tables_and_rows_of_its_training_set_and_to_its_verdict(stores: Stores) -> None:
    found = lineage_of_version(stores, model_of(stores), 3)
    tags = stores.registry.version(MODEL, 3).tags
    snapshot = found.node(f"snapshot:{MODEL}/{tags['snapshot']}")
    assert snapshot.facts["tables"] == json.loads(tags["snapshot_tables"])
    assert {edge.target for edge in found.edges if edge.source == snapshot.id} == {
        f"table:{name}@{n}" for name, n in snapshot.facts["tables"].items()
    }
    assert {node.name for node in of_kind(found, "feature")} == set(model_of(stores).feature_columns)
    [run] = of_kind(found, "run")
    assert run.facts["run_id"] == stores.registry.version(MODEL, 3).run_id
    assert run.facts["metrics"]["holdout_mae"] > 0
    verdict, judged = of_kind(found, "verdict")[0], find_verdict(stores.lake, MODEL, 3)
    assert judged is not None
    assert (verdict.facts["gain_low"], verdict.facts["reason"]) == (judged.gain_low, judged.reason)
    assert [node.facts["by"] for node in of_kind(found, "approval")] == ["gate"]


def test_a_retrained_version_leads_to_the_decision_and_the_alarms_that_triggered_it(stores: Stores) -> None:
    found = lineage_of_version(stores, model_of(stores), 3)
    [decision] = of_kind(found, "decision")
    decided = stores.lake.read(f"{MODEL}/decisions").filter(pl.col("run_key") == decision.facts["run_key"])
    assert decided["reason"].to_list() == [decision.facts["reason"]]
    assert decision.facts["reason"] == stores.registry.version(MODEL, 3).tags["trigger"]
    assert decision.facts["dagster_run"] == stores.registry.version(MODEL, 3).tags["dagster_run_id"]
    because = {edge.target for edge in found.edges if edge.source == decision.id}
    assert {found.node(identity).facts["kind"] for identity in because} == set(decision.facts["kinds"])
    first = of_kind(lineage_of_version(stores, model_of(stores), 1), "decision")
    assert [node.facts["reason"] for node in first] == ["first training"]


def test_a_version_that_the_gate_refused_was_approved_by_nobody(stores: Stores) -> None:
    found = lineage_of_version(stores, model_of(stores), 2)
    assert of_kind(found, "approval") == []
    assert of_kind(found, "verdict")[0].facts["promoted"] is False


def test_a_derived_table_leads_to_its_inputs_and_a_source_to_its_function(stores: Stores) -> None:
    found = lineage_of_version(stores, model_of(stores), 1)
    demand = next(node for node in of_kind(found, "table") if node.facts["table"] == "features/demand")
    assert {edge.target.partition("@")[0] for edge in found.edges if edge.source == demand.id and edge.relation == "read"} == {"table:features/rides"}
    assert {node.facts["function"] for node in of_kind(found, "source")} == {"assets.rides.source:load", "assets.outcomes.source:load"}


def test_checks_are_those_of_the_partitions_involved(stores: Stores) -> None:
    found = lineage_of_metric(stores, model_of(stores), "mae", "2013-01-30")
    results = stores.lake.read("quality/rides", partitions=["2013-01-30"])
    [check] = [node for node in of_kind(found, "check") if node.name == "quality/rides of 2013-01-30"]
    assert (check.facts["results"], check.facts["failed"]) == (results.height, results.filter(~pl.col("passed")).height)
    assert {one["expectation"] for one in check.facts["failures"]} == set(results.filter(~pl.col("passed"))["expectation"])


def test_a_score_tells_what_was_served(stores: Stores) -> None:
    row = stores.lake.read(f"{MODEL}/scores", partitions=["2013-01-30"]).row(0, named=True)
    served = stores.lake.read(f"{MODEL}/inference_log", partitions=["2013-01-30"]).filter(pl.col("ride_id") == row["ride_id"]).row(0, named=True)
    found = lineage_of_score(stores, model_of(stores), row["ride_id"], "2013-01-30")
    facts = found.node(found.root).facts
    assert (facts["prediction"], facts["model_version"]) == (row["prediction"], row["model_version"])
    assert facts["features"] == {name: served[name] for name in model_of(stores).feature_columns}
    assert lineage_of_score(stores, model_of(stores), row["ride_id"]).root == found.root


def test_an_alarm_leads_to_the_reference_the_scoring_versions_and_the_profiles_of_its_window(stores: Stores) -> None:
    report = stores.lake.read(f"{MODEL}/drift_report", partitions=[LAST]).filter((pl.col("column") == "") & (pl.col("kind") == "concept"))
    row = report.row(0, named=True)
    found = lineage_of_alarm(stores, model_of(stores), "concept", LAST)
    assert found.node(found.root).facts.get("drifted") == row["drifted"]
    versions = {node.facts["version"] for node in of_kind(found, "model_version")}
    assert versions == {row["reference_version"], *row["scored_versions"]}
    profile = json.loads(row["inputs"])[f"{MODEL}/profile"]
    read = {edge.target for edge in found.edges if edge.source == f"table:{MODEL}/profile@{profile}"}
    assert any(identity.startswith(f"table:{MODEL}/scores@") for identity in read)


def test_what_was_built_from_a_table_is_the_inverse_of_what_a_version_was_made_of(stores: Stores) -> None:
    forwards = {version: lineage_of_version(stores, model_of(stores), version) for version in (1, 2, 3)}
    tables = {(node.facts["table"], node.facts["version"]) for found in forwards.values() for node in of_kind(found, "table")}
    for table, number in sorted(tables)[::3]:
        built = built_from(stores, table, number)
        trained = {version for version, found in forwards.items() if f"table:{table}@{number}" in {node.id for node in found.nodes}}
        assert {node.facts["version"] for node in of_kind(built, "model_version")} == trained
        for version in trained:
            forward = forwards[version]
            leading = {edge for edge in forward.edges if built.root in below(forward, edge.target)}
            assert leading == {edge for edge in built.edges if edge.source in below(built, f"model_version:{MODEL}@{version}")}


def test_every_path_of_what_was_built_ends_at_the_table_and_can_be_read_backwards(stores: Stores) -> None:
    for table in ("features/rides", "raw/outcomes", f"{MODEL}/scores", f"{MODEL}/profile"):
        found = built_from(stores, table)
        assert found.root == f"table:{table}@{stores.lake.version(table)}"
        assert all(found.root in below(found, node.id) for node in found.nodes)
        assert {edge.relation for edge in found.edges} <= set(REVERSED)
        assert of_kind(found, "partition")


def test_partitions_are_built_from_the_version_that_their_rows_name(stores: Stores) -> None:
    performance = stores.lake.read(f"{MODEL}/performance", columns=[PARTITION, "inputs"]).unique()
    version = json.loads(performance["inputs"][0])["features/rides"]
    named = {key for key, inputs in performance.iter_rows() if json.loads(inputs)["features/rides"] == version}
    found = built_from(stores, "features/rides", version)
    direct = {edge.source for edge in found.edges if edge.target == found.root}
    assert named <= {node.facts["partition"] for node in found.nodes if node.id in direct and node.facts.get("table") == f"{MODEL}/performance"}


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda s, m: lineage_of_metric(s, m, "mea"), DataError, "did you mean 'mae'"),
        (lambda s, m: lineage_of_metric(s, m, "mae", "2012-12-31"), DataError, r"'2012-12-31' is not scored; nearest: 2013-01-\d\d\. Scored are"),
        (lambda s, m: lineage_of_metric(s, m, "mae", "2013-1-30"), DataError, "'2013-1-30' is not scored; nearest: 2013-01-30"),
        (lambda s, m: lineage_of_metric(s, m, "mae", "yesterday"), DataError, "'yesterday' is not scored; that is no time"),
        (lambda s, m: lineage_of_metric(s, m, "mae", "2013-03-01"), NotReadyError, "2013-03-01 is not scored yet; scored are"),
        (
            lambda s, m: lineage_of_score(s, m, "no such ride", "2013-01-30"),
            DataError,
            r"no score of ride_id 'no such ride' in 2013-01-30; one is '[^']+'; [\d,]+ are known",
        ),
        (lambda s, m: lineage_of_alarm(s, m, "concpt", LAST), DataError, "did you mean 'concept'"),
        (lambda s, m: lineage_of_alarm(s, m, "concept", "2013-03-01"), NotReadyError, "not reported yet"),
        (lambda s, m: lineage_of_version(s, m, 9), TrackingError, "no version 9"),
        (lambda s, _: built_from(s, "features/ridse"), DataError, "in features/, did you mean 'rides'"),
        (lambda s, _: built_from(s, "featurs/rides"), DataError, "did you mean 'features/rides'"),
        (lambda s, _: built_from(s, "features/nonsense"), DataError, "in features/, allowed: demand, outcomes, rides"),
        (lambda s, _: built_from(s, "features/rides", 999), DataError, "has no version 999; the nearest is"),
    ],
)
def test_what_is_not_there_is_named_with_what_comes_nearest(
    stores: Stores, ask: Callable[[Stores, MLModel], Lineage], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        ask(stores, model_of(stores))


def test_a_partition_without_labels_is_said_to_have_none_yet(copied: Stores) -> None:
    keys = copied.lake.partitions(f"{MODEL}/scores")
    for table in ("performance", "labels"):
        name = f"{MODEL}/{table}"
        copied.lake.write(name, copied.lake.read(name).clear(), partitions=keys[-1:])
    with pytest.raises(NotReadyError, match=rf"{keys[-1]} is scored, but has no labels yet \(each is known 1d after"):
        lineage_of_metric(copied, model_of(copied), "mae", keys[-1])


def test_a_partition_with_labels_that_is_not_measured_is_said_to_be_so(copied: Stores) -> None:
    key = copied.lake.partitions(f"{MODEL}/performance")[-1]
    copied.lake.write(f"{MODEL}/performance", copied.lake.read(f"{MODEL}/performance").clear(), partitions=[key])
    with pytest.raises(NotReadyError, match="is not measured yet"):
        lineage_of_metric(copied, model_of(copied), "mae", key)


def test_an_entity_whose_features_are_there_is_said_to_be_not_scored_yet(copied: Stores) -> None:
    rides = copied.lake.read("features/rides", columns=["ride_id", PARTITION])
    waiting = rides.join(copied.lake.read(f"{MODEL}/scores", columns=["ride_id"]), on="ride_id", how="anti").row(0)
    with pytest.raises(NotReadyError, match=f"of partition {waiting[1]} but not scored yet"):
        lineage_of_score(copied, model_of(copied), waiting[0])


def test_a_model_without_scores_has_none_to_ask_for(copied: Stores) -> None:
    shutil.rmtree(Path(copied.lake.root) / MODEL / "scores")
    with pytest.raises(NotReadyError, match="nothing is scored yet"):
        lineage_of_score(copied, model_of(copied), "1")


def test_without_mlflow_the_lake_still_tells_what_it_knows(stores: Stores, without_mlflow: Stores) -> None:
    whole = lineage_of_version(stores, model_of(stores), 3)
    found = lineage_of_version(without_mlflow, model_of(without_mlflow), 3)
    assert {node.id for node in found.nodes} == {node.id for node in whole.nodes}
    assert set(found.edges) == set(whole.edges)
    assert missing(found) == {"model_version", "run", "hyperparameters", "code"}
    assert "did not answer" in found.node(found.root).facts["missing"]
    assert lineage_of_champion(without_mlflow, model_of(without_mlflow)).root == whole.root
    assert set(built_from(without_mlflow, "features/rides", 1).edges) == set(built_from(stores, "features/rides", 1).edges)


def test_a_run_that_mlflow_has_lost_is_missing_and_the_rest_is_there(other_mlflow: Stores) -> None:
    database = other_mlflow.registry.tracking_uri.removeprefix("sqlite:///")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE model_versions SET run_id = '0' WHERE version = 3")
    found = lineage_of_version(other_mlflow, model_of(other_mlflow), 3)
    assert missing(found) == {"run", "hyperparameters", "code"}
    assert "does not tell of run 0" in next(node.facts["missing"] for node in of_kind(found, "run"))


def test_a_version_deleted_in_mlflow_is_still_known_to_the_lake(stores: Stores, other_mlflow: Stores) -> None:
    other_mlflow.registry.client.delete_model_version(MODEL, "2")
    found = lineage_of_version(other_mlflow, model_of(other_mlflow), 2)
    assert missing(found) == {"model_version", "run", "hyperparameters", "code"}
    assert "no version 2" in found.node(found.root).facts["missing"]
    assert set(found.edges) == set(lineage_of_version(stores, model_of(stores), 2).edges)


def test_what_the_lake_has_lost_is_missing(copied: Stores) -> None:
    for name in ("training_set", "inference_log", "decisions"):
        shutil.rmtree(Path(copied.lake.root) / MODEL / name)
    row = copied.lake.read(f"{MODEL}/scores").row(0, named=True)
    found = lineage_of_score(copied, model_of(copied), row["ride_id"])
    assert missing(found) == {"score", "snapshot", "code"}


@pytest.mark.parametrize("lost", ["**/*.parquet", "_delta_log"])
def test_profiles_that_are_gone_do_not_hide_the_rest_of_an_alarm(stores: Stores, copied: Stores, lost: str) -> None:
    for path in sorted((Path(copied.lake.root) / MODEL / "profile").glob(lost)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    whole, found = (lineage_of_alarm(one, model_of(one), "feature", "2013-01-30") for one in (stores, copied))
    assert {node.id for node in found.nodes if node.kind == "model_version"} == {node.id for node in whole.nodes if node.kind == "model_version"}
    profile = next(node for node in of_kind(found, "table") if node.facts["table"] == f"{MODEL}/profile")
    leads_on = {edge.target for edge in found.edges if edge.source == profile.id}
    assert any(identity.startswith(f"table:{MODEL}/scores@") for identity in leads_on) or "missing" in profile.facts


def test_what_people_said_is_told_where_it_is_recorded(copied: Stores) -> None:
    said = {
        "number": 1,
        "version": 2,
        "action": "reject",
        "by": "anna@example.org",
        "why": "Worse at night.",
        "recorded_at": datetime(2013, 2, 1, tzinfo=UTC),
    }
    copied.lake.append(f"{MODEL}/approvals", pl.DataFrame([said, {**said, "number": 2, "version": 3, "action": "approve"}]))
    found = lineage_of_version(copied, model_of(copied), 2)
    [rejection] = of_kind(found, "approval")
    assert (rejection.name, rejection.facts["why"]) == ("anna@example.org", "Worse at night.")
    assert [edge.relation for edge in found.edges if edge.target == rejection.id] == ["rejected by"]
    assert in_words(rejection) == "2013-02-01 00:00 UTC: Worse at night."
    assert [node.name for node in of_kind(lineage_of_version(copied, model_of(copied), 3), "approval")] == ["anna@example.org", "gate"]


def test_an_edge_says_what_a_partition_was_made_of_in_the_order_of_commits(stores: Stores) -> None:
    for found in walks(stores):
        moments = {node.id: node.facts["committed_at"] for node in found.nodes if "committed_at" in node.facts}
        dated = [edge for edge in found.edges if {edge.source, edge.target} <= set(moments)]
        assert dated
        assert all(moments[edge.target] <= moments[edge.source] for edge in dated)


def test_a_version_is_linked_to_what_its_tests_found(stores: Stores) -> None:
    found = lineage_of_version(stores, model_of(stores), 3)
    [tested] = [edge for edge in found.edges if edge.relation == "tested by"]
    node = found.node(tested.target)
    assert (node.name, node.facts["results"], node.facts["failed"]) == ("model tests of version 3", 3, 1)
    assert in_words(node).startswith("1 of 3 results failed: minimum_quality failed (warn; last: mae is ")


def test_tests_that_could_not_tell_are_not_counted_as_failed(copied: Stores) -> None:
    tests = stored_results(copied.lake, MODEL)
    whole = (pl.col("version") == 3) & (pl.col("part") == "")
    failing = whole & (pl.col("test") == "minimum_quality")
    shutil.rmtree(Path(copied.lake.root) / MODEL / "model_tests")
    copied.lake.append(f"{MODEL}/model_tests", tests.with_columns(state=pl.when(failing).then(pl.lit("inconclusive")).otherwise("state")))
    found = lineage_of_version(copied, model_of(copied), 3)
    [node] = [node for node in of_kind(found, "check") if node.name == "model tests of version 3"]
    assert (node.facts["failed"], node.facts["inconclusive"]) == (0, 1)
    assert in_words(node).startswith("1 of 3 results could not be told: minimum_quality inconclusive (warn; last: mae is ")
    both = Node("", "check", "", {**node.facts, "failed": 1})
    assert in_words(both).startswith("1 of 3 results failed, 1 could not be told: ")


def test_what_a_person_moved_by_hand_is_told_with_its_reason() -> None:
    facts = {"held_from": datetime(2013, 2, 1, tzinfo=UTC)}
    for why in ("Rolled back from version 3: it doubled", "Moved from version 1: it did not"):
        assert in_words(Node("", "approval", "anna", {**facts, "why": why})) == f"champion from 2013-02-01 00:00 UTC; {why}"
