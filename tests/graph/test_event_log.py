"""The event log holds what Dagster's own holds, each reads the other's files, and what belongs together is stored whole or not at all."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import event as listened

from mlworks_orchestration.graph.event_log import EventLog

DAYS = dg.DailyPartitionsDefinition("2013-01-01", end_date="2013-01-05")
KEYS = DAYS.get_partition_keys()
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
RANGE = {"dagster/asset_partition_range_start": KEYS[0], "dagster/asset_partition_range_end": KEYS[-1]}
OURS = "mlworks_orchestration.graph.event_log", "EventLog"
THEIRS = "dagster._core.storage.event_log", "SqliteEventLogStorage"
LOGS = pytest.mark.parametrize("log", [OURS, THEIRS], ids=["ours", "theirs"])

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning")


def job() -> dg.JobDefinition:
    """An asset of four partitions, each with a check."""
    spec = dg.AssetSpec("made", partitions_def=DAYS)
    check = dg.AssetCheckSpec("even", asset="made", partitions_def=DAYS)

    @dg.multi_asset(specs=[spec], check_specs=[check], backfill_policy=dg.BackfillPolicy.single_run())
    def made(context: dg.AssetExecutionContext) -> Iterator[object]:
        for key in context.partition_keys:
            context.add_asset_metadata({"day": int(key[-2:])}, asset_key="made", partition_key=key)
        yield dg.MaterializeResult(asset_key="made")
        yield dg.Output(None, output_name="made_even")
        for key in context.partition_keys:
            yield dg.AssetCheckEvaluation(dg.AssetKey("made"), "even", passed=int(key[-1]) % 2 == 0, partition=key)

    return dg.Definitions(assets=[made], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()


@contextmanager
def home(folder: Path, log: tuple[str, str]) -> Iterator[dg.DagsterInstance]:
    module, kind = log
    events = folder if log == OURS else folder / "events"
    runs = "module: dagster._core.storage.runs, class: SqliteRunStorage"
    lines = [
        f"event_log_storage: {{module: {module}, class: {kind}, config: {{base_dir: {events}}}}}",
        f"run_storage: {{{runs}, config: {{base_dir: {folder}}}}}",
        "telemetry: {enabled: false}",
    ]
    (folder / "dagster.yaml").write_text("\n".join(lines))
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


def run(instance: dg.DagsterInstance) -> str:
    return job().execute_in_process(run_config=QUIET, instance=instance, tags=RANGE).run_id


def told(instance: dg.DagsterInstance) -> dict[str, object]:
    """What the log tells of the runs, without ids and times."""
    runs = [instance.all_logs(run.run_id) for run in instance.get_runs()]
    key = dg.AssetKey("made")
    built = instance.fetch_materializations(dg.AssetRecordsFilter(key), limit=100).records
    checks = instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(dg.AssetKey("made"), "even"), limit=100)
    last = instance.get_latest_materialization_event(key)
    return {
        "events": [
            [(entry.dagster_event_type, entry.step_key, entry.dagster_event and entry.dagster_event.partition) for entry in logs] for logs in runs
        ],
        "built": [(record.partition_key, record.asset_materialization and record.asset_materialization.metadata) for record in built],
        "checks": [(record.partition, record.status) for record in checks],
        "last": last and last.asset_materialization and last.asset_materialization.partition,
        "partitions": instance.get_materialized_partitions(key),
        "statuses": [run.status for run in instance.get_runs()],
    }


def test_it_tells_the_same_as_dagsters_own(tmp_path: Path) -> None:
    found = []
    for log in (OURS, THEIRS):
        (folder := tmp_path / log[1]).mkdir()
        with home(folder, log) as instance:
            run(instance)
            run(instance)
            found.append(told(instance))
    assert found[0] == found[1]
    assert found[0]["partitions"] == set(KEYS)
    assert len(found[0]["checks"]) == 2 * len(KEYS)  # type: ignore[arg-type]


@LOGS
def test_either_reads_and_goes_on_with_what_the_other_wrote(tmp_path: Path, log: tuple[str, str]) -> None:
    with home(tmp_path, log) as instance:
        run(instance)
        before = told(instance)
    with home(tmp_path, THEIRS if log == OURS else OURS) as instance:
        assert told(instance) == before
        run(instance)
        assert len(told(instance)["checks"]) == 2 * len(KEYS)  # type: ignore[arg-type]


def test_a_batch_of_which_one_event_cannot_be_stored_leaves_nothing(tmp_path: Path) -> None:
    with home(tmp_path, OURS) as instance:
        entries = instance.all_logs(run(instance))
        before = told(instance)
        log = instance.event_log_storage
        built = [entry for entry in entries if entry.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION]
        broken = built[-1]._replace(timestamp="never")
        with pytest.raises(TypeError):
            log.store_event_batch([*built[:-1], broken])
        assert told(instance) == before
        log.store_event_batch(built)
        assert len(instance.fetch_materializations(dg.AssetRecordsFilter(dg.AssetKey("made")), limit=100).records) == 2 * len(KEYS)


def test_events_that_come_together_are_one_commit_in_the_index(tmp_path: Path) -> None:
    commits: dict[str, int] = {}

    def count(connection: sqlalchemy.Connection) -> None:
        name = Path(str(connection.engine.url.database)).stem
        commits[name] = commits.get(name, 0) + 1

    with home(tmp_path, OURS) as instance:
        built = [entry for entry in instance.all_logs(run(instance)) if entry.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION]
        listened.listen(sqlalchemy.Engine, "commit", count)
        try:
            instance.event_log_storage.store_event_batch(built)
        finally:
            listened.remove(sqlalchemy.Engine, "commit", count)
    assert len(built) == len(KEYS)
    assert commits == {"index": 1, built[0].run_id: 1}


def test_threads_share_it(tmp_path: Path) -> None:
    with home(tmp_path, OURS) as instance:
        log = instance.event_log_storage
        entries = instance.all_logs(run(instance))
        started = threading.Barrier(3)

        def store_and_read(number: int) -> list[int]:
            started.wait(timeout=30)
            found = []
            for entry in entries:
                log.store_event(entry._replace(run_id=f"run-{number}"))
                found.append(len(log.get_logs_for_run(f"run-{number}")))
            return found

        with ThreadPoolExecutor(3) as pool:
            assert list(pool.map(store_and_read, range(3))) == [list(range(1, len(entries) + 1))] * 3
        assert len(told(instance)["built"]) == 4 * len(KEYS)  # type: ignore[arg-type]


def test_more_runs_than_files_are_held_open_are_all_readable(tmp_path: Path) -> None:
    with home(tmp_path, OURS) as instance:
        first = run(instance)
        for number in range(17):
            assert instance.all_logs(f"none-{number}") == []
        assert instance.all_logs(first)
        files = [f"{link.readlink()}" for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        held = [file for file in files if file.startswith(f"{tmp_path}/events/") and file.endswith(".db")]
        assert len(held) <= 17


def test_a_wiped_log_is_empty_and_goes_on(tmp_path: Path) -> None:
    with home(tmp_path, OURS) as instance:
        run(instance)
        instance.wipe()
        assert told(instance)["built"] == []
        run(instance)
        assert told(instance)["partitions"] == set(KEYS)


def test_the_projects_home_uses_it() -> None:
    root = Path(__file__).parent.parent.parent
    text = (root / "dagster.yaml").read_text()
    assert f"module: {OURS[0]}\n  class: {OURS[1]}\n" in text
    assert issubclass(EventLog, SqliteEventLogStorage)
