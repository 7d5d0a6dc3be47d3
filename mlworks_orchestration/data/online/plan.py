"""From which published tables a model's features are looked up: all that a look-up needs to know, so that it can go with the model."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from mlworks_orchestration.spec import Catalog, ColumnType, FeatureTable, MLModel, Spec


class Part(Spec):
    """What is looked up in one table."""

    table: str
    """The feature table."""

    entity: Annotated[dict[str, ColumnType], Field(min_length=1)]
    """The columns that find a row, with their types."""

    columns: dict[str, ColumnType]
    """The columns to take, with their types."""

    known_after: timedelta
    """How long after its event time a row is known."""

    max_age: timedelta | None = None
    """How old a row may be."""

    online: bool
    """Whether the table is published."""


class Plan(Spec):
    """What is looked up for a model."""

    model: str
    """The model."""

    event_time: str
    """The column of a request that says at which moment to look; now, without it."""

    features: list[str]
    """The features, in the order of the training."""

    parts: list[Part]
    """The tables, that of the rows to predict first."""

    @classmethod
    def of(cls, catalog: Catalog, model: MLModel) -> "Plan":
        """Return the plan of a model.

        Parameters:
            catalog: declares its tables.
            model: its declaration.
        """
        spine = catalog.spine(model)
        joined = [(selection, catalog.tables[selection.table]) for selection in model.features[1:]]
        keys = [name for _, table in joined for name in table.entity]
        parts = [_part(spine, [*model.features[0].columns, *keys])]
        parts += [_part(table, selection.columns).model_copy(update={"max_age": selection.max_age}) for selection, table in joined]
        return cls(model=model.name, event_time=model.event_time, features=model.feature_columns, parts=parts)

    @property
    def keys(self) -> dict[str, ColumnType]:
        """The columns by which rows are found, with their types."""
        return {name: column for part in self.parts for name, column in part.entity.items()}


def part_of(table: FeatureTable) -> Part:
    """Return the part that takes all columns of a table.

    Parameters:
        table: its declaration.
    """
    return _part(table, list(table.columns))


def _part(table: FeatureTable, columns: list[str]) -> Part:
    return Part(
        table=table.name,
        entity={name: table.columns[name].type for name in table.entity},
        columns={name: table.columns[name].type for name in columns if name not in table.entity},
        known_after=table.known_after,
        online=table.online,
    )
