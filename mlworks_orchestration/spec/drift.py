"""The declaration of drift: what is compared, and when a window counts as drifted."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlworks_orchestration.spec.base import Count, Duration, Spec

Positive = Annotated[float, Field(gt=0)]


class DriftKind(StrEnum):
    """The four kinds of drift."""

    FEATURE = "feature"
    LABEL = "label"
    PREDICTION = "prediction"
    CONCEPT = "concept"


class Threshold(Spec):
    """A threshold that is declared instead of calibrated; one of its fields must be given."""

    constant: Positive | None = None
    """The effect that must be exceeded, in standard deviations."""

    mean_sigma: Positive | None = None
    """How many standard deviations above the mean of the effects between windows of the reference."""

    @model_validator(mode="after")
    def _is_one(self) -> "Threshold":
        if (self.constant is None) == (self.mean_sigma is None):
            message = "give either constant or mean_sigma"
            raise ValueError(message)
        return self


class Drift(Spec):
    """When a window counts as drifted: there must be evidence and effect, and more than what is normal for the model's own past."""

    window: Duration = Field(default="7d", validate_default=True)
    """Length of the current window, which ends with the reported partition."""

    false_alarms_per_year: Positive = 2.0
    """How many false alarms a year the model may raise in all; each kind of drift may raise its share."""

    significance: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Largest p-value, corrected for the number of columns, that is evidence."""

    min_effect: Annotated[float, Field(gt=0, lt=8)] = 0.1
    """Smallest effect that matters: as much as shifting a normal distribution by so many of its standard deviations."""

    min_rows: Annotated[Count, Field(ge=2)] = 100
    """Fewest rows on either side; with less, the result is inconclusive."""

    statistics: dict[Literal["numeric", "datetime", "categorical", "text", "relation", "joint"], list[str]] = Field(default_factory=dict)
    """Which statistics may raise an alarm, by the type of column; the others are reported beside them."""

    statistics_from: list[str] = Field(default_factory=list)
    """Modules that register statistics of your own, such as `assets.own_statistics`; they are imported before anything is compared."""

    thresholds: dict[str, Threshold] = Field(default_factory=dict)
    """Thresholds in the place of the calibrated ones, by the name of a column or of a statistic; the column's comes first."""

    violations: Annotated[Count, Field(ge=1)] = 1
    """How many of the last `of` windows must exceed a threshold, the latest among them, before it is an alarm."""

    of: Annotated[Count, Field(ge=1)] = 1
    """How many windows are looked at."""

    severity: dict[DriftKind, Literal["warn", "error"]] = Field(default_factory=dict)
    """How grave an alarm of a kind is; `warn` where it is not said."""

    @model_validator(mode="after")
    def _can_alarm(self) -> "Drift":
        if self.violations > self.of:
            message = f"violations {self.violations} can never be reached in the last {self.of} windows"
            raise ValueError(message)
        return self
