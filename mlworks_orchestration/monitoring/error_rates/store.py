"""Error rates in the lake: the table `<model>/error_rates`, a row a kind and shift, and a row a kind and way of counting false alarms."""

from typing import Any, cast

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.error_rates.records import Counted, ErrorRates, FalseAlarms, Power, Scope
from mlworks_orchestration.spec import DriftKind, MLModel

_POWER: dict[str, pl.DataType] = {
    "injection": pl.String(),
    "size": pl.Float64(),
    "scope": pl.String(),
    "column": pl.String(),
    "power": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "median": pl.Int64(),
    "slowest": pl.Int64(),
    "never": pl.Float64(),
}
_COUNTED: dict[str, pl.DataType] = {
    "episodes": pl.Int64(),
    "windows": pl.Int64(),
    "alarming": pl.Int64(),
    "years": pl.Float64(),
    "dispersion": pl.Float64(),
}
_COMMON: dict[str, pl.DataType] = {
    "version": pl.Int64(),
    "drift": pl.String(),
    "partitions": pl.Int64(),
    "rows": pl.Int64(),
    "window": pl.Int64(),
    "histories": pl.Int64(),
    "seed": pl.Int64(),
    "snapshot": pl.String(),
    "seconds": pl.Float64(),
    "measured_at": pl.Datetime("us", "UTC"),
}
_SCHEMA = {
    PARTITION: pl.String(),
    "kind": pl.String(),
    "counted": pl.String(),
    "declared": pl.Float64(),
    "a_year": pl.Float64(),
    **_COUNTED,
    **_POWER,
    **_COMMON,
}


def record_error_rates(lake: Lake, rates: ErrorRates) -> None:
    """Write the error rates of a version, in one commit that replaces what was measured of it before.

    Parameters:
        lake: the Delta tables.
        rates: what was measured.
    """
    key = str(rates.version)
    common = {PARTITION: key} | {name: getattr(rates, name) for name in _COMMON}
    rows: list[dict[str, Any]] = [{"kind": one.kind} | {name: getattr(one, name) for name in _POWER} for one in rates.powers]
    for one in rates.false_alarms:
        for name, found in (("drawn", one.drawn), ("held_out", one.held_out)):
            if found is not None:
                row = {"kind": one.kind, "counted": name, "declared": one.declared, "a_year": found.a_year, **found.interval._asdict()}
                rows.append(row | {column: getattr(found, column) for column in _COUNTED})
    lake.write(_table(rates.model), pl.DataFrame([row | common for row in rows], schema=_SCHEMA), partitions=[key])


def read_error_rates(lake: Lake, model: MLModel, version: int) -> ErrorRates | None:
    """Return what was measured of a version, None if nothing was by the declaration of drift that holds now.

    Parameters:
        lake: the Delta tables.
        model: whose version.
        version: the registered version.
    """
    if not lake.exists(_table(model.name)):
        return None
    stored = lake.read(_table(model.name), partitions=[str(version)]).filter(pl.col("drift") == model.drift.model_dump_json())
    if stored.is_empty():
        return None
    rows = stored.to_dicts()
    counted = {(row["kind"], row["counted"]): row for row in rows if row["counted"]}
    return ErrorRates(
        model=model.name,
        false_alarms=tuple(_alarms(counted, kind) for kind in DriftKind if (kind.value, "drawn") in counted),
        powers=tuple(_power(row) for row in rows if not row["counted"]),
        **{name: rows[0][name] for name in _COMMON},
    )


def _alarms(counted: dict[tuple[str, str], dict[str, Any]], kind: DriftKind) -> FalseAlarms:
    drawn, held_out = (counted.get((kind.value, name)) for name in ("drawn", "held_out"))
    return FalseAlarms(
        kind, counted[kind.value, "drawn"]["declared"], _counted(cast("dict[str, Any]", drawn)), None if held_out is None else _counted(held_out)
    )


def _counted(row: dict[str, Any]) -> Counted:
    return Counted(**{name: row[name] for name in _COUNTED})


def _power(row: dict[str, Any]) -> Power:
    found = {name: row[name] for name in _POWER if name != "scope"}
    return Power(kind=DriftKind(row["kind"]), scope=cast("Scope", row["scope"]), **found)


def _table(model: str) -> str:
    return f"{model}/error_rates"
