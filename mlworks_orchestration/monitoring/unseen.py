"""How a version predicts rows that it was not trained on: those held out, and its training rows by copies that had not seen them."""

from datetime import timedelta
from typing import NamedTuple

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.spec import Catalog, MLModel, TimeWindow
from mlworks_orchestration.training import Registry, cross_predict, find_snapshot, load_snapshot

_KEPT = 2


class Rows(NamedTuple):
    """The rows of a version's snapshot, with `_partition`, features, `label` and `prediction`.

    Parameters:
        training: what it was trained on, with its own predictions.
        unseen: the same rows, in the same order, with predictions of copies that were fitted without them, and then what was held out with its own.
    """

    training: pl.DataFrame
    unseen: pl.DataFrame

    @property
    def out_of_fold(self) -> pl.DataFrame:
        """The training rows with predictions of copies that were fitted without them: as production predicts, where no row has been seen before."""
        return self.unseen.head(self.training.height)


def snapshot_rows(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int) -> Rows:
    """Return the rows of a version's snapshot with predictions; of the newest versions asked for they are kept in memory.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose version.
        registry: MLflow's models.
        version: the registered version.

    Raises:
        TrackingError: if the registry does not hold the version.
        TrainingError: if its snapshot is gone, or gives other rows than it was trained on, or copies of it cannot be fitted.
    """
    snapshot = find_snapshot(lake, model, registry.version(model.name, version).tags["snapshot"])
    key = registry.tracking_uri, str(lake.root), model.name, version, snapshot.content_hash
    if key not in _cache:
        predictor = registry.load(model.name, version)
        training, holdout = (
            _with_partition(model, rows).with_columns(pl.Series("prediction", predictor.predict(rows.select(model.feature_columns))))
            for rows in load_snapshot(lake, catalog, model, snapshot)
        )
        unseen = training.with_columns(pl.Series("prediction", cross_predict(predictor, training)))
        while len(_cache) >= _KEPT:
            _cache.pop(next(iter(_cache)))
        _cache[key] = Rows(training, pl.concat([unseen, holdout]))
    return _cache[key]


_cache: dict[tuple[str, str, str, int, str], Rows] = {}


def _with_partition(model: MLModel, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the partition in which each row lies."""
    first, last = rows[model.event_time].min(), rows[model.event_time].max()
    keys = model.partitions.keys_within(TimeWindow(first, last + timedelta(microseconds=1)))  # type: ignore[arg-type, operator]
    starts = pl.Series([model.partitions.window(key).start for key in keys], dtype=pl.Datetime("us", "UTC"))
    places = starts.search_sorted(rows[model.event_time].dt.cast_time_unit("us").dt.convert_time_zone("UTC"), side="right") - 1
    return rows.with_columns(pl.Series(PARTITION, keys)[places].alias(PARTITION))
