"""The lake: atomic replacement of partitions, time travel, schema, concurrent writers, and writers that die."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import LakeError, NotReadyError

MONDAY, TUESDAY = "2013-01-07", "2013-01-08"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def rows(key: str, *values: int) -> pl.DataFrame:
    return pl.DataFrame({"value": list(values), PARTITION: [key] * len(values)}, schema={"value": pl.Int64, PARTITION: pl.String})


def values(lake: Lake, table: str = "raw/t", **how: object) -> list[int]:
    return lake.read(table, **how)["value"].to_list()  # type: ignore[arg-type]


def test_a_table_that_was_never_written_is_not_ready_and_has_no_partitions(lake: Lake) -> None:
    assert not lake.exists("raw/t")
    assert lake.partitions("raw/t") == []
    with pytest.raises(NotReadyError, match=r"raw/t does not exist yet"):
        lake.read("raw/t")
    with pytest.raises(NotReadyError, match=r"raw/t does not exist yet"):
        lake.version("raw/t")


def test_a_write_replaces_exactly_the_named_partitions(lake: Lake) -> None:
    lake.write("raw/t", pl.concat([rows(MONDAY, 1, 2), rows(TUESDAY, 3)]), partitions=[MONDAY, TUESDAY])
    lake.write("raw/t", rows(MONDAY, 9), partitions=[MONDAY])
    assert values(lake) == [9, 3]


@pytest.mark.parametrize("folder", ["my lake", "José", "100%"])
def test_a_lake_is_read_wherever_its_folder_lies(tmp_path: Path, folder: str) -> None:
    lake = Lake(tmp_path / folder)
    lake.write("raw/t", pl.concat([rows(MONDAY, 1, 2), rows(TUESDAY, 3)]), partitions=[MONDAY, TUESDAY])
    lake.write("raw/t", rows(TUESDAY, 4), partitions=[TUESDAY])
    assert (values(lake), values(lake, version=lake.version("raw/t") - 1)) == ([1, 2, 4], [1, 2, 3])
    assert all(Path(uri).is_file() for uri in lake.delta("raw/t").file_uris())


def test_a_named_partition_without_rows_is_emptied(lake: Lake) -> None:
    lake.write("raw/t", pl.concat([rows(MONDAY, 1), rows(TUESDAY, 3)]), partitions=[MONDAY, TUESDAY])
    lake.write("raw/t", rows(MONDAY), partitions=[MONDAY])
    assert values(lake) == [3]
    assert lake.partitions("raw/t") == [TUESDAY]


def test_writing_the_same_again_leaves_the_same_rows(lake: Lake) -> None:
    first = lake.write("raw/t", rows(MONDAY, 1, 2), partitions=[MONDAY])
    second = lake.write("raw/t", rows(MONDAY, 1, 2), partitions=[MONDAY])
    assert second == first + 1
    assert values(lake) == [1, 2]


def test_a_write_of_many_partitions_is_one_commit_with_its_metadata(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 0), partitions=[MONDAY])
    keys = [(date(2013, 1, 1) + timedelta(days=day)).isoformat() for day in range(60)]
    frame = pl.DataFrame({"value": range(60), PARTITION: keys}, schema_overrides={"value": pl.Int64})
    version = lake.write("raw/t", frame, partitions=keys, metadata={"run": "r1"})
    newest, before, *_ = lake.history("raw/t")
    assert (newest["version"], newest["run"], before["version"]) == (version, "r1", version - 1)
    assert lake.version("raw/t") == version
    assert lake.partitions("raw/t") == keys


def test_an_old_version_can_be_read_and_listed(lake: Lake) -> None:
    old = lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])
    lake.write("raw/t", pl.concat([rows(MONDAY, 2), rows(TUESDAY, 3)]), partitions=[MONDAY, TUESDAY])
    assert values(lake, version=old) == [1]
    assert lake.partitions("raw/t", version=old) == [MONDAY]
    with pytest.raises(LakeError, match=r"raw/t could not be opened at version 99"):
        lake.read("raw/t", version=99)


def test_the_log_is_never_trimmed_so_that_snapshots_stay_readable(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])
    assert DeltaTable(f"{lake.root}/raw/t").metadata().configuration["delta.enableExpiredLogCleanup"] == "false"


def test_reading_a_partition_opens_no_file_of_another(lake: Lake) -> None:
    lake.write("raw/t", pl.concat([rows(MONDAY, 1), rows(TUESDAY, 3)]), partitions=[MONDAY, TUESDAY])
    for file in Path(lake.root).glob(f"raw/t/{PARTITION}={TUESDAY}/*.parquet"):
        file.unlink()
    assert values(lake, partitions=[MONDAY]) == [1]
    with pytest.raises(LakeError, match=r"raw/t at version 1 could not be read.*materialise it again"):
        lake.read("raw/t")


def test_rows_come_in_the_order_of_their_partitions(lake: Lake) -> None:
    lake.write("raw/t", rows(TUESDAY, 3, 2), partitions=[TUESDAY])
    lake.write("raw/t", rows(MONDAY, 9, 8), partitions=[MONDAY])
    lake.write("raw/t", rows("2013-01-09", 1), partitions=["2013-01-09"])
    assert values(lake, columns=["value"]) == [9, 8, 3, 2, 1]


def test_only_the_columns_asked_for_come_and_in_that_order(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 1).with_columns(other=pl.lit("x")), partitions=[MONDAY])
    assert lake.read("raw/t", columns=["other", "value"]).rows() == [("x", 1)]
    with pytest.raises(LakeError, match=r"raw/t has no column 'valu'; did you mean 'value'"):
        lake.read("raw/t", columns=["valu"])


def test_a_read_of_no_partitions_has_the_columns_and_no_rows(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])
    assert lake.read("raw/t", partitions=[]).schema == rows(MONDAY).schema
    assert lake.read("raw/t", partitions=[TUESDAY]).height == 0


def test_timestamps_come_back_in_utc_with_microseconds(lake: Lake) -> None:
    eastern = timezone(timedelta(hours=-5))
    moment = datetime(2013, 1, 7, 19, 30, 0, 123456, tzinfo=eastern)
    frame = rows(MONDAY, 1).with_columns(at=pl.Series([moment]).dt.convert_time_zone("America/New_York").dt.cast_time_unit("ns"))
    lake.write("raw/t", frame, partitions=[MONDAY])
    back = lake.read("raw/t")
    assert back.schema["at"] == pl.Datetime("us", "UTC")
    assert back["at"].to_list() == [moment.astimezone(UTC)]


def test_appended_rows_add_up_and_carry_metadata(lake: Lake) -> None:
    lake.append("m/verdicts", pl.DataFrame({"value": [1]}))
    version = lake.append("m/verdicts", pl.DataFrame({"value": [2]}), metadata={"by": "gate"})
    assert sorted(values(lake, "m/verdicts")) == [1, 2]
    assert lake.history("m/verdicts")[0]["by"] == "gate"
    assert values(lake, "m/verdicts", version=version - 1) == [1]


def test_a_column_without_a_type_takes_the_tables_but_cannot_found_one(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"m/verdicts cannot be created: column 'champion' is null throughout"):
        lake.append("m/verdicts", pl.DataFrame({"champion": [None]}))
    assert not lake.exists("m/verdicts")
    lake.append("m/verdicts", pl.DataFrame({"champion": [3]}))
    lake.append("m/verdicts", pl.DataFrame({"champion": [None]}))
    assert lake.read("m/verdicts")["champion"].null_count() == 1


@pytest.mark.parametrize("name", ["", "raw//t", "../t", "raw/..", "raw/T", "/raw", "raw/t/", "raw t", "raw/_delta_log", "raw/t\n"])
def test_a_name_that_could_be_a_path_elsewhere_is_refused(lake: Lake, name: str) -> None:
    with pytest.raises(LakeError, match="is no name of a lake table"):
        lake.write(name, rows(MONDAY, 1), partitions=[MONDAY])
    with pytest.raises(LakeError, match="is no name of a lake table"):
        lake.exists(name)


@pytest.mark.parametrize("key", ["", "a\nb", "x" * 101])
def test_a_partition_key_that_files_cannot_carry_is_refused(lake: Lake, key: str) -> None:
    with pytest.raises(LakeError, match="is no partition key"):
        lake.write("raw/t", rows(key, 1), partitions=[key])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20).filter(str.isprintable))
def test_any_printable_key_is_data_and_replaces_only_itself(lake: Lake, key: str) -> None:
    lake.write("raw/t", rows("-", 7), partitions=["-"])
    for value in (1, 2):
        lake.write("raw/t", rows(key, value), partitions=[key])
    assert values(lake, partitions=[key]) == [2]
    assert key in lake.partitions("raw/t")
    if key != "-":
        assert values(lake, partitions=["-"]) == [7]


def test_rows_of_a_partition_that_was_not_named_are_refused_and_nothing_is_written(lake: Lake) -> None:
    version = lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])
    with pytest.raises(LakeError, match=r"1 rows, the first of partition '2013-01-08', belong to none"):
        lake.write("raw/t", pl.concat([rows(MONDAY, 5), rows(TUESDAY, 3)]), partitions=[MONDAY])
    with pytest.raises(LakeError, match=r"first of partition None"):
        lake.write("raw/t", rows(MONDAY, 5).with_columns(pl.lit(None, pl.String).alias(PARTITION)), partitions=[MONDAY])
    with pytest.raises(LakeError, match=r"string column '_partition'; it is absent"):
        lake.write("raw/t", pl.DataFrame({"value": [1]}), partitions=[MONDAY])
    with pytest.raises(LakeError, match="no partitions were named"):
        lake.write("raw/t", rows(MONDAY), partitions=[])
    assert lake.version("raw/t") == version


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (rows(MONDAY, 1).cast({"value": pl.String}), r"column 'value' is Int64 in the table but String in the rows"),
        (rows(MONDAY, 1).cast({"value": pl.Float64}), r"column 'value' is Int64 in the table but Float64 in the rows"),
        (rows(MONDAY, 1).drop("value"), r"column 'value' is Int64 in the table but absent in the rows"),
        (rows(MONDAY, 1).with_columns(extra=1.5), r"column 'extra' is absent in the table but Float64 in the rows"),
    ],
)
def test_a_fixed_table_names_the_column_and_both_types_that_differ(lake: Lake, frame: pl.DataFrame, says: str) -> None:
    version = lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])
    with pytest.raises(LakeError, match=says):
        lake.write("raw/t", frame, partitions=[MONDAY])
    assert lake.version("raw/t") == version
    assert values(lake) == [1]


def test_a_merging_write_takes_in_new_columns_and_fills_missing_ones_with_null(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY], schema="merge")
    naive = pl.Series([datetime(2013, 1, 8)])  # noqa: DTZ001 - raw data may lack a time zone
    new = rows(TUESDAY, 2).drop("value").with_columns(extra=pl.lit("x"), at=naive, untyped=pl.lit(None))
    lake.write("raw/t", new, partitions=[TUESDAY], schema="merge")
    expected = pl.DataFrame({"value": [1, None], PARTITION: [MONDAY, TUESDAY], "extra": [None, "x"], "at": [None, naive[0]]})
    assert_frame_equal(lake.read("raw/t"), expected, check_dtypes=True)


def test_a_merging_write_casts_numbers_only_without_loss(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY], schema="merge")
    lake.write("raw/t", rows(TUESDAY, 2).cast({"value": pl.Float64}), partitions=[TUESDAY], schema="merge")
    assert values(lake) == [1, 2]
    with pytest.raises(LakeError, match=r"column 'value' is Int64 in the table but Float64 in the rows"):
        lake.write("raw/t", rows(TUESDAY, 2).with_columns(value=2.5), partitions=[TUESDAY], schema="merge")
    with pytest.raises(LakeError, match=r"column 'value' is Int64 in the table but String in the rows"):
        lake.write("raw/t", rows(TUESDAY, 2).cast({"value": pl.String}), partitions=[TUESDAY], schema="merge")


def test_a_merging_write_of_all_partitions_may_change_types(lake: Lake) -> None:
    wrong = rows(MONDAY, 1).with_columns(value=pl.lit("far"), spare=pl.lit(1))
    lake.write("raw/t", wrong, partitions=[MONDAY], schema="merge")
    with pytest.raises(
        LakeError, match=r"of partition 2013-01-08. Give the rows the table's type; where the table's is wrong, write all its partitions"
    ):
        lake.write("raw/t", rows(TUESDAY, 2), partitions=[TUESDAY], schema="merge")
    version = lake.version("raw/t")
    both = pl.concat([rows(MONDAY, 1), rows(TUESDAY, 2)])
    assert lake.write("raw/t", both.with_columns(untyped=pl.lit(None)), partitions=[MONDAY, TUESDAY], schema="merge") == version + 1
    assert_frame_equal(lake.read("raw/t"), both)
    assert lake.partitions("raw/t") == [MONDAY, TUESDAY]
    assert lake.read("raw/t", version=version)["value"].to_list() == ["far"]
    lake.write("raw/t", rows(TUESDAY, 3), partitions=[TUESDAY], schema="merge")
    assert values(lake) == [1, 3]


def test_a_merging_first_write_leaves_out_columns_without_a_type(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 1).with_columns(untyped=pl.lit(None)), partitions=[MONDAY], schema="merge")
    assert lake.read("raw/t").columns == ["value", PARTITION]


def test_types_that_delta_lacks_go_to_the_nearest_or_are_refused_by_name(lake: Lake) -> None:
    frame = rows(MONDAY, 1).with_columns(
        category=pl.lit("a").cast(pl.Categorical), small=pl.lit(255, pl.UInt8), big=pl.lit(2**32 - 1, pl.UInt32), several=pl.lit([{"a": [1]}])
    )
    for _ in range(2):
        lake.write("raw/t", frame, partitions=[MONDAY])
    assert lake.read("raw/t").drop(PARTITION).rows() == [(1, "a", 255, 2**32 - 1, [{"a": [1]}])]
    for name, column in {"took": pl.lit(timedelta(1)), "nested": pl.lit([timedelta(1)])}.items():
        with pytest.raises(LakeError, match=rf"raw/u: column '{name}' is a .*Duration.*which Delta cannot hold"):
            lake.write("raw/u", rows(MONDAY, 1).with_columns(column.alias(name)), partitions=[MONDAY])
    with pytest.raises(LakeError, match=r"raw/u: a value does not fit"):
        lake.write("raw/u", rows(MONDAY, 1).with_columns(huge=pl.lit(2**64 - 1, pl.UInt64)), partitions=[MONDAY])


WRITER = """
import sys, time
from pathlib import Path
import polars as pl
from mlworks_orchestration.data import PARTITION, Lake
root, gun, number, key, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
lake = Lake(root)
Path(f"{gun}.{number}").touch()
while not gun.exists():
    time.sleep(0.001)
