"""What happened to a model: retrainings, verdicts, approvals, promotions, rollbacks, looks back and calls for a person, in the order of time."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining import aftermaths, decisions
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import approvals, moves, verdicts

WHILE_IT_SERVES = ("retraining asked for", "person called", "rollback decided", "rolled back")
"""Events whose version is the one that serves then."""


@dataclass(frozen=True)
class Event:
    """Something that happened to a model.

    Parameters:
        at: when.
        what: it was, in a few words: `retraining asked for`, `judged better`, `not promoted`, `approved`, `rejected`, `serves`, `rolled back`,
            `none serves`, `looked back`, `person called` or `rollback decided`.
        version: of the model that it is about: a verdict the new version, all of `WHILE_IT_SERVES` the one that serves; none before the first.
        by: who or what did it: the sensor, the gate, or a person.
        why: in words.
        times: how often it was said in a row, where the same was said again.
        last: when it was said last, where the same was said again; none elsewhere.
    """

    at: datetime
    what: str
    version: int | None
    by: str
    why: str
    times: int = 1
    last: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON; times in ISO 8601."""
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()}


def events(lake: Lake, model: MLModel) -> list[Event]:
    """Return what happened to a model, the latest last, read from the lake alone. Decisions to wait are left out.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
    """
    moved = moves(lake, model.name).filter(pl.col("alias") == "champion")
    looked = aftermaths(lake, model)
    served = _served(moved, {found.champion for _, found in looked})
    looked_back = [Event(at, "looked back", found.champion, "sensor", found.words) for at, found in looked]
    # A promotion by the gate gives the verdict as its reason, so the verdict would say the same twice.
    told = set(moved.select("version", "why").rows())
    judged = [event for event in _judged(lake, model) if (event.version, event.why) not in told]
    return sorted([*_decided(lake, model), *judged, *_said(lake, model), *served, *looked_back], key=attrgetter("at"))


def _decided(lake: Lake, model: MLModel) -> Iterator[Event]:
    """Yield a call for a person once, however often the sensor said so before it decided otherwise."""
    rows = decisions(lake, model.name).with_columns(pl.struct("action", "champion").rle_id().alias("spell"))
    for _, spell in rows.group_by("spell", maintain_order=True):
        first = spell.row(0, named=True)
        if first["action"] == "escalate":
            last = spell["decided_at"][-1] if spell.height > 1 else None
            yield Event(first["decided_at"], "person called", first["champion"], "sensor", first["reason"], spell.height, last)
        elif first["action"] != "wait":
            what = "retraining asked for" if first["action"] == "retrain" else "rollback decided"
            for row in spell.iter_rows(named=True):
                yield Event(row["decided_at"], what, row["champion"], "person" if row["trigger"] == "person" else "sensor", row["reason"])


def _judged(lake: Lake, model: MLModel) -> Iterator[Event]:
    for row in verdicts(lake, model.name).iter_rows(named=True):
        yield Event(row["decided_at"], "judged better" if row["favourable"] else "not promoted", row["challenger"], "gate", row["reason"])


def _said(lake: Lake, model: MLModel) -> Iterator[Event]:
    for row in approvals(lake, model.name).iter_rows(named=True):
        yield Event(row["recorded_at"], {"approve": "approved", "reject": "rejected"}[row["action"]], row["version"], row["by"], row["why"])


def _served(moved: pl.DataFrame, looked: set[int]) -> Iterator[Event]:
    """Yield what served, and of what gave way whether that came before it was compared with its predecessor."""
    rows = moved.to_dicts()
    for place, row in enumerate(rows):
        before = rows[place - 1]["version"] if place else None
        unseen = f" Version {before} was replaced before it was compared with its predecessor." if _unseen(rows[:place], looked) else ""
        yield Event(row["held_from"], _move(row, before), row["version"], row["moved_by"], f"{row['why']}{unseen}")


def _move(row: dict[str, Any], before: int | None) -> str:
    if row["version"] is None:
        return "none serves"
    # Earlier releases said "Rolled back" of a move to a newer version too.
    return "rolled back" if row["why"].startswith("Rolled back") and (before is None or row["version"] < before) else "serves"


def _unseen(rows: Sequence[dict[str, Any]], looked: set[int]) -> bool:
    """Return whether the last of these moves was a promotion, of which there is no look back."""
    if not rows or rows[-1]["version"] in looked or rows[-1]["moved_by"] == "unknown" or rows[-1]["why"].startswith(("Rolled back", "Moved")):
        return False
    earlier = {row["version"] for row in rows[:-1]}
    return bool(earlier) and rows[-1]["version"] not in earlier
