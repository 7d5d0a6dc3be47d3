"""All rows of a model's past, read and joined once; what was known of them at a moment is cut out of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, build_labels, feature_frame
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import Catalog, MLModel, Retraining, TimeWindow
from mlworks_orchestration.training import LABEL

KNOWN_AT = "known_at"
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class TrainingSet:
    """What a model would be trained on at a moment.

    Parameters:
        train: the rows to train on: entity, event time, features, `label` and `_partition`, ordered by event time and entity.
        holdout: those held out, likewise.
        window: event times of the rows to train on.
        kept_out: event times of those held out.
    """

    train: pl.DataFrame
    holdout: pl.DataFrame
    window: TimeWindow
    kept_out: TimeWindow


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a model's past.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
        frame: entity, event time, features, `label` (null where there is none), `known_at` and `_partition`, ordered by event time and entity.
        labelled: keys of the partitions that have labels.
    """

    catalog: Catalog
    model: MLModel
    frame: pl.DataFrame
    labelled: frozenset[str]

    @classmethod
    def read(cls, lake: Lake, catalog: Catalog, model: MLModel, until: datetime) -> "Rows":
        """Read and join the features and labels of all partitions that have ended by a moment.

        Parameters:
            lake: holds the feature tables and the label's.
            catalog: all declarations.
            model: the model's declaration.
            until: the moment, aware.
        """
        keys = model.partitions.keys(until)
        features = feature_frame(lake, catalog, model, keys)
        outcomes = lake.read(f"features/{model.label.table}", partitions=keys)
        labels = build_labels(model, catalog, outcomes).drop(PARTITION)
        frame = features.join(labels, on=[*model.entity, model.event_time], how="left", validate="1:1")
        return cls(catalog, model, frame.sort(model.event_time, *model.entity), frozenset(outcomes[PARTITION].unique()))

    @cached_property
    def by_partition(self) -> dict[str, pl.DataFrame]:
        """The rows of each partition."""
        return {str(key): rows for (key,), rows in self.frame.partition_by(PARTITION, as_dict=True).items()}

    def of(self, partitions: Sequence[str]) -> pl.DataFrame:
        """Return the rows of partitions, in their order; no rows of partitions without any."""
        found = [self.by_partition[key] for key in partitions if key in self.by_partition]
        return pl.concat(found) if found else self.frame.clear()

    def due(self, key: str, moment: datetime) -> bool:
        """Say whether the labels of a partition are all known by a moment."""
        return self.model.partitions.window(key).end + self.model.label.delay <= moment

    def known(self, span: TimeWindow, moment: datetime) -> pl.DataFrame:
        """Return the rows of a span of event times whose labels had come in by a moment.

        Parameters:
            span: event times.
            moment: aware.
        """
        keys = [key for key in self.model.partitions.keys_within(span) if key in self.labelled and self.due(key, moment)]
        within = pl.col(self.model.event_time).is_between(*span, closed="left"), pl.col(LABEL).is_not_null(), pl.col(KNOWN_AT) <= moment
        return self.of(keys).filter(*within)

    def training_set(self, policy: Retraining, moment: datetime) -> TrainingSet:
        """Return what the model would be trained on, as `training.take_snapshot` cuts it.

        Parameters:
            policy: its window and hold-out are used.
            moment: aware; labels that were known later are left out.

        Raises:
            NotReadyError: if no label is known by then.
        """
        known = (self.known(self.model.partitions.window(key), moment) for key in sorted(self.labelled, reverse=True) if self.due(key, moment))
        newest = next((found for rows in known if isinstance(found := rows[self.model.event_time].max(), datetime)), None)
        if newest is None:
            message = f"Model {self.model.name}: no label is known by {moment:%Y-%m-%d %H:%M} UTC, so there is nothing to train on."
            raise NotReadyError(message)
        end = newest + _INSTANT
        kept_out = TimeWindow(end - policy.holdout, end)
        window = TimeWindow(end - policy.window, kept_out.start)
        rows = self.known(TimeWindow(window.start, end), moment).drop(KNOWN_AT)
        is_out = pl.col(self.model.event_time) >= kept_out.start
        return TrainingSet(rows.filter(~is_out), rows.filter(is_out), window, kept_out)
