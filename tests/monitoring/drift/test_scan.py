"""Files and frames to profiles in one pass."""

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from deltalake import write_deltalake

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import CategoricalProfile, ColumnKey, NumericProfile, Profile
from mlworks_orchestration.monitoring.drift.scanning.scan import scan
from mlworks_orchestration.spec import DriftKind


def feature(name: str) -> ColumnKey:
    return ColumnKey(DriftKind.FEATURE, name)


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    rows = 90_000
    return pl.DataFrame(
        {
            "wind": rng.normal(10, 3, rows),
            "seats": rng.integers(50, 400, rows),
            "origin": rng.choice(["EWR", "JFK", "LGA"], rows),
            "late": rng.random(rows) < 0.2,
            "half": np.where(rng.random(rows) < 0.5, np.nan, rng.normal(size=rows)).astype(np.float32),
        }
    ).with_columns(pl.when(pl.col("seats") > 60).then("wind").alias("wind"), pl.when(pl.col("seats") > 60).then("origin").alias("origin"))


def assert_same(one: Profile, other: Profile) -> None:
    assert one.columns.keys() == other.columns.keys()
    for key, found in one.columns.items():
        whole = other.columns[key]
        assert (found.type, found.rows, found.missing) == (whole.type, whole.rows, whole.missing)
        if isinstance(found, NumericProfile) and isinstance(whole, NumericProfile):
            assert found.bins.keys.tolist() == whole.bins.keys.tolist()
            assert found.bins.counts.tolist() == whole.bins.counts.tolist()
        if isinstance(found, CategoricalProfile) and isinstance(whole, CategoricalProfile):
            assert found.counts == whole.counts


