"""Tests of what it takes to serve a fitted model, and that it comes out the same again."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from mlworks_orchestration.spec.base import Count
from mlworks_orchestration.spec.model_tests.base import AnyModelTest, Budget


class Latency(AnyModelTest):
    """Predicting takes no longer than a budget; one of its fields must be given."""

    kind: Literal["latency"]

    rows_a_second: Budget | None = None
    """Fewest rows a second, predicted together."""

    milliseconds_a_row: Budget | None = None
    """Longest time for a row by itself."""

    times_champion: Budget | None = None
    """Longest time for all held-out rows, as a multiple of the champion's, measured beside it."""

    @model_validator(mode="after")
    def _has_a_budget(self) -> "Latency":
        if self.rows_a_second is None and self.milliseconds_a_row is None and self.times_champion is None:
            message = "give rows_a_second, milliseconds_a_row or times_champion"
            raise ValueError(message)
        return self


class Size(AnyModelTest):
    """The stored model is no larger than a budget."""

    kind: Literal["size"]

    at_most_mb: Budget
    """Largest size of its files, in megabytes (a million bytes)."""


class ServingParity(AnyModelTest):
    """The batch path and the online path, a row at a time, give the same predictions."""

    kind: Literal["serving_parity"]

    rows: Annotated[Count, Field(ge=1, le=10_000)] = 50
    """How many held-out rows are asked for one at a time."""

    tolerance: Annotated[float, Field(ge=0)] = 1e-9
    """By how much both may differ, in the label's unit and as a share of the prediction."""


class Reproducibility(AnyModelTest):
    """Fitted again on the same snapshot with the same seed, the version comes out with the same metrics and predictions."""

    kind: Literal["reproducibility"]
