"""The declaration of a model: everything from which its life as a graph is built."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlworks_orchestration.errors import nearest
from mlworks_orchestration.spec.base import ColumnName, ColumnNames, Count, Delay, Duration, ImportPath, Name, Owner, Spec
from mlworks_orchestration.spec.business import Business
from mlworks_orchestration.spec.cron import Cron
from mlworks_orchestration.spec.drift import Drift
from mlworks_orchestration.spec.metrics import CLASSIFICATION, DEFAULT_THRESHOLD, METRICS, Forecast, Metric, Metrics, Task
from mlworks_orchestration.spec.model_tests import ModelFacts, ModelTest, objections
from mlworks_orchestration.spec.partitions import Partitions
from mlworks_orchestration.spec.retraining import Gate, Retraining
from mlworks_orchestration.spec.tune import Tune

_FOLDERS = {"raw", "features", "quality", "online"}
_TRAINING_COLUMNS = {"label", "known_at"}
_SCORE_COLUMNS = _TRAINING_COLUMNS | {"prediction", "model_version", "role", "scored_at"}


class FeatureSelection(Spec):
    """Columns taken from one feature table."""

    table: Name
    """The feature table."""

    columns: Annotated[ColumnNames, Field(min_length=1)]
    """The columns that the model uses."""

    max_age: Duration | None = None
    """How old a row of a joined table may be at the event time; older ones count as missing."""


class Label(Spec):
    """What the model predicts."""

    table: Name
    """The feature table that holds the ground truth."""

    column: ColumnName
    """Its column."""

    delay: Delay
    """How long after the event time the truth is known."""


class Owners(Spec):
    """Who answers for what; each an e-mail address or `team:` and a name."""

    data_science: Owner
    """Who answers for the model; the assets' owner."""

    business: Owner | None = None
    """Who answers for its purpose."""

    ml_engineering: Owner | None = None
    """Who answers for its pipeline."""

    data_engineering: Owner | None = None
    """Who answers for its data."""

    support: Owner | None = None
    """Who answers its alarms."""


