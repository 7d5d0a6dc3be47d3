"""Tests of what a fitted model does when its features change or are missing."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlworks_orchestration.spec.base import ColumnNames
from mlworks_orchestration.spec.model_tests.base import ModelFacts, OfColumn, OnRows, Share, no_feature


class Invariance(OfColumn):
    """The prediction stays when a column changes that must not matter."""

    kind: Literal["invariance"]

    tolerance: Annotated[float, Field(ge=0)] = 0.0
    """By how much a prediction may change and still count as the same, in the label's unit."""

    share: Share = 1.0
    """The share of rows whose prediction must stay."""


class Direction(OfColumn):
    """The prediction moves one way when a column changes."""

    kind: Literal["direction"]

    change: float | None = None
    """What is added to the column in every row."""

    prediction: Literal["increases", "decreases"]
    """Which way the prediction must move on average."""

    against: Share = 0.1
    """The largest share of rows whose prediction may move the other way."""

    @model_validator(mode="after")
    def _changes_something(self) -> "Direction":
        if (self.change is None) == (self.becomes is None):
            message = "give either change, which is added, or becomes"
            raise ValueError(message)
        if self.change == 0:
            message = "change 0 changes nothing; give another number"
            raise ValueError(message)
        return self


class RobustToMissing(OnRows):
    """Missing values in a feature leave predictions finite and cost no more than a share of the primary metric."""

    kind: Literal["robust_to_missing"]

    share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """The share of rows in which a feature is blanked."""

    at_most_worse: Annotated[float, Field(ge=0)] = 0.5
    """By which share of its value the primary metric may become worse."""

    columns: ColumnNames = Field(default_factory=list)
    """The features that are blanked, one after another; all by default."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return next((said for name in self.columns if (said := no_feature(name, facts.features))), "")
