"""A model's drift report as it is stored: its rows, the profiles that it compared, and the causes that were recorded."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.actions import ACTIONS
from mlworks_orchestration.monitoring.causes import standing_causes
from mlworks_orchestration.monitoring.drift import ColumnAnalysis, ColumnDrift, ColumnKey, ColumnProfile, Profile
from mlworks_orchestration.monitoring.drift.comparison.words import change
from mlworks_orchestration.monitoring.drift.standalone.column import judged
from mlworks_orchestration.monitoring.error_rates import error_rates_words
from mlworks_orchestration.monitoring.tables import JOINT, profile_from
from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.spec import DriftKind, MLModel

_PLACE = {True: 0, None: 1, False: 2}
_NAMED = 5


@dataclass(frozen=True)
class StoredReport:
    """What is stored of a report.

    Parameters:
        model: whose report.
        partition: key of the partition that its window ends with.
        rows: of the table `<model>/drift_report`.
        causes: those that stand, as `Causes.to_dict` gave them; None if none were recorded.
        expected: row of the performance that was expected before labels were known; None if none was.
        error_rates: how often alarms of each kind are wrong and what they find, in words, as far as that was measured.
    """

    model: MLModel
    partition: str
    rows: pl.DataFrame
    causes: Mapping[str, Any] | None
    expected: Mapping[str, Any] | None
    error_rates: tuple[str, ...] = ()

    @property
    def reference_version(self) -> int:
        """The version that the window is compared with."""
        return int(self.rows["reference_version"][0])

    @property
    def inputs(self) -> dict[str, int]:
        """The Delta versions of the tables that went in."""
        versions: dict[str, int] = json.loads(self.rows["inputs"][0])
        return versions

    @cached_property
    def kinds(self) -> dict[DriftKind, dict[str, Any]]:
        """The row that sums up each kind, in the order of the kinds; `reason` without the action."""
        sums = {row["kind"]: row for row in self.rows.filter(column="").iter_rows(named=True)}
        found = {kind: dict(sums[kind]) for kind in DriftKind if kind in sums}
        return {kind: row | {"reason": row["reason"].removesuffix(f"; what to do: {ACTIONS[kind]}")} for kind, row in found.items()}

    @property
    def drifted(self) -> bool | None:
        """Whether any kind alarms; None where it could be told of none."""
        told = [row["drifted"] for row in self.kinds.values() if row["drifted"] is not None]
        return any(told) if told else None

    @property
    def verdict(self) -> str:
        """The verdict on the four kinds, in a few sentences."""
        by_verdict = {verdict: [kind for kind, row in self.kinds.items() if row["drifted"] is verdict] for verdict in (True, False, None)}
        alarms = [f"{kind.capitalize()} drift{self._where(kind)}." for kind in by_verdict[True]]
        quiet = [f"No {_listed(by_verdict[False], 'or')} drift."] if by_verdict[False] else []
        unsure = [f"Of {kind} drift it could not be told: {self.kinds[kind]['reason']}." for kind in by_verdict[None]]
        return " ".join([*alarms, *quiet, *unsure])

    @property
    def actions(self) -> dict[DriftKind, str]:
        """What to do about each kind that alarms, with the evidence where its causes are known."""
        known = dict(zip([one["kind"] for one in self.causes["kinds"]], self.causes["actions"], strict=True)) if self.causes else {}
        alarms = [kind for kind, row in self.kinds.items() if row["drifted"]]
        return {kind: known.get(kind.value, f"{kind.capitalize()} drift{self._where(kind)}: {ACTIONS[kind]}.") for kind in alarms}

    @property
    def next_steps(self) -> tuple[str, ...]:
        """The actions, or that there are none."""
        nothing = "Nothing needs to be done"
        unsure = any(row["drifted"] is None for row in self.kinds.values())
        return tuple(self.actions.values()) or (f"{nothing} by what could be told." if unsure else f"{nothing}.",)

    @cached_property
    def columns(self) -> list[ColumnAnalysis]:
        """The verdict on each column: what drifted first, then what could not be told; within each by how often the effect is its threshold."""
        groups = self.rows.filter(pl.col("column") != "").partition_by("kind", "column", as_dict=True, maintain_order=True)
        found = [judged(str(column), DriftKind(kind), _statistics(rows)) for (kind, column), rows in groups.items()]
        return sorted(found, key=lambda one: (_PLACE[one.drifted], -_excess(one)))

    def _where(self, kind: DriftKind) -> str:
        names = [column_name(one.name) for one in self.columns if one.kind is kind and one.drifted]
        shown = names[:_NAMED] + ([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])
        return f" in {_listed(shown, 'and')}" if shown else ""

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "model": self.model.name,
            "partition": self.partition,
            "reference_version": self.reference_version,
            "drifted": self.drifted,
            "verdict": self.verdict,
            "kinds": {kind.value: {"drifted": row["drifted"], "reason": row["reason"]} for kind, row in self.kinds.items()},
            "actions": list(self.next_steps),
            "rows": [{name: _plain(value) for name, value in row.items()} for row in self.rows.iter_rows(named=True)],
            "causes": self.causes,
            "error_rates": list(self.error_rates),
            "expected_performance": self.expected and {name: _plain(value) for name, value in self.expected.items()},
        }


def read_report(lake: Lake, model: MLModel, partition: str | None = None) -> StoredReport:
    """Read a report back.

    Parameters:
        lake: the Delta tables.
        model: whose report.
        partition: key of the partition that its window ends with; the newest report by default.

    Raises:
        NotReadyError: if there is no report yet, or none of this partition.
    """
    table, expected = f"{model.name}/drift_report", f"{model.name}/expected_performance"
    keys = lake.partitions(table)
    if not keys:
        message = f"Model {model.name} has no drift report yet; run the job {model.name}_score, or `mlworks replay {model.name}`, to make some."
        raise NotReadyError(message)
    chosen = partition or keys[-1]
    if chosen not in keys:
        near = " and ".join(model.partitions.around(chosen, keys))
        message = (
            f"Model {model.name} has no drift report of partition {chosen!r}; {f'nearest: {near}' if near else 'that is no time'}. "
            f"There are {len(keys):,}, from {keys[0]} to {keys[-1]}; materialise {table} to make more."
        )
        raise NotReadyError(message)
    rows = lake.read(table, partitions=[chosen])
    estimates = lake.read(expected, partitions=[chosen]).to_dicts() if chosen in lake.partitions(expected) else []
    words = (error_rates_words(lake, model, int(rows["reference_version"][0]), kind) for kind in DriftKind)
    return StoredReport(model, chosen, rows, standing_causes(lake, model, chosen), estimates[0] if estimates else None, tuple(filter(None, words)))


def column_name(name: str) -> str:
    """Return what people call a column of a profile."""
    return "all features together" if name == JOINT else name


def with_profiles(lake: Lake, report: StoredReport) -> list[ColumnAnalysis]:
    """Return the verdict on each column beside the profiles that were compared, which are merged anew from the stored ones.

    Parameters:
        lake: the Delta tables.
        report: as `read_report` returned it.

    Raises:
        LakeError: if the versions of the tables that went in are gone.
    """
    name, inputs = report.model.name, report.inputs
    table, version = f"{name}/reference", report.reference_version
    stored = lake.read(table, version=inputs[table]).filter(version=version).unique(["kind", "column"], keep="first", maintain_order=True)
    reference, window = profile_from(stored).columns, _window_profile(lake, report).columns
    return [_completed(one, reference, window) for one in report.columns]


def _window_profile(lake: Lake, report: StoredReport) -> Profile:
    table = f"{report.model.name}/profile"
    version = report.inputs[table]
    rows = lake.read(table, columns=[PARTITION, "kind", "column", "profile"], partitions=window_keys(lake, report), version=version)
    return Profile.merged([profile_from(part) for part in rows.partition_by(PARTITION)])


def window_keys(lake: Lake, report: StoredReport) -> list[str]:
    """Return the keys of the partitions in a report's window."""
    table = f"{report.model.name}/profile"
    available = lake.partitions(table, report.inputs[table])
    return windows(report.model.partitions, report.model.drift.window, [report.partition], available)[report.partition]


def _completed(found: ColumnAnalysis, reference: Mapping[ColumnKey, ColumnProfile], window: Mapping[ColumnKey, ColumnProfile]) -> ColumnAnalysis:
    key = ColumnKey(found.kind, found.name)
    before, now = reference.get(key), window.get(key)
    leading = found.leading.statistic if found.leading else ""
    words = change(before, now, leading) if before and now and before.rows and now.rows else ""
    return replace(found, reference=before, current=now, words=words)


def _statistics(rows: pl.DataFrame) -> list[ColumnDrift]:
    fields = rows.select(ColumnDrift._fields).iter_rows(named=True)
    return [ColumnDrift(**row)._replace(kind=DriftKind(row["kind"])) for row in fields]


def _excess(column: ColumnAnalysis) -> float:
    return (column.leading.effect or 0.0) / column.leading.threshold if column.leading else 0.0


def _listed(names: Sequence[str], word: str) -> str:
    return f" {word} ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell of any type
    """Return a cell as JSON knows it; it knows neither moments nor infinity."""
    if isinstance(value, float) and not isfinite(value):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
