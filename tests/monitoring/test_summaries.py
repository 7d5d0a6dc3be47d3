"""The page's table of columns in numbers."""

from datetime import UTC, datetime, timedelta

import polars as pl

from mlworks_orchestration.monitoring.drift import analyze
from mlworks_orchestration.monitoring.page import analysis_content
from mlworks_orchestration.monitoring.page.content import Details

ROWS = 200
MIDNIGHT = datetime(2013, 1, 1, tzinfo=UTC)
BEFORE = pl.DataFrame(
    {
        "distance": [float(row) for row in range(ROWS)],
        "origin": ["EWR"] * 150 + ["JFK"] * 49 + ["LGA"],
        "when": [MIDNIGHT + timedelta(seconds=row) for row in range(ROWS)],
        "delay": [row / 2 for row in range(ROWS)],
    }
)
AFTER = BEFORE.with_columns(distance=pl.when(pl.col("distance") < 20).then(None).otherwise(7.0), origin=pl.lit("JFK")).drop("when")


def told() -> dict[tuple[str, str], dict[str, object]]:
    table = analysis_content(analyze(BEFORE, AFTER, label="delay")).summaries
    assert isinstance(table, Details)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    return {(str(row["Column"]), str(row["Side"])): row for row in rows}


def test_both_sides_of_each_column_are_told_and_a_side_that_lacks_it_is_left_out() -> None:
    assert list(told()) == [(name, side) for name in ("distance", "origin", "delay") for side in ("reference", "current")]


def test_numbers_have_their_moments_and_quantiles_and_what_is_rare_is_not_called_frequent() -> None:
    before, after = told()["distance", "reference"], told()["distance", "current"]
    assert [before[name] for name in ("Rows", "Missing", "Distinct", "Mean", "Minimum", "Median", "Maximum")] == [
        "200",
        "0",
        "200",
        "99.5",
        "0",
        "99",
        "199",
    ]
    assert (before["Most frequent"], after["Most frequent"]) == ("", "7 (180)")
    assert (after["Missing"], after["Std. dev."]) == ("20", "0")


def test_categories_have_their_most_frequent_values() -> None:
    assert told()["origin", "reference"]["Most frequent"] == "EWR (150), JFK (49)"
    assert told()["origin", "reference"]["Mean"] == ""


def test_moments_are_told_as_such() -> None:
    later = BEFORE.select("when", "delay")
    table = analysis_content(analyze(later, later)).summaries
    assert table is not None
    row = next(dict(zip(table.columns, row, strict=True)) for row in table.rows if row[0] == "when")
    assert row["Minimum"] == "2013-01-01 00:00"
    assert str(row["Std. dev."]).endswith(" d")
    assert datetime.fromisoformat(str(row["Mean"])).replace(tzinfo=UTC).year == 2013
