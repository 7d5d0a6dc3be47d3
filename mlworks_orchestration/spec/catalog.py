"""All declarations of a deployment together, and the rules that hold between them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from mlworks_orchestration.errors import DeclarationError, nearest
from mlworks_orchestration.spec.base import format_duration
from mlworks_orchestration.spec.business import Business
from mlworks_orchestration.spec.feature_table import ColumnType, FeatureTable
from mlworks_orchestration.spec.model import FeatureSelection, MLModel
from mlworks_orchestration.spec.model_tests import Direction, Invariance


@dataclass(frozen=True)
class Catalog:
    """The feature tables and models of a deployment, by name.

    Parameters:
        tables: feature tables by name.
        models: models by name.
    """

    tables: dict[str, FeatureTable] = field(default_factory=dict)
    models: dict[str, MLModel] = field(default_factory=dict)

    @classmethod
    def of(cls, tables: Iterable[FeatureTable] = (), models: Iterable[MLModel] = ()) -> "Catalog":
        """Build a catalog; later declarations of the same name win."""
        return cls({table.name: table for table in tables}, {model.name: model for model in models})

    def model(self, name: str) -> MLModel:
        """Return the model called `name`.

        Raises:
            DeclarationError: if there is none, with the nearest name.
        """
        if name not in self.models:
            message = f"There is no model {name!r}; {nearest(name, self.models, '`mlworks status`')}."
            raise DeclarationError(message)
        return self.models[name]

    def table(self, name: str, *, asked_by: str) -> FeatureTable:
        """Return the feature table called `name`.

        Parameters:
            name: of the table.
            asked_by: the declaration and field that name it, for the error.

        Raises:
            DeclarationError: if there is none, with the nearest name.
        """
        if name not in self.tables:
            message = f"{asked_by} names the feature table {name!r}, which is not declared; {nearest(name, self.tables, '`mlworks features`')}."
            raise DeclarationError(message)
        return self.tables[name]

    def spine(self, model: MLModel) -> FeatureTable:
        """Return the table that gives the rows to predict."""
        return self.table(model.features[0].table, asked_by=f"Model {model.name}: features[0]")

    def check_table(self, table: FeatureTable) -> None:
        """Check a table against those that it is derived from.

        Raises:
            DeclarationError: if an input is unknown or cut in time differently, or if inputs form a cycle.
        """
        where = f"Feature table {table.name}: inputs"
        for name in table.inputs:
            other = self.table(name, asked_by=where)
            if other.partitions != table.partitions:
                message = f"{where}: {name} has other partitions than {table.name}; give both the same."
                raise DeclarationError(message)
        try:
            TopologicalSorter(self._ancestry(table)).prepare()
        except CycleError as error:
            message = f"{where} form a cycle: {' ← '.join(error.args[1])}. Remove one of these inputs."
            raise DeclarationError(message) from error

    def _ancestry(self, table: FeatureTable) -> dict[str, list[str]]:
        """Return the inputs of a table and of all that it is derived from, by name."""
        found: dict[str, list[str]] = {}
        waiting = [table.name]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = self.tables[name].inputs if name in self.tables else []
                waiting += found[name]
        return found

    def check_model(self, model: MLModel) -> None:
        """Check a model against the tables that it names.

        Raises:
            DeclarationError: naming model, field and remedy, at the first rule that does not hold.
        """
        self._check_spine(model)
        spine = self.spine(model)
        for index, selection in enumerate(model.features):
            self._check_selection(model, spine, selection, f"Model {model.name}: features[{index}]")
        self._check_label(model)
        self._check_tests(model)

    def _check_spine(self, model: MLModel) -> None:
        spine = self.spine(model)
        where = f"Model {model.name}: features[0]"
        if spine.entity != model.entity or spine.event_time != model.event_time:
            message = (
                f"{where}: the first table gives the rows to predict, so {spine.name} (entity {spine.entity}, event_time {spine.event_time}) "
                f"must have the model's entity {model.entity} and event_time {model.event_time}."
            )
            raise DeclarationError(message)
        if spine.partitions != model.partitions:
            message = f"{where}: {spine.name} has other partitions than the model; give both the same."
            raise DeclarationError(message)
        if spine.known_after:
            message = (
                f"{where}: {spine.name} is known only {format_duration(spine.known_after)} after its event time, when the prediction has been made; "
                "put first a table that is known at once, and join this one."
            )
            raise DeclarationError(message)

    def _check_selection(self, model: MLModel, spine: FeatureTable, selection: FeatureSelection, where: str) -> None:
        table = self.table(selection.table, asked_by=where)
        for column in selection.columns:
            if column not in table.columns:
                message = f"{where}: table {table.name} has no column {column!r}; {nearest(column, table.columns)}."
                raise DeclarationError(message)
            if table.columns[column].type in {ColumnType.TIMESTAMP, ColumnType.DATE}:
                message = (
                    f"{where}: column {column!r} is a {table.columns[column].type}; derive a number or a category from it in the table's transform."
                )
                raise DeclarationError(message)
        self._check_keys(spine, table, where)
        if table.partitions != model.partitions:
            message = f"{where}: {table.name} is cut in time differently from the model; give both the same partitions."
            raise DeclarationError(message)

    def _check_keys(self, spine: FeatureTable, table: FeatureTable, where: str) -> None:
        for key in table.entity:
            if key not in spine.columns:
                message = f"{where}: {table.name} is joined by {table.entity}, but {spine.name} has no column {key!r}; {nearest(key, spine.columns)}."
                raise DeclarationError(message)
            there, here = table.columns[key].type, spine.columns[key].type
            if there != here:
                message = f"{where}: {table.name} is joined by {key!r}, of type {there} there but {here} in {spine.name}; give both the same type."
                raise DeclarationError(message)

    def _check_label(self, model: MLModel) -> None:
        where = f"Model {model.name}: label"
        table = self.table(model.label.table, asked_by=where)
        if model.label.column not in table.columns:
            message = f"{where}: table {table.name} has no column {model.label.column!r}; {nearest(model.label.column, table.columns)}."
            raise DeclarationError(message)
        if model.label.column in model.feature_columns:
            message = f"{where}: {model.label.column!r} is also a feature; a model must not see what it predicts."
            raise DeclarationError(message)
        if (table.entity, table.event_time, table.partitions) != (model.entity, model.event_time, model.partitions):
            message = f"{where}: table {table.name} must have the model's entity {model.entity}, event_time {model.event_time} and partitions."
            raise DeclarationError(message)
        self._check_keys(self.spine(model), table, where)
        self._check_task(model, table.columns[model.label.column].type, where)

    def _check_task(self, model: MLModel, label: ColumnType, where: str) -> None:
        numbers = {ColumnType.FLOAT, ColumnType.INTEGER}
        if model.classifies and label not in {ColumnType.INTEGER, ColumnType.BOOLEAN}:
            message = f"{where}: task {model.task} needs an integer of 0 and 1 or a boolean, but {model.label.column!r} is a {label}."
            raise DeclarationError(message)
        if not model.classifies and label not in numbers:
            message = f"{where}: task {model.task} needs a number, but {model.label.column!r} is a {label}."
            raise DeclarationError(message)
        kinds = {name: self.tables[each.table].columns[name].type for each in model.features for name in each.columns}
        if model.task == "text" and ColumnType.TEXT not in kinds.values():
            message = f"Model {model.name}: features: task text needs a column of type text; give one that type, or write task: binary."
            raise DeclarationError(message)
        for name in model.slices:
            if kinds[name] is ColumnType.TEXT:
                message = f"Model {model.name}: slices: {name!r} is a text, so each row would be a slice of its own; derive a category from it."
                raise DeclarationError(message)
        if model.forecast and kinds[model.forecast.naive] not in numbers:
            message = f"Model {model.name}: forecast.naive: {model.forecast.naive!r} is a {kinds[model.forecast.naive]}; a forecast is a number."
            raise DeclarationError(message)
        if model.business:
            self._check_business(model, model.business, kinds)

    def _check_business(self, model: MLModel, business: Business, kinds: dict[str, ColumnType]) -> None:
        """Try the expression on two rows: it must give a number for each."""
        import polars as pl  # noqa: PLC0415 - only for models that declare one

        values = {ColumnType.INTEGER: 1, ColumnType.FLOAT: 1.0, ColumnType.BOOLEAN: True}
        row = {**{name: values.get(kind, "") for name, kind in kinds.items()}, "label": 1.0, "prediction": 0.5}
        where = f"Model {model.name}: business.expression {business.expression!r}"
        try:
            found = pl.DataFrame([row, row]).select(worth=pl.sql_expr(business.expression))["worth"]
        except pl.exceptions.PolarsError as error:
            message = f"{where} cannot be computed of the columns' types: {error}"
            raise DeclarationError(message) from error
        if len(found) != 2 or not (found.dtype.is_numeric() or found.dtype == pl.Boolean()):  # noqa: PLR2004 - as many as rows
            message = f"{where} must give one number a row, but gives {len(found)} {found.dtype} of two rows; `aggregate` makes one number of them."
            raise DeclarationError(message)

    def _check_tests(self, model: MLModel) -> None:
        """Check that what a test writes into a column fits its type."""
        types = {name: self.tables[selection.table].columns[name].type for selection in model.features for name in selection.columns}
        for index, test in enumerate(model.model_tests):
            where = f"Model {model.name}: model_tests[{index}]"
            if isinstance(test, Direction) and test.change is not None and types[test.column] not in _NUMBERS:
                message = f"{where}: change cannot be added to {test.column!r}, which is a {types[test.column]}; write becomes: and a value."
                raise DeclarationError(message)
            if isinstance(test, Direction | Invariance) and test.becomes is not None and not _fits(test.becomes, types[test.column]):
                message = f"{where}: {test.becomes!r} is no value of {test.column!r}, which is a {types[test.column]}; give becomes one of that type."
                raise DeclarationError(message)


_NUMBERS = {ColumnType.INTEGER, ColumnType.FLOAT}


def _fits(value: object, column: ColumnType) -> bool:
    if column in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, bool if column is ColumnType.BOOLEAN else str)
