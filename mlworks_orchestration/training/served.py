"""What served when, and what was known of it then: a question to the lake alone, whatever MLflow has deleted meanwhile."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.training.aliases import in_force, moves
from mlworks_orchestration.training.versions import CHAMPION


@dataclass(frozen=True)
class Term:
    """A time during which one version served.

    Parameters:
        model: the model's name.
        at: the moment that was asked about.
        as_known_at: only what was recorded by then counts; none: all that is recorded.
        version: that served.
        held_from: since when.
        held_until: until when; none while it serves.
        followed_by: the version that has served from then on; none while it serves, or if none followed.
        recorded_at: when that was recorded.
        why: the reason in words.
        moved_by: who or what let it serve.
    """

    model: str
    at: datetime
    as_known_at: datetime | None
    version: int
    held_from: datetime
    held_until: datetime | None
    followed_by: int | None
    recorded_at: datetime
    why: str
    moved_by: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()}


def served_at(lake: Lake, model: str, at: datetime, as_known_at: datetime | None = None) -> Term:
    """Return which version served at a moment.

    Parameters:
        lake: where moves of aliases are recorded.
        model: the model's name.
        at: the moment, aware; errors tell times in its zone.
        as_known_at: leave out what was recorded later than this, aware; nothing is left out by default.

    Raises:
        NotReadyError: if no version served then, or if none was known to.
    """
    zone, at, as_known_at = at.tzinfo, at.astimezone(UTC), as_known_at and as_known_at.astimezone(UTC)
    moved = moves(lake, model)
    known = in_force(moved if as_known_at is None else moved.filter(pl.col("recorded_at") <= as_known_at), CHAMPION)
    until, later = known.filter(pl.col("held_from") <= at), known.filter(pl.col("held_from") > at)
    if until.is_empty() or until["version"][-1] is None:
        raise NotReadyError(_nobody(model, at.astimezone(zone), as_known_at, known, until))
    row = until.select("version", "held_from", "recorded_at", "why", "moved_by").row(-1, named=True)
    ended, followed_by = (None, None) if later.is_empty() else later.select("held_from", "version").row(0)
    return Term(model, at, as_known_at, held_until=ended, followed_by=followed_by, **row)


def _nobody(model: str, at: datetime, as_known_at: datetime | None, known: pl.DataFrame, until: pl.DataFrame) -> str:
    def said(moment: datetime) -> str:
        return moment.astimezone(at.tzinfo).isoformat(sep=" ", timespec="seconds")

    then = "" if as_known_at is None else f", as known at {said(as_known_at)}"
    if known.is_empty():
        return f"Model {model} had no champion yet{then}; `mlworks status` says how to come by one."
    if until.is_empty():
        return f"No version of model {model} served at {said(at)}{then}: its first champion has served since {said(known['held_from'][0])}."
    return f"No version of model {model} served at {said(at)}{then}: the alias champion was taken away at {said(until['held_from'][-1])}."
