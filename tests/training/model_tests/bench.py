"""A version on the bench that is a rule: what it predicts is a function of the features, so that each test's outcome is known."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import AnyModelTest, Catalog
from mlworks_orchestration.training import Finding, ModelVersion, Predictor, Subject, registered
from mlworks_orchestration.training.model_tests.subject import Stores
from tests.training.trips import CHANGE, TRIPS_A_DAY, declare, trips

Rule = Callable[[pd.DataFrame], Any]
TRAINED = 600


def honest(frame: pd.DataFrame) -> Any:
    """Return what delays are made of before the change, but for the noise; gaps are filled."""
    return 2.0 * frame["distance"].fillna(5.0) + 3.0 * (frame["carrier"] == "A")


class Ruled:
    """An estimator that was never fitted."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def predict(self, frame: pd.DataFrame) -> Any:
        return np.asarray(self.rule(frame), dtype=np.float64)


class Chance(Ruled):
    """A classifier that was never fitted."""

    classes_ = np.array([0, 1])

    def predict_proba(self, frame: pd.DataFrame) -> Any:
        positive = np.asarray(self.rule(frame), dtype=np.float64)
        return np.stack([1 - positive, positive], axis=1)


class Shelf:
    """A registry in which one version is champion, or none."""

    def __init__(self, champion: ModelVersion | None = None, predictor: Predictor | None = None) -> None:
        self.held, self.predictor = champion, predictor

    def champion(self, _model: str) -> ModelVersion | None:
        return self.held

    def load(self, _model: str, _version: int) -> Predictor | None:
        return self.predictor


def version(number: int = 1) -> ModelVersion:
    return ModelVersion("trip_delay", number, "run", datetime(2024, 2, 1, tzinfo=UTC), {"snapshot": "abc"}, ())


def subject(rule: Rule = honest, *, rows: pl.DataFrame | None = None, registry: Any = None, folder: Path = Path(), **changes: object) -> Subject:
    """Return a version that predicts by a rule, with 600 training rows and 400 held out."""
    catalog, model = declare(**changes)
    made = trips().head(CHANGE * TRIPS_A_DAY).drop("_partition").rename({"delay": "label"})
    if model.classifies:
        made = made.with_columns(pl.col("label") > 10)
    estimator = (Chance if model.classifies else Ruled)(rule)
    predictor = Predictor(model.name, 1, tuple(model.feature_columns), estimator)
    stores = Stores(cast("Lake", None), cast("Catalog", catalog), registry or Shelf())
    held_out = made.slice(TRAINED) if rows is None else rows
    return Subject(model, version(), predictor, made.head(TRAINED), held_out, folder, stores)


def found(on: Subject) -> Finding:
    """Run the first declared test."""
    test: AnyModelTest = on.model.model_tests[0]
    return registered()[test.kind].run(on, test)
