"""The drift report: each partition's window against the reference of the champion, from stored profiles alone."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.actions import ACTIONS
from mlworks_orchestration.monitoring.drift import ColumnDrift, Profile, summarise
from mlworks_orchestration.monitoring.estimates import BLIND
from mlworks_orchestration.monitoring.expected import expected_performance
from mlworks_orchestration.monitoring.loss import loss_change
from mlworks_orchestration.monitoring.persistence import earlier_windows, require_persistence
from mlworks_orchestration.monitoring.reference import ModelReference, build_reference
from mlworks_orchestration.monitoring.tables import RESIDUAL, profile_from
from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import Registry

_SCHEMA = {
    PARTITION: pl.String(),
    "kind": pl.String(),
    "column": pl.String(),
    "statistic": pl.String(),
    "value": pl.Float64(),
    "p_value": pl.Float64(),
    "p_adjusted": pl.Float64(),
    "effect": pl.Float64(),
    "threshold": pl.Float64(),
    "bound": pl.Float64(),
    "decides": pl.Boolean(),
    "threshold_source": pl.String(),
    "severity": pl.String(),
    "drifted": pl.Boolean(),
    "reason": pl.String(),
    "reference_version": pl.Int64(),
    "scored_versions": pl.List(pl.Int64()),
    "window_start": pl.Datetime("us", "UTC"),
    "window_end": pl.Datetime("us", "UTC"),
    "rows_reference": pl.Int64(),
    "rows_current": pl.Int64(),
    "reported_at": pl.Datetime("us", "UTC"),
    "inputs": pl.String(),
}
_NEED_LABELS = (DriftKind.LABEL, DriftKind.CONCEPT)
_NEED_SCORES = (DriftKind.PREDICTION, DriftKind.CONCEPT)


@dataclass(frozen=True)
class ReportWindow:
    """The window of one report.

    Parameters:
        keys: of its partitions.
        profile: of all their rows.
        labelled: how many of them have labels.
        scored_versions: the versions whose predictions they hold.
    """

    keys: list[str]
    profile: Profile
    labelled: int
    scored_versions: list[int]

    @classmethod
    def of(cls, keys: Sequence[str], profiles: Mapping[str, Profile], versions: Mapping[str, Collection[int]]) -> "ReportWindow":
        """Merge a window from its partitions.

        Parameters:
            keys: of the partitions.
            profiles: of each.
            versions: whose predictions each holds.
        """
        return cls(
            keys=list(keys),
            profile=Profile.merged([profiles[key] for key in keys], [f"partition {key}" for key in keys]),
            labelled=sum(any(column.kind is DriftKind.LABEL for column in profiles[key].columns) for key in keys),
            scored_versions=sorted(set().union(*(versions[key] for key in keys))),
        )


def drift_report(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, partitions: Sequence[str]) -> pl.DataFrame:
    """Compare the window that ends with each partition with the champion's reference, and write the table `<model>/drift_report`, in one commit.

    Windows are merged from the stored profiles; no data are read again. The reference is that of the champion of this moment, which need not be
    the version that scored: each row says both.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose windows to compare.
        registry: MLflow's models.
        partitions: keys of those that end a window; each must have a profile.

    Returns:
        The rows written: one a partition, kind, column and statistic, and one a partition and kind with `column` and `statistic` "" that sums it up.
        `drifted` is null where it cannot be told; `reason` says why.

    Raises:
        NotReadyError: if there is no champion, or naming a partition that has no profile.
    """
    champion = registry.champion(model.name)
    if champion is None:
        message = f"Model {model.name} has no champion to compare with; materialise {model.name}/champion first, then the report of {partitions[0]}."
        raise NotReadyError(message)
    reference = build_reference(lake, catalog, model, registry, champion.version)
    inputs = {table: lake.version(table) for table in (f"{model.name}/profile", f"{model.name}/reference", f"{model.name}/normal")}
    common = {"reference_version": champion.version, "reported_at": clock.now(), "inputs": json.dumps(inputs)}
    found = _windows(lake, model, partitions, inputs[f"{model.name}/profile"])
    rows = [{PARTITION: key, **row, **common} for key, window in found.items() for row in report_rows(model, reference, window, champion.version)]
    sums = [row for row in rows if not row["column"]]
    require_persistence(sums, model.drift, earlier_windows(lake, model, min(partitions)))
    newest = max(partitions)
    for row in sums:
        if row[PARTITION] == newest and row["kind"] == DriftKind.CONCEPT:
            row["reason"] += _expectation(lake, catalog, model, registry, version=champion.version, window=found[newest])
        if row["drifted"]:
            row["reason"] += f"; what to do: {ACTIONS[DriftKind(row['kind'])]}"
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    lake.write(f"{model.name}/drift_report", frame, partitions=partitions)
    return frame


def _windows(lake: Lake, model: MLModel, partitions: Sequence[str], version: int) -> dict[str, ReportWindow]:
    table = f"{model.name}/profile"
    available = lake.partitions(table, version)
    missing = sorted(set(partitions) - set(available))
    if missing:
        message = f"Model {model.name}: partition {missing[0]} ({len(missing)} in all) has no profile; materialise {table} for it first."
        raise NotReadyError(message)
    members = window_keys(model, partitions, available)
    columns = [PARTITION, "kind", "column", "scored_versions", "profile"]
    stored = lake.read(table, columns=columns, partitions=sorted({key for keys in members.values() for key in keys}), version=version)
    parts = {str(key): rows for (key,), rows in stored.partition_by(PARTITION, as_dict=True).items()}
    profiles = {key: profile_from(rows) for key, rows in parts.items()}
    versions = {key: set(rows["scored_versions"][0]) for key, rows in parts.items()}
    return {partition: ReportWindow.of(keys, profiles, versions) for partition, keys in members.items()}


def window_keys(model: MLModel, partitions: Sequence[str], available: Sequence[str]) -> dict[str, list[str]]:
    """Return the partitions of the window that ends with each partition.

    Parameters:
        model: its partitions and the length of its windows are used.
        partitions: keys of those that end a window.
        available: keys of those to choose from.
    """
    return windows(model.partitions, model.drift.window, partitions, available)


def report_rows(model: MLModel, reference: ModelReference, window: ReportWindow, version: int) -> Iterator[dict[str, Any]]:
    """Yield what is told of a window, each kind's sum first, before persistence is required.

    Parameters:
        model: whose declaration of drift.
        reference: what it is compared with.
        window: of the report.
        version: whose reference it is.
    """
    span = model.partitions.span(window.keys)
    common = {"window_start": span.start, "window_end": span.end, "scored_versions": window.scored_versions}
    found = reference.compare(window.profile, model.drift, span.start)
    kinds = [summarise(found, kind, model.drift) for kind in DriftKind]
    told = [one._replace(reason="; ".join([one.reason, *_remarks(model, reference.profile, window, version, one)])) for one in kinds]
    for one in [*told, *found]:
        yield one._asdict() | common


def _expectation(  # noqa: PLR0913 - the three stores, the model, its version and the window are all different things
    lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, *, version: int, window: ReportWindow
) -> str:
    """Say what the errors of a window are expected to be, as long as not all its labels are known."""
    if window.labelled == len(window.keys) or version not in window.scored_versions:
        return ""
    rows = expected_performance(lake, catalog, model, registry, version=version, window=window.keys)
    if rows.is_empty():
        return f"; by the features alone {model.metrics.primary} cannot be told, for one class alone is expected"
    found = rows.row(0, named=True)
    trust = found["reason"].removesuffix(BLIND).strip().removesuffix(".")
    value, low, high = (readable(found[name]) for name in ("value", "low", "high"))
    return f"; by the features alone {found['metric']} is expected to be {value}, from {low} to {high} ({trust})"


def _remarks(model: MLModel, reference: Profile, window: ReportWindow, version: int, whole: ColumnDrift) -> Iterator[str]:
    """Yield what a reader must know to judge the sum of a kind."""
    if whole.kind is DriftKind.CONCEPT:
        change = loss_change(model.metrics.primary, *(side.columns.get(RESIDUAL) for side in (reference, window.profile)))
        yield from [change] if change else []
    if whole.kind in _NEED_LABELS and 0 < window.labelled < len(window.keys):
        yield f"labels are known of {window.labelled} of {len(window.keys)} partitions"
    if whole.kind in _NEED_SCORES and window.scored_versions != [version]:
        yield f"scored by version {', '.join(map(str, window.scored_versions))}, compared with version {version}"
