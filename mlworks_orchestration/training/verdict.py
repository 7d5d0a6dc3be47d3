"""The gate's decision about a challenger, kept in the lake once and for all."""

from dataclasses import asdict, dataclass
from datetime import datetime

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import TimeWindow

_MOMENT = pl.Datetime("us", "UTC")
_SCHEMA = pl.Schema(
    {
        "model": pl.String(),
        "challenger": pl.Int64(),
        "champion": pl.Int64(),
        "promoted": pl.Boolean(),
        "metric": pl.String(),
        "challenger_value": pl.Float64(),
        "champion_value": pl.Float64(),
        "gain": pl.Float64(),
        "gain_low": pl.Float64(),
        "gain_high": pl.Float64(),
        "rows": pl.Int64(),
        "holdout_start": _MOMENT,
        "holdout_end": _MOMENT,
        "reason": pl.String(),
        "decided_at": _MOMENT,
        "favourable": pl.Boolean(),
        "mode": pl.String(),
        "blocks": pl.Int64(),
    }
)


@dataclass(frozen=True)
class Verdict:
    """Whether a challenger replaces the champion, and why.

    Parameters:
        model: the model's name.
        challenger: version that was judged.
        champion: version that it was compared with; None when there was none, then it was compared with the baseline.
        promoted: whether it replaces the champion at once; not so where people have to approve.
        metric: the primary metric, by which it was judged.
        challenger_value: the challenger's; None when there were too few rows to compare, or the metric is not defined on them.
        champion_value: the champion's, or the baseline's; None likewise.
        gain: by how much the challenger is better, in the metric's unit; negative when it is worse; None likewise.
        gain_low: lower end of the interval of the gain; None likewise.
        gain_high: its upper end; None likewise.
        rows: number of rows on which both were compared.
        holdout: the event times of these rows.
        reason: the decision in words.
        decided_at: when.
        favourable: whether it is better with confidence, whatever followed from that.
        mode: of the gate at that time: `automatic`, `manual` or `dry_run`.
        blocks: number of days over which the gain was found; 0 where rows counted as independent.
    """

    model: str
    challenger: int
    champion: int | None
    promoted: bool
    metric: str
    challenger_value: float | None
    champion_value: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    rows: int
    holdout: TimeWindow
    reason: str
    decided_at: datetime
    favourable: bool
    mode: str
    blocks: int = 0


def verdicts(lake: Lake, model: str) -> pl.DataFrame:
    """Return all verdicts about a model's challengers, in the order of their versions.

    Parameters:
        lake: where they are kept.
        model: the model's name.

    Returns:
        A row a verdict, with the fields of `Verdict`; its holdout as `holdout_start` and `holdout_end`.
    """
    table = _table(model)
    if not lake.exists(table):
        return _SCHEMA.to_frame()
    stored = lake.read(table).sort("challenger")
    # Older verdicts do not say: every favourable one was carried out at once.
    since = {"favourable": pl.col("promoted"), "mode": pl.lit("automatic"), "blocks": pl.lit(0, pl.Int64)}
    return stored.with_columns((pl.col(name).fill_null(old) if name in stored.columns else old).alias(name) for name, old in since.items())


def find_verdict(lake: Lake, model: str, challenger: int) -> Verdict | None:
    """Return the verdict about a version, or None before it was judged.

    Parameters:
        lake: where it is kept.
        model: the model's name.
        challenger: the version.
    """
    for row in verdicts(lake, model).filter(pl.col("challenger") == challenger).iter_rows(named=True):
        holdout = TimeWindow(row.pop("holdout_start"), row.pop("holdout_end"))
        return Verdict(**row, holdout=holdout)
    return None


def store_verdict(lake: Lake, verdict: Verdict) -> None:
    """Keep a verdict.

    Parameters:
        lake: where.
        verdict: about a version that was not judged before.
    """
    row = asdict(verdict)
    start, end = row.pop("holdout")
    lake.append(_table(verdict.model), pl.DataFrame([{**row, "holdout_start": start, "holdout_end": end}], schema=_SCHEMA), schema="merge")


def _table(model: str) -> str:
    return f"{model}/verdicts"
