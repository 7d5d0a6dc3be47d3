"""The declaration of tuning: which hyperparameters are searched, how long, and on what trials are compared."""

from typing import Annotated

from pydantic import Field, model_validator

from mlworks_orchestration.spec.base import Count, Duration, Name, Spec

Number = Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Interval(Spec):
    """Numbers from `low` to `high`, both included; whole ones if both are."""

    low: Number
    """The smallest."""

    high: Number
    """The largest."""

    log: bool = False
    """Whether it is the order of magnitude that matters, as for a learning rate."""

    @model_validator(mode="after")
    def _is_one(self) -> "Interval":
        if self.low >= self.high:
            message = f"low {self.low} must be less than high {self.high}"
            raise ValueError(message)
        if self.log and self.low <= 0:
            message = f"low {self.low} must be above 0 where log is true"
            raise ValueError(message)
        return self

    def holds(self, value: object) -> bool:
        """Return whether a value is among what is searched."""
        return isinstance(value, int | float) and self.low <= value <= self.high


class Choices(Spec):
    """One of some values."""

    choices: Annotated[list[int | float | str | bool], Field(min_length=2)]
    """The values."""

    def holds(self, value: object) -> bool:
        """Return whether a value is among what is searched."""
        return value in self.choices


class Tune(Spec):
    """How hyperparameters are searched before each fit."""

    search: Annotated[dict[Name, Interval | Choices], Field(min_length=1)]
    """What is searched, by the name of the hyperparameter."""

    trials: Annotated[Count, Field(ge=1)] = 30
    """Most trials of a training; the first is of the declared hyperparameters."""

    time_limit: Duration = Field(default="10m", validate_default=True)
    """When no further trial is begun."""

    holdout: Duration | None = None
    """Length of the last part of the training rows, on which trials are compared; `retraining.holdout` if it is not given."""
