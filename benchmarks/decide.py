"""A tick of the retraining sensor over 1,000 models, of which one has a new drift report; for histories of 10 and of 1,000 reports a model.

Claims: the tick takes at most 0.5 s whatever the history; after 1,000 reports it takes at most four times the processor time that it takes
after 10. What grows is the opening of the one model's Delta logs: delta-rs reads a checkpoint with every file of the table, and up to 100
commits since. The tick over the models without news does not grow.
The model with news has all that a model has, by the lake's own writes. The others have logs of as many entries, in one folder that all
of them link to, for a log of which there is nothing new is looked at for its next entry and never opened. Times are the best of several ticks.
Writes `.artifacts/decide.json`; exit code 1 when a claim does not hold.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.graph.retraining_sensor import RetrainingSensor
from mlworks_orchestration.project import Environment
from mlworks_orchestration.retraining import Decision, Evidence, record
from mlworks_orchestration.retraining.tick import watched
from mlworks_orchestration.spec import DriftKind, MLModel

ROOT = Path(__file__).parent.parent
MODELS = 1000
HISTORIES = (10, 1000)
ROUNDS = 7
SECONDS, RATIO = 0.5, 4.0

START = datetime(2010, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
RETRAINED_EVERY = 30
ROWS_A_DAY = 200
MOMENT = pl.Datetime("us", "UTC")


def declared(number: int) -> MLModel:
    """Return the declaration of a model."""
    return MLModel.model_validate(
        {
            "name": f"model_{number:04}",
            "description": "A model.",
            "task": "regression",
            "owners": {"data_science": "team:science"},
            "entity": ["id"],
            "event_time": "event",
            "partitions": {"every": "day", "start": START.date()},
            "features": [{"table": "rows", "columns": ["x"]}],
            "label": {"table": "outcomes", "column": "y", "delay": "1d"},
            "estimator": "a:b",
            "metrics": {"primary": "mae"},
        }
    )


def key(day: int) -> str:
    """Return the partition of a day."""
    return f"{START + day * DAY:%Y-%m-%d}"


def report(lake: Lake, model: str, day: int) -> None:
    """Write the drift report of a day, a commit of its own as in production."""
    version = max(1, day // RETRAINED_EVERY)
    common = {PARTITION: key(day), "drifted": False, "reason": "calm", "reference_version": version, "scored_versions": [version]}
    columns = ["", *(f"x{number}" for number in range(10))]
    rows = [{**common, "kind": kind.value, "column": column} for kind in DriftKind for column in columns]
    lake.write(f"{model}/drift_report", pl.DataFrame(rows), partitions=[key(day)])


def fill(lake: Lake, model: str, days: int) -> None:
    """Write what a model has after so many days: reports, labels, scores, performance, moves, verdicts and decisions."""
    for day in range(days):
        report(lake, model, day)
        record(lake, Evidence(model, 1, new_rows=day), Decision("wait", f"Day {day} is calm."), START + day * DAY)
    keys = [key(day) for day in range(days)]
    events = pl.Series("event", [START + day * DAY + row * (DAY / ROWS_A_DAY) for day in range(days) for row in range(ROWS_A_DAY)], dtype=MOMENT)
    labels = pl.DataFrame({"event": events, "known_at": events + DAY, PARTITION: events.dt.strftime("%Y-%m-%d")})
    for table in ("labels", "scores", "performance"):
        lake.write(f"{model}/{table}", labels, partitions=keys)
    for version in range(1, max(1, days // RETRAINED_EVERY) + 1):
        at = START + version * RETRAINED_EVERY * DAY if version > 1 else START
        move = {"number": version, "alias": "champion", "version": version, "held_from": at, "recorded_at": at, "why": "better", "moved_by": "gate"}
        lake.append(f"{model}/aliases", pl.DataFrame([move], schema_overrides={"held_from": MOMENT, "recorded_at": MOMENT}))
        verdict = {"challenger": version, "champion": version - 1 or None, "promoted": True, "decided_at": at, "holdout_end": at - DAY}
        schema = {"champion": pl.Int64(), "decided_at": MOMENT, "holdout_end": MOMENT}
        lake.append(f"{model}/verdicts", pl.DataFrame([verdict], schema_overrides=schema))


def quiet(lake: Lake, model: MLModel, days: int) -> None:
    """Link the tables of a model of which there is nothing new to logs that nobody opens."""
    shared = Path(lake.root).with_name("shared")
    if not shared.exists():
        (shared / "_delta_log").mkdir(parents=True)
        for version in range(days + 1):
            (shared / "_delta_log" / f"{version:020}.json").touch()
    (Path(lake.root) / model.name).mkdir()
    for table in watched(model):
        (Path(lake.root) / model.name / table).symlink_to(shared)


def marks(lake: Lake, models: Sequence[MLModel], days: int) -> dict[str, Any]:
    """Return the cursor of a sensor that has seen all there is."""
    seen = {model.name: dict.fromkeys(watched(model), days) for model in models[1:]}
    return {**seen, models[0].name: {"drift_report": lake.version(f"{models[0].name}/drift_report")}}


def tick(sensor: RetrainingSensor, instance: dg.DagsterInstance, cursor: str, day: int) -> tuple[float, float, dg.SensorResult]:
    """Return the seconds of a tick, by the clock and by the processor, and what it said."""
    with clock.replaying(START + (day + 1) * DAY), dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        begun, worked = time.perf_counter(), time.process_time()
        result = sensor(context)
        seconds = time.perf_counter() - begun, time.process_time() - worked
    if not isinstance(result, dg.SensorResult):
        message = f"The sensor must return a SensorResult, not {type(result).__name__}."
        raise TypeError(message)
    return *seconds, result


def measure(days: int) -> dict[str, float]:
    """Return the best times of ticks with one new report and of ticks without any, for a history of so many reports."""
    models = [declared(number) for number in range(MODELS)]
    with tempfile.TemporaryDirectory() as folder, dg.DagsterInstance.local_temp() as instance:
        lake = Lake(Path(folder) / "lake")
        fill(lake, models[0].name, days)
        for model in models[1:]:
            quiet(lake, model, days)
        sensor = RetrainingSensor(models, Environment("local", lake.root, "", ""))
        cursor, busy, idle = json.dumps(marks(lake, models, days)), [], []
        for day in range(days, days + ROUNDS):
            report(lake, models[0].name, day)
            *seconds, result = tick(sensor, instance, cursor, day)
            if models[0].name not in f"{result.skip_reason}":
                message = f"The tick must decide about {models[0].name}, but it said: {result.skip_reason}"
                raise RuntimeError(message)
            busy.append(seconds)
            cursor = result.cursor or ""
            idle.append(tick(sensor, instance, cursor, day)[:2])
    best = {name: [min(each[index] for each in found) for index in (0, 1)] for name, found in (("busy", busy), ("idle", idle))}
    return {"reports": days, **{f"{name}_{what}": value for name, found in best.items() for what, value in zip(("s", "cpu_s"), found, strict=True)}}


def main() -> int:
    """Measure both histories and print a table."""
    print(f"{MODELS} models; {'reports':>8} {'one new report':>20} {'nothing new':>20}")
    print(f"{'':>12} {'a model':>9} {'s':>11} {'cpu s':>8} {'s':>11} {'cpu s':>8}   (claims: ≤ {SECONDS} s with one new report; ratio ≤ {RATIO})")
    rows = [measure(days) for days in HISTORIES]
    for row in rows:
        print(f"{'':>12} {row['reports']:>9.0f} {row['busy_s']:>11.3f} {row['busy_cpu_s']:>8.3f} {row['idle_s']:>11.3f} {row['idle_cpu_s']:>8.3f}")
    ratio = rows[-1]["busy_cpu_s"] / rows[0]["busy_cpu_s"]
    print(f"After {HISTORIES[-1]:,} reports a tick costs {ratio:.2f} times the processor time that it costs after {HISTORIES[0]}.")
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "decide.json").write_text(json.dumps({"rows": rows, "ratio": ratio}, indent=2))
    return int(max(row["busy_s"] for row in rows) > SECONDS or ratio > RATIO)


if __name__ == "__main__":
    sys.exit(main())
