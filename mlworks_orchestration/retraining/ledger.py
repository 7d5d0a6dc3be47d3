"""What was decided, as rows of the lake table `<model>/decisions`, and what came of it.

The table is cut so that reading it back does not grow with the model's age: retrainings and rollbacks, of which there are few, stand in a
partition of their own, everything else in one a month, of which only the newest is read.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.retraining.facts import Evidence
from mlworks_orchestration.retraining.outcomes import outcome_of
from mlworks_orchestration.retraining.past import Attempt, Decision, Episode, History, Outcome, Rollback, first_key
from mlworks_orchestration.spec import DriftKind
from mlworks_orchestration.training import moves, verdicts

_RETRAININGS = "retrain"
_NONE = "none"
_SCHEMA = pl.Schema(
    {
        "decided_at": pl.Datetime("us", "UTC"),
        "action": pl.String(),
        "reason": pl.String(),
        "run_key": pl.String(),
        "kinds": pl.List(pl.String()),
        "champion": pl.Int64(),
        "episode": pl.String(),
        "latest_report": pl.String(),
        "new_rows": pl.Int64(),
        "evidence": pl.String(),
        "trigger": pl.String(),
        "to": pl.Int64(),
        PARTITION: pl.String(),
    }
)


def record(lake: Lake, evidence: Evidence, decision: Decision, now: datetime, known: pl.DataFrame | None = None) -> bool:
    """Store a decision as a row of `<model>/decisions`, unless it says nothing new.

    A retraining or a rollback is new when its run key is; anything else when action, reason or evidence differ from the last row.

    Parameters:
        lake: where it is stored.
        evidence: what it was taken from.
        decision: what was decided.
        now: the moment of the decision, aware.
        known: what `recent` returned, where it was read for this decision; what asks for a run is compared with what is stored by now all the same.

    Returns:
        Whether a row was written: of several processes that decide the same at the same moment, one learns that it is the one to act.
    """
    table, row = _table(evidence.model), _row(evidence, decision, now)
    known = recent(lake, evidence.model) if known is None or decision.run_key is not None else known
    if decision.run_key is not None:
        said = decision.run_key in known["run_key"].to_list()
    else:
        same = ["action", "reason", "evidence"]
        said = bool(len(known)) and [known[name][-1] for name in same] == [row[name] for name in same]
    if said:
        return False
    if not lake.exists(table):
        # An empty write makes a table that is cut by partition. Of a partition that holds nothing: another daemon's row may be there by now.
        lake.write(table, _SCHEMA.to_frame(), partitions=[_NONE])
    rows = pl.DataFrame([row], schema=_SCHEMA)
    if decision.run_key is not None:
        return lake.append_once(table, rows, decision.run_key, schema="merge")
    lake.append(table, rows, schema="merge")
    return True


def asked_at(lake: Lake, model: str, run_key: str) -> datetime | None:
    """Return when a run was first asked for with a key, or None.

    Parameters:
        lake: where decisions are stored.
        model: the model's name.
        run_key: of a retraining or a rollback.
    """
    return recent(lake, model).filter(pl.col("run_key") == run_key)["decided_at"].min()  # type: ignore[return-value]


def read_history(lake: Lake, model: str, known: pl.DataFrame | None = None) -> History:
    """Return what was decided and trained before, and what came of it.

    Parameters:
        lake: where it is stored.
        model: the model's name.
        known: what `recent` returned, if it was read already.
    """
    known = recent(lake, model) if known is None else known
    champion, began = known.select("champion", "episode").row(-1) if len(known) else (None, None)
    episode = Episode(champion, began) if began is not None else None
    asked = known.filter(pl.col("run_key").is_not_null()).unique("run_key", keep="first", maintain_order=True)
    judged = verdicts(lake, model).sort("decided_at", maintain_order=True)
    until = judged["holdout_end"][-1] if len(judged) else None
    served = moves(lake, model).filter(pl.col("alias") == "champion", pl.col("version").is_not_null())
    outcomes = [outcome_of(lake, model, verdict, served) for verdict in judged.iter_rows(named=True)]
    trained = _attempts(asked.filter(pl.col("action") == "retrain").to_dicts(), judged.to_dicts(), outcomes)
    rollbacks = asked.filter(pl.col("action") == "rollback").select("decided_at", "champion", "to", "run_key")
    return History(tuple(trained), episode, until, champion, tuple(Rollback(*row) for row in rollbacks.iter_rows()))


def _attempts(rows: Sequence[dict[str, Any]], judged: Sequence[dict[str, Any]], outcomes: Sequence[Outcome]) -> list[Attempt]:
    """Return all trainings in the order of time: a verdict belongs to the last retraining asked for before it, if that has none yet.

    A retraining that was asked for again because its run had failed is one attempt.
    """
    asked = [row for row in rows if row["run_key"] == first_key(row["run_key"])]
    again: dict[str, list[datetime]] = {}
    for row in rows:
        if row["run_key"] != first_key(row["run_key"]):
            again.setdefault(first_key(row["run_key"]), []).append(row["decided_at"])
    found: dict[str, tuple[Outcome, int]] = {}
    others: list[Attempt] = []
    for verdict, outcome in zip(judged, outcomes, strict=True):
        before = [row for row in asked if row["decided_at"] <= verdict["decided_at"] and row["champion"] == verdict["champion"]]
        if before and before[-1]["run_key"] not in found:
            found[before[-1]["run_key"]] = outcome, verdict["challenger"]
        else:
            others.append(Attempt(verdict["decided_at"], verdict["champion"], outcome, version=verdict["challenger"]))
    asked_for = [_asked_for(row, again.get(row["run_key"], ()), *found.get(row["run_key"], (Outcome.UNFINISHED, None))) for row in asked]
    return sorted([*others, *asked_for], key=lambda each: each.at)


def _asked_for(row: dict[str, Any], retries: Sequence[datetime], outcome: Outcome, version: int | None) -> Attempt:
    return Attempt(
        at=row["decided_at"],
        champion=row["champion"],
        outcome=outcome,
        run_key=row["run_key"],
        episode=row["episode"],
        latest_report=row["latest_report"],
        kinds=tuple(map(DriftKind, row["kinds"])),
        trigger=row["trigger"] or "drift",
        new_rows=row["new_rows"],
        version=version,
        retries=tuple(retries),
    )


def recent(lake: Lake, model: str) -> pl.DataFrame:
    """Return all retrainings and rollbacks, and the other decisions of the newest month, in the order of time.

    Parameters:
        lake: where they are stored.
        model: the model's name.
    """
    months = [key for key in lake.partitions(_table(model)) if key != _RETRAININGS]
    return decisions(lake, model, [*months[-1:], _RETRAININGS])


def decisions(lake: Lake, model: str, partitions: Sequence[str] | None = None) -> pl.DataFrame:
    """Return decisions in the order of time.

    Parameters:
        lake: where they are stored.
        model: the model's name.
        partitions: of the table; by default all, which takes the longer the older the model is.
    """
    table = _table(model)
    if not lake.partitions(table):
        return _SCHEMA.to_frame()
    stored = lake.read(table, partitions=partitions)
    # Rows of an earlier release do not have every column.
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in _SCHEMA.items() if name not in stored.columns]
    return stored.with_columns(lacking).select(list(_SCHEMA)).sort("decided_at", "action", maintain_order=True)


def _row(evidence: Evidence, decision: Decision, now: datetime) -> dict[str, Any]:
    counted = [report.partition for report in evidence.reports if report.reference_version == evidence.champion]
    return {
        "decided_at": now,
        "action": decision.action,
        "reason": decision.reason,
        "run_key": decision.run_key,
        "kinds": [kind.value for kind in decision.kinds],
        "champion": evidence.champion,
        "episode": decision.episode.began if decision.episode else None,
        "latest_report": max(counted, default=None),
        "new_rows": evidence.new_rows,
        "evidence": json.dumps(asdict(evidence), sort_keys=True, default=datetime.isoformat),
        "trigger": decision.trigger,
        "to": decision.to,
        PARTITION: _RETRAININGS if decision.run_key else f"{now:%Y-%m}",
    }


def _table(model: str) -> str:
    return f"{model}/decisions"
