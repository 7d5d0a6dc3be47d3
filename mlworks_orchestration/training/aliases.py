"""Who held which alias when: every move of an alias in MLflow is a row of the lake table `<model>/aliases`."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake

_MOMENT = pl.Datetime("us", "UTC")
_SCHEMA = pl.Schema(
    {
        "number": pl.Int64(),
        "alias": pl.String(),
        "version": pl.Int64(),
        "held_from": _MOMENT,
        "recorded_at": _MOMENT,
        "why": pl.String(),
        "moved_by": pl.String(),
    }
)


def moves(lake: Lake, model: str) -> pl.DataFrame:
    """Return all moves of a model's aliases, in the order in which they were recorded.

    Parameters:
        lake: where they are recorded.
        model: the model's name.

    Returns:
        Rows of number, alias, version (null: held by none from then on), held_from, recorded_at, why and moved_by.
    """
    table = _table(model)
    return lake.read(table).sort("number") if lake.exists(table) else _SCHEMA.to_frame()


def holder(lake: Lake, model: str, alias: str, moment: datetime) -> int | None:
    """Return the version that held an alias at a moment, or None.

    Parameters:
        lake: where moves are recorded.
        model: the model's name.
        alias: `champion`, `challenger` or `previous`.
        moment: aware.
    """
    until = in_force(moves(lake, model), alias).filter(pl.col("held_from") <= moment)
    return None if until.is_empty() else until["version"][-1]


def in_force(moved: pl.DataFrame, alias: str) -> pl.DataFrame:
    """Return the moves of an alias that count, in the order of time; of those at one moment the one recorded last stands last.

    What was recorded later is right about who holds the alias from its time on, so it takes the place of moves that a clock which has gone
    back since had put after it.

    Parameters:
        moved: moves of all aliases, in the order in which they were recorded.
        alias: `champion`, `challenger` or `previous`.
    """
    since = pl.col("held_from")
    return moved.filter(pl.col("alias") == alias).filter(since <= since.reverse().cum_min().reverse())


def recorded(lake: Lake, model: str) -> dict[str, int | None]:
    """Return, by alias, the version that holds it as was recorded last.

    Parameters:
        lake: where moves are recorded.
        model: the model's name.
    """
    return dict(moves(lake, model).select("alias", "version").iter_rows())


def record(  # noqa: PLR0913 - a move has that many parts
    lake: Lake, model: str, held: Mapping[str, int | None], *, held_from: datetime, why: str, moved_by: str
) -> None:
    """Record who holds the aliases, where that differs from what was recorded last; recording the same again adds nothing.

    Parameters:
        lake: where moves are recorded.
        model: the model's name.
        held: the version by alias; None where none holds it.
        held_from: since when, aware.
        why: the reason in words.
        moved_by: who or what moved them.
    """
    known = moves(lake, model)
    last = dict(known.select("alias", "version").iter_rows())
    moved = [(alias, version) for alias, version in held.items() if last.get(alias) != version]
    if not moved:
        return
    recorded_at = clock.now()
    rows = [(known.height + offset, *each, held_from, recorded_at, why, moved_by) for offset, each in enumerate(moved, start=1)]
    lake.append(_table(model), pl.DataFrame(rows, schema=_SCHEMA, orient="row"))


def _table(model: str) -> str:
    return f"{model}/aliases"
