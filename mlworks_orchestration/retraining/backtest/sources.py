"""Where a backtest reads its rows: in the deployment's lake, or, before anything is materialised there, from the sources themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryDirectory

from mlworks_orchestration.data import Lake, build_features, load_raw
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel


@contextmanager
def feature_lake(lake: Lake, catalog: Catalog, model: MLModel, until: datetime, tell: Callable[[str], None]) -> Iterator[Lake]:
    """Yield a lake that holds the feature tables of a model and the table of its label up to a moment.

    It is the deployment's where that has every partition, of labels every one that is known by then. Otherwise the sources are read, by the functions
    by which the assets read them, into a lake that is gone when the block ends; expectations are not validated then.

    Parameters:
        lake: the deployment's; it is only read.
        catalog: all declarations.
        model: the model's declaration.
        until: what ends later is not needed.
        tell: is told what goes on.

    Raises:
        DeclarationError: if a source or a transform cannot be imported or called.
        DataError: if it gives what does not fit its declaration.
    """
    tables = [catalog.table(name, asked_by=f"Model {model.name}") for name in model.tables]
    joined, known = {selection.table for selection in model.features}, until - model.label.delay
    if all(_is_whole(lake, table, until if table.name in joined else known) for table in tables):
        yield lake
        return
    with TemporaryDirectory(prefix="mlworks-backtest-") as folder:
        made = Lake(folder)
        for table in tables:
            _fill(made, catalog, table, until, tell)
        yield made


def _is_whole(lake: Lake, table: FeatureTable, until: datetime) -> bool:
    name = f"features/{table.name}"
    wanted = set() if table.may_be_empty else set(table.partitions.keys(until))
    return lake.exists(name) and wanted <= set(lake.partitions(name))


def _fill(lake: Lake, catalog: Catalog, table: FeatureTable, until: datetime, tell: Callable[[str], None]) -> None:
    """Write a table, those that it is derived from first."""
    name, keys = f"features/{table.name}", table.partitions.keys(until)
    if lake.exists(name):
        return
    for other in table.inputs:
        _fill(lake, catalog, catalog.tables[other], until, tell)
    tell(f"reading {table.name} from its source")
    if table.inputs:
        rows = build_features(table, {other: lake.read(f"features/{other}", partitions=keys) for other in table.inputs})
    else:
        rows = build_features(table, load_raw(table, table.partitions.span(keys), keys))
    lake.write(name, rows, partitions=keys)
