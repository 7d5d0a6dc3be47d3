"""What the graph costs over calling the same functions directly, for one partition and for 365, in one run.

The same work, raw and features of a table, is done directly and as a Dagster run in process against a SQLite instance.
Claim: at most 1.5 times the direct call, plus Dagster's own writes (creating the run, writing events), which are timed apart.
For one partition that is not reached: setting up a Dagster run costs about as much again as the work itself, whatever the work is.
Writes `.artifacts/step_overhead.json`; exit code 1 when the claim does not hold for 365.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg

from mlworks_orchestration import graph
from mlworks_orchestration.data import Lake, build_features, load_raw, validate
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import FeatureTable

ROOT = Path(__file__).parent.parent
ROUNDS = 3
CLAIM = 1.5


def prepare(home: Path) -> None:
    """Point the project at a throw-away home, with the data of `make demo` if they are there."""
    fetched = ROOT / ".mlworks" / "data"
    os.environ.update({"MLWORKS_HOME": str(home), "DAGSTER_HOME": str(ROOT), "MLWORKS_PROJECT": str(ROOT)})
    os.environ.setdefault("MLWORKS_DATA", str(fetched))


def main() -> int:
    """Measure both ways for both sizes, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        rows = [measure(size) for size in (1, 365)]
    print(f"{'partitions':>10} {'direct s':>10} {'graph s':>10} {'events':>8} {'own writes s':>15} {'ratio':>7}   (claim: ratio ≤ {CLAIM})")
    for row in rows:
        cells = f"{row['direct_s']:>10.3f} {row['graph_s']:>10.3f} {row['events']:>8.0f} {row['own_writes_s']:>15.3f} {row['ratio']:>7.2f}"
        print(f"{row['partitions']:>10.0f} {cells}")
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "step_overhead.json").write_text(json.dumps(rows, indent=2))
    return int(rows[-1]["ratio"] > CLAIM)


def measure(size: int) -> dict[str, float]:
    """Return medians over alternating rounds; `ratio` is the graph without Dagster's own writes against the direct call."""
    project = Project.find(ROOT)
    table = project.catalog.tables["flights"]
    keys = table.partitions.keys(table.partitions.window("2013-12-31").end)[:size]
    job = graph.code_location(project).resolve_implicit_global_asset_job_def()
    direct, whole, writes, events = [], [], [], 0
    with dg.DagsterInstance.get() as instance:
        clock = time_own_writes(instance)
        for round_number in range(ROUNDS + 1):
            alone = _seconds(partial(build_directly, project, table, keys))
            clock.update(seconds=0.0, events=0.0)
            run = _seconds(partial(run_job, job, instance, keys))
            if round_number:
                direct.append(alone)
                whole.append(run)
                writes.append(clock["seconds"])
                events = int(clock["events"])
    medians = {"direct_s": statistics.median(direct), "graph_s": statistics.median(whole), "own_writes_s": statistics.median(writes)}
    return {"partitions": size, "events": events, **medians, "ratio": (medians["graph_s"] - medians["own_writes_s"]) / medians["direct_s"]}


def build_directly(project: Project, table: FeatureTable, keys: list[str]) -> None:
    """Do what both assets do, by the same functions, without Dagster."""
    lake = Lake(Path(project.environment.lake).with_name("direct"))
    lake.write(f"raw/{table.name}", load_raw(table, table.partitions.span(keys), keys), partitions=keys, schema="merge")
    frame = build_features(table, lake.read(f"raw/{table.name}", partitions=keys))
    validate(table, frame, keys)
    lake.write(f"features/{table.name}", frame, partitions=keys)


def run_job(job: dg.JobDefinition, instance: dg.DagsterInstance, keys: list[str]) -> None:
    """Do it as one Dagster run."""
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    chosen = [dg.AssetKey(["raw", "flights"]), dg.AssetKey(["features", "flights"])]
    job.execute_in_process(run_config=quiet, instance=instance, asset_selection=chosen, tags=tags)


def time_own_writes(instance: dg.DagsterInstance) -> dict[str, float]:
    """Count, from now on, the events and the seconds in which Dagster creates runs and writes events, in the returned dictionary."""
    spent = {"seconds": 0.0, "events": 0.0}
    depth = [0]

    def timed(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - passed on as they are
            depth[0] += 1
            begun = time.perf_counter()
            try:
                return method(*arguments, **named)
            finally:
                depth[0] -= 1
                spent["seconds"] += 0.0 if depth[0] else time.perf_counter() - begun

        return call

    def counted(event: Any) -> None:  # noqa: ANN401
        spent["events"] += 1
        store(event)

    store = instance.event_log_storage.store_event
    instance.event_log_storage.store_event = counted  # type: ignore[method-assign]
    instance.handle_new_event = timed(instance.handle_new_event)  # type: ignore[method-assign]
    instance.create_run_for_job = timed(instance.create_run_for_job)  # type: ignore[method-assign]
    return spent


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
