"""Which version of a table the writer of a partition found, by the logs of both."""

import time
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.views.lineage.commits import Commits


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def write(lake: Lake, table: str, *keys: str) -> int:
    """Write partitions, a while after whatever was written before."""
    time.sleep(0.005)
    return lake.write(table, pl.DataFrame({"value": [1.0] * len(keys), "_partition": keys}), partitions=keys, metadata={"dagster_run": "run"})


def test_a_partition_was_written_by_the_last_commit_that_replaced_it(lake: Lake) -> None:
    first, second, third = write(lake, "raw/a", "d1", "it's"), write(lake, "raw/a", "d2"), write(lake, "raw/a", "d1")
    commits = Commits(lake)
    assert [commits.wrote("raw/a", "d1", version) and commits.wrote("raw/a", "d1", version).version for version in (0, first, second, third)] == [  # type: ignore[union-attr]
        None,
        first,
        first,
        third,
    ]
    quoted = commits.wrote("raw/a", "it's", third)
    assert quoted is not None
    assert (quoted.version, quoted.dagster_run) == (first, "run")


def test_a_writer_found_the_newest_version_of_its_time(lake: Lake) -> None:
    raw = write(lake, "raw/a", "d1")
    features = write(lake, "features/a", "d1")
    write(lake, "raw/a", "d1")
    assert Commits(lake).found("features/a", features, ["d1"], "raw/a") == [raw]


def test_partitions_whose_rows_were_not_rewritten_share_the_newest_version(lake: Lake) -> None:
    write(lake, "raw/a", "d1")
    write(lake, "features/a", "d1")
    newest = write(lake, "raw/a", "d2")
    features = write(lake, "features/a", "d2")
    assert Commits(lake).found("features/a", features, ["d1", "d2"], "raw/a") == [newest]


def test_a_correction_that_was_not_read_yet_is_not_the_origin(lake: Lake) -> None:
    read = write(lake, "raw/a", "d1")
    write(lake, "features/a", "d1")
    corrected = write(lake, "raw/a", "d1", "d2")
    features = write(lake, "features/a", "d2")
    assert Commits(lake).found("features/a", features, ["d1", "d2"], "raw/a") == [read, corrected]
    assert Commits(lake).found("features/a", features, ["d1"], "raw/a") == [read]


def test_what_was_never_written_found_nothing(lake: Lake) -> None:
    features = write(lake, "features/a", "d1")
    commits = Commits(lake)
    assert commits.found("features/a", features, ["d1"], "raw/a") == []
    assert commits.found("features/a", features, ["d9"], "features/a") == []
    assert (commits.of("raw/a"), commits.commit("features/a", 99)) == ([], None)
