"""A small model at work: days of flights from one airport, three tables, and a registry that needs no MLflow."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, build_labels
from mlworks_orchestration.scoring import score
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel
from mlworks_orchestration.training import ModelVersion, Predictor, Registry, take_snapshot

FIRST = datetime(2013, 3, 1, tzinfo=UTC)
ROWS_A_DAY = 120


class Registered(Registry):
    """A registry whose versions are kept in memory: by number, the slope of a line through the distance and the snapshot's id."""

    def __init__(self, lake: Lake) -> None:
        super().__init__("memory", lake)
        self.slopes: dict[int, tuple[float, str]] = {}
        self.estimators: dict[int, Any] = {}
        self.serving: int | None = None

    def champion(self, model: str) -> ModelVersion | None:
        return None if self.serving is None else self.version(model, self.serving)

    def version(self, model: str, number: int) -> ModelVersion:
        return ModelVersion(model, number, "run", FIRST, {"snapshot": self.slopes[number][1]}, ())

    def load(self, model: str, version: int) -> Predictor:
        estimator = self.estimators.get(version, Line(self.slopes[version][0]))
        return Predictor(model, version, ("carrier", "distance", "wind"), estimator)


@dataclass(frozen=True)
class Line:
    """An estimator that predicts a multiple of the distance."""

    slope: float

    def get_params(self, deep: bool = True) -> dict[str, float]:  # noqa: FBT001, FBT002 - scikit-learn's protocol
        del deep
        return {"slope": self.slope}

    def fit(self, matrix: Any, labels: Any) -> "Line":
        del matrix, labels
        return self

    def predict(self, matrix: Any) -> Any:
        return self.slope * np.asarray(matrix["distance"], dtype=np.float64)


@dataclass
class Mean:
    """An estimator that predicts the mean of what it was fitted on."""

    mean: float

    def get_params(self, deep: bool = True) -> dict[str, float]:  # noqa: FBT001, FBT002 - scikit-learn's protocol
        del deep
        return {"mean": self.mean}

    def fit(self, matrix: Any, labels: Any) -> "Mean":
        del matrix
        self.mean = float(np.mean(labels))
        return self

    def predict(self, matrix: Any) -> Any:
        return np.full(len(matrix), self.mean)


@dataclass
class World:
    """A lake, the declarations, and days that can be made to order."""

    lake: Lake
    catalog: Catalog
    model: MLModel
    registry: Registered
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def key(self, day: int) -> str:
        return (FIRST + timedelta(days=day)).strftime("%Y-%m-%d")

    def keys(self, first: int, last: int) -> list[str]:
        return [self.key(day) for day in range(first, last + 1)]

    def at(self, day: float) -> datetime:
        return FIRST + timedelta(days=day)

    def add_days(self, first: int, last: int, *, distance: float = 1000.0, slope: float = 0.01, rows: int = ROWS_A_DAY) -> None:
        """Write features and outcomes of some days; the delay is `slope` times the distance, and noise."""
        for table, frame in self._tables(first, last, distance, slope, rows).items():
            self.lake.write(f"features/{table}", frame, partitions=self.keys(first, last))

    def add_labels(self, first: int, last: int) -> None:
        keys = self.keys(first, last)
        labels = build_labels(self.model, self.catalog, self.lake.read("features/outcomes", partitions=keys))
        self.lake.write("delay/labels", labels, partitions=keys)

    def train(self, day: float, slope: float) -> int:
        """Register a version on a snapshot as of a day, let it serve, and return its number."""
        snapshot = take_snapshot(self.lake, self.catalog, self.model, self.at(day))
        self.registry.serving = len(self.registry.slopes) + 1
        self.registry.slopes[self.registry.serving] = (slope, snapshot.id)
        return self.registry.serving

    def score(self, first: int, last: int) -> None:
        with clock.replaying(self.at(last + 1)):
            score(self.lake, self.catalog, self.model, self.registry, self.keys(first, last))

    def _tables(self, first: int, last: int, distance: float, slope: float, rows: int) -> dict[str, pl.DataFrame]:
        days = np.repeat(np.arange(first, last + 1), rows)
        number = np.tile(np.arange(rows), last + 1 - first)
        miles = np.round(self.rng.normal(distance, 300, len(days)))
        at = [FIRST + timedelta(days=int(day), minutes=int(minute) * 10) for day, minute in zip(days, number % 140, strict=True)]
        flights = pl.DataFrame(
            {
                "flight_id": [f"{day}-{one}" for day, one in zip(days, number, strict=True)],
                "at": pl.Series(at, dtype=pl.Datetime("us", "UTC")),
                "origin": ["EWR"] * len(days),
                "carrier": self.rng.choice(["UA", "AA", "DL"], len(days), p=[0.5, 0.3, 0.2]),
                "distance": miles,
                PARTITION: [self.key(int(day)) for day in days],
            }
        )
        outcomes = flights.select("flight_id", "at", pl.Series("arr_delay", slope * miles + self.rng.normal(0, 5, len(days))), PARTITION)
        hours = [FIRST + timedelta(days=day, hours=hour) for day in range(first, last + 1) for hour in range(24)]
        weather = pl.DataFrame(
            {
                "origin": ["EWR"] * len(hours),
                "observed_at": pl.Series(hours, dtype=pl.Datetime("us", "UTC")),
                "wind": [10 + 5 * np.sin(hour.hour) for hour in hours],  # alike every day, for rows that share a reading are no evidence of their own
                PARTITION: [hour.strftime("%Y-%m-%d") for hour in hours],
            }
        )
        return {"flights": flights, "outcomes": outcomes, "weather": weather}


DAYS = {"every": "day", "start": "2013-03-01"}
OWNER = "team:data"


def table(name: str, entity: str, event_time: str, columns: dict[str, str]) -> FeatureTable:
    return FeatureTable.model_validate(
        {
            "name": name,
            "description": "",
            "owner": OWNER,
            "source": "sources:load",
            "entity": [entity],
            "event_time": event_time,
            "partitions": DAYS,
            "columns": {entity: "string", event_time: "timestamp", **columns},
        }
    )


def empty_world(root: Path) -> World:
    """Return a world without any day yet."""
    model = MLModel.model_validate(
        {
            "name": "delay",
            "description": "Minutes of delay.",
            "task": "regression",
            "owners": {"data_science": OWNER},
            "entity": ["flight_id"],
            "event_time": "at",
            "partitions": DAYS,
            "features": [{"table": "flights", "columns": ["carrier", "distance"]}, {"table": "weather", "columns": ["wind"], "max_age": "2h"}],
            "label": {"table": "outcomes", "column": "arr_delay", "delay": "1d"},
            "estimator": "estimators:build",
            "metrics": {"primary": "mae", "also": ["rmse", "r2"]},
            "slices": ["carrier"],
            "drift": {"window": "3d"},
            "retraining": {"window": "8d", "holdout": "2d"},
        }
    )
    tables = [
        table("flights", "flight_id", "at", {"origin": "string", "carrier": "string", "distance": "float"}),
        table("weather", "origin", "observed_at", {"wind": "float"}),
        table("outcomes", "flight_id", "at", {"arr_delay": "float"}),
    ]
    catalog = Catalog.of(tables, [model])
    catalog.check_model(model)
    lake = Lake(root)
    return World(lake, catalog, model, Registered(lake))
