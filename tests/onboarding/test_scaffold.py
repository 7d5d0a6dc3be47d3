"""`dg scaffold defs` writes what `mlworks new` writes, and leaves nothing behind when it cannot."""

import json
from collections.abc import Callable

import polars as pl
import pytest
from click.testing import Result
from dagster.components.component_scaffolding import scaffold_object

from mlworks_orchestration.errors import DataError, DeclarationError
from tests.graph.world import World

New = Callable[..., Result]


def scaffold(project: World, kind: str, name: str, **params: str) -> None:
    given = json.dumps({"data": str(project.root / "rides.csv"), **params})
    place = project.root / "assets" / name
    scaffold_object(place, f"mlworks_orchestration.{kind}", given, "yaml", project.root)


def test_dg_scaffolds_the_model_that_new_writes(project: World, new: New, rides: pl.DataFrame) -> None:
    shown = json.loads(new(rides, "--label", "fare", "--time", "started_at", "--entity", "ride_id", "--dry-run", "--json").stdout)["files"]
    scaffold(project, "MLModel", "fare", label="fare", time="started_at", entity="ride_id")
    assert {path: (project.root / path).read_text() for path in shown} == shown
    assert project.project.declarations.require_healthy().model("fare")


def test_dg_scaffolds_a_feature_table(project: World, rides: pl.DataFrame) -> None:
    rides.write_csv(project.root / "rides.csv")
    scaffold(project, "FeatureTable", "trips", entity="ride_id, zone")
    assert project.project.declarations.require_healthy().tables["trips"].entity == ["ride_id", "zone"]


def test_what_cannot_be_scaffolded_leaves_nothing(project: World, rides: pl.DataFrame) -> None:
    rides.write_csv(project.root / "rides.csv")
    with pytest.raises(DataError, match="did you mean 'fare'"):
        scaffold(project, "MLModel", "fare", label="fair", time="started_at")
    with pytest.raises(DeclarationError, match="directly below assets/"):
        scaffold(project, "MLModel", "deep/fare", label="fare", time="started_at")
    assert not (project.root / "assets" / "fare").exists()
