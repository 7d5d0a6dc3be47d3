"""Tests of how good a fitted model is: in all, by slice, and beside simpler ones and the champion."""

from typing import Annotated, Literal

from pydantic import Field

from mlworks_orchestration.spec.base import ColumnNames, Count, ImportPath
from mlworks_orchestration.spec.metrics import CLASSIFICATION
from mlworks_orchestration.spec.model_tests.base import ModelFacts, OfMetric, OnRows, no_slices


class MinimumQuality(OfMetric):
    """A metric on the held-out rows keeps a bound."""

    kind: Literal["minimum_quality"]


class BetterThanBaseline(OnRows):
    """The primary metric is better than that of the best constant."""

    kind: Literal["better_than_baseline"]


class BetterThanSimpler(OnRows):
    """The primary metric is better than that of a simpler model, fitted on the same rows."""

    kind: Literal["better_than_simpler"]

    estimator: ImportPath | None = None
    """A function `build(seed: int)` of the simpler model; by default a linear model of all features."""


class SliceQuality(OfMetric):
    """A metric keeps a bound on every slice."""

    kind: Literal["slice_quality"]

    slices: ColumnNames = Field(default_factory=list)
    """Features by whose values the rows are cut; the model's slices by default."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return super().objection(facts) or no_slices(self.slices, facts)


class NoSliceWorseThanChampion(OnRows):
    """On no slice is the primary metric worse than the champion's by more than a margin."""

    kind: Literal["no_slice_worse_than_champion"]

    margin: Annotated[float, Field(ge=0)] = 0.0
    """By how much it may be worse, in the metric's unit."""

    slices: ColumnNames = Field(default_factory=list)
    """Features by whose values the rows are cut; the model's slices by default."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        return no_slices(self.slices, facts)


class Calibration(OnRows):
    """Predicted probabilities are met by what happens."""

    kind: Literal["calibration"]

    at_most: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Largest expected calibration error."""

    bins: Annotated[Count, Field(ge=2, le=100)] = 10
    """How many groups of equally many rows the probabilities are cut into."""

    def objection(self, facts: ModelFacts) -> str:
        """Return why the test cannot be applied to a model; nothing if it can."""
        if facts.task in CLASSIFICATION:
            return ""
        return f"task {facts.task} predicts no probability, so there is nothing to calibrate; leave this test out"
