"""What is expected of a feature table's data, in the words of its declaration.

Each kind names one Great Expectations check; `data.quality` translates.
"""

from typing import Annotated, Literal

from pydantic import Field, Strict, model_validator

from mlworks_orchestration.spec.base import ColumnName, ColumnNames, Count, Spec

Number = Annotated[int, Strict()] | Annotated[float, Strict()]


class _Expectation(Spec):
    severity: Literal["error", "warn"] = "error"
    """An error makes the check fail loudly; a warning is shown beside the asset."""

    blocking: bool = False
    """Whether assets downstream must not be built when this fails; only for severity `error`."""

    @model_validator(mode="after")
    def _blocking_is_an_error(self) -> "_Expectation":
        if self.blocking and self.severity != "error":
            message = "blocking needs severity error"
            raise ValueError(message)
        return self

    def columns(self) -> list[str]:
        """Return the columns that this expectation names."""
        column = getattr(self, "column", None)
        return [column] if column is not None else []


class _ColumnExpectation(_Expectation):
    column: ColumnName
    """The column it is about."""

    mostly: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The share of rows, 0 to 1, that must satisfy it."""


class Between(_ColumnExpectation):
    """Values lie between two bounds; missing values are not judged."""

    kind: Literal["between"]
    min: Number | None = None
    """Smallest allowed value."""
    max: Number | None = None
    """Largest allowed value."""

    @model_validator(mode="after")
    def _has_a_bound(self) -> "Between":
        if self.min is None and self.max is None:
            message = "give min, max or both"
            raise ValueError(message)
        if self.min is not None and self.max is not None and self.min > self.max:
            message = f"min {self.min} is greater than max {self.max}"
            raise ValueError(message)
        return self


class InSet(_ColumnExpectation):
    """Values are among those listed."""

    kind: Literal["in_set"]
    values: Annotated[list[str | int | float | bool], Field(min_length=1)]
    """The allowed values."""


class NotNull(_ColumnExpectation):
    """Values are present."""

    kind: Literal["not_null"]


class Unique(_Expectation):
    """No two rows of a partition agree in all these columns."""

    kind: Literal["unique"]
    over: Annotated[ColumnNames, Field(min_length=1)]
    """The columns that together identify a row."""

    def columns(self) -> list[str]:
        """Return the columns that this expectation names."""
        return list(self.over)


class RowCount(_Expectation):
    """A partition has a plausible number of rows."""

    kind: Literal["row_count"]
    min: Count = 1
    """Fewest rows."""
    max: Annotated[Count, Field(ge=1)] | None = None
    """Most rows."""

    @model_validator(mode="after")
    def _is_a_range(self) -> "RowCount":
        if self.max is not None and self.min > self.max:
            message = f"min {self.min} is greater than max {self.max}"
            raise ValueError(message)
        return self


class Schema(_Expectation):
    """The table has exactly the declared columns."""

    kind: Literal["schema"]


Expectation = Annotated[Between | InSet | NotNull | Unique | RowCount | Schema, Field(discriminator="kind")]
"""One thing expected of the data."""
