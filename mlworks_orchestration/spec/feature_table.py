"""The declaration of a feature table: where its rows come from, what they must look like, who answers for them."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from mlworks_orchestration.errors import nearest
from mlworks_orchestration.spec.base import ColumnName, ColumnNames, Delay, ImportPath, Name, Names, Owner, Spec
from mlworks_orchestration.spec.expectations import Expectation
from mlworks_orchestration.spec.partitions import Partitions


class ColumnType(StrEnum):
    """The types that a declared column may have."""

    INTEGER = "integer"
    FLOAT = "float"
    STRING = "string"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    DATE = "date"


class Column(Spec):
    """One column of a feature table."""

    type: ColumnType
    """Its type; a string is a category, a text is read as words; a timestamp is stored in UTC with microseconds."""

    description: str = ""
    """What it says, for the feature dictionary."""

    unit: str = ""
    """Its unit, for example `miles`, `minutes`, `USD`."""

    nullable: bool = True
    """Whether values may be missing."""


def _from_type(value: object) -> object:
    """Accept `carrier: string` for `carrier: {type: string}`."""
    return {"type": value} if isinstance(value, str) else value


_Column = Annotated[Column, BeforeValidator(_from_type, json_schema_input_type=Column | ColumnType)]


class FeatureTable(Spec):
    """A table of features in the lake, keyed by entity and event time.

    Two assets come of it: `raw/<name>`, what the source gave, and `features/<name>`, validated and typed.
    """

    name: Name
    """Name of the table."""

    description: str
    """What a row is."""

    owner: Owner
    """Who answers for it."""

    source: ImportPath | None = None
    """A function `load(window: TimeWindow) -> dataframe` that returns the rows whose event time lies in the window."""

    inputs: Names = Field(default_factory=list)
    """Instead of a source: the feature tables, cut in time alike, that this one is derived from."""

    transform: ImportPath | None = None
    """A function from the raw rows, or from one dataframe an input, to the declared columns; without it raw rows are taken as they are."""

    entity: Annotated[ColumnNames, Field(min_length=1)]
    """The columns that, with the event time, identify a row."""

    event_time: ColumnName
    """The timestamp column that says when the row is about."""

    known_after: Delay = Field(default="0s", validate_default=True)
    """How long after its event time a row is known; a join never sees it earlier."""

    known_time: ColumnName | None = None
    """The timestamp column that says when a row became known, where that differs from row to row; a row may come late, and in several versions."""

    online: bool = False
    """Whether the latest row of each entity is published to the online store, for look-up at the time of a request."""

    may_be_empty: bool = False
    """Whether a partition may have no rows; otherwise that is an error, and what was there stays."""

    partitions: Partitions
    """How the table is cut in time."""

    columns: Annotated[dict[ColumnName, _Column], Field(min_length=1)]
    """The declared columns, entity and event time among them; others that the source gives are dropped from the features."""

    expectations: list[Expectation] = Field(default_factory=list)
    """Data quality, checked by Great Expectations on every partition."""

    domain: Name = "general"
    """The subject area, a tag on the assets."""

    @property
    def identity(self) -> list[str]:
        """The columns that identify a row: entity, event time and, where there may be versions, known time."""
        return list(dict.fromkeys([*self.entity, self.event_time, *([self.known_time] if self.known_time else [])]))

    @model_validator(mode="after")
    def _has_one_origin(self) -> "FeatureTable":
        if (self.source is None) == (not self.inputs):
            message = "give either source or inputs"
            raise ValueError(message)
        if self.inputs and self.transform is None:
            message = "inputs need a transform that makes one dataframe of them"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _keys_are_declared(self) -> "FeatureTable":
        named = [("entity", name) for name in self.entity] + [("event_time", self.event_time)]
        named += [("known_time", self.known_time)] if self.known_time else []
        named += [(f"expectations[{i}]", name) for i, expected in enumerate(self.expectations) for name in expected.columns()]
        for field, name in named:
            if name not in self.columns:
                message = f"{field} names the column {name!r}, which is not under columns; {nearest(name, self.columns)}"
                raise ValueError(message)
        times = [("event_time", self.event_time), *([("known_time", self.known_time)] if self.known_time else [])]
        for field, name in times:
            if self.columns[name].type is not ColumnType.TIMESTAMP:
                message = f"{field} column {name!r} must be of type timestamp, not {self.columns[name].type}"
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _is_known_in_one_way(self) -> "FeatureTable":
        if self.known_time is not None and self.known_after:
            message = "known_time says of each row when it became known, so known_after must be left out"
            raise ValueError(message)
        if self.known_time is not None and self.known_time in [self.event_time, *self.entity]:
            message = f"known_time {self.known_time!r} is also event_time or part of entity; name a column of its own"
            raise ValueError(message)
        return self
