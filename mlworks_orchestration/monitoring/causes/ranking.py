"""Which feature's drift matters most: importance times drift, and how drift and performance went together in the past."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.causes.history import window_losses
from mlworks_orchestration.monitoring.causes.importance import Importance
from mlworks_orchestration.spec import DriftKind, MLModel

FEWEST_WINDOWS = 5
"""Fewest windows without overlap of which a rank correlation says anything."""


@dataclass(frozen=True)
class RankedFeature:
    """A feature as a cause.

    Parameters:
        column: the feature.
        score: `importance` times `effect`.
        importance: the feature's share of the importances of all features, 0 to 1.
        standard_error: of the share.
        effect: the largest of its deciding statistics in this report, in standard deviations of a normal; None where none could be told.
        statistic: the one with this effect; "" where none could be told.
        drifted: whether any of them alarms; None where none could be told.
        correlation: Spearman's rank correlation, over past windows, of the effect with how bad the primary metric was (positive: more drift, worse
            model); None where it cannot be told.
        windows: how many it is of.
        independent_windows: how many of those overlap no other.
        remark: why there is no correlation, in words.
        place: by `correlation`, 1 for the feature whose drift went most with a worse model; None where it cannot be told.
    """

    column: str
    score: float
    importance: float
    standard_error: float
    effect: float | None
    statistic: str
    drifted: bool | None
    correlation: float | None
    windows: int
    independent_windows: int
    remark: str
    place: int | None = None


def rank_features(lake: Lake, model: MLModel, importances: Sequence[Importance], reports: pl.DataFrame, partition: str) -> list[RankedFeature]:
    """Rank the features of a report: those that drifted first, by score = importance share x effect, then by effect alone.

    A second ranking, `place`, is by how their drift went together with the performance: importance tells what a feature can do to a model, the past
    what its drift did.

    The reference's metric is one number for all windows of a version, so the change against it has the ranks of the metric itself, and Spearman's
    correlation (1904) of the one is that of the other. Windows that overlap repeat each other, so how many of them do not is what counts as few.

    Parameters:
        lake: the Delta tables; `<model>/performance` is read.
        model: its features.
        importances: of the version that the report compares with.
        reports: as `read_reports` returns them.
        partition: key of the report to rank.
    """
    effects = reports.filter((pl.col("kind") == DriftKind.FEATURE.value) & pl.col("column").is_in(model.feature_columns))
    now = effects.filter(pl.col(PARTITION) == partition)
    past = effects.group_by(PARTITION, "column").agg(pl.col("effect").max()).drop_nulls("effect")
    together = past.join(window_losses(lake, model, reports), on=PARTITION, how="inner")
    known = {one.column: one for one in importances}
    ranked = [_ranked(column, known.get(column), now, together) for column in model.feature_columns]
    by_loss = sorted((one.correlation for one in ranked if one.correlation is not None), reverse=True)
    placed = [one if one.correlation is None else replace(one, place=by_loss.index(one.correlation) + 1) for one in ranked]
    return sorted(placed, key=lambda one: (one.drifted is not True, -one.score, -(one.effect or 0.0)))


def _ranked(column: str, importance: Importance | None, now: pl.DataFrame, together: pl.DataFrame) -> RankedFeature:
    of_column = now.filter(pl.col("column") == column)
    told = of_column.drop_nulls("effect").sort("effect", descending=True, maintain_order=True)
    effect = float(told["effect"][0]) if told.height else None
    share, error = (importance.share, _share_error(importance)) if importance else (0.0, 0.0)
    correlation, windows, independent, remark = _correlation(together.filter(pl.col("column") == column))
    return RankedFeature(
        column=column,
        score=share * (effect or 0.0),
        importance=share,
        standard_error=error,
        effect=effect,
        statistic=told["statistic"][0] if told.height else "",
        drifted=bool(of_column["drifted"].any()) if of_column["drifted"].count() else None,
        correlation=correlation,
        windows=windows,
        independent_windows=independent,
        remark=remark,
    )


def _share_error(importance: Importance) -> float:
    return importance.standard_error * importance.share / importance.importance if importance.share else 0.0


def _correlation(pairs: pl.DataFrame) -> tuple[float | None, int, int, str]:
    windows, independent = pairs.height, int(pairs["independent"].sum())
    if independent < FEWEST_WINDOWS:
        return None, windows, independent, f"too few windows: {windows}, of which {independent} overlap no other; {FEWEST_WINDOWS} are needed"
    if pairs["effect"].n_unique() == 1 or pairs["loss"].n_unique() == 1:
        return None, windows, independent, "the effect or the metric is the same in all windows"
    return float(pairs.select(pl.corr("effect", "loss", method="spearman")).item()), windows, independent, ""
