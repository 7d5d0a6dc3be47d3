"""Care of a table's files: what is needed stays readable, whatever else happens to the table meanwhile."""

import json
import os
from datetime import timedelta
from pathlib import Path
from threading import Thread

import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION, Lake, Need, recorded_needs, tidy
from mlworks_orchestration.errors import LakeError

TABLE = "features/rides"
AT_ONCE = timedelta(0)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A table that was replaced four times: version n holds the value n."""
    made = Lake(tmp_path / "lake")
    for value in range(1, 6):
        write(made, value)
    return made


def write(lake: Lake, value: int, key: str = "a") -> int:
    return lake.write(TABLE, pl.DataFrame({"value": [value] * 100, PARTITION: [key] * 100}), partitions=[key])


def value_at(lake: Lake, version: int | None) -> list[int]:
    return lake.read(TABLE, version=version)["value"].unique().to_list()


def needing(*versions: int) -> list[Need]:
    return [Need(TABLE, version, f"model version {version}") for version in versions]


def test_a_needed_version_and_the_newest_stay_and_the_others_are_freed(lake: Lake) -> None:
    before = lake.sizes(TABLE)
    done = tidy(lake, TABLE, [*needing(2), Need("features/other", 3, "other")], older_than=AT_ONCE, dry_run=False)
    assert (value_at(lake, 2), value_at(lake, None)) == ([2], [5])
    for version in (1, 3, 4):
        with pytest.raises(LakeError, match=rf"features/rides at version {version} could not be read.*vacuumed; restore them from a backup"):
            value_at(lake, version)
    assert done.kept == {2: ("model version 2",)}
    assert (done.freed_files, done.freed_bytes, done.trouble) == (3, sum(before.values()) - sum(lake.sizes(TABLE).values()), "")
    assert done.stored_bytes == sum(before.values())


def test_a_dry_run_says_the_same_and_changes_nothing(lake: Lake) -> None:
    files, version = lake.sizes(TABLE), lake.version(TABLE)
    told = tidy(lake, TABLE, needing(2), older_than=AT_ONCE, dry_run=True)
    assert (lake.sizes(TABLE), lake.version(TABLE)) == (files, version)
    done = tidy(lake, TABLE, needing(2), older_than=AT_ONCE, dry_run=False)
    assert (told.freed_files, told.freed_bytes, told.kept) == (done.freed_files, done.freed_bytes, done.kept)


def test_a_second_time_does_nothing_not_even_a_commit(lake: Lake) -> None:
    tidy(lake, TABLE, needing(2), older_than=AT_ONCE, dry_run=False)
    version = lake.version(TABLE)
    again = tidy(lake, TABLE, needing(2), older_than=AT_ONCE, dry_run=False)
    assert (again.merged, again.freed_files, again.newest, lake.version(TABLE)) == (0, 0, version, version)


def test_what_was_replaced_or_written_lately_stays_for_who_reads_or_writes_it_now(lake: Lake) -> None:
    folder = Path(lake.root, TABLE, f"{PARTITION}=a")
    (folder / "being-written.parquet").write_bytes(b"half")
    (folder / "left-by-a-kill.parquet").write_bytes(b"half")
    os.utime(folder / "left-by-a-kill.parquet", (1, 1))
    done = tidy(lake, TABLE, [], older_than=timedelta(hours=1), dry_run=False)
    assert done.freed_files == 1
    assert sorted(path.name for path in folder.glob("*e*-*.parquet") if not path.name.startswith("part-")) == ["being-written.parquet"]
    assert [value_at(lake, version) for version in (1, 2, 3, 4, 5)] == [[1], [2], [3], [4], [5]]


def test_half_of_it_done_before_a_kill_is_completed(lake: Lake) -> None:
    [gone] = {Path(uri).name for uri in lake.delta(TABLE, 3).file_uris()}
    Path(lake.root, TABLE, f"{PARTITION}=a", gone).unlink()
    done = tidy(lake, TABLE, needing(2), older_than=AT_ONCE, dry_run=False)
    assert (done.freed_files, done.trouble, value_at(lake, 2)) == (2, "", [2])


def test_the_log_is_never_shortened_even_by_checkpoints(lake: Lake) -> None:
    log = Path(lake.root, TABLE, "_delta_log")
    lake.delta(TABLE).create_checkpoint()
    for commit in log.glob("*.json"):
        os.utime(commit, (1, 1))
    tidy(lake, TABLE, needing(2), older_than=AT_ONCE, dry_run=False)
    assert {f"{version:020}.json" for version in range(6)} <= {path.name for path in log.iterdir()}
    assert value_at(lake, 2) == [2]


def test_a_needed_version_whose_files_are_gone_stops_it_and_is_named(lake: Lake) -> None:
    lake.delta(TABLE).vacuum(0, dry_run=False, enforce_retention_duration=False)
    write(lake, 9)
    done = tidy(lake, TABLE, needing(2), older_than=AT_ONCE, dry_run=False)
    assert done.freed_files == 0
    assert done.trouble == "1 files of version 2, needed by model version 2, are gone. No file was deleted; restore the table from a backup."


def test_a_needed_version_that_the_log_does_not_have_stops_it(lake: Lake) -> None:
    done = tidy(lake, TABLE, needing(99), older_than=AT_ONCE, dry_run=False)
    assert done.freed_files == 0
    assert "Version 99, needed by model version 99, is not in the log" in done.trouble
    assert value_at(lake, 1) == [1]


def test_a_table_within_another_is_not_taken_for_its_orphans(lake: Lake) -> None:
    lake.append(f"{TABLE}/inner", pl.DataFrame({"number": [1]}))
    done = tidy(lake, TABLE, [], older_than=AT_ONCE, dry_run=False)
    assert done.freed_files == 0
    assert done.trouble.startswith("Another table lies within it, at inner.")
    assert lake.read(f"{TABLE}/inner")["number"].to_list() == [1]


def test_small_files_are_merged_in_order_and_the_rows_stay_the_same(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for number in range(12):
        lake.append("rides/verdicts", pl.DataFrame({"number": [number]}))
    done = tidy(lake, "rides/verdicts", [], older_than=timedelta(hours=1), dry_run=False)
    assert (done.merged, len(lake.delta("rides/verdicts").file_uris())) == (12, 1)
    assert sorted(lake.read("rides/verdicts")["number"]) == list(range(12))
    assert tidy(lake, "rides/verdicts", [], older_than=timedelta(hours=1), dry_run=False).merged == 0


def test_files_of_a_partition_are_merged_in_the_order_of_columns(tmp_path: Path) -> None:
    from deltalake import write_deltalake  # noqa: PLC0415 - a writer that is not ours, which leaves many files

    lake = Lake(tmp_path)
    write(lake, 3)
    for value in (1, 2):
        write_deltalake(lake.delta(TABLE), pl.DataFrame({"value": [value] * 100, PARTITION: ["a"] * 100}), mode="append")
    write(lake, 7, "b")
    pinned = lake.version(TABLE)
    done = tidy(lake, TABLE, needing(pinned), order=["value"], older_than=AT_ONCE, dry_run=False)
    assert (done.merged, len(lake.delta(TABLE).file_uris())) == (3, 2)
    assert lake.read(TABLE, partitions=["a"])["value"].to_list() == [1] * 100 + [2] * 100 + [3] * 100
    assert sorted(value_at(lake, pinned)) == [1, 2, 3, 7]


def test_beside_a_writer_no_row_is_lost(lake: Lake) -> None:
    def replace() -> None:
        for value in range(10):
            write(lake, value, "b")

    writer = Thread(target=replace)
    writer.start()
    while writer.is_alive():
        tidy(lake, TABLE, needing(2), older_than=timedelta(hours=1), dry_run=False)
    writer.join()
    assert sorted(value_at(lake, None)) == [5, 9]
    assert value_at(lake, 2) == [2]


def test_rows_that_name_their_inputs_need_them(lake: Lake) -> None:
    rows = pl.DataFrame({"inputs": [json.dumps({TABLE: 3}), json.dumps({TABLE: 3}), None]})
    lake.append("rides/drift_report", rows)
    assert recorded_needs(lake) == [Need(TABLE, 3, "rows of rides/drift_report")]


def test_a_lake_in_which_nothing_was_written_has_no_tables(tmp_path: Path) -> None:
    assert Lake(tmp_path / "nowhere").tables() == []
    assert not (tmp_path / "nowhere").exists()
