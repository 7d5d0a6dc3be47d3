"""What the graph costs over calling the same functions directly, for one partition and for 365, in one run.

The same work, raw and features of a table, is done directly and as a Dagster run in process against a SQLite instance. Beside them runs an
*empty* Dagster run: two assets with the same keys, partitions and checks, written plainly with Dagster, that yield the same events and do nothing.
Three ratios to the direct call: of the whole run; without Dagster's own writes (creating the run, writing events), timed inside each run; and
without what the empty run costs beside its writes too. The writes are each run's own, for their time varies by more than the rest takes.

Claim, asserted for both sizes: without Dagster's own writes, the graph takes at most 1.5 times the direct call.
Writes `.artifacts/step_overhead.json`; exit code 1 when the claim does not hold.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from mlworks_orchestration import graph
from mlworks_orchestration.data import Lake, build_features, given_before, load_raw, record_quality, validate
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import FeatureTable

ROOT = Path(__file__).parent.parent
ROUNDS = {1: 15, 365: 3}
"""Rounds by number of partitions: the shorter, the more, for another process disturbs a short one more."""

CLAIM = 1.5
CHOSEN = [dg.AssetKey(["raw", "flights"]), dg.AssetKey(["features", "flights"])]


class Timed(NamedTuple):
    """A run: its seconds, those in which Dagster wrote, and how many events it wrote."""

    seconds: float
    writes: float
    events: float

    @property
    def rest(self) -> float:
        """Seconds beside the writes."""
        return self.seconds - self.writes


def prepare(home: Path) -> None:
    """Point the project at a throw-away home, with the data of `make demo` if they are there."""
    fetched = ROOT / ".mlworks" / "data"
    os.environ.update({"MLWORKS_HOME": str(home), "DAGSTER_HOME": str(ROOT), "MLWORKS_PROJECT": str(ROOT)})
    os.environ.setdefault("MLWORKS_DATA", str(fetched))


def main() -> int:
    """Measure all ways for both sizes, and print a table."""
    print(
        f"{'':>57} ratio to the direct call, without\n{'partitions':>10} {'direct s':>9} {'graph s':>8} {'writes s':>9} {'empty s':>8} {'events':>7}",
        end="",
    )
    print(f"  {'nothing':>8} {'writes':>8} {'writes and empty run':>21}   (claim: without writes ≤ {CLAIM})")
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        rows = [measure(size) for size in ROUNDS]
    (ROOT / ".artifacts").mkdir(exist_ok=True)
    (ROOT / ".artifacts" / "step_overhead.json").write_text(json.dumps(rows, indent=2))
    return int(any(row["without_writes"] > CLAIM for row in rows))


def measure(size: int) -> dict[str, float]:
    """Return medians over alternating rounds, and the three ratios; `empty_s` is the empty run beside its writes."""
    project = Project.find(ROOT)
    table = project.catalog.tables["flights"]
    keys = table.partitions.keys(table.partitions.window("2013-12-31").end)[:size]
    defined = graph.code_location(project)
    ours, empty = (found.resolve_implicit_global_asset_job_def() for found in (defined, empty_location(defined)))
    rounds: list[tuple[float, Timed, Timed]] = []
    with dg.DagsterInstance.get() as instance:
        clock = time_own_writes(instance)
        for _ in range(ROUNDS[size] + 1):
            alone = _seconds(partial(build_directly, project, table, keys))
            rounds.append((alone, timed_run(ours, instance, keys, clock), timed_run(empty, instance, keys, clock)))
    counts = {run.events for _, *both in rounds for run in both}
    if len(counts) > 1:
        message = f"The empty run must write as many events as the graph's, but they wrote {sorted(counts)}."
        raise RuntimeError(message)
    return _reported(size, rounds[1:])


def _reported(size: int, rounds: Sequence[tuple[float, Timed, Timed]]) -> dict[str, float]:
    direct = statistics.median(alone for alone, _, _ in rounds)
    whole, writes, rest = (statistics.median(getattr(run, name) for _, run, _ in rounds) for name in ("seconds", "writes", "rest"))
    empty, empty_writes = (statistics.median(getattr(run, name) for _, _, run in rounds) for name in ("rest", "writes"))
    row = {"partitions": size, "events": rounds[0][1].events, "direct_s": direct, "graph_s": whole, "writes_s": writes}
    row |= {"empty_s": empty, "empty_writes_s": empty_writes}
    row |= {"raw": whole / direct, "without_writes": rest / direct, "without_dagster": (rest - empty) / direct}
    print(f"{size:>10} {direct:>9.3f} {whole:>8.3f} {writes:>9.3f} {empty:>8.3f} {row['events']:>7.0f}", end="")
    print(f"  {row['raw']:>8.2f} {row['without_writes']:>8.2f} {row['without_dagster']:>21.2f}", flush=True)
    return row


def empty_location(defined: dg.Definitions) -> dg.Definitions:
    """Return the two assets as one would write them with Dagster alone, with nothing to do."""
    built = [defined.resolve_assets_def(key) for key in CHOSEN]
    return dg.Definitions([empty_asset(next(iter(item.specs)), list(item.check_specs)) for item in built], executor=dg.in_process_executor)


def empty_asset(spec: dg.AssetSpec, checks: Sequence[dg.AssetCheckSpec]) -> dg.AssetsDefinition:
    """Return an asset that materialises its partitions and passes its checks."""

    @dg.multi_asset(name="__".join(spec.key.path), specs=[spec], check_specs=checks, backfill_policy=dg.BackfillPolicy.single_run())
    def nothing(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield dg.MaterializeResult(asset_key=spec.key)
        for check in checks:
            yield dg.Output(None, output_name=check.get_python_identifier())
            for key in context.partition_keys:
                yield dg.AssetCheckEvaluation(spec.key, check.name, passed=True, metadata={}, blocking=check.blocking, partition=key)

    return nothing


def build_directly(project: Project, table: FeatureTable, keys: list[str]) -> None:
    """Do what both assets do, by the same functions, without Dagster."""
    lake = Lake(Path(project.environment.lake).with_name("direct"))
    rows = load_raw(table, table.partitions.span(keys), keys, before=given_before(lake, table, keys))
    lake.write(f"raw/{table.name}", rows, partitions=keys, schema="merge")
    frame = build_features(table, lake.read(f"raw/{table.name}", partitions=keys))
    record_quality(lake, table, validate(table, frame, keys), keys)
    lake.write(f"features/{table.name}", frame, partitions=keys)


def timed_run(job: dg.JobDefinition, instance: dg.DagsterInstance, keys: list[str], clock: dict[str, float]) -> Timed:
    """Do it as one Dagster run."""
    clock.update(seconds=0.0, events=0.0)
    seconds = _seconds(partial(run_job, job, instance, keys))
    return Timed(seconds, clock["seconds"], clock["events"])


def run_job(job: dg.JobDefinition, instance: dg.DagsterInstance, keys: list[str]) -> None:
    """Run the two assets of a job for the partitions."""
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[-1]}
    job.execute_in_process(run_config=quiet, instance=instance, asset_selection=CHOSEN, tags=tags)


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

    def counted(events: Sequence[Any]) -> None:
        spent["events"] += len(events)
        store(events)

    store = instance.event_log_storage.store_event_batch
    instance.event_log_storage.store_event_batch = counted  # type: ignore[method-assign]
    instance.handle_new_event = timed(instance.handle_new_event)  # type: ignore[method-assign]
    instance.create_run_for_job = timed(instance.create_run_for_job)  # type: ignore[method-assign]
    return spent


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
