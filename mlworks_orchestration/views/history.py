"""What became of a model month by month and in all, against what would have been without retraining."""

from datetime import datetime
from typing import NamedTuple

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.retraining import Outcome, read_history
from mlworks_orchestration.retraining.backtest import EveryStep
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import Registry, moves, verdicts
from mlworks_orchestration.views.hindsight import SIDES, compare, hindsight, measured, total_worth

_OUTCOMES = ("promoted", "rejected", "waiting", "dry_run", "rolled_back")
"""What came of retrainings, each a column of versions as text."""


class History(NamedTuple):
    """What became of a model."""

    months: pl.DataFrame
    """One row a month: `month`, `rows`, the primary metric of the champions (`champion`), of the first model never retrained (`first_model`) and
    of one retrained at every step (`every_step`), the business's number of each where it is declared (`<side>_business`), alarms by kind
    (`<kind>_alarms`, partitions whose report drifted), `retrainings`, and as text the versions that were `promoted` (some of them later
    `rolled_back`, and to which), `rejected`, are `waiting` for approval, or would have been promoted without `dry_run`."""

    compared: pl.DataFrame
    """One row a metric, the business's number last, over all rows whose label is known: `metric`, `unit`, `rows`, `champion`, `first_model`,
    `every_step`, and by how much the champions were better than the one (`gain`) and the other (`gain_over_every_step`)."""

    policies: pl.DataFrame
    """One row a side, in words `champion`, `first_model` and `every_step`: `side`, its `retrainings`, how many of them were `promoted`, and why it
    cannot be told (`untold`), which is empty where it can."""

    drifted: pl.DataFrame
    """One row a kind and column that drifted in reports that raised an alarm of that kind: `kind`, `column`, in how many
    `reports`, the `first` and the `last`; the most frequent come first."""


def model_history(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, beside: EveryStep | None = None) -> History:
    """Return what was scored since the first champion serves, how well, what drifted, what was done, and what that brought.

    Rows whose event came before the first champion are left out, though a replay scores some in arrears: it was trained on what was known later.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: the model's declaration.
        registry: its registered versions.
        beside: what retraining at every step would have come to; without it nothing is told of that.

    Raises:
        NotReadyError: if nothing is scored yet.
    """
    if not lake.exists(f"{model.name}/scores"):
        message = f"Model {model.name} has no scores yet; run `mlworks replay {model.name}` or materialise {model.name}/scores."
        raise NotReadyError(message)
    version, since = first_champion(lake, model)
    rows = hindsight(lake, catalog, model, registry, first=version, since=since, beside=beside)
    columns = {f"{kind}_alarms": pl.col("kind").eq(kind.value).sum().cast(pl.Int64) for kind in DriftKind}
    reports = _drifted(lake, model, since)
    raised = reports.filter(pl.col("column") == "")
    alarms = raised.group_by(pl.col(PARTITION).str.slice(0, 7).alias("month")).agg(**columns)
    months = _months(model, rows).join(alarms, on="month", how="left").join(_verdicts(lake, model), on="month", how="full", coalesce=True)
    months = months.with_columns(pl.col([*columns, "retrainings", "rows"]).fill_null(0), pl.col(*_OUTCOMES).fill_null("")).sort("month")
    # A column has a row a statistic.
    found = reports.filter(pl.col("column") != "").unique([PARTITION, "kind", "column"]).join(raised, on=[PARTITION, "kind"], how="semi")
    drifted = found.group_by("kind", "column").agg(
        pl.len().alias("reports"), pl.col(PARTITION).min().alias("first"), pl.col(PARTITION).max().alias("last")
    )
    drifted = drifted.sort(["reports", "kind", "column"], descending=[True, False, False])
    return History(months, compare(model, rows), _policies(lake, model, beside), drifted)


def first_champion(lake: Lake, model: MLModel) -> tuple[int, datetime]:
    """Return the version that was champion first, and since when.

    Raises:
        NotReadyError: if there never was one.
    """
    champions = lake.read(f"{model.name}/aliases").filter(pl.col("alias") == "champion").sort("held_from", maintain_order=True)
    if champions.is_empty():
        message = f"Model {model.name} never had a champion; materialise {model.name}/champion."
        raise NotReadyError(message)
    return int(champions["version"][0]), champions["held_from"][0]


