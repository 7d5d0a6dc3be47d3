"""When drift began: the first report of the present run of alarms and, finer, the partition from which on the column looked different."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.causes.counts import count_cells
from mlworks_orchestration.monitoring.drift import ColumnKey, ColumnProfile
from mlworks_orchestration.monitoring.tables import read_column
from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.spec import MLModel

Floats = NDArray[np.float64]

_RESAMPLES = 199
_SIGNIFICANCE = 0.05
_FEWEST = 4
_CELLS = 20


@dataclass(frozen=True)
class Onset:
    """When the drift of a column began.

    Parameters:
        kind: of drift.
        column: its name.
        first_report: key of the first report of the present run of alarms.
        first_partition: key of the partition from which on the column looked different; None where none stands out.
        earliest: lower end of the interval of that partition that covers 90 % of resamples; None where none stands out.
        latest: its upper end.
        text: all of it in words.
    """

    kind: str
    column: str
    first_report: str
    first_partition: str | None
    earliest: str | None
    latest: str | None
    text: str


def onsets(lake: Lake, model: MLModel, reports: pl.DataFrame, columns: Sequence[ColumnKey], partition: str) -> list[Onset]:
    """Find when the drift of columns began, from stored reports and profiles alone.

    Parameters:
        lake: the Delta tables; `<model>/profile` is read.
        model: its partitions and window.
        reports: as `read_reports` returns them.
        columns: those that have drifted in the report of `partition`.
        partition: key of the report.
    """
    firsts = {key: first_report(reports, key) for key in columns}
    if not firsts:
        return []
    available = [key for key in lake.partitions(f"{model.name}/profile") if key <= partition]
    window = len(windows(model.partitions, model.drift.window, [partition], available)[partition])
    oldest = min(available.index(first) if first in available else 0 for first in firsts.values())
    keys = available[max(0, oldest - 2 * window) :]
    stored = lake.read(f"{model.name}/profile", columns=[PARTITION, "kind", "column", "profile"], partitions=keys)
    return [_onset(key, first, _parts(stored, key)) for key, first in firsts.items()]


def first_report(reports: pl.DataFrame, key: ColumnKey) -> str:
    """Return the first of the run of alarms that ends with the last report; one that could not tell does not end the run.

    Parameters:
        reports: in time order.
        key: the column.
    """
    of_column = reports.filter((pl.col("kind") == key.kind.value) & (pl.col("column") == key.column))
    alarms = of_column.group_by(PARTITION, maintain_order=True).agg(pl.col("drifted").any(ignore_nulls=False)).sort(PARTITION)
    first = str(reports[PARTITION].max())
    for partition, drifted in reversed(alarms.rows()):
        if drifted is False:
            break
        first = partition if drifted else first
    return first


def change_point(counts: Floats, last: int, *, ordered: bool, generator: np.random.Generator) -> tuple[int, int, int] | None:
    """Return the row of `counts` from which on the rows come from another distribution, and an interval for it; None where none stands out.

    For each way to split the rows in two, the distributions before and after are compared by their largest cumulative distance (or, without an
    order of the cells, by total variation), weighted for how many rows are on either side; the largest is the estimate (Carlstein 1988,
    Nonparametric change-point estimation, Annals of Statistics 16). It stands out if at most 5 % of 199 shuffles of the rows give as large a
    one. The interval holds 90 % of the estimates after resampling rows before and after the change among themselves (Hinkley & Schechtman
    1987, Conditional bootstrap methods in the mean-shift model, Biometrika 74).

    Parameters:
        counts: rows a cell of each partition in time order, shape (partitions, cells).
        last: the last position at which the change may be.
        ordered: whether the cells have an order.
        generator: of shuffles and resamples.

    Examples:
        >>> days = np.array([[50.0, 50], [52, 48], [49, 51], [51, 49], [20, 80], [22, 78], [19, 81], [21, 79]])
        >>> change_point(days, 7, ordered=True, generator=np.random.default_rng(1))
        (4, 4, 4)
        >>> change_point(days[:4], 3, ordered=True, generator=np.random.default_rng(1)) is None
        True
    """
    partitions = len(counts)
    if partitions < _FEWEST:
        return None
    observed = _splits(counts[None], ordered=ordered)[0, :last]
    shuffles = np.stack([generator.permutation(partitions) for _ in range(_RESAMPLES)])
    chance = _splits(counts[shuffles], ordered=ordered)[:, :last].max(axis=1)
    if (1 + np.count_nonzero(chance >= observed.max() - 1e-12)) / (1 + _RESAMPLES) > _SIGNIFICANCE:
        return None
    position = int(observed.argmax()) + 1
    before, after = (generator.integers(low, high, (_RESAMPLES, high - low)) for low, high in ((0, position), (position, partitions)))
    again = _splits(counts[np.hstack((before, after))], ordered=ordered)[:, :last].argmax(axis=1) + 1
    low, high = np.quantile(again, [0.05, 0.95], method="nearest")
    return position, min(int(low), position), max(int(high), position)


def _splits(counts: Floats, *, ordered: bool) -> Floats:
    """Return the weighted distance of each split, shape (orders, partitions - 1), for counts of shape (orders, partitions, cells)."""
    cumulated = counts.cumsum(axis=1)
    before, after = cumulated[:, :-1], cumulated[:, -1:] - cumulated[:, :-1]
    n, m = before.sum(axis=2), after.sum(axis=2)
    gaps = before / np.maximum(n, 1)[..., None] - after / np.maximum(m, 1)[..., None]
    distance = np.abs(gaps.cumsum(axis=2)).max(axis=2) if ordered else np.abs(gaps).sum(axis=2) / 2
    weighted: Floats = distance * np.sqrt(n * m) / np.maximum(n + m, 1)
    return weighted


def _parts(stored: pl.DataFrame, key: ColumnKey) -> dict[str, ColumnProfile]:
    rows = stored.filter((pl.col("kind") == key.kind.value) & (pl.col("column") == key.column)).sort(PARTITION)
    return {partition: read_column(text, key.column, partition) for partition, text in rows.select(PARTITION, "profile").iter_rows()}


def _onset(key: ColumnKey, first: str, parts: Mapping[str, ColumnProfile]) -> Onset:
    keys = list(parts)
    counted = count_cells(list(parts.values()), _CELLS)
    if counted is None or first not in parts:
        return Onset(key.kind.value, key.column, first, None, None, None, f"first reported in {first}")
    last = min(max(keys.index(first), 1), len(keys) - 1)
    found = change_point(counted.table, last, ordered=counted.ordered, generator=np.random.default_rng(0))
    if found is None:
        text = f"first reported in {first}; of {len(keys)} partitions looked at, none stands out as the one in which it began"
        return Onset(key.kind.value, key.column, first, None, None, None, text)
    at, low, high = (keys[i] for i in found)
    between = "that very one" if low == high else f"between {low} and {high}"
    text = f"first seen in {at} ({between} in 90% of resamples of {len(keys)} partitions), first reported in {first}"
    return Onset(key.kind.value, key.column, first, at, low, high, text)