class MLModel(Spec):
    """A model, from features to retraining."""

    name: Name
    """Name of the model, of its asset group and of its registered model in MLflow."""

    description: str
    """What it predicts and for whom."""

    task: Task
    """What kind of prediction it makes."""

    owners: Owners
    """Who answers for what."""

    entity: Annotated[ColumnNames, Field(min_length=1)]
    """The columns that identify what is predicted."""

    event_time: ColumnName
    """When the prediction is made; nothing known later is used."""

    partitions: Partitions
    """How scores, profiles and reports are cut in time."""

    features: Annotated[list[FeatureSelection], Field(min_length=1)]
    """The features; the first table gives the rows to predict, the others are joined as of the event time."""

    label: Label
    """What is predicted."""

    estimator: ImportPath
    """A function `build(seed: int, **hyperparameters)` that returns an unfitted scikit-learn estimator."""

    hyperparameters: dict[Name, int | float | str | bool] = Field(default_factory=dict)
    """What the estimator's function is called with, logged with each run."""

    tune: Tune | None = None
    """How hyperparameters are searched before each fit; not at all if it is left out."""

    seed: Annotated[Count, Field(lt=2**32)] = 0
    """Seed of all that is random in training and gate."""

    metrics: Metrics
    """How the model is measured."""

    forecast: Forecast | None = None
    """What its forecasts are measured against; task forecast only."""

    business: Business | None = None
    """A number that the business counts, measured beside the metrics."""

    slices: ColumnNames = Field(default_factory=list)
    """Feature columns by whose values the metrics are also reported."""

    model_tests: list[ModelTest] = Field(default_factory=list)
    """What a fitted version must pass before it may serve."""

    drift: Drift = Field(default_factory=Drift)
    """When a window counts as drifted."""

    retraining: Retraining = Field(default_factory=Retraining)
    """When and on what the model is trained again."""

    gate: Gate = Field(default_factory=Gate)
    """When a challenger replaces the champion."""

    schedule: Cron | None = None
    """Cron expression of the scoring schedule, in the partitions' time zone; without it, as soon as a partition has ended."""

    domain: Name = "general"
    """The subject area, a tag on the assets."""

    risk: Literal["low", "medium", "high"] = "medium"
    """What a wrong prediction can do, a tag on the assets."""

    @property
    def feature_columns(self) -> list[str]:
        """The names of all features, in declared order."""
        return [column for selection in self.features for column in selection.columns]

    @property
    def primary_metric(self) -> Metric:
        """The metric that gate and monitoring decide by."""
        return METRICS[self.task][self.metrics.primary]

    @property
    def classifies(self) -> bool:
        """Whether its label is 0 or 1 and its prediction the probability of 1."""
        return self.task in CLASSIFICATION

    @property
    def threshold(self) -> float:
        """The probability from which a row counts as positive."""
        return DEFAULT_THRESHOLD if self.metrics.threshold is None else self.metrics.threshold

    @property
    def tables(self) -> list[str]:
        """The feature tables that it reads, the label's last, each once."""
        return list(dict.fromkeys([*(selection.table for selection in self.features), self.label.table]))

    @model_validator(mode="after")
    def _metrics_exist(self) -> "MLModel":
        known = METRICS[self.task]
        for name in self.metrics.names:
            if name not in known:
                message = f"metrics: {name!r} is no metric of task {self.task}; {nearest(name, known, 'docs/declare.md')}"
                raise ValueError(message)
        if self.metrics.threshold is not None and not self.classifies:
            message = f"metrics.threshold is of tasks {' and '.join(sorted(CLASSIFICATION))}; task {self.task} has none, leave it out"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _forecast_fits(self) -> "MLModel":
        if self.forecast is None:
            if "mase" in self.metrics.names:
                message = "metrics: 'mase' needs the section forecast with naive, the feature that holds the naive forecast"
                raise ValueError(message)
            return self
        if self.task != "forecast":
            message = f"forecast is a section of task forecast, not of task {self.task}; leave it out, or write task: forecast"
            raise ValueError(message)
        if self.forecast.naive not in self.feature_columns:
            message = f"forecast.naive: {self.forecast.naive!r} is no feature; {nearest(self.forecast.naive, self.feature_columns)}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _business_fits(self) -> "MLModel":
        if self.business is not None:
            self.business.check_columns(self.feature_columns)
        return self

    @model_validator(mode="after")
    def _search_holds_what_is_declared(self) -> "MLModel":
        for name, searched in self.tune.search.items() if self.tune else ():
            if name in self.hyperparameters and not searched.holds(self.hyperparameters[name]):
                message = f"tune.search.{name}: the declared {self.hyperparameters[name]!r}, tried first, is not in it; widen it, or declare another"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _names_are_free(self) -> "MLModel":
        if self.name in _FOLDERS:
            message = f"name: {self.name!r} is the framework's own folder in the lake; choose another"
            raise ValueError(message)
        taken = [("entity", name) for name in self.entity if name in _SCORE_COLUMNS]
        taken += [("event_time", self.event_time)] if self.event_time in _SCORE_COLUMNS else []
        taken += [("features", name) for name in self.feature_columns if name in _TRAINING_COLUMNS]
        for field, name in taken:
            message = f"{field}: the framework itself writes a column {name!r} beside this one; rename yours in the table's transform"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _features_are_distinct(self) -> "MLModel":
        columns = self.feature_columns
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            message = f"features: {', '.join(twice)} chosen more than once; each feature needs a name of its own"
            raise ValueError(message)
        for name in self.slices:
            if name not in columns:
                message = f"slices: {name!r} is no feature; {nearest(name, columns)}"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _tests_can_be_run(self) -> "MLModel":
        facts = ModelFacts(self.task, self.metrics.primary, self.feature_columns, self.slices)
        if found := objections(self.model_tests, facts):
            raise ValueError("; ".join(found))
        return self