for turn in range(rounds):
    lake.write("raw/t", pl.DataFrame({"value": [number] * 3, "turn": [turn] * 3, PARTITION: [key] * 3}), partitions=[key])
    lake.append("m/events", pl.DataFrame({"value": [number]}))
"""


def race(lake: Lake, folder: Path, keys: list[str], rounds: int) -> None:
    gun = folder / "gun"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, lake.root, str(gun), str(number), key, str(rounds)], stderr=subprocess.PIPE, text=True)
        for number, key in enumerate(keys)
    ]
    until = time.monotonic() + 60
    while len(list(folder.glob("gun.*"))) < len(keys) and time.monotonic() < until:
        time.sleep(0.01)
    gun.touch()
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors


def test_processes_that_create_a_table_together_and_write_different_partitions_lose_nothing(lake: Lake, tmp_path: Path) -> None:
    race(lake, tmp_path, ["a", "b", "c"], rounds=4)
    expected = [(number, 3, key) for number, key in enumerate("abc") for _ in range(3)]
    assert lake.read("raw/t").rows() == expected
    assert lake.version("raw/t") == 12
    assert lake.read("m/events")["value"].value_counts().sort("value")["count"].to_list() == [4, 4, 4]


def test_processes_that_write_the_same_partition_leave_the_rows_of_just_one(lake: Lake, tmp_path: Path) -> None:
    race(lake, tmp_path, ["a", "a", "a"], rounds=4)
    left = lake.read("raw/t")
    assert left.height == 3
    assert left["value"].n_unique() == 1
    assert lake.version("raw/t") == 12


def test_threads_that_write_the_same_partition_all_end_well_and_leave_the_rows_of_just_one(lake: Lake) -> None:
    lake.write("raw/t", rows("a", -1), partitions=["a"])
    barrier = threading.Barrier(4)

    def contend(number: int) -> list[int]:
        versions = []
        for _ in range(3):
            barrier.wait()
            versions.append(lake.write("raw/t", rows("a", number, number), partitions=["a"]))
        return versions

    with ThreadPoolExecutor(4) as pool:
        versions = [version for result in pool.map(contend, range(4)) for version in result]
    assert sorted(versions) == list(range(2, 14))
    assert len(values(lake)) == 2
    assert len(set(values(lake))) == 1


def test_a_writer_that_is_always_overtaken_gives_up_and_says_so(lake: Lake) -> None:
    version = lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])
    (Path(lake.root) / f"raw/t/_delta_log/{version + 1:020}.json").mkdir()
    with pytest.raises(LakeError, match=r"raw/t: other writers came in between 10 times; nothing was written"):
        lake.write("raw/t", rows(MONDAY, 2), partitions=[MONDAY])


VICTIM = """
import sys
import polars as pl
from mlworks_orchestration.data import PARTITION, Lake
keys = [f"k{number:04}" for number in range(1500)]
frame = pl.DataFrame({"value": range(6000), PARTITION: keys * 4}, schema_overrides={"value": pl.Int64})
Lake(sys.argv[1]).write("raw/t", frame, partitions=[*keys, sys.argv[2]])
"""


def test_a_writer_killed_between_its_data_and_its_commit_leaves_the_old_version_and_the_next_write_heals(lake: Lake) -> None:
    version = lake.write("raw/t", rows(MONDAY, 1, 2), partitions=[MONDAY])
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, lake.root, MONDAY])
    orphans: list[Path] = []
    while not orphans and victim.poll() is None:
        orphans = list(Path(lake.root).glob(f"raw/t/{PARTITION}=k*/*.parquet"))
    victim.kill()
    assert victim.wait() == -9
    assert orphans
    assert lake.version("raw/t") == version
    assert (values(lake), lake.partitions("raw/t")) == ([1, 2], [MONDAY])
    healed = lake.write("raw/t", pl.concat([rows(MONDAY, 3), rows("k0000", 4)]), partitions=[MONDAY, "k0000"])
    assert healed == version + 1
    assert values(lake) == [3, 4]


def test_a_failure_of_the_storage_is_a_lake_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LakeError, match=r"raw/t could not be written"):
        Lake(tmp_path / "file").write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])


def test_a_damaged_log_is_a_lake_error(lake: Lake) -> None:
    lake.write("raw/t", rows(MONDAY, 1), partitions=[MONDAY])
    for entry in Path(lake.root).glob("raw/t/_delta_log/*.json"):
        entry.write_text("{")
    with pytest.raises(LakeError, match=r"raw/t could not be opened"):
        lake.version("raw/t")
