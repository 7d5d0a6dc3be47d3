"""Features as served against the tables as they are now."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.monitoring.causes import Skew, skew
from tests.scoring.world import World


class Zero:
    """An estimator that does with missing values."""

    def predict(self, matrix: Any) -> Any:
        return np.zeros(len(matrix))


def of(world: World, first: int, last: int) -> Skew:
    return skew(world.lake, world.catalog, world.model, world.keys(first, last))


def correct(world: World, table: str, day: int, change: pl.Expr) -> None:
    """Write a day of a feature table again, changed."""
    rows = world.lake.read(f"features/{table}", partitions=[world.key(day)])
    world.lake.write(f"features/{table}", rows.with_columns(change), partitions=[world.key(day)])


def test_nothing_differs_where_nothing_was_corrected(scored: World) -> None:
    found = of(scored, 6, 9)
    assert (found.rows, found.only_served, found.only_offline, found.unlogged) == (480, 0, 0, ())
    assert [column.column for column in found.columns] == ["carrier", "distance", "wind"]
    assert found.found == ()


def test_a_correction_is_found_with_its_share_its_size_and_where_it_begins(scored: World) -> None:
    some = pl.col("flight_id").str.ends_with("7")
    correct(scored, "flights", 8, pl.when(some).then(pl.col("distance") + 250).otherwise("distance").alias("distance"))
    found = of(scored, 6, 9)
    [column] = found.found
    assert (column.column, column.rows, column.differing, column.share, column.largest, column.first) == (
        "distance", 480, 12, 12 / 480, 250.0, scored.key(8),
    )  # fmt: skip
    assert found.columns[0] == column
    assert of(scored, 6, 7).found == ()


def test_late_readings_of_a_joined_table_are_found(scored: World) -> None:
    correct(scored, "weather", 7, pl.col("wind") * 2)
    [column] = of(scored, 6, 9).found
    assert (column.column, column.first) == ("wind", scored.key(7))
    assert column.differing == 120


def test_a_changed_text_has_no_size(scored: World) -> None:
    correct(scored, "flights", 6, pl.lit("WN").alias("carrier"))
    [column] = of(scored, 6, 9).found
    assert (column.column, column.differing, column.largest) == ("carrier", 120, None)


def test_missing_values_are_alike_and_differ_from_any_value(scored: World) -> None:
    correct(scored, "flights", 6, pl.when(pl.col("flight_id") == "6-1").then(None).otherwise("distance").alias("distance"))
    assert [(column.column, column.differing, column.largest) for column in of(scored, 6, 6).found] == [("distance", 1, None)]
    scored.registry.estimators[1] = Zero()
    scored.score(6, 6)
    assert of(scored, 6, 6).found == ()
    correct(scored, "flights", 6, pl.when(pl.col("flight_id") == "6-1").then(np.nan).otherwise("distance").alias("distance"))
    assert of(scored, 6, 6).found == ()


def test_the_smallest_difference_counts(scored: World) -> None:
    correct(scored, "flights", 6, pl.col("distance") * (1 + 2**-52))
    assert of(scored, 6, 6).found[0].differing == 120


def test_rows_that_came_late_or_were_withdrawn_are_counted(scored: World) -> None:
    rows = scored.lake.read("features/flights", partitions=[scored.key(6)])
    late = rows.head(3).with_columns(flight_id=pl.col("flight_id") + "-late")
    scored.lake.write("features/flights", pl.concat([rows.slice(5), late]), partitions=[scored.key(6)])
    found = of(scored, 6, 6)
    assert (found.rows, found.only_served, found.only_offline) == (115, 5, 3)


def test_days_without_a_log_are_named_and_not_compared(scored: World) -> None:
    found = of(scored, 4, 6)
    assert found.unlogged == tuple(scored.keys(4, 5))
    assert (found.partitions, found.rows) == ((scored.key(6),), 120)
    assert of(scored, 4, 5) == Skew((), tuple(scored.keys(4, 5)), 0, 0, 0, ())


@pytest.mark.parametrize("columns", [["carrier", "distance", "gate"]])
def test_a_feature_declared_after_the_log_is_not_compared(scored: World, columns: list[str]) -> None:
    rows = scored.lake.read("features/flights")
    scored.lake.write("features/flights", rows.with_columns(gate=pl.lit("A")), partitions=scored.keys(0, 9), schema="merge")
    selection = scored.model.features[0].model_copy(update={"columns": columns})
    scored.model = scored.model.model_copy(update={"features": [selection, *scored.model.features[1:]]})
    assert [column.column for column in of(scored, 6, 9).columns] == ["carrier", "distance", "wind"]
