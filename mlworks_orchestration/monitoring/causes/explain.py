"""Why a report alarms: everything that may have caused its drift, put together from the lake."""

from collections.abc import Sequence

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, feature_frame, text_features
from mlworks_orchestration.monitoring.causes.found import Causes, DriftedKind
from mlworks_orchestration.monitoring.causes.history import read_reports
from mlworks_orchestration.monitoring.causes.importance import build_importance
from mlworks_orchestration.monitoring.causes.onset import onsets
from mlworks_orchestration.monitoring.causes.ranking import RankedFeature, rank_features
from mlworks_orchestration.monitoring.causes.skew import skew
from mlworks_orchestration.monitoring.causes.slices import PREDICTED, Rows, SliceDrift, drifting_slices
from mlworks_orchestration.monitoring.causes.upstream import UpstreamFailure, judged_partitions, upstream_failures
from mlworks_orchestration.monitoring.drift import ColumnKey
from mlworks_orchestration.monitoring.truth import labelled, read_scores, with_labels
from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.scoring import log_table
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import LABEL, Registry, find_snapshot, load_snapshot, scale_of

_COLUMNS_A_KIND = 3


def explain(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, partition: str) -> Causes:
    """Seek the causes of the drift that a stored report tells of.

    Failures of data quality upstream and training-serving skew are looked for in any case; what needs the rows of the window and the importance of
    features, only if a kind of drift alarms.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose report.
        registry: MLflow's models.
        partition: key of the report.

    Raises:
        NotReadyError: if the partition has no report, or naming a table or partition that has gone from the lake.
    """
    reports = read_reports(lake, model, partition)
    now = reports.filter(pl.col(PARTITION) == partition)
    version = int(now["reference_version"][0])
    window = windows(model.partitions, model.drift.window, [partition], lake.partitions(f"{model.name}/profile"))[partition]
    kinds = [_drifted(now, kind) for kind in DriftKind if _alarms(now, kind)]
    features: list[RankedFeature] = []
    slices: list[SliceDrift] = []
    if kinds:
        features = rank_features(lake, model, build_importance(lake, catalog, model, registry, version), reports, partition)
        top = [one.column for one in features if one.drifted][:_COLUMNS_A_KIND]
        slices = drifting_slices(model, _rows(lake, catalog, model, registry, version=version, window=window), top) if model.slices else []
    return Causes(
        model=model.name,
        partition=partition,
        reference_version=version,
        window=tuple(window),
        kinds=tuple(kinds),
        upstream=_upstream(lake, catalog, model, partition),
        skew=skew(lake, catalog, model, window) if lake.exists(log_table(model)) else None,
        features=tuple(features),
        slices=tuple(slices),
        onsets=tuple(onsets(lake, model, reports, _columns(kinds, features), partition)),
    )


def _upstream(lake: Lake, catalog: Catalog, model: MLModel, partition: str) -> tuple[UpstreamFailure, ...] | None:
    """Return the failures of the window's partitions, also of those that were refused and therefore never scored; None if none was ever judged."""
    judged = judged_partitions(lake, catalog, model)
    if not judged:
        return None
    return tuple(upstream_failures(lake, catalog, model, windows(model.partitions, model.drift.window, [partition], judged)[partition]))


def _alarms(now: pl.DataFrame, kind: DriftKind) -> bool:
    return bool(now.filter(kind=kind.value, column="")["drifted"].any())


def _drifted(now: pl.DataFrame, kind: DriftKind) -> DriftedKind:
    found = now.filter((pl.col("kind") == kind.value) & (pl.col("column") != "") & pl.col("drifted"))
    largest = dict(found.group_by("column").agg(pl.col("effect").max()).iter_rows())
    columns = sorted(largest, key=lambda column: (-(largest[column] or 0.0), column))
    return DriftedKind(kind.value, tuple(columns), max((effect for effect in largest.values() if effect is not None), default=None))


def _columns(kinds: Sequence[DriftedKind], features: Sequence[RankedFeature]) -> list[ColumnKey]:
    """Return the columns whose beginning is sought: of each kind the first few, of features those that rank first."""
    ranked = [one.column for one in features if one.drifted]
    chosen = {one.kind: (ranked if one.kind == DriftKind.FEATURE and ranked else one.columns)[:_COLUMNS_A_KIND] for one in kinds}
    return [ColumnKey(DriftKind(kind), column) for kind, columns in chosen.items() for column in columns]


def _rows(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, *, version: int, window: Sequence[str]) -> Rows:  # noqa: PLR0913 - where rows are read, and which
    """Read the rows that slices are cut of: the version's training, and the window; texts by their length."""
    training, holdout = load_snapshot(lake, catalog, model, find_snapshot(lake, model, registry.version(model.name, version).tags["snapshot"]))
    predicted = registry.load(model.name, version).predict(holdout.select(model.feature_columns))
    features = feature_frame(lake, catalog, model, window)
    scores = with_labels(lake, model, read_scores(lake, model, window), labelled(lake, model, window))
    keys = [*model.entity, model.event_time, PARTITION]
    truth = features.join(scores.select(*keys, LABEL, pl.col("prediction").alias(PREDICTED)), on=keys, how="inner", maintain_order="left")
    scale = scale_of(model, registry, version)
    # How a text changed in a slice is told by its length: as a whole each text is as good as unique.
    training, features = (rows.with_columns(pl.col(text_features(catalog, model)).str.len_chars()) for rows in (training, features))
    return Rows(training, holdout.with_columns(pl.Series(PREDICTED, predicted)), features, truth, scale)
