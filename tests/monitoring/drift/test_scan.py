"""Files and frames to profiles in one pass."""

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

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
    with pytest.raises(DataError, match="5 of 5 rows have no 'wind'"):
        scan(rows[:5].with_columns(wind=None), by="wind")
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


def counts_of(profile: Profile, name: str) -> dict[str, int]:
    column = profile.columns[feature(name)]
    assert isinstance(column, CategoricalProfile)
    return dict(column.counts)


def values_of(profile: Profile, name: str) -> tuple[float, float, int, int]:
    column = profile.columns[feature(name)]
    assert isinstance(column, NumericProfile)
    return column.moments.minimum, column.moments.maximum, column.present, column.missing


def test_what_a_delta_table_is_partitioned_by_is_a_column(tmp_path: Path) -> None:
    sites = ["New York", "a/b", None, "é%20=1", "New York"]
    frame = pl.DataFrame({"wind": range(5), "site": sites, "day": [date(2024, 1, row + 1) for row in range(5)], "hour": [1, 2, 10, 10, None]})
    path = tmp_path / "a täble"
    for rows in (frame[:3], frame[3:]):
        write_deltalake(path, rows.to_arrow(), partition_by=["site", "day", "hour"], mode="append")
    found = scan(path, columns={name: feature(name) for name in frame.columns}, by="day", blocks=5)
    assert_same(found.profile, Profile.of(frame, {name: feature(name) for name in frame.columns}))
    assert found.types == {"wind": "numeric", "site": "categorical", "day": "datetime", "hour": "numeric"}
    assert [block.missing for block in found.blocks[feature("site")]] == [0, 0, 1, 0, 0]
    assert scan(path, columns={"site": feature("site")}, sample=5).sample["site"].to_list().count("New York") == 2


def test_a_delta_table_without_rows_has_its_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame({"wind": [1.0], "site": ["A"]})
    write_deltalake(tmp_path, frame.to_arrow(), partition_by=["site"])
    DeltaTable(tmp_path).delete()
    found = scan(tmp_path, blocks=2, sample=2)
    assert (found.rows, found.types) == (0, {"wind": "numeric", "site": "categorical"})


def test_folders_named_as_hive_names_them_are_columns(tmp_path: Path) -> None:
    for index, folder in enumerate(["site=A/month=01/rate=1", "site=7/month=02/rate=2.5", "site=%C3%A9/month=__HIVE_DEFAULT_PARTITION__/rate=1e3"]):
        (tmp_path / folder).mkdir(parents=True)
        pl.DataFrame({"wind": [float(index)] * (index + 1)}).write_parquet(tmp_path / folder / "0.parquet")
    found = scan(tmp_path, by="rate")
    assert counts_of(found.profile, "site") == {"A": 1, "7": 2, "é": 3}
    assert values_of(found.profile, "month") == (1, 2, 3, 3)
    assert values_of(scan(tmp_path).profile, "rate") == (1, 1000, 6, 0)


def test_a_column_that_only_some_files_have_is_missing_in_the_others(tmp_path: Path) -> None:
    frame = pl.DataFrame({"wind": [1.0, 2.0], "site": ["A", "B"]})
    write_deltalake(tmp_path / "delta", frame.to_arrow())
    write_deltalake(tmp_path / "delta", frame.with_columns(seats=pl.lit(3), name=pl.lit("x")).to_arrow(), mode="append", schema_mode="merge")
    (tmp_path / "folder").mkdir()
    frame.with_columns(seats=pl.lit(3), name=pl.lit("x")).write_parquet(tmp_path / "folder" / "0.parquet")
    frame.select("site", "wind").write_parquet(tmp_path / "folder" / "1.parquet")
    for path in (tmp_path / "delta", tmp_path / "folder"):
        found = scan(path, blocks=2)
        assert values_of(found.profile, "seats") == (3, 3, 2, 2)
        assert counts_of(found.profile, "name") == {"x": 2}
        assert counts_of(found.profile, "site") == {"A": 2, "B": 2}
        assert counts_of(scan(path, by="wind").profile, "name") == {"x": 2}, "also where all rows are sorted"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pl.Int8, pl.Int64),
        (pl.Int64, pl.Float32),
        (pl.Float64, pl.Int32),
        (pl.UInt64, pl.Int64),
        (pl.Decimal(10, 2), pl.Int64),
        (pl.Null, pl.Int64),
        (pl.String, pl.Categorical),
        (pl.Enum(["1", "2"]), pl.String),
        (pl.Enum(["1", "2"]), pl.Enum(["2", "1", "3"])),
        (pl.Null, pl.String),
    ],
)
def test_types_that_differ_between_files_are_read_as_the_wider(one: pl.DataType, other: pl.DataType, tmp_path: Path) -> None:
    values = [pl.Series("x", [1, 2] if kind != pl.Null() else [None, None]).cast(pl.String).cast(kind) for kind in (one, other)]
    for index, part in enumerate(values):
        part.to_frame().write_parquet(tmp_path / f"{index}.parquet")
    expected = pl.concat([part.cast(pl.Float64 if values[1].dtype.is_numeric() else pl.String) for part in values])
    found = scan(tmp_path, sample=4)
    assert_same(found.profile, Profile.of(expected.to_frame(), {"x": feature("x")}))
    assert found.sample["x"].cast(expected.dtype).to_list() == expected.to_list()


