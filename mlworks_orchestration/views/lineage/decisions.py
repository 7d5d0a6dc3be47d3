"""Who let a version serve and what had asked for it: the gate's verdict, approvals, and the decision to retrain."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Verdict, find_verdict, moves
from mlworks_orchestration.views.lineage.checks import add_tests
from mlworks_orchestration.views.lineage.origins import Origin
from mlworks_orchestration.views.lineage.walk import Walk


def add_decided(walk: Walk, node: str, model: MLModel, version: int, found: Origin) -> None:
    """Add what tests found of a version, the verdict on it, who approved it, and what triggered its training, as far as each is recorded.

    Parameters:
        walk: to add to.
        node: id of the version's node.
        model: the model's declaration.
        version: its number.
        found: what is known of its origin.
    """
    key = f"{model.name}@{version}"
    add_tests(walk, node, model.name, version)
    verdict = find_verdict(walk.lake, model.name, version)
    if verdict is not None:
        facts = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(verdict).items() if name != "model"}
        walk.drawing.link(node, walk.drawing.add("verdict", key, "the gate", **facts), "judged by")
    for number, approval in enumerate(_approvals(walk, model, version)):
        said = walk.drawing.add("approval", f"{key}#{number}", str(approval["by"]), **approval)
        walk.drawing.link(node, said, {"approve": "approved by", "reject": "rejected by", None: "made champion by"}[approval.get("action")])
    _add_trigger(walk, node, key, model, found, verdict)


def _approvals(walk: Walk, model: MLModel, version: int) -> list[dict[str, Any]]:
    """Return what people said of a version and, of one that served, what made it champion."""
    said: list[dict[str, Any]] = []
    table = f"{model.name}/approvals"
    if walk.lake.exists(table):
        said = walk.lake.read(table).filter(pl.col("version") == version).to_dicts()
    served = (pl.col("alias") == "champion") & (pl.col("version") == version)
    moved = moves(walk.lake, model.name).filter(served).select(pl.col("moved_by").alias("by"), "why", "held_from", "recorded_at").to_dicts()
    return [*said, *moved]


def _add_trigger(walk: Walk, node: str, key: str, model: MLModel, found: Origin, verdict: Verdict | None) -> None:  # noqa: PLR0913, PLR0917 - what is known of a version comes from that many places
    row = _decision(walk, model, found, verdict)
    trigger = found.trigger or (row and row["reason"])
    facts: dict[str, Any] = {"reason": trigger}
    if row:
        facts |= {name: row[name] for name in ("action", "run_key", "kinds", "champion", "episode", "latest_report", "new_rows", "decided_at")}
    if found.registered:
        facts["dagster_run"] = found.registered.tags.get("dagster_run_id")
    facts["missing"] = None if trigger else found.run_missing or "no trigger is recorded"
    made = walk.drawing.add("decision", key, f"decision {row['run_key']}" if row else "a request", **facts)
    walk.drawing.link(node, made, "triggered by")
    for partition, kind, reason in _alarms(row) if row else []:
        # The report may have been made anew since, by labels or for a later champion: this is what it said then.
        alarm = f"{model.name}/{kind}/{partition}#{key}"
        seen = walk.drawing.add("alarm", alarm, f"{kind} drift of {partition}", partition=partition, kind=kind, drifted=True, reason=reason)
        walk.drawing.link(made, seen, "because of")


def _decision(walk: Walk, model: MLModel, found: Origin, verdict: Verdict | None) -> dict[str, Any] | None:
    """Return the decision to retrain that a version came of: the one with its trigger's words, else the last that fits its verdict."""
    table = f"{model.name}/decisions"
    if not walk.lake.exists(table):
        return None
    asked = walk.lake.read(table).filter(pl.col("action") == "retrain").sort("decided_at", maintain_order=True)
    if found.trigger is not None:
        fitting = asked.filter(pl.col("reason") == found.trigger)
    elif verdict is not None and verdict.champion is not None:
        fitting = asked.filter(pl.col("champion") == verdict.champion, pl.col("decided_at") <= verdict.decided_at)
    else:
        return None
    return fitting.row(-1, named=True) if len(fitting) else None


def _alarms(row: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the alarms that a decision was taken for: partition, kind of drift and reason."""
    for report in json.loads(row["evidence"])["reports"]:
        for kind in row["kinds"]:
            drifted, reason = report["findings"].get(kind, (None, ""))
            if drifted:
                yield report["partition"], kind, reason
