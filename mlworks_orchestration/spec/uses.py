"""Who uses which column of a feature table: read off the declarations of the models."""

from typing import Literal, NamedTuple, TypeAlias

from mlworks_orchestration.spec.catalog import Catalog
from mlworks_orchestration.spec.feature_table import FeatureTable
from mlworks_orchestration.spec.model import MLModel

Role: TypeAlias = Literal["feature", "label", "key"]


class Use(NamedTuple):
    """One model's use of a column.

    Parameters:
        model: its name.
        role: as what: a feature, the label, or a key by which rows are found (entity and event time).
    """

    model: str
    role: Role

    def __str__(self) -> str:
        """Return the model's name, with the role where that is not to be a feature."""
        return self.model if self.role == "feature" else f"{self.model} ({self.role})"


def uses_of(catalog: Catalog, table: FeatureTable) -> dict[str, list[Use]]:
    """Return the uses of each declared column, in the order of the models' names.

    Parameters:
        catalog: all declarations.
        table: one of its feature tables.
    """
    found: dict[str, list[Use]] = {name: [] for name in table.columns}
    keys = [*table.entity, table.event_time]
    for name, model in sorted(catalog.models.items()):
        features = {column for selection in model.features if selection.table == table.name for column in selection.columns}
        labels = {model.label.column} if model.label.table == table.name else set()
        read = features or labels
        for column, uses in found.items():
            roles: dict[Role, bool] = {"feature": column in features, "label": column in labels, "key": bool(read) and column in keys}
            uses += [Use(name, role) for role, holds in roles.items() if holds]
    return found


def tables_behind(catalog: Catalog, model: MLModel) -> list[str]:
    """Return the feature tables that a model reads and those that they are derived from, each once.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
    """
    found: dict[str, None] = {}
    waiting = list(model.tables)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            found[name] = None
            waiting += catalog.table(name, asked_by=f"Model {model.name}: features").inputs
    return list(found)