def _months(model: MLModel, rows: pl.DataFrame) -> pl.DataFrame:
    known, primary = rows.filter(pl.col("label").is_not_null()), [model.metrics.primary]
    values = [{"month": month, **{side: measured(model, primary, found, side)[0] for side in SIDES}} for (month,), found in known.group_by("month")]
    schema = {"month": pl.String, **dict.fromkeys(SIDES, pl.Float64)}
    months = rows.group_by("month").agg(pl.len().alias("rows")).join(pl.DataFrame(values, schema=schema), on="month", how="left")
    if model.business is None:
        return months
    worth = [total_worth(model.business, side) for side in SIDES]
    return months.join(known.group_by("month").agg(*worth), on="month", how="left")


def _policies(lake: Lake, model: MLModel, beside: EveryStep | None) -> pl.DataFrame:
    asked = [attempt for attempt in read_history(lake, model.name).attempts if attempt.champion is not None]
    served = sum(attempt.outcome in {Outcome.PROMOTED, Outcome.ROLLED_BACK} for attempt in asked)
    untold = beside.untold if beside else ""
    every = (beside.retrainings, beside.promoted) if beside and not untold else (None, None)
    told = [("champion", len(asked), served, ""), ("first_model", 0, 0, ""), ("every_step", *every, untold)]
    return pl.DataFrame(told, schema={"side": pl.String, "retrainings": pl.Int64, "promoted": pl.Int64, "untold": pl.String}, orient="row")


def _drifted(lake: Lake, model: MLModel, since: datetime) -> pl.DataFrame:
    """Return partition, kind and column of what raised an alarm in reports since a moment; the column is empty in the verdict on the kind."""
    columns = [PARTITION, "kind", "column", "drifted"]
    if not lake.exists(f"{model.name}/drift_report"):
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    partitions = [key for key in lake.partitions(f"{model.name}/drift_report") if model.partitions.window(key).end > since]
    return lake.read(f"{model.name}/drift_report", columns=[*columns, "decides"], partitions=partitions).filter("drifted", "decides")


def _verdicts(lake: Lake, model: MLModel) -> pl.DataFrame:
    """Return retrainings by month, and what came of them; the first training is none."""
    texts = dict.fromkeys(_OUTCOMES, pl.String())
    if not lake.exists(f"{model.name}/verdicts"):
        return pl.DataFrame(schema={"month": pl.String(), "retrainings": pl.Int64(), **texts})
    outcomes = {attempt.version: attempt.outcome.value for attempt in read_history(lake, model.name).attempts if attempt.version is not None}
    judged = verdicts(lake, model.name).filter(pl.col("champion").is_not_null()).sort("decided_at")
    outcome, version = pl.col("challenger").replace_strict(outcomes, return_dtype=pl.String), pl.format("v{}", "challenger")
    became = {
        "promoted": [Outcome.PROMOTED, Outcome.ROLLED_BACK],
        "rejected": [Outcome.REJECTED],
        "waiting": [Outcome.WAITING],
        "dry_run": [Outcome.DRY_RUN],
    }
    by_month = judged.group_by(_month(model, "decided_at")).agg(
        retrainings=pl.len().cast(pl.Int64),
        **{name: version.filter(outcome.is_in([each.value for each in found])).str.join(", ") for name, found in became.items()},
    )
    return by_month.join(_rollbacks(lake, model), on="month", how="full", coalesce=True)


def _rollbacks(lake: Lake, model: MLModel) -> pl.DataFrame:
    """Return, by month, which versions gave way to one that had served before, and to which."""
    terms = moves(lake, model.name).filter(pl.col("alias") == "champion", pl.col("version").is_not_null())
    versions = terms["version"].to_list()
    back = [f"v{versions[term - 1]} to v{version}" if version in versions[:term] else None for term, version in enumerate(versions)]
    told = terms.with_columns(pl.Series("rolled_back", back, dtype=pl.String)).drop_nulls("rolled_back")
    return told.group_by(_month(model, "held_from")).agg(pl.col("rolled_back").str.join(", "))


def _month(model: MLModel, column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(model.partitions.timezone).dt.strftime("%Y-%m").alias("month")
