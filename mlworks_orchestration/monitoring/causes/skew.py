"""Training-serving skew: features as they were served, in the inference log, against the same rows of the feature tables as they are now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.scoring import log_table, read_log
from mlworks_orchestration.spec import Catalog, MLModel


@dataclass(frozen=True)
class ColumnSkew:
    """How a feature as served differs from what the tables say now.

    Parameters:
        column: the feature.
        rows: rows compared.
        differing: those whose values differ; two missing values are alike.
        share: differing of rows, 0 to 1.
        largest: largest difference of two numbers; None where there is none, where it is infinite, and for texts and booleans.
        first: the first partition with a difference; None without any.
    """

    column: str
    rows: int
    differing: int
    share: float
    largest: float | None
    first: str | None


@dataclass(frozen=True)
class Skew:
    """What was served against what the tables say now.

    Parameters:
        partitions: keys of those compared.
        unlogged: keys of those that were scored without a log, or not at all; nothing is known of them.
        rows: rows compared.
        only_served: rows that were served and have gone from the tables.
        only_offline: rows of the tables that were not served, for example because they came late.
        columns: one a feature, those that differ in most rows first; features that were declared after the log are not among them.
    """

    partitions: tuple[str, ...]
    unlogged: tuple[str, ...]
    rows: int
    only_served: int
    only_offline: int
    columns: tuple[ColumnSkew, ...]

    @property
    def found(self) -> tuple[ColumnSkew, ...]:
        """The columns that differ in any row."""
        return tuple(column for column in self.columns if column.differing)


def skew(lake: Lake, catalog: Catalog, model: MLModel, partitions: Sequence[str]) -> Skew:
    """Compare the inference log with the feature tables as they are now.

    Both are made by the same function, so values are compared exactly: a difference is no rounding, but data that came late or were corrected.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose features.
        partitions: keys.

    Raises:
        NotReadyError: naming a joined table's partition that has gone from the lake.
        DataError: if a table cannot be joined.
    """
    logged = set(lake.partitions(log_table(model)))
    compared = sorted(set(partitions) & logged)
    unlogged = tuple(sorted(set(partitions) - logged))
    if not compared:
        return Skew((), unlogged, 0, 0, 0, ())
    served = read_log(lake, model, compared)
    present = set(lake.partitions(f"features/{model.features[0].table}"))
    offline = feature_frame(lake, catalog, model, [key for key in compared if key in present])
    keys = list(dict.fromkeys([*model.entity, model.event_time, PARTITION]))
    columns = [name for name in model.feature_columns if name in served.columns and name not in keys]
    # The offline side is numbered, because any name may be a feature's; those of users never begin with an underscore.
    numbered = offline.select(*keys, *(pl.col(name).alias(_offline(i)) for i, name in enumerate(columns)))
    both = served.join(numbered, on=keys, how="inner")
    found = sorted(_compared(both, columns), key=lambda column: -column.differing)
    return Skew(tuple(compared), unlogged, both.height, served.height - both.height, offline.height - both.height, tuple(found))


def _compared(both: pl.DataFrame, columns: Sequence[str]) -> Iterator[ColumnSkew]:
    for i, name in enumerate(columns):
        was, now = (_comparable(both[side]) for side in (name, _offline(i)))
        differ = was.ne_missing(now) if was.dtype == now.dtype else was.cast(pl.String).ne_missing(now.cast(pl.String))
        differing = int(differ.sum())
        gap = (was - now).filter(differ).abs().max() if was.dtype == now.dtype == pl.Float64() else None
        yield ColumnSkew(
            column=name,
            rows=both.height,
            differing=differing,
            share=differing / both.height if both.height else 0.0,
            largest=gap if isinstance(gap, float) and isfinite(gap) else None,
            first=min(both[PARTITION].filter(differ), default=None),
        )


def _comparable(values: pl.Series) -> pl.Series:
    """Return numbers as float64 with null for NaN, as estimators get them; everything else as it is."""
    return values.cast(pl.Float64).fill_nan(None) if values.dtype.is_numeric() else values


def _offline(number: int) -> str:
    return f"_offline_{number}"
