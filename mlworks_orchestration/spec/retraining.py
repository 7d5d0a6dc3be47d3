"""The declaration of continuous training: when a model is trained again, and when a challenger replaces the champion."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlworks_orchestration.spec.base import Count, Delay, Duration, Spec
from mlworks_orchestration.spec.drift import DriftKind


class Retraining(Spec):
    """When and on what the model is trained again."""

    window: Duration = Field(default="60d", validate_default=True)
    """Length of the training window."""

    holdout: Duration = Field(default="7d", validate_default=True)
    """The last part of the window, kept out of training, on which the gate compares."""

    kinds: Annotated[list[DriftKind], Field(min_length=1)] = Field(default_factory=lambda: list(DriftKind))
    """The kinds of drift that count as a violation."""

    violations: Annotated[Count, Field(ge=1)] = 2
    """How many of the last `of` reports must be violations, the latest among them."""

    of: Annotated[Count, Field(ge=1)] = 3
    """How many reports are looked at."""

    cooldown: Delay = Field(default="14d", validate_default=True)
    """Least time between a training, promoted or not, and the next retraining."""

    budget_per_year: Count = 12
    """Most retrainings in 365 days."""

    min_new_rows: Count = 1000
    """Fewest rows with a label that came after the last training."""

    every: Duration | None = None
    """How long after a training the model is trained again without drift too; none: drift alone decides."""

    new_rows: Annotated[Count, Field(ge=1)] | None = None
    """How many labelled rows newer than the last training are a reason to train again without drift too; none: they are none."""

    @model_validator(mode="after")
    def _can_fire(self) -> "Retraining":
        if self.violations > self.of:
            message = f"violations {self.violations} can never be reached in the last {self.of} reports"
            raise ValueError(message)
        if self.holdout >= self.window:
            message = "holdout must be shorter than window"
            raise ValueError(message)
        return self


class Gate(Spec):
    """When a challenger replaces the champion."""

    mode: Literal["automatic", "manual", "dry_run"] = "automatic"
    """What follows from a favourable verdict: promotion, promotion once people have approved, or nothing."""

    approvals: Annotated[Count, Field(ge=1, le=2)] = 1
    """How many people must approve, where the mode is manual."""

    min_gain: Annotated[float, Field(ge=0)] = 0.0
    """Least gain in the primary metric, in its unit, that the interval's lower end must exceed."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Confidence of the interval of the gain."""

    resamples: Annotated[Count, Field(ge=100)] = 1000
    """Number of bootstrap resamples: of model tests, and of the gate where rows are drawn."""

    blocks: Literal["row", "day"] = "row"
    """What counts as one observation of the gain: each row, as if independent, or a whole day, whose rows go together."""

    rollback_on: list[DriftKind] = Field(default_factory=list)
    """The kinds of drift whose alarm against a newly promoted champion lets the version before serve again at once."""

    @model_validator(mode="after")
    def _approvals_are_asked_for(self) -> "Gate":
        if self.approvals > 1 and self.mode != "manual":
            message = f"approvals {self.approvals} would not be asked for in mode {self.mode}; write mode: manual, or leave approvals out"
            raise ValueError(message)
        return self
