"""What a champion is compared with: its own training data, and what is normal between windows of them; built once a version."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.drift import Blocks, ColumnDrift, ColumnKey, Profile, Reference, check_names, compare, import_statistics
from mlworks_orchestration.monitoring.normal import calibrated
from mlworks_orchestration.monitoring.profiles import by_partition, merge_by_partition, of_features, relation_profiles
from mlworks_orchestration.monitoring.tables import COLUMN_SCHEMA, PREDICTION, RESIDUAL, column_rows, label_key, profile_from, value_keys
from mlworks_orchestration.monitoring.unseen import Rows, snapshot_rows
from mlworks_orchestration.spec import Catalog, Drift, MLModel
from mlworks_orchestration.training import Registry, find_snapshot

_SCHEMA = {
    "version": pl.Int64(),
    **COLUMN_SCHEMA,
    "snapshot": pl.String(),
    "built_at": pl.Datetime("us", "UTC"),
    "inputs": pl.String(),
}
_TRAINING, _ERRORS = "training", "errors"


@dataclass(frozen=True, eq=False)
class ModelReference:
    """What windows of a version are compared with.

    Parameters:
        training: features, label and predictions, of the rows that it was trained on.
        errors: residuals, of rows that it was not trained on.
    """

    training: Reference
    errors: Reference

    @classmethod
    def of(cls, profile: Profile, past: Mapping[str, tuple[Blocks, object]]) -> "ModelReference":
        """Join what was profiled with what is normal.

        Parameters:
            profile: as `profile_snapshot` returns it.
            past: blocks and thresholds by part; none of a part that has none.
        """
        sides = _sides(profile)
        return cls(*(Reference(sides[part], *past.get(part, (None, None))) for part in (_TRAINING, _ERRORS)))

    @property
    def profile(self) -> Profile:
        """All columns of both."""
        return Profile({**self.training.profile.columns, **self.errors.profile.columns})

    def compare(self, window: Profile, drift: Drift, start: datetime) -> list[ColumnDrift]:
        """Compare a window with both parts.

        Parameters:
            window: its profile.
            drift: the declaration.
            start: when it begins.
        """
        return [found for side in (self.training, self.errors) for found in compare(side, window, drift, start=start)]


def build_reference(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int) -> ModelReference:
    """Return the reference of a model's version; the first time, build it and keep it in the tables `<model>/reference` and `<model>/normal`.

    Features and label are those of the rows that the version was trained on, predictions those of copies of it that were fitted without them: of
    rows that it was trained on a model is surer than it ever will be again. Residuals are those of rows that were not: its hold-out window, and the
    training rows by these copies; on rows that it was trained on it errs less, so against them each window would look like concept drift. How much
    windows differ when nothing is wrong is learnt partition by partition.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose reference.
        registry: MLflow's models.
        version: the registered version.

    Raises:
        DeclarationError: if the declaration of drift names a statistic, column or module that does not exist.
        TrackingError: if the registry does not hold the version.
        TrainingError: if its snapshot is gone, or gives other rows than it was trained on.
    """
    import_statistics(model.drift)
    table = f"{model.name}/reference"
    stored = lake.read(table).filter(pl.col("version") == version) if lake.exists(table) else pl.DataFrame()
    if stored.height:
        # Two runs may have built it at the same moment; both built the same.
        profile = profile_from(stored.unique(["kind", "column"], keep="first", maintain_order=True))
        check_names(model.drift, profile)
        return ModelReference.of(profile, calibrated(lake, model, version))
    rows = snapshot_rows(lake, catalog, model, registry, version)
    snapshot = find_snapshot(lake, model, registry.version(model.name, version).tags["snapshot"])
    profile, blocks = profile_snapshot(catalog, model, rows)
    # Last comes what says that it is built: after a crash before that, all of it is built again.
    past = calibrated(lake, model, version, blocks)
    common = {"version": version, "snapshot": snapshot.id, "built_at": clock.now(), "inputs": json.dumps(snapshot.tables)}
    lake.append(table, pl.DataFrame([row | common for row in column_rows(profile)], schema=_SCHEMA))
    return ModelReference.of(profile, past)


class DataProfiles(NamedTuple):
    """What the profile of a version's training rows owes to the rows alone, by partition; versions that were trained on the same share it.

    Parameters:
        values: of each feature.
        labels: of the label.
        relations: of all features together, of texts, and of how the label goes with each feature.
    """

    values: Mapping[str, Profile]
    labels: Mapping[str, Profile]
    relations: Mapping[str, Profile]

    @classmethod
    def of(cls, catalog: Catalog, model: MLModel, training: pl.DataFrame) -> "DataProfiles":
        """Profile training rows.

        Parameters:
            catalog: all declarations.
            model: whose rows.
            training: with `_partition`, the model's features and `label`.
        """
        return cls(
            by_partition((training, value_keys(catalog, model))),
            by_partition((training, {"label": label_key(model)})),
            merge_by_partition(*of_features(catalog, model, training), relation_profiles(catalog, model, training)),
        )

    def only(self, partitions: Collection[str]) -> "DataProfiles":
        """Return those of some partitions.

        Parameters:
            partitions: their keys.
        """
        return DataProfiles(*({key: profile for key, profile in part.items() if key in partitions} for part in self))

    def and_of(self, others: "DataProfiles") -> "DataProfiles":
        """Return these and those of other partitions.

        Parameters:
            others: of partitions that these lack.
        """
        return DataProfiles(*({**ours, **theirs} for ours, theirs in zip(self, others, strict=True)))


def profile_snapshot(catalog: Catalog, model: MLModel, rows: Rows, data: DataProfiles | None = None) -> tuple[Profile, dict[str, Blocks]]:
    """Return the profile of the rows that a version was made of, and, by part of the reference, the blocks from which thresholds follow.

    Parameters:
        catalog: all declarations.
        model: whose version.
        rows: of its snapshot, with predictions.
        data: of the same training rows, where it is known already.

    Raises:
        DeclarationError: if the declaration of drift names a statistic, column or module that does not exist.
    """
    import_statistics(model.drift)
    known = data or DataProfiles.of(catalog, model, rows.training)
    predicted = by_partition((rows.out_of_fold, {"prediction": PREDICTION}))
    residuals = by_partition((rows.unseen.select(PARTITION, residual=pl.col("label") - pl.col("prediction")), {"residual": RESIDUAL}))
    # The order of columns is that in which their thresholds are drawn.
    parts = merge_by_partition(known.values, predicted, known.labels, residuals, known.relations)
    profile = Profile.merged(list(parts.values()))
    check_names(model.drift, profile)
    return profile, _blocks(model, profile, parts)


def _sides(profile: Profile) -> dict[str, Profile]:
    of_errors: set[ColumnKey] = {RESIDUAL}
    return {
        _TRAINING: Profile({key: column for key, column in profile.columns.items() if key not in of_errors}),
        _ERRORS: Profile({key: column for key, column in profile.columns.items() if key in of_errors}),
    }


def _blocks(model: MLModel, profile: Profile, parts: Mapping[str, Profile]) -> dict[str, Blocks]:
    blocks = {}
    for part, side in _sides(profile).items():
        having = [key for key in parts if parts[key].columns.keys() & side.columns.keys()]
        blocks[part] = Blocks.of(side, [parts[key] for key in having], [model.partitions.window(key).start for key in having])
    return blocks
