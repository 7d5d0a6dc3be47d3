import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.spec import DriftKind, MLModel

DAY = timedelta(days=1)
UTC_TIME = pl.Datetime("us", "UTC")


@dataclass
class FakeRuns:
    """An orchestrator that knows what it is told."""

    running: bool = False
    going_back: bool = False
    keys: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def in_progress(self) -> bool:
        return self.running

    def rolling_back(self) -> bool:
        return self.going_back

    def launched(self, run_key: str) -> bool:
        return run_key in self.keys

    def failed(self, run_key: str) -> bool:
        return run_key in self.broken


@dataclass
class Deployment:
    """A lake in which one model has served since the first of March 2013, filled by hand as the other rooms fill it."""

    lake: Lake
    model: MLModel
    runs: FakeRuns = field(default_factory=FakeRuns)

    def champion(self, version: int | None, since: datetime, moved_by: str = "gate") -> None:
        self.alias("champion", version, since, moved_by)

    def alias(self, alias: str, version: int | None, since: datetime, moved_by: str = "gate") -> None:
        table = f"{self.model.name}/aliases"
        number = self.lake.read(table).height + 1 if self.lake.exists(table) else 1
        row = {"number": number, "alias": alias, "version": version, "held_from": since, "recorded_at": since, "why": "", "moved_by": moved_by}
        self.lake.append(table, pl.DataFrame([row], schema_overrides={"version": pl.Int64(), "held_from": UTC_TIME, "recorded_at": UTC_TIME}))

    def verdict(self, at: datetime, *, champion: int | None, promoted: bool, until: datetime, challenger: int = 9) -> None:
        row = {"challenger": challenger, "champion": champion, "promoted": promoted, "decided_at": at, "holdout_end": until}
        schema = {"champion": pl.Int64(), "decided_at": UTC_TIME, "holdout_end": UTC_TIME}
        self.lake.append(f"{self.model.name}/verdicts", pl.DataFrame([row], schema_overrides=schema))

    def report(self, keys: Sequence[str], drifted: Mapping[DriftKind, bool | None], version: int = 1, scored: Sequence[int] | None = None) -> None:
        """Report whole kinds, and one column of each that says the opposite."""
        rows = [
            {
                PARTITION: key,
                "kind": kind.value,
                "column": column,
                "drifted": said if column == "" else None if said is None else not said,
                "reason": f"{column or 'whole'} {kind}",
                "reference_version": version,
                "scored_versions": list(scored or [version]),
            }
            for key in keys
            for kind, said in drifted.items()
            for column in ("", "x")
        ]
        frame = pl.DataFrame(rows, schema_overrides={"drifted": pl.Boolean(), "scored_versions": pl.List(pl.Int64())})
        self.lake.write(f"{self.model.name}/drift_report", frame, partitions=keys)

    def labels(self, first: datetime, days: int, rows: int) -> None:
        """Labels of consecutive days, each known a day after its event, spread over the day."""
        events = [first + day * DAY + row * (DAY / rows) for day in range(days) for row in range(rows)]
        times = pl.Series("event", events, dtype=UTC_TIME)
        frame = pl.DataFrame({"event": times, "known_at": times + self.model.label.delay, PARTITION: times.dt.strftime("%Y-%m-%d")})
        self.lake.write(f"{self.model.name}/labels", frame, partitions=frame[PARTITION].unique().to_list())

    def decisions(self) -> list[dict[str, Any]]:
        rows = self.lake.read(f"{self.model.name}/decisions").sort("decided_at", "action").to_dicts()
        return [{**row, "evidence": json.loads(row["evidence"])} for row in rows]


@pytest.fixture
def deployment(tmp_path: Path) -> Callable[..., Deployment]:
    def make(delay: str = "1d", **retraining: object) -> Deployment:
        model = MLModel.model_validate(
            {
                "name": "delays",
                "description": "Delays.",
                "task": "regression",
                "owners": {"data_science": "team:ml"},
                "entity": ["id"],
                "event_time": "event",
                "partitions": {"every": "day", "start": "2013-01-01"},
                "features": [{"table": "flights", "columns": ["distance"]}],
                "label": {"table": "outcomes", "column": "delay", "delay": delay},
                "estimator": "a:b",
                "metrics": {"primary": "mae"},
                "retraining": retraining,
            }
        )
        made = Deployment(Lake(tmp_path), model)
        start = datetime(2013, 3, 1, tzinfo=UTC)
        made.champion(1, start)
        made.verdict(start, champion=None, promoted=True, until=start - DAY)
        return made

    return make
