"""What was decided, as rows of the lake table `<model>/decisions`, and what came of it.

The table is cut so that reading it back does not grow with the model's age: retrainings, of which the budget allows few, stand in a
partition of their own, everything else in one a month, of which only the newest is read.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.retraining.facts import Attempt, Decision, Episode, Evidence, History, Outcome
from mlworks_orchestration.spec import DriftKind
from mlworks_orchestration.training import verdicts

_RETRAININGS = "retrain"
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
        PARTITION: pl.String(),
    }
)


def record(lake: Lake, evidence: Evidence, decision: Decision, now: datetime) -> bool:
    """Store a decision as a row of `<model>/decisions`, unless it says nothing new.

    A retraining is new when its run key is; anything else when action, reason or evidence differ from the last row.

    Parameters:
        lake: where it is stored.
        evidence: what it was taken from.
        decision: what was decided.
        now: the moment of the decision, aware.

    Returns:
        Whether a row was written.
    """
    table, row = _table(evidence.model), _row(evidence, decision, now)
    known = _recent(lake, evidence.model)
    if decision.run_key is not None:
        said = decision.run_key in known["run_key"].to_list()
    else:
        same = ["action", "reason", "evidence"]
        said = bool(len(known)) and [known[name][-1] for name in same] == [row[name] for name in same]
    if said:
        return False
    if not lake.exists(table):
        # An empty write makes a table that is cut by partition; of two daemons that both do so, neither loses the other's row.
        lake.write(table, _SCHEMA.to_frame(), partitions=[_RETRAININGS])
    lake.append(table, pl.DataFrame([row], schema=_SCHEMA))
    return True


def read_history(lake: Lake, model: str) -> History:
    """Return what was decided and trained before.

    Parameters:
        lake: where it is stored.
        model: the model's name.
    """
    recent = _recent(lake, model)
    episode = None
    if len(recent) and recent["episode"][-1] is not None:
        episode = Episode(recent["champion"][-1], recent["episode"][-1])
    asked = recent.filter(pl.col("run_key").is_not_null()).unique("run_key", keep="first", maintain_order=True)
    judged = verdicts(lake, model).sort("decided_at", maintain_order=True)
    until = judged["holdout_end"][-1] if len(judged) else None
    return History(tuple(_attempts(asked.to_dicts(), judged.to_dicts())), episode, until)


def _attempts(asked: Sequence[dict[str, Any]], judged: Sequence[dict[str, Any]]) -> list[Attempt]:
    """Return all trainings in the order of time: a verdict belongs to the last retraining asked for before it, if that has none yet."""
    outcomes: dict[str, Outcome] = {}
    others: list[Attempt] = []
    for verdict in judged:
        outcome = Outcome.PROMOTED if verdict["promoted"] else Outcome.REJECTED
        before = [row for row in asked if row["decided_at"] <= verdict["decided_at"] and row["champion"] == verdict["champion"]]
        if before and before[-1]["run_key"] not in outcomes:
            outcomes[before[-1]["run_key"]] = outcome
        else:
            others.append(Attempt(verdict["decided_at"], verdict["champion"], outcome))
    decided = [
        Attempt(
            at=row["decided_at"],
            champion=row["champion"],
            outcome=outcomes.get(row["run_key"], Outcome.UNFINISHED),
            run_key=row["run_key"],
            episode=row["episode"],
            latest_report=row["latest_report"],
            kinds=tuple(map(DriftKind, row["kinds"])),
        )
        for row in asked
    ]
    return sorted([*others, *decided], key=lambda attempt: attempt.at)


def _recent(lake: Lake, model: str) -> pl.DataFrame:
    """Return all retrainings and the decisions of the newest month, in the order of time."""
    table = _table(model)
    keys = lake.partitions(table)
    months = [key for key in keys if key != _RETRAININGS]
    if not keys:
        return _SCHEMA.to_frame()
    return lake.read(table, columns=list(_SCHEMA), partitions=[*months[-1:], _RETRAININGS]).sort("decided_at", "action", maintain_order=True)


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
        "evidence": json.dumps(asdict(evidence), sort_keys=True),
        PARTITION: _RETRAININGS if decision.action == "retrain" else f"{now:%Y-%m}",
    }


def _table(model: str) -> str:
    return f"{model}/decisions"
