"""What registered versions need of the lake stays, so that they can be fitted again; what nobody needs is freed."""

from datetime import timedelta

import polars as pl
import pytest

from mlworks_orchestration.data import Tidied
from mlworks_orchestration.errors import LakeError, TrackingError
from mlworks_orchestration.training import needed_versions, reproduce, retain
from tests.training.trips import Deployment, day, declare

NAME = "trip_delay"
TABLES = ("trip_delay/labels", "features/trips", "features/outcomes")


def rewrite(made: Deployment, times: float) -> int:
    rows = made.lake.read("features/trips").with_columns(pl.col("distance") * times)
    return made.lake.write("features/trips", rows, partitions=rows["_partition"].unique().to_list())


def retained(made: Deployment, **changes: object) -> dict[str, Tidied]:
    return {item.table: item for item in retain(made.lake, made.catalog, made.registry, older_than=timedelta(0), **changes)}  # type: ignore[arg-type]


@pytest.fixture
def grown(fresh: Deployment) -> Deployment:
    """Versions 1, 2 and 3, each fitted on another version of the trips, which were rewritten twice in between without any use."""
    for _ in range(3):
        fresh.fit(day(40))
        rewrite(fresh, 1.5)
        rewrite(fresh, 2.0)
    fresh.registry.promote(NAME, 1, why="test")
    return fresh


def test_every_registered_version_is_reproduced_after_it_and_what_none_needs_is_freed(grown: Deployment) -> None:
    done = retained(grown)["features/trips"]
    assert done.kept == {1: ("trip_delay version 1",), 3: ("trip_delay version 2",), 5: ("the newest snapshot of trip_delay", "trip_delay version 3")}
    assert done.freed_files > 0
    assert done.freed_bytes > 0
    for version in (1, 2, 3):
        assert reproduce(grown.lake, grown.catalog, grown.model, grown.registry, version).exact
    with pytest.raises(LakeError):
        grown.lake.read("features/trips", version=2)


def test_archived_and_deleted_versions_are_given_up_but_none_that_holds_an_alias(grown: Deployment) -> None:
    for version in (1, 2):
        grown.registry.tag(NAME, version, {"archived": "true"})
    grown.registry.client.delete_registered_model_alias(NAME, "challenger")
    grown.registry.client.delete_model_version(NAME, "3")
    kept = retained(grown)["features/trips"].kept
    assert kept == {1: ("trip_delay version 1",), 5: ("the newest snapshot of trip_delay",)}
    given_up = reproduce(grown.lake, grown.catalog, grown.model, grown.registry, 2)
    assert given_up.causes[0].kind == "data"
    assert "features/trips at version 3" in given_up.causes[0].evidence


def test_a_model_that_is_not_declared_any_more_keeps_its_tables(grown: Deployment) -> None:
    catalog, other = declare(name="other_delay")
    done = {item.table: item for item in retain(grown.lake, catalog, grown.registry, other, older_than=timedelta(0))}
    assert set(done) == {"features/trips", "features/outcomes"}
    assert 1 in done["features/trips"].kept


def test_only_the_models_own_tables_and_those_it_reads_are_touched(grown: Deployment) -> None:
    grown.lake.append("stranger/verdicts", pl.DataFrame({"number": [1]}))
    assert {*TABLES, "trip_delay/training_set"} <= set(retained(grown, model=grown.model, dry_run=True))
    assert "stranger/verdicts" not in retained(grown, model=grown.model, dry_run=True)
    assert "stranger/verdicts" in retained(grown, dry_run=True)


def test_a_snapshot_that_the_lake_lost_is_known_by_the_versions_tags_or_stops_it(grown: Deployment) -> None:
    grown.registry.tag(NAME, 1, {"snapshot": "lost"})
    assert "trip_delay version 1" in {need.why for need in needed_versions(grown.lake, grown.registry)}
    grown.registry.tag(NAME, 1, {"snapshot_tables": "{…"})
    files = grown.lake.sizes("features/trips")
    with pytest.raises(LakeError, match=r"trip_delay version 1: the lake does not have its snapshot 'lost'.*Nothing was deleted"):
        retained(grown)
    assert grown.lake.sizes("features/trips") == files


def test_without_mlflow_nothing_is_touched(grown: Deployment) -> None:
    files = grown.lake.sizes("features/trips")
    (grown.home / "mlflow.db").write_bytes(b"")
    with pytest.raises(TrackingError):
        retained(grown)
    assert grown.lake.sizes("features/trips") == files
