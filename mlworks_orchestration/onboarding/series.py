"""Whether a file holds series that go on, and what is known of a series when its next value is forecast."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from mlworks_orchestration.data import PARTITION, partition_of
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.onboarding.columns import declared_name
from mlworks_orchestration.onboarding.cutting import Cut, Every
from mlworks_orchestration.onboarding.reading import Table, extremes
from mlworks_orchestration.onboarding.request import Request

_SERIES = "series"
_FEWEST_VALUES = 24
_SEASONS: dict[Every, tuple[str, timedelta]] = {
    "hour": ("1d", timedelta(days=1)),
    "day": ("1w", timedelta(weeks=1)),
    "week": ("52w", timedelta(weeks=52)),
    "month": ("12mo", timedelta(days=365)),
}


@dataclass(frozen=True)
class Forecasting:
    """What a forecast is made from.

    Parameters:
        alone: name of the column that names the series, where the file holds only one and has none; else empty.
        last: name of the feature that holds the newest value that is known.
        season: how long before the forecast value the seasonal one lies, as polars writes it; empty where there is no such.
        naive: name of the feature that holds the naive forecast: the value a season before, else the newest one.
    """

    alone: str
    last: str
    season: str
    naive: str


def forecasting(table: Table, request: Request, times: pl.Series, keys: Sequence[str], cut: Cut, time: str) -> Forecasting | None:  # noqa: PLR0913, PLR0917 - what was found out before
    """Return how a label of numbers is forecast; none where it is not: unless asked to, a file is taken for series only if it says nothing else.

    Parameters:
        table: the data.
        request: names the label, and may ask for the task.
        times: event times.
        keys: the columns that name a series.
        cut: partitions and windows.
        time: the column with the times.

    Raises:
        DataError: if a forecast is asked for and the rows are no series.
    """
    others = [name for name in table.rows.columns if name not in {*keys, *request.drop, time, request.label}]
    if request.task != "forecast" and (request.task or others or not _are_series(table, times, keys, cut)):
        return None
    if not _are_series(table, times, keys, cut):
        message = (
            f"{table.path} holds no series to forecast: each needs at most one row a {cut.partitions.every}, and {_FEWEST_VALUES} rows on average. "
            "Name the columns that tell series apart with --entity, sum rows up to one a partition, or leave --task forecast out."
        )
        raise DataError(message)
    label, names = str(request.label), table.rows.columns
    first, last = extremes(times)
    season, span = _SEASONS[cut.partitions.every]
    known = (request.delay if request.delay is not None else cut.delay) <= span and last - first >= 2 * span
    newest = declared_name(f"last_{label}", names)
    return Forecasting(
        alone="" if keys else declared_name(_SERIES, names),
        last=newest,
        season=season if known else "",
        naive=declared_name(f"{label}_{season}_before", names) if known else newest,
    )


def known_ahead(table: Table, request: Request, keys: Collection[str], apart: Collection[str]) -> dict[str, str]:
    """Return why columns of a file of series are no features: their values are of the time that is forecast.

    Parameters:
        table: the data.
        request: may choose columns.
        keys: the columns that name a series.
        apart: the columns that are label or time.
    """
    said = "is of the time that is forecast; if it is known ahead, choose it with --feature"
    return {name: said for name in table.rows.columns if name not in {*keys, *apart, *request.drop, *request.features}}


def _are_series(table: Table, times: pl.Series, keys: Sequence[str], cut: Cut) -> bool:
    rows = partition_of(times, cut.partitions).to_frame(PARTITION).with_columns(table.rows[name] for name in keys)
    series = table.rows.select(keys).unique().height if keys else 1
    return not rows.is_duplicated().any() and table.rows.height >= _FEWEST_VALUES * series
