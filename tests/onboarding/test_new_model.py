"""`mlworks new model`: what it finds out, what it writes, and that what it wrote is right."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from mlworks_orchestration.cli.main import cli
from mlworks_orchestration.data import build_features, load_raw
from mlworks_orchestration.onboarding import Request, draft_model
from mlworks_orchestration.spec import ColumnType, MLModel
from tests.graph.world import World

New = Callable[..., Result]
USUAL = ("--label", "fare", "--time", "started_at")


def declared(project: World, name: str = "fare") -> MLModel:
    return project.project.declarations.require_healthy().model(name)


def test_a_model_is_written_that_loads(project: World, new: New, rides: pl.DataFrame) -> None:
    result = new(rides, *USUAL)
    assert result.exit_code == 0, result.output
    model = declared(project)
    assert model.task == "regression"
    assert model.entity == ["ride_id"]
    assert model.feature_columns == ["zone", "distance", "hour", "weekday"]
    assert (model.partitions.every, str(model.partitions.start), str(model.partitions.end)) == ("day", "2024-01-01", "2024-02-10")
    assert model.label.delay == timedelta(days=1)
    assert (project.root / "tests" / "assets" / "test_fare.py").exists()
    assert "mlworks replay fare" in result.output


def test_what_is_written_gives_the_rows_of_the_file(project: World, new: New, rides: pl.DataFrame) -> None:
    assert new(rides, *USUAL).exit_code == 0
    catalog = project.project.catalog
    keys = ["2024-01-05", "2024-01-06"]
    found = {}
    for name, table in catalog.tables.items():
        found[name] = build_features(table, load_raw(table, table.partitions.span(keys), keys))
    expected = rides.filter(pl.col("started_at").str.slice(0, 10).is_in(keys))
    assert found["fare_inputs"]["distance"].to_list() == expected["distance"].to_list()
    assert found["fare_outcomes"]["fare"].to_list() == expected["fare"].to_list()
    assert "fare" not in found["fare_inputs"].columns


def test_dry_run_shows_the_files_and_writes_none(project: World, new: New, rides: pl.DataFrame) -> None:
    before = files(project.root)
    result = new(rides, *USUAL, "--dry-run", "--json")
    told = json.loads(result.stdout)
    assert not told["written"]
    assert "assets/fare/defs.yaml" in told["files"]
    assert files(project.root) - before == {"rides.csv"}
    assert "would write assets/fare/defs.yaml" in new(rides, *USUAL, "--dry-run").output


def test_the_same_files_are_written_as_dry_run_shows(project: World, new: New, rides: pl.DataFrame) -> None:
    shown = json.loads(new(rides, *USUAL, "--dry-run", "--json").stdout)["files"]
    told = json.loads(new(rides, *USUAL, "--json").stdout)
    assert told["written"]
    assert told["files"] == shown == {path: (project.root / path).read_text() for path in shown}


def test_expectations_hold_on_the_data_that_suggested_them(project: World, new: New, rides: pl.DataFrame) -> None:
    from mlworks_orchestration.data import validate  # noqa: PLC0415 - Great Expectations

    assert new(rides, *USUAL).exit_code == 0
    table = project.project.catalog.tables["fare_inputs"]
    keys = ["2024-01-05"]
    results = validate(table, build_features(table, load_raw(table, table.partitions.span(keys), keys)), keys)
    assert {type(each).__name__ for each in table.expectations} == {"Unique", "RowCount", "NotNull", "InSet", "Between"}
    assert all(result.passed for result in results)


def test_what_a_killed_run_left_is_completed(project: World, new: New, rides: pl.DataFrame) -> None:
    assert new(rides, *USUAL).exit_code == 0
    whole = files(project.root)
    for name in ("defs.yaml", "estimator.py", "__init__.py"):
        (project.root / "assets" / "fare" / name).unlink()
    (project.root / "assets" / "fare").rmdir()
    assert new(rides, *USUAL).exit_code == 0
    assert files(project.root) == whole


def test_files_of_another_s_are_never_overwritten(project: World, new: New, rides: pl.DataFrame) -> None:
    mine = project.root / "assets" / "fare_inputs" / "source.py"
    mine.parent.mkdir()
    mine.write_text("mine = True\n")
    result = new(rides, *USUAL)
    assert "assets/fare_inputs would be in the way" in str(result.exception)
    assert mine.read_text() == "mine = True\n"
    assert not (project.root / "assets" / "fare").exists()


def test_nothing_is_moved_when_the_generated_source_cannot_read_the_data(project: World, rides: pl.DataFrame) -> None:
    path = project.root / "rides.csv"
    rides.write_csv(path)
    draft = draft_model(project.project, Request("fare", path, "fare", "started_at"))
    rides.with_columns(pl.lit("far").alias("distance")).write_csv(path)
    before = files(project.root)
    with pytest.raises(Exception, match=r"assets\.fare_inputs\.source:load"):
        draft.write()
    assert files(project.root) == before


@pytest.mark.parametrize(
    ("days", "every"),
    [(1, "day"), (7, "week"), (30, "month")],
)
def test_partitions_follow_from_how_densely_rows_lie(project: World, new: New, rides: pl.DataFrame, days: int, every: str) -> None:
    dates = pl.date_range(pl.date(2010, 1, 4), pl.date(2010, 1, 4) + pl.duration(days=days * (rides.height - 1)), f"{days}d", eager=True)
    assert new(rides.with_columns(dates.dt.strftime("%Y-%m-%d").alias("started_at")), *USUAL).exit_code == 0
    assert declared(project).partitions.every == every


@pytest.mark.parametrize(("every", "kept"), [("1d", 750), ("1w", 300)])
def test_of_a_long_history_the_newest_part_is_lived_through(project: World, new: New, rides: pl.DataFrame, every: str, kept: int) -> None:
    dates = pl.date_range(pl.date(2010, 1, 1), pl.date(2100, 1, 1), every, eager=True)[:1000]
    many = pl.concat([rides] * 3).head(1000).with_columns(dates.dt.strftime("%Y-%m-%d").alias("started_at"))
    result = new(many, *USUAL)
    assert result.exit_code == 0, (result.output, result.exception)
    assert f"{1000 - kept} rows before " in result.output
    assert len(declared(project).partitions.keys(datetime(2100, 1, 1, tzinfo=UTC))) == kept


def test_a_row_number_identifies_rows_that_nothing_else_does(project: World, new: New, rides: pl.DataFrame) -> None:
    result = new(rides.drop("ride_id"), *USUAL)
    assert result.exit_code == 0, result.output
    assert declared(project).entity == ["row_id"]


def test_two_columns_identify_the_rows_of_a_panel(project: World, new: New) -> None:
    weeks = pl.date_range(pl.date(2020, 1, 6), pl.date(2021, 6, 28), "1w", eager=True).to_frame("week")
    panel = weeks.join(pl.DataFrame({"shop": ["a", "b"]}), how="cross").join(pl.DataFrame({"kind": ["x", "y"]}), how="cross")
    rows = panel.with_row_index("n").with_columns((pl.col("n") * 7 % 13).alias("sold"), (pl.col("n") * 5 % 11).alias("price")).drop("n")
    assert new(rows, "--label", "sold").exit_code == 0
    model = declared(project)
    assert model.entity == ["shop", "kind"]
    assert {"shop", "kind", "price"} <= set(model.feature_columns)


def test_a_column_that_tells_the_label_is_no_feature(project: World, new: New, rides: pl.DataFrame) -> None:
    result = new(rides.with_columns((pl.col("fare") * 1.1).alias("with_tax")), *USUAL)
    assert "'with_tax': tells the label itself" in result.output
    assert "with_tax" not in declared(project).feature_columns


def test_columns_that_say_nothing_are_left_out_with_the_reason(new: New, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(
        pl.lit("EUR").alias("currency"),
        pl.lit(None, pl.String).alias("empty"),
        pl.Series("number", range(rides.height)),
        pl.col("ride_id").alias("ticket"),
    )
    output = new(rows, *USUAL).output
    for line in ("'currency': always 'EUR'", "'empty': never has a value", "'number': numbers the rows", "'ticket': 400 different texts"):
        assert line in output


def test_numbers_that_repeat_the_date_are_no_features_unless_they_are_chosen(project: World, new: New, rides: pl.DataFrame) -> None:
    moment = pl.col("started_at").str.to_datetime()
    rows = rides.with_columns(moment.dt.day().alias("day"), moment.dt.ordinal_day().cast(pl.Float64).alias("ordinal"))
    result = new(rows, *USUAL, "--dry-run")
    assert "'day': is the day of the month of the time" in result.output
    assert "'ordinal': is the day of the year of the time" in result.output
    assert new(rows, *USUAL, "--feature", "day", "--feature", "zone").exit_code == 0
    assert "day" in declared(project).feature_columns


def test_names_that_the_framework_needs_are_changed(project: World, new: New, rides: pl.DataFrame) -> None:
    rows = rides.rename({"distance": "known_at", "zone": "_zone"})
    result = new(rows, *USUAL)
    assert result.exit_code == 0, result.output
    assert declared(project).feature_columns[:2] == ["zone", "known_at_given"]


def test_a_label_called_label_stays_so(project: World, new: New, rides: pl.DataFrame) -> None:
    assert new(rides.rename({"fare": "label"}), "--label", "label", "--time", "started_at").exit_code == 0
    assert declared(project).label.column == "label"


@pytest.mark.parametrize("odd", ["distance (km)", "Distanz: ä", "{x}", "a\tb", "'q'"])
def test_any_name_of_a_column_is_written_right(project: World, new: New, rides: pl.DataFrame, odd: str) -> None:
    result = new(rides.rename({"distance": odd}), *USUAL)
    assert result.exit_code == 0, (result.output, result.exception)
    assert declared(project).feature_columns[1] == odd.replace("\t", " ")


@pytest.mark.parametrize(
    ("form", "timezone"),
    [("%d.%m.%Y %H:%M", "Europe/Zurich"), ("%Y-%m-%dT%H:%M:%SZ", "UTC"), ("%Y%m%d", "UTC"), ("%s", "UTC"), ("%b %d, %Y", "UTC"), ("%b %d %Y", "UTC")],
)
def test_times_are_read_as_they_are_written(project: World, new: New, rides: pl.DataFrame, form: str, timezone: str) -> None:
    moments = rides["started_at"].str.to_datetime().dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    written = moments.dt.epoch("s").cast(pl.String) if form == "%s" else moments.dt.strftime(form)
    result = new(rides.with_columns(written.alias("started_at")), *USUAL, "--timezone", timezone)
    assert result.exit_code == 0, (result.output, result.exception)
    table = project.project.catalog.tables["fare_inputs"]
    rows = load_raw(table, table.partitions.span(["2024-01-05"]), ["2024-01-05"])
    first = moments.filter(moments.dt.strftime("%Y-%m-%d") == "2024-01-05")[0]
    assert rows["started_at"].min() == (first.replace(hour=0, minute=0, second=0) if form in {"%Y%m%d", "%b %d, %Y", "%b %d %Y"} else first)


def test_parquet_is_read_as_it_is(project: World, rides: pl.DataFrame) -> None:
    path = project.root / "rides.parquet"
    rides.with_columns(pl.col("started_at").str.to_datetime(), pl.col("zone").cast(pl.Categorical)).write_parquet(path)
    result = CliRunner().invoke(cli, ["new", "model", "fare", "--data", str(path), *USUAL])
    assert result.exit_code == 0, (result.output, result.exception)
    assert project.project.catalog.tables["fare_inputs"].columns["zone"].type is ColumnType.STRING


def test_a_feature_table_is_written_that_loads(project: World, rides: pl.DataFrame) -> None:
    path = project.root / "rides.csv"
    rides.write_csv(path)
    call = ["new", "feature-table", "trips", "--data", str(path), "--entity", "ride_id", "--time", "started_at"]
    result = CliRunner().invoke(cli, call)
    assert result.exit_code == 0, (result.output, result.exception)
    table = project.project.declarations.require_healthy().tables["trips"]
    assert table.entity == ["ride_id"]
    assert list(table.columns) == ["ride_id", "started_at", "zone", "distance", "fare"]
    keys = ["2024-01-05"]
    assert build_features(table, load_raw(table, table.partitions.span(keys), keys)).height == 10


def test_on_a_terminal_only_what_is_not_known_is_asked(project: World, rides: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project.root / "rides.csv"
    rides.write_csv(path)
    monkeypatch.setattr("mlworks_orchestration.cli.new.at_terminal", lambda: True)
    result = CliRunner().invoke(cli, ["new", "model", "fare", "--data", str(path)], input="fare\n")
    assert result.exit_code == 0, (result.output, result.exception)
    assert "Which column is to be predicted?" in result.output
    assert declared(project).event_time == "started_at"


def test_elsewhere_the_error_says_what_to_pass(new: New, rides: pl.DataFrame) -> None:
    assert "Pass --label COLUMN" in str(new(rides, "--time", "started_at").exception)


def files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts}


LATE = pl.when(pl.col("fare") > 25)
YES_OR_NO = {
    "integers": LATE.then(1).otherwise(0),
    "floats": LATE.then(1.0).otherwise(0.0),
    "booleans": pl.col("fare") > 25,
    "words": LATE.then(pl.lit("late")).otherwise(pl.lit("in time")),
}


@pytest.mark.parametrize("written", YES_OR_NO)
def test_a_yes_or_no_makes_a_binary_model(project: World, new: New, rides: pl.DataFrame, written: str) -> None:
    rows = rides.with_columns(YES_OR_NO[written].alias("late")).drop("fare")
    result = new(rows, "--label", "late", "--time", "started_at", *(("--positive", "late") if written == "words" else ()))
    assert result.exit_code == 0, (result.output, result.exception)
    model = declared(project)
    assert (model.task, model.metrics.primary) == ("binary", "pr_auc")
    table = project.project.catalog.tables["fare_outcomes"]
    keys = table.partitions.keys(datetime(2025, 1, 1, tzinfo=UTC))
    label = build_features(table, load_raw(table, table.partitions.span(keys), keys))["late"]
    assert label.cast(pl.Int64).to_list() == (rides["fare"] > 25).cast(pl.Int64).to_list()
    assert "predict_proba" in (project.root / "tests" / "assets" / "test_fare.py").read_text()


def test_of_two_words_it_is_asked_which_is_predicted(new: New, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(YES_OR_NO["words"].alias("late"))
    asked = new(rows, "--label", "late", "--time", "started_at").exception
    assert "'late' is 'in time' or 'late'" in str(asked)
    assert "Pass --positive" in str(asked)
    wrong = new(rows, "--label", "late", "--time", "started_at", "--positive", "lat").exception
    assert "never 'lat'; --positive: did you mean 'late'" in str(wrong)


def test_one_of_several_words_is_told_from_all_others(project: World, new: New, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(sky=pl.Series(["sun", "rain", "fog"] * rides.height).head(rides.height)).drop("fare")
    asked = new(rows, "--label", "sky", "--time", "started_at").exception
    assert "say with --positive which value is to be told from all others" in str(asked)
    assert new(rows, "--label", "sky", "--time", "started_at", "--positive", "rain").exit_code == 0
    assert declared(project).task == "binary"
    table = project.project.catalog.tables["fare_outcomes"]
    keys = table.partitions.keys(datetime(2025, 1, 1, tzinfo=UTC))
    label = build_features(table, load_raw(table, table.partitions.span(keys), keys))["sky"]
    assert label.cast(pl.Int64).to_list() == (rows["sky"] == "rain").cast(pl.Int64).to_list()


def test_a_class_of_few_rows_is_too_rare(new: New, rides: pl.DataFrame) -> None:
    rows = rides.with_columns((pl.col("ride_id") == "r3").alias("late"))
    assert "has 1 rows of its rarer class; at least 30" in str(new(rows, "--label", "late", "--time", "started_at").exception)


def test_zeros_and_ones_can_be_taken_for_numbers(project: World, new: New, rides: pl.DataFrame) -> None:
    rows = rides.with_columns(YES_OR_NO["integers"].alias("late"))
    assert new(rows, "--label", "late", "--time", "started_at", "--task", "regression").exit_code == 0
    assert declared(project).task == "regression"
