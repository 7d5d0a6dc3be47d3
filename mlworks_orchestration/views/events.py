"""What happened to a model: retrainings, verdicts, approvals, promotions, rollbacks, looks back and calls for a person, in the order of time."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining import aftermaths, decisions
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import approvals, moves, verdicts


@dataclass(frozen=True)
class Event:
    """Something that happened to a model.

    Parameters:
        at: when.
        what: it was, in a word or two: `retraining`, `judged better`, `not better`, `approved`, `rejected`, `serves`, `none serves`, `looked back`,
            `person called` or `rollback decided`.
        version: of the model that it is about; of a retraining and a call the champion; none before the first.
        by: who or what did it: the sensor, the gate, or a person.
        why: in words.
        times: how often it was said in a row, where the same was said again.
    """

    at: datetime
    what: str
    version: int | None
    by: str
    why: str
    times: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON; the time in ISO 8601."""
        return {**asdict(self), "at": self.at.isoformat()}


def events(lake: Lake, model: MLModel) -> list[Event]:
    """Return what happened to a model, the latest last, read from the lake alone. Decisions to wait are left out.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
    """
    served = list(_served(lake, model))
    # A promotion by the gate gives the verdict as its reason, so the verdict would say the same twice.
    told = {(event.version, event.why) for event in served}
    judged = [event for event in _judged(lake, model) if (event.version, event.why) not in told]
    return sorted([*_decided(lake, model), *judged, *_said(lake, model), *served, *_looked_back(lake, model)], key=attrgetter("at"))


def _decided(lake: Lake, model: MLModel) -> Iterator[Event]:
    """Yield a call for a person once, however often the sensor said so before it decided otherwise."""
    rows = decisions(lake, model.name).with_columns(pl.struct("action", "champion").rle_id().alias("spell"))
    for _, spell in rows.group_by("spell", maintain_order=True):
        first = spell.row(0, named=True)
        if first["action"] == "escalate":
            yield Event(first["decided_at"], "person called", first["champion"], "sensor", first["reason"], spell.height)
        elif first["action"] != "wait":
            what = "retraining" if first["action"] == "retrain" else "rollback decided"
            for row in spell.iter_rows(named=True):
                yield Event(row["decided_at"], what, row["champion"], "person" if row["trigger"] == "person" else "sensor", row["reason"])


def _judged(lake: Lake, model: MLModel) -> Iterator[Event]:
    for row in verdicts(lake, model.name).iter_rows(named=True):
        yield Event(row["decided_at"], "judged better" if row["favourable"] else "not better", row["challenger"], "gate", row["reason"])


def _said(lake: Lake, model: MLModel) -> Iterator[Event]:
    for row in approvals(lake, model.name).iter_rows(named=True):
        yield Event(row["recorded_at"], {"approve": "approved", "reject": "rejected"}[row["action"]], row["version"], row["by"], row["why"])


def _served(lake: Lake, model: MLModel) -> Iterator[Event]:
    for row in moves(lake, model.name).filter(pl.col("alias") == "champion").iter_rows(named=True):
        yield Event(row["held_from"], "serves" if row["version"] is not None else "none serves", row["version"], row["moved_by"], row["why"])


def _looked_back(lake: Lake, model: MLModel) -> Iterator[Event]:
    for at, found in aftermaths(lake, model):
        yield Event(at, "looked back", found.champion, "sensor", found.words)