def test_types_that_have_nothing_in_common_are_an_error_that_names_them(tmp_path: Path) -> None:
    for index, values in enumerate(([None], [1.0], ["calm"])):
        pl.DataFrame({"wind": values, "site": ["A"]}).write_parquet(tmp_path / f"{index}.parquet")
    with pytest.raises(DataError, match=r"'wind' is a .*string in '.*2.parquet', but a double in '.*1.parquet'; write it with one type"):
        scan(tmp_path)


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ("", ["1.5", "2"], [1.5, 2.0]),
        ("", ["1", "2"], [1, 2]),
        ("7", ["1.5", "2"], [1.5, 2.0]),
        ("", ["calm", "2"], ["calm", "2"]),
        ("7", ["calm", "2"], ["calm", "2"]),
        ("7.5", ["calm", "2"], ["calm", "2"]),
        ("", ["true", "false"], [True, False]),
        ("true", ["calm", "2"], ["calm", "2"]),
        ("", ["2024-01-01", "2024-01-02"], [datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)]),
        ("2024-01-01", ["2024-01-02", "2024-01-01T05:30:00"], [datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 1, 5, 30, tzinfo=UTC)]),
    ],
)
def test_the_type_of_a_column_in_a_csv_file_is_that_of_all_its_rows(first: str, then: list[str], expected: list[object], tmp_path: Path) -> None:
    """The first block of a file is a megabyte, and says nothing of the rest."""
    path, rows, filler = tmp_path / "rows.csv", 20_000, "x" * 60
    path.write_text("wind,site,text\n" + f"{first},A,{filler}\n" * rows + "".join(f"{value},B,{filler}\n" for value in then))
    found = scan(path)
    assert found.rows == rows + 2
    assert counts_of(found.profile, "site") == {"A": rows, "B": 2}
    start: list[object] = [None] * rows
    if first:
        start = [datetime.fromisoformat(first).replace(tzinfo=UTC) if isinstance(expected[0], datetime) else type(expected[0])(first)] * rows
    column = pl.Series("wind", [*start, *expected])
    assert_same(Profile({feature("wind"): found.profile.columns[feature("wind")]}), Profile.of(column.to_frame(), {"wind": feature("wind")}))


def test_a_column_of_a_csv_file_that_is_no_text_either_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"wind,site\n" + b"1,plain text that fills the block\n" * 60_000 + b"2,caf\xe9\n")
    with pytest.raises(DataError, match=r"'site' of '.*rows.csv' cannot be read .*UTF-8"):
        scan(tmp_path / "rows.csv")


def test_two_columns_of_one_name_are_an_error_that_names_it(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["wind", "seats", "wind"])
    pq.write_table(table, tmp_path / "rows.parquet")
    (tmp_path / "rows.csv").write_text("wind,seats,wind\n1,2,3\n")
    for source in (table, tmp_path / "rows.parquet", tmp_path / "rows.csv"):
        with pytest.raises(DataError, match="more than one column 'wind'; give"):
            scan(source)


def test_no_rows_give_empty_profiles(frame: pl.DataFrame) -> None:
    found = scan(frame[:0], blocks=3, sample=5)
    assert found.rows == 0
    assert {column.rows for column in found.profile.columns.values()} == {0}
