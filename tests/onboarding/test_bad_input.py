"""What is wrong with the data or the name is said, with what to do, and nothing is left behind."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from mlworks_orchestration.cli.main import cli
from mlworks_orchestration.errors import MLWorksError
from tests.graph.world import World

New = Callable[..., Result]
USUAL = ("--label", "fare", "--time", "started_at")


@pytest.fixture
def refused(project: World, new: New) -> Callable[..., str]:
    """Return what is said of data that are refused, once it is sure that nothing was written."""

    def call(rows: pl.DataFrame | bytes, *options: str, name: str = "fare") -> str:
        before = everything(project.root)
        result = new(rows, *(options or USUAL), name=name)
        assert isinstance(result.exception, MLWorksError), (result.output, result.exception)
        assert result.exit_code == 1
        assert everything(project.root) - before <= {"rides.csv"}
        return str(result.exception)

    return call


Refused = Callable[..., str]


def everything(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if "__pycache__" not in path.parts}


def test_a_label_that_is_not_there_is_told_the_nearest(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides, "--label", "fair", "--time", "started_at")
    assert "has no column 'fair' for --label; did you mean 'fare'? Columns: ride_id, started_at" in said


def test_one_class_only_is_nothing_to_learn(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides.with_columns(pl.lit(1).alias("fare")))
    assert "is 1 in every row: one class only" in said
    assert "--label" in said


def test_a_label_that_is_null_throughout_is_nothing_to_learn_from(refused: Refused, rides: pl.DataFrame) -> None:
    assert "never has a value" in refused(rides.with_columns(pl.lit(None, pl.Float64).alias("fare")))


def test_a_label_of_words_is_no_number(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides, "--label", "ride_id", "--time", "started_at")
    assert "'ride_id' is a String with values such as" in said
    assert "0 and 1" in said


def test_a_time_that_cannot_be_read_is_shown_with_its_line(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides.with_columns(pl.when(pl.col("ride_id") == "r3").then(pl.lit("soon")).otherwise("started_at").alias("started_at")))
    assert "'soon' in line 5 is no time; 399 of 400 values fit %Y-%m-%d %H:%M:%S" in said
    assert "--time-format" in said


def test_a_column_of_words_is_no_time(refused: Refused, rides: pl.DataFrame) -> None:
    assert "no value fits a format that is known" in refused(rides, "--label", "fare", "--time", "zone")


def test_numbers_that_are_no_times_are_told_which_are(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides, "--label", "fare", "--time", "distance")
    assert "no times" in said
    assert "20240131" in said


def test_a_missing_time_is_shown_with_its_line(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides.with_columns(pl.when(pl.col("ride_id") != "r3").then("started_at").alias("started_at")))
    assert "has no time in 1 of 400 rows, the first in line 5" in said


def test_days_and_months_that_could_be_either_are_asked_for(refused: Refused, rides: pl.DataFrame) -> None:
    dates = pl.Series("started_at", [f"{1 + row % 12:02}/{1 + row // 34:02}/2024" for row in range(400)])
    said = refused(rides.with_columns(dates))
    assert "can be read in 2 ways: '01/01/2024' is" in said
    assert "%m/%d/%Y" in said
    assert "%d/%m/%Y" in said
    assert "Pass --time-format" in said


def test_a_time_that_a_zone_does_not_have_is_named(refused: Refused, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(pl.when(pl.col("ride_id") == "r3").then(pl.lit("2024-03-31 02:30:00")).otherwise("started_at").alias("started_at"))
    assert "cannot be placed in Europe/Zurich" in refused(rows, *USUAL, "--timezone", "Europe/Zurich")


def test_an_unknown_zone_is_named(refused: Refused, rides: pl.DataFrame) -> None:
    assert "'Mars/Base' is no IANA time zone" in refused(rides, *USUAL, "--timezone", "Mars/Base")


def test_rows_of_one_date_have_no_history(refused: Refused, rides: pl.DataFrame) -> None:
    assert "all 400 rows are of 2024-01-01" in refused(rides.with_columns(pl.lit("2024-01-01").alias("started_at")))


def test_two_rows_are_too_few(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides.head(2))
    assert "has 2 rows to learn from; at least 140 are needed" in said


def test_a_history_of_few_days_is_too_short(refused: Refused, rides: pl.DataFrame) -> None:
    dates = pl.Series("started_at", [f"2024-01-{1 + row // 100:02}" for row in range(400)])
    assert "at least" in refused(rides.with_columns(dates))


def test_five_thousand_columns_are_too_many(refused: Refused, rides: pl.DataFrame) -> None:
    wide = rides.with_columns(pl.lit(number).alias(f"c{number}") for number in range(5000))
    said = refused(wide)
    assert "has 5,005 columns, and at most 300" in said
    assert "--feature" in said
    assert len(said) < 500


def test_of_five_thousand_columns_a_few_can_be_chosen(project: World, new: New, rides: pl.DataFrame) -> None:
    wide = rides.with_columns(pl.lit(number).alias(f"c{number}") for number in range(5000))
    assert new(wide, *USUAL, "--feature", "distance", "--feature", "zone").exit_code == 0
    assert project.project.model("fare").feature_columns[:2] == ["distance", "zone"]


def test_text_of_another_encoding_is_shown_with_its_line(refused: Refused, rides: pl.DataFrame) -> None:
    said = refused(rides.write_csv().replace("north", "Zürich").encode("latin1"))
    assert "is not UTF-8: line" in said
    assert "0xfc" in said
    assert "iconv -f latin1" in said


def test_numbers_with_a_few_words_among_them_are_mixed(refused: Refused, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(pl.when(pl.col("ride_id") == "r3").then(pl.lit("far")).otherwise(pl.col("distance").cast(pl.String)).alias("distance"))
    said = refused(rows)
    assert "mixes numbers and text: 1 of 400 values are no numbers, the first 'far' in line 5" in said
    assert "--null 'far'" in said


def test_words_that_mean_missing_can_be_named(project: World, new: New, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(pl.when(pl.col("ride_id") == "r3").then(pl.lit("far")).otherwise(pl.col("distance").cast(pl.String)).alias("distance"))
    assert new(rows, *USUAL, "--null", "far").exit_code == 0
    assert "distance" in project.project.model("fare").feature_columns


def test_a_label_of_mixed_types_is_refused(refused: Refused, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(pl.when(pl.col("ride_id").is_in(["r3", "r9"])).then("ride_id").otherwise(pl.col("fare").cast(pl.String)).alias("fare"))
    assert "'fare'" in refused(rows)


@pytest.mark.parametrize(
    ("name", "better"), [("Fare", "fare"), ("2fares", "m_2fares"), ("fare price!", "fare_price"), ("../fare", "fare"), ("", "model")]
)
def test_a_name_that_is_none_is_told_a_better_one(refused: Refused, rides: pl.DataFrame, name: str, better: str) -> None:
    said = refused(rides, *USUAL, name=name)
    assert "is no name: lower-case letters" in said
    assert f"Try {better!r}" in said


def test_a_taken_name_is_told_a_free_one(project: World, new: New, refused: Refused, rides: pl.DataFrame) -> None:
    assert new(rides, *USUAL).exit_code == 0
    said = refused(rides)
    assert "is taken: see assets/fare" in said
    assert "Try 'fare_2'" in said
    assert project.project.declarations.require_healthy()


def test_the_framework_s_own_names_are_taken(refused: Refused, rides: pl.DataFrame) -> None:
    assert "is the framework's own" in refused(rides, *USUAL, name="features")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"ride_id,started_at,fare\n"])
def test_an_empty_file_is_named(refused: Refused, content: bytes) -> None:
    assert any(word in refused(content) for word in ("is empty", "has no rows"))


def test_columns_of_one_name_are_named(refused: Refused, rides: pl.DataFrame) -> None:
    text = rides.write_csv().replace("zone,distance", "zone,zone", 1)
    assert "has several columns called 'zone'" in refused(text.encode())


def test_one_column_alone_says_what_separates_cells(refused: Refused) -> None:
    assert "has one column only" in refused(b"fare\n" + b"1\n" * 100)


def test_a_line_with_too_many_cells_is_no_csv(refused: Refused, rides: pl.DataFrame) -> None:
    assert "cannot be read as CSV" in refused(rides.write_csv().encode() + b"1,2,3,4,5,6,7,8\n")


def test_keys_that_do_not_tell_rows_apart_are_shown(refused: Refused, rides: pl.DataFrame) -> None:
    twice = pl.concat([rides, rides.head(1)])
    said = refused(twice, *USUAL, "--entity", "ride_id")
    assert "2 rows of" in said
    assert "ride_id r0" in said


def test_an_unknown_task_is_told_the_nearest(refused: Refused, rides: pl.DataFrame) -> None:
    assert "did you mean 'regression'" in refused(rides, *USUAL, "--task", "regresion")


def test_an_unknown_column_of_an_option_is_told_the_nearest(refused: Refused, rides: pl.DataFrame) -> None:
    for option in ("--entity", "--feature", "--drop"):
        assert f"has no column 'distanse' for {option}; did you mean 'distance'" in refused(rides, *USUAL, option, "distanse")


def test_a_file_that_is_not_there_is_told_the_nearest(project: World, rides: pl.DataFrame) -> None:
    rides.write_csv(project.root / "rides.csv")
    result = CliRunner().invoke(cli, ["new", "model", "fare", "--data", str(project.root / "ride.csv"), *USUAL])
    assert "did you mean 'rides.csv'" in str(result.exception)


@pytest.mark.parametrize(("name", "content"), [("rides.xlsx", b"PK"), ("rides.parquet", b"PAR0"), ("rides.csv.gz", b"\x1f\x8b\x08")])
def test_a_file_of_another_form_is_named(project: World, name: str, content: bytes) -> None:
    path = project.root / name
    path.write_bytes(content)
    result = CliRunner().invoke(cli, ["new", "model", "fare", "--data", str(path), *USUAL])
    assert isinstance(result.exception, MLWorksError)
    assert name in str(result.exception)
