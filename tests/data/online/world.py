"""Rides, the demand of their zone and the weather, all of them with late and corrected rows, in a lake and an online store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel

CUT: dict[str, Any] = {"every": "day", "start": "2024-01-01"}
DAYS = [f"2024-01-{day:02}" for day in range(1, 6)]
NOW = datetime(2024, 1, 5, 12, tzinfo=UTC)
TIME = pl.Datetime("us", "UTC")
DEMAND = {"zone": pl.String, "gate": pl.Int64, "at": TIME, "heard": TIME, "demand": pl.Float64, "busy": pl.Boolean, "kind": pl.String}


def hour(value: float) -> datetime:
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=value)


def table(name: str, entity: list[str], columns: dict[str, str], **more: Any) -> FeatureTable:
    declared = {"name": name, "description": name, "owner": "team:data", "source": f"{name}:load", "partitions": CUT, "event_time": "at"}
    return FeatureTable.model_validate(declared | {"entity": entity, "columns": columns} | more)


def rides(**more: Any) -> FeatureTable:
    return table("rides", ["ride"], {"ride": "integer", "at": "timestamp", "zone": "string", "gate": "integer", "length": "float"}, **more)


def demand(**more: Any) -> FeatureTable:
    columns = {"zone": "string", "gate": "integer", "at": "timestamp", "heard": "timestamp", "demand": "float", "busy": "boolean", "kind": "string"}
    return table("demand", ["zone", "gate"], columns, **({"known_time": "heard", "online": True} | more))


def model(max_age: str | None = None) -> MLModel:
    return MLModel.model_validate(
        {
            "name": "ride_time",
            "description": "Minutes.",
            "task": "regression",
            "owners": {"data_science": "team:science"},
            "entity": ["ride"],
            "event_time": "at",
            "partitions": CUT,
            "features": [
                {"table": "rides", "columns": ["length", "zone"]},
                {"table": "demand", "columns": ["demand", "busy", "kind"], "max_age": max_age},
            ],
            "label": {"table": "outcomes", "column": "minutes", "delay": "1d"},
            "estimator": "estimator:build",
            "metrics": {"primary": "mae"},
        }
    )


def demand_rows(drawn: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """Return rows of (zone, gate, hour, hours until heard, demand, busy, kind), each identity once, with their partition."""
    rows = [(zone, gate, hour(at), hour(at + late), *values) for zone, gate, at, late, *values in drawn]
    frame = pl.DataFrame(rows, schema=DEMAND, orient="row").unique(["zone", "gate", "at", "heard"], keep="last", maintain_order=True)
    return frame.with_columns(pl.col("at").dt.strftime("%Y-%m-%d").alias(PARTITION))


def asked_now(rides_of: Sequence[tuple[str | None, int | None]]) -> pl.DataFrame:
    rows = [(number, NOW, zone, gate, number / 2, DAYS[-1]) for number, (zone, gate) in enumerate(rides_of)]
    schema = {"ride": pl.Int64, "at": TIME, "zone": pl.String, "gate": pl.Int64, "length": pl.Float64, PARTITION: pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


@dataclass(frozen=True)
class Filled:
    lake: Lake
    catalog: Catalog


def filled(root: str | Path, rows: pl.DataFrame, requests: pl.DataFrame, max_age: str | None = None, **of_demand: Any) -> Filled:
    lake = Lake(root)
    lake.write("features/demand", rows, partitions=DAYS)
    lake.write("features/rides", requests, partitions=DAYS)
    return Filled(lake, Catalog.of([rides(), demand(**of_demand)], [model(max_age)]))
