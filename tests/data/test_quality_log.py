"""What validation found, in the lake."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, record_quality, validate
from mlworks_orchestration.spec import FeatureTable, MLModel
from tests.scoring.world import empty_world

FIRST, SECOND = "2013-01-01", "2013-01-02"


def flights(*expectations: dict[str, object]) -> FeatureTable:
    return FeatureTable.model_validate(
        {
            "name": "flights",
            "description": "",
            "owner": "team:data",
            "source": "sources:load",
            "entity": ["id"],
            "event_time": "at",
            "partitions": {"every": "day", "start": "2013-01-01"},
            "columns": {"id": "integer", "at": "timestamp", "distance": "float"},
            "expectations": list(expectations),
        }
    )


TABLE = flights({"kind": "between", "column": "distance", "min": 0, "blocking": True}, {"kind": "row_count", "min": 1})


def rows(distance: float, partition: str = FIRST) -> pl.DataFrame:
    at = datetime.fromisoformat(f"{partition}T09:00:00+00:00")
    return pl.DataFrame({"id": [7, 8], "at": [at, at], "distance": [distance, 5.0], PARTITION: [partition] * 2})


def found(lake: Lake, frame: pl.DataFrame, *partitions: str) -> pl.DataFrame:
    with clock.replaying(datetime(2013, 1, 3, tzinfo=UTC)):
        return record_quality(lake, TABLE, validate(TABLE, frame, partitions), partitions, {"dagster_run": "r1"})


def test_each_expectation_of_each_partition_is_kept_with_samples_of_the_rows_that_break_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    found(lake, pl.concat([rows(-3.0), rows(4.0, SECOND)]), FIRST, SECOND)
    stored = lake.read("quality/flights")
    assert stored.select(PARTITION, "expectation", "passed", "unexpected_count", "rows").rows() == [
        (FIRST, "between(distance, min=0)", False, 1, 2),
        (FIRST, "row_count(min=1)", True, 0, 2),
        (SECOND, "between(distance, min=0)", True, 0, 2),
        (SECOND, "row_count(min=1)", True, 0, 2),
    ]
    assert stored["columns"].to_list()[:2] == [["distance"], []]
    assert [len(json.loads(text)) for text in stored["samples"]] == [1, 0, 0, 0]
    assert json.loads(stored["samples"][0])[0] == {"id": 7, "at": "2013-01-01T09:00:00+00:00", "distance": -3.0}
    assert stored["validated_at"].unique().to_list() == [datetime(2013, 1, 3, tzinfo=UTC)]
    assert lake.history("quality/flights")[0]["dagster_run"] == "r1"


def test_a_range_is_one_commit_and_writing_again_replaces_just_its_partitions(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    found(lake, pl.concat([rows(-3.0), rows(-4.0, SECOND)]), FIRST, SECOND)
    assert lake.version("quality/flights") == 1  # after the commit that creates the table
    found(lake, rows(3.0), FIRST)
    found(lake, rows(3.0), FIRST)
    stored = lake.read("quality/flights").filter(~pl.col("passed"))
    assert stored[PARTITION].to_list() == [SECOND]
    assert lake.read("quality/flights").height == 4


def test_a_table_that_expects_nothing_keeps_nothing_and_forgets_what_was_found_before(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    record_quality(lake, flights(), [], [FIRST])
    assert not lake.exists("quality/flights")
    found(lake, rows(-3.0), FIRST)
    record_quality(lake, flights(), [], [FIRST])
    assert lake.read("quality/flights").is_empty()


def test_no_model_may_be_called_as_the_folder_is(tmp_path: Path) -> None:
    declared = empty_world(tmp_path).model.model_dump()
    with pytest.raises(ValueError, match="'quality' is the framework's own folder in the lake"):
        MLModel.model_validate({**declared, "name": "quality"})
