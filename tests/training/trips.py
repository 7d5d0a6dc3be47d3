"""A small deployment: trips of 60 days, whose delays come about in another way from the 26th day on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel
from mlworks_orchestration.training import Candidate, Registry, fit_candidate, take_snapshot
from tests.training.passing import let_pass

FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
DAYS, TRIPS_A_DAY, CHANGE = 60, 40, 25


def day(number: float) -> datetime:
    """Return the start of a day, counted from 0."""
    return FIRST_DAY + timedelta(days=number)


def feature_table(name: str, columns: dict[str, str]) -> FeatureTable:
    return FeatureTable.model_validate(
        {
            "name": name,
            "description": "Trips.",
            "owner": "team:data",
            "source": "nowhere.source:load",
            "entity": ["trip_id"],
            "event_time": "starts_at",
            "partitions": {"every": "day", "start": "2024-01-01"},
            "columns": {"trip_id": "integer", "starts_at": "timestamp", **columns},
        }
    )


def declare(**changes: object) -> tuple[Catalog, MLModel]:
    """Declare the model of trips, with some fields changed."""
    declared = {
        "name": "trip_delay",
        "description": "Minutes of delay of a trip.",
        "task": "regression",
        "owners": {"data_science": "team:science"},
        "entity": ["trip_id"],
        "event_time": "starts_at",
        "partitions": {"every": "day", "start": "2024-01-01"},
        "features": [{"table": "trips", "columns": ["carrier", "distance", "seats", "rainy"]}],
        "label": {"table": "outcomes", "column": "delay", "delay": "1d"},
        "estimator": "tests.training.estimators:build",
        "hyperparameters": {"alpha": 0.5},
        "metrics": {"primary": "mae", "also": ["rmse", "r2"]},
        "retraining": {"window": "20d", "holdout": "5d"},
        "seed": 7,
    }
    model = MLModel.model_validate({**declared, **changes})
    trips = feature_table("trips", {"carrier": "string", "distance": "float", "seats": "integer", "rainy": "boolean"})
    return Catalog.of([trips, feature_table("outcomes", {"delay": "float"})], [model]), model


def trips() -> pl.DataFrame:
    """Return all trips with their outcome."""
    random = np.random.default_rng(1)
    rows = DAYS * TRIPS_A_DAY
    number = np.arange(rows)
    seconds = number // TRIPS_A_DAY * 86_400 + number % TRIPS_A_DAY * 1_800
    distance, carrier = random.uniform(0, 10, rows), random.choice(["A", "B", "C"], rows)
    slope = np.where(number // TRIPS_A_DAY < CHANGE, 2.0, -2.0)
    frame = pl.DataFrame(
        {
            "trip_id": number,
            "starts_at": [FIRST_DAY + timedelta(seconds=int(each)) for each in seconds],
            "carrier": carrier,
            "distance": distance,
            "seats": random.integers(1, 200, rows),
            "rainy": random.random(rows) < 0.3,
            "delay": slope * distance + 3.0 * (carrier == "A") + random.normal(0, 1, rows),
        },
        schema_overrides={"starts_at": pl.Datetime("us", "UTC")},
    )
    absent = pl.col("trip_id") % 17 == 0
    gaps = [pl.when(~absent).then(pl.col(name)).alias(name) for name in ("carrier", "distance", "seats", "rainy")]
    return frame.with_columns(*gaps, pl.col("starts_at").dt.strftime("%Y-%m-%d").alias(PARTITION))


@dataclass(frozen=True)
class Deployment:
    """A lake and a registry in a folder, and what is declared."""

    home: Path
    lake: Lake
    registry: Registry
    catalog: Catalog
    model: MLModel

    def fit(self, as_of: datetime, model: MLModel | None = None) -> Candidate:
        """Fit, and write down that the version passed its tests, as if it were then."""
        fitted = self.fit_untested(as_of, model)
        with clock.replaying(as_of):
            let_pass(self.lake, fitted.model, fitted.version, fitted.snapshot.id)
            self.registry.set_challenger(fitted.model, fitted.version, why=f"fitted on snapshot {fitted.snapshot.id}: test")
        return fitted

    def fit_untested(self, as_of: datetime, model: MLModel | None = None) -> Candidate:
        """Take a snapshot and fit, as if it were then."""
        chosen = model or self.model
        with clock.replaying(as_of):
            snapshot = take_snapshot(self.lake, self.catalog, chosen, as_of)
            return fit_candidate(self.lake, self.catalog, chosen, snapshot, self.registry, tags={"dagster_run_id": "run-1"}, trigger="test")


def deployment(home: Path) -> Deployment:
    lake = Lake(home / "lake")
    registry = Registry(f"sqlite:///{home / 'mlflow.db'}", lake, artifacts=str(home / "artifacts"))
    return Deployment(home, lake, registry, *declare())