@pytest.mark.parametrize("kind", ["frame", "table", "parquet", "parquet with many groups", "folder", "delta", "csv"])
def test_every_source_gives_the_profile_of_its_rows(kind: str, frame: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "all rows"
    match kind:
        case "frame" | "table":
            source = frame if kind == "frame" else frame.to_arrow()
        case "parquet" | "parquet with many groups":
            frame.write_parquet(path.with_suffix(".parquet"), row_group_size=None if kind == "parquet" else 10_000)
            source = path.with_suffix(".parquet")
        case "folder":
            path.mkdir()
            for index in range(3):
                frame[index * 30_000 : (index + 1) * 30_000].write_parquet(path / f"{index}.parquet")
            source = path
        case "delta":
            write_deltalake(path, frame.to_arrow())
            source = path
        case _:
            frame.fill_nan(None).write_csv(path.with_suffix(".csv"))
            source = path.with_suffix(".csv")
    found = scan(source)
    assert found.rows == 90_000
    expected = pl.read_csv(source) if kind == "csv" else frame
    assert_same(found.profile, Profile.of(expected, {name: feature(name) for name in frame.columns}))


def test_blocks_are_consecutive_runs_of_equal_length(frame: pl.DataFrame) -> None:
    found = scan(frame, blocks=7)
    runs = [round(index * 90_000 / 7) for index in range(8)]
    assert {len(blocks) for blocks in found.blocks.values()} == {7}
    for index, (start, stop) in enumerate(pairwise(runs)):
        part = Profile.of(frame[start:stop], {name: feature(name) for name in frame.columns})
        for key, column in part.columns.items():
            assert abs(found.blocks[key][index].rows - column.rows) <= 1
            assert abs(found.blocks[key][index].missing - column.missing) <= 1
    assert sum(block.present for block in found.blocks[feature("origin")]) == found.profile.columns[feature("origin")].present


@pytest.mark.parametrize("name", ["wind", "seats", "origin", "late", "half"])
def test_each_column_has_as_many_blocks_as_were_asked_for(name: str, frame: pl.DataFrame) -> None:
    for rows in (frame[:10], frame):
        found = scan(rows.select(name), blocks=5)
        assert [block.rows for block in found.blocks[feature(name)]] == [rows.height // 5] * 5


def test_a_sample_has_whole_rows_each_as_likely_as_the_next(frame: pl.DataFrame) -> None:
    rows = frame.with_row_index("row").select("row", "wind", "origin", "late")
    found = scan(rows, sample=2000, seed=3)
    assert found.sample.height == 2000
    drawn = found.sample["row"].to_numpy()
    assert (np.diff(drawn.astype(int)) > 0).all()
    assert found.sample.select("wind", "origin", "late").equals(rows[drawn].select("wind", "origin", "late"))
    assert abs(drawn.mean() - 45_000) < 3000
    assert scan(rows, sample=2000, seed=3).sample.equals(found.sample)
    assert scan(rows[:5], sample=2000).sample.height == 5


def test_types_are_inferred() -> None:
    words = [f"word{index} is late again" for index in range(40)]
    frame = pl.DataFrame(
        {
            "number": range(40),
            "day": [date(2024, 1, 1)] * 40,
            "time": [datetime(2024, 1, 1, tzinfo=UTC)] * 40,
            "flag": [True, False] * 20,
            "name": ["a", "b"] * 20,
            "id": [f"id{index}" for index in range(40)],
            "remark": words,
            "empty": pl.Series([None] * 40, dtype=pl.Null),
            "cost": pl.Series([1, 2] * 20, dtype=pl.Decimal(10, 2)),
        }
    )
    found = scan(frame, blocks=2)
    assert found.types == {
        "number": "numeric",
        "day": "datetime",
        "time": "datetime",
        "flag": "categorical",
        "name": "categorical",
        "id": "categorical",
        "remark": "text",
        "empty": "numeric",
        "cost": "numeric",
    }
    for name in ("day", "time"):
        day = found.profile.columns[feature(name)]
        assert isinstance(day, NumericProfile)
        assert day.moments.mean == datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    assert found.profile.columns[feature("empty")].missing == 40
    assert [block.rows for block in found.blocks[feature("remark")]] == [20, 20]


def test_rows_are_taken_in_the_order_of_a_column_of_times(frame: pl.DataFrame) -> None:
    rows = pl.DataFrame({"time": range(1000), "wind": np.repeat([0.0, 1.0, 2.0, 3.0], 250)})
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=1)
    for source in (rows, shuffled):
        found = scan(source, by="time", blocks=4)
        assert list(found.types) == ["wind"]
        assert [block.distinct for block in found.blocks[feature("wind")]] == [1, 1, 1, 1]
    with pytest.raises(DataError, match="2 of 90000 rows have no 'time'"):
        scan(frame.with_columns(time=pl.Series([None, None, *range(89_998)])), by="time")


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float32, pl.String, pl.Date, pl.Datetime("ms", "Europe/Oslo"), pl.Boolean])
def test_whatever_orders_rows_in_a_file_orders_them(kind: pl.DataType, tmp_path: Path) -> None:
    """Rows that come in order are read as they are, others are sorted, and neither may move rows that are equal."""
    days = pl.Series("day", np.repeat(range(10, 15), 200)) if kind != pl.Boolean() else pl.Series("day", np.repeat([0, 1], 500))
    day = days.cast(pl.Datetime("ms")).dt.replace_time_zone("Europe/Oslo") if isinstance(kind, pl.Datetime) else days.cast(kind)
    rows = pl.DataFrame({"day": day, "batch": [f"batch {row // 50}" for row in range(1000)]})
    swapped = rows[[1, 0, *range(2, 998), 999, 998]]
    for name, frame in {"in order": rows, "last first": pl.concat([rows[600:], rows[:600]]), "swapped": swapped}.items():
        frame.write_parquet(tmp_path / "rows.parquet", row_group_size=300)
        found = scan(tmp_path / "rows.parquet", by="day", blocks=10).blocks[feature("batch")]
        expected = frame.sort("day", maintain_order=True)["batch"]
        told = [dict(block.counts) for block in found if isinstance(block, CategoricalProfile)]
        assert told == [Counter(expected[start : start + 100]) for start in range(0, 1000, 100)], name


def test_a_million_categories_do_not_grow_the_profile() -> None:
    names = pl.DataFrame({"id": pl.Series([f"id{index}" for index in range(150_000)] + ["often"] * 5000).sample(fraction=1.0, shuffle=True, seed=0)})
    column = scan(names).profile.columns[feature("id")]
    assert isinstance(column, CategoricalProfile)
    assert (column.rows, column.counts.keys()) == (155_000, {"often"})
    assert column.counts["often"] + column.bound >= 5000 >= column.counts["often"]


def test_what_is_not_there_is_named(frame: pl.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'wnd'; did you mean 'wind'"):
        scan(frame, columns={"wnd": feature("wind")})
    with pytest.raises(DataError, match="no column 'tme'"):
        scan(frame, by="tme")
    with pytest.raises(DataError, match=r"cannot be read .* allowed are a Parquet or CSV file"):
        scan(tmp_path / "none.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(DataError, match="cannot be read"):
        scan(tmp_path / "broken.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="neither Parquet files nor a Delta table"):
        scan(tmp_path / "empty")
    with pytest.raises(DataError, match=r"column 'list' is a .*list.*cannot be profiled"):
        scan(pl.DataFrame({"list": [[1.0]]}))


def test_no_rows_give_empty_profiles(frame: pl.DataFrame) -> None:
    found = scan(frame[:0], blocks=3, sample=5)
    assert found.rows == 0
    assert {column.rows for column in found.profile.columns.values()} == {0}
