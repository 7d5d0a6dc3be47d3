"""Two sets of rows compared from scratch: verdicts, what cannot be told, and errors."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from deltalake import write_deltalake

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import Analysis, analyze

ROWS = 4_000
START = datetime(2013, 1, 1, tzinfo=UTC)


def rides(seed: int, rows: int = ROWS, shift: float = 0.0) -> pl.DataFrame:
    """Rides whose distance may be shifted by so many standard deviations."""
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "distance": generator.normal(shift, 1.0, rows),
            "passengers": generator.integers(1, 7, rows),
            "borough": generator.choice(["Bronx", "Queens", "Brooklyn"], rows),
            "shared": generator.random(rows) < 0.3,
            "started_at": [START + timedelta(seconds=int(second)) for second in generator.uniform(0, 3e6, rows)],
        }
    )


def verdicts(found: Analysis) -> dict[str, bool | None]:
    return {column.name: column.drifted for column in found.columns if not column.together}


def reason(found: Analysis, name: str) -> str:
    [one] = [column.reason for column in found.columns if column.name == name]
    return one


def both(reference: pl.Series, current: pl.Series) -> Analysis:
    return analyze(pl.DataFrame({"x": reference}), pl.DataFrame({"x": current}))


def test_a_shifted_column_is_found_and_the_others_are_not() -> None:
    found = analyze(rides(1), rides(2, shift=0.3))
    assert verdicts(found) == {"distance": True, "passengers": False, "borough": False, "shared": False, "started_at": False}
    assert found.columns[0].name == "distance"
    assert found.columns[0].words.startswith("mean ")
    assert found.verdict == "1 of 5 columns drifted: distance."


def test_rows_in_which_nothing_changed_have_not_drifted() -> None:
    found = analyze(rides(1), rides(2))
    assert found.drifted is False
    assert found.verdict == "None of 5 columns drifted."


def test_the_document_has_exactly_the_promised_shape() -> None:
    document = json.loads(json.dumps(analyze(rides(1), rides(2, rows=3_000, shift=0.5)).to_dict(), allow_nan=False))
    assert set(document) == {"columns", "dataset"}
    column = document["columns"]["distance"]
    assert {"kind", "drifted", "statistics", "p_value", "effect", "threshold"} <= set(column)
    assert (column["kind"], column["drifted"]) == ("feature", True)
    assert column["effect"] == pytest.approx(0.5, abs=0.08)
    assert column["p_value"] < 1e-10
    assert 0.1 <= column["threshold"] < 0.5
    ks = column["statistics"]["ks"]
    assert {"value", "p_value", "p_adjusted", "effect", "threshold", "drifted", "decides", "bound", "reason"} <= set(ks)
    dataset = document["dataset"]
    assert (dataset["drifted"], dataset["share"], dataset["rows_reference"], dataset["rows_current"]) == (True, 0.2, 4_000, 3_000)
    assert dataset["kinds"] == {"feature": True, "label": None, "prediction": None, "concept": None}


def test_a_file_a_frame_and_an_arrow_table_say_the_same(tmp_path: Path) -> None:
    before, after = rides(1).drop("started_at"), rides(2, shift=0.3).drop("started_at")
    before.write_parquet(tmp_path / "before.parquet")
    after.write_parquet(tmp_path / "after.parquet")
    before.write_csv(tmp_path / "before.csv")
    after.write_csv(tmp_path / "after.csv")
    before.write_delta(str(tmp_path / "before"))
    after.write_delta(str(tmp_path / "after"))
    expected = analyze(before, after).to_dict()["columns"]
    for given in (
        (tmp_path / "before.parquet", str(tmp_path / "after.parquet")),
        (tmp_path / "before.csv", tmp_path / "after.csv"),
        (tmp_path / "before", tmp_path / "after"),
        (before.to_pandas(), after.to_pandas()),
        (before.to_arrow(), after.to_arrow()),
    ):
        assert analyze(*given).to_dict()["columns"] == expected


def test_label_prediction_and_residual_are_kinds_of_their_own() -> None:
    generator = np.random.default_rng(5)
    before, after = (
        pl.DataFrame({"x": generator.normal(size=ROWS), "y": generator.normal(size=ROWS)}).with_columns(p=pl.col("y") + error)
        for error in (generator.normal(size=ROWS), generator.normal(0.0, 2.0, ROWS))
    )
    found = analyze(before, after, label="y", prediction="p")
    kinds = {column.name: column.kind.value for column in found.columns}
    assert {"x": "feature", "y": "label", "p": "prediction", "residual": "concept"}.items() <= kinds.items()
    assert {name: drifted for name, drifted in verdicts(found).items() if name in "xyp"} == {"x": False, "y": False, "p": True}
    assert verdicts(found)["residual"] is True


def test_a_label_that_goes_with_a_feature_otherwise_is_shown_but_decides_nothing_for_it_has_no_calibrated_threshold() -> None:
    generator = np.random.default_rng(8)
    x, noise = generator.normal(size=(2, ROWS))
    before, after = (pl.DataFrame({"x": x, "y": slope * x + noise}) for slope in (1.0, -1.0))
    found = analyze(before, after, label="y")
    [relation] = [column for column in found.columns if column.name == "x ~ y"]
    assert (relation.kind.value, relation.drifted) == ("concept", None)
    assert [one.drifted for one in relation.statistics] == [True]
    [same] = [column for column in analyze(before, before, label="y").columns if column.name == "x ~ y"]
    assert [one.drifted for one in same.statistics] == [False]


def test_free_text_is_compared_by_its_words() -> None:
    words = np.array(["late", "early", "driver", "car", "clean", "kind", "rude", "music", "airport", "rain"])
    generator = np.random.default_rng(9)
    before, after = ([" ".join(generator.choice(side, 12)) for _ in range(1_000)] for side in (words, np.append(words[:5], "refund")))
    [column] = both(pl.Series(before), pl.Series(after)).columns
    assert (column.type, column.drifted) == ("text", True)


def test_both_sides_take_the_same_texts_for_free_text() -> None:
    names = [f"a street with a long name, number {number}" for number in range(300)]
    generator = np.random.default_rng(11)
    found = both(pl.Series(generator.choice(names, 5_000)), pl.Series(generator.choice(names, 150)))
    assert found.columns[0].type == "categorical"
    assert "is categorical in the reference" not in found.columns[0].reason


def test_exact_counts_tell_more_values_apart_than_bins_do() -> None:
    generator = np.random.default_rng(10)
    before, after = (pl.DataFrame({"x": generator.normal(size=30_000)}) for _ in range(2))
    binned, exact = (analyze(before, after, exact=exact).to_dict()["columns"]["x"]["statistics"]["ks"] for exact in (False, True))
    assert exact["bound"] == 0.0
    assert abs(binned["value"] - exact["value"]) <= binned["bound"]


def test_a_feature_that_is_called_residual_keeps_its_name() -> None:
    frame = pl.DataFrame({"residual": [1.0, 2.0] * 100, "y": [1.0, 2.0] * 100, "p": [1.0, 1.0] * 100})
    kinds = {column.name: column.kind.value for column in analyze(frame, frame, label="y", prediction="p").columns}
    assert (kinds["residual"], kinds["residual_"]) == ("feature", "concept")


def test_labels_that_are_not_there_yet_are_inconclusive() -> None:
    before = rides(1).with_columns(y=pl.col("distance") * 2)
    found = analyze(before, rides(2), label="y")
    assert verdicts(found)["y"] is None
    assert reason(found, "y") == "the current rows have no such column"


def test_the_column_that_orders_the_rows_is_not_compared() -> None:
    late = rides(2).with_columns(pl.col("started_at").dt.offset_by("1y"))
    assert verdicts(analyze(rides(1), late))["started_at"] is True
    assert "started_at" not in verdicts(analyze(rides(1), late, by="started_at"))


def test_unsorted_and_duplicate_times_are_put_in_order() -> None:
    frame = rides(1).with_columns(pl.col("started_at").dt.truncate("1h"))
    shuffled = frame.sort("started_at", maintain_order=True)
    assert analyze(frame, rides(2), by="started_at").to_dict() == analyze(shuffled, rides(2), by="started_at").to_dict()


def test_a_season_that_the_reference_has_seen_is_normal() -> None:
    """A daily wave: an hour of it differs from the whole, as each hour of the reference does."""
    phase = np.arange(ROWS * 4) * 2 * np.pi / 500
    generator = np.random.default_rng(3)
    wave = pl.DataFrame({"x": np.sin(phase) * 2 + generator.normal(size=len(phase))})
    hour = wave[:100]
    assert verdicts(analyze(wave, hour))["x"] is not True
    assert verdicts(analyze(wave, hour + 8.0))["x"] is True


def wave() -> pl.DataFrame:
    phase = np.arange(ROWS * 4) * 2 * np.pi / 500
    return pl.DataFrame({"x": np.sin(phase) * 2 + np.random.default_rng(3).normal(size=len(phase))})


def test_a_season_that_the_reference_has_seen_is_normal_wherever_a_window_begins() -> None:
    rows = wave()
    windows = [rows[640 * offset : 640 * offset + 100] for offset in range(0, 25, 2)]  # 640 is a cycle and 28 % of one
    assert sum(analyze(rows, window).drifted is True for window in windows) <= 1


def test_a_shift_on_top_of_a_season_is_found_wherever_a_window_begins() -> None:
    rows = wave()
    windows = [rows[790 * offset : 790 * offset + 2_000] + 1.0 for offset in range(6)]
    assert sum(analyze(rows, window).drifted is True for window in windows) >= 5
    assert sum(analyze(rows, window - 1.0).drifted is True for window in windows) == 0


@pytest.mark.parametrize("cycles", [3.5, 5, 5.5])
def test_a_seasonal_file_has_not_drifted_from_itself(cycles: float) -> None:
    phase = np.linspace(0, 2 * np.pi * cycles, 8_000, endpoint=False)
    rows = pl.DataFrame({"x": np.sin(phase) + np.random.default_rng(3).normal(0, 0.3, 8_000)})
    assert analyze(rows, rows).drifted is False


def test_windows_of_half_a_reference_of_few_cycles_are_normal() -> None:
    for seed in range(4):
        phase = np.arange(12_000 + 977 * seed) * 2 * np.pi * 3 / 8_000
        rows = pl.DataFrame({"x": np.sin(phase) + np.random.default_rng(seed).normal(0, 0.3, len(phase))})
        assert analyze(rows[:8_000], rows[-4_000:]).drifted is False


def test_a_looser_rate_never_raises_a_threshold() -> None:
    strict, loose = (analyze(rides(1), rides(2), false_alarm_rate=rate).to_dict()["columns"]["borough"]["threshold"] for rate in (0.001, 0.2))
    assert loose <= strict


def test_a_least_effect_hides_what_is_smaller() -> None:
    assert analyze(rides(1), rides(2, shift=0.3), min_effect=0.6).drifted is False


# What cannot be told


@pytest.mark.parametrize(
    ("reference", "current", "why"),
    [
        (pl.Series([1.0] * 200), pl.Series(["a"] * 200), "numeric in the reference, but categorical"),
        (pl.Series([[1]] * 200), pl.Series([[1]] * 200), "List(Int64) cannot be compared"),
        (pl.Series([1.0]), pl.Series([1.0] * 200), "the reference has 1 row with"),
        (pl.Series([1.0] * 200), pl.Series([], dtype=pl.Float64), "the current window has 0 rows"),
        (pl.Series([None] * 200), pl.Series([None] * 200), "0 rows with a value"),
        (pl.Series([1.0] * 200), pl.Series([1.0] * 5), "fewer than min_rows 100"),
    ],
    ids=["dtypes", "list", "one row", "empty", "all null", "few rows"],
)
def test_what_cannot_be_told_is_inconclusive_with_a_reason(reference: pl.Series, current: pl.Series, why: str) -> None:
    found = both(reference, current)
    assert found.drifted is None
    assert why in reason(found, "x")
    assert why in found.verdict
    assert found.to_dict()["dataset"]["share"] is None


def test_a_column_on_one_side_only_is_inconclusive() -> None:
    found = analyze(rides(1).rename({"shared": "pooled"}), rides(2))
    assert verdicts(found)["pooled"] is None
    assert reason(found, "pooled") == "the current rows have no such column"
    assert reason(found, "shared") == "the reference has no such column"
    assert found.verdict == "None of 4 columns drifted. Of 2 it could not be told."


def test_a_column_that_lost_all_its_values_has_drifted() -> None:
    empty = rides(2).with_columns(distance=pl.lit(None), borough=pl.lit(None))
    found = analyze(rides(1), empty)
    assert verdicts(found)["distance"] is True
    assert verdicts(found)["borough"] is True
    assert reason(found, "distance").startswith("missing_share")


def test_constants_that_stay_have_not_drifted_and_ones_that_change_have() -> None:
    assert both(pl.Series([7.0] * 500), pl.Series([7.0] * 500)).drifted is False
    assert both(pl.Series([7.0] * 500), pl.Series([8.0] * 500)).drifted is True
    assert both(pl.Series(["a"] * 500), pl.Series(["a"] * 500)).drifted is False
    assert both(pl.Series(["a"] * 500), pl.Series(["b"] * 500)).drifted is True


def test_infinities_are_values() -> None:
    generator = np.random.default_rng(4)
    values = generator.normal(size=ROWS)
    half = np.where(generator.random(ROWS) < 0.5, np.inf, values)
    found = both(pl.Series(values), pl.Series(half))
    assert found.drifted is True
    assert json.dumps(found.to_dict(), allow_nan=False)
    assert both(pl.Series(half), pl.Series(generator.permutation(half))).drifted is False


def test_names_of_which_each_row_has_its_own_are_no_drift() -> None:
    before, after = (pl.Series([f"{side}{row}" for row in range(20_000)]) for side in "ab")
    found = both(before, after)
    assert found.drifted is not True
    assert len(json.dumps(found.to_dict())) < 20_000


def test_no_column_and_no_rows_are_said_so() -> None:
    found = analyze(pl.DataFrame(), pl.DataFrame())
    assert (found.drifted, found.verdict) == (None, "There is no column to compare.")
    assert found.to_dict()["dataset"]["share"] is None


# Errors


def test_a_column_that_is_not_there_is_told_the_nearest() -> None:
    with pytest.raises(DataError, match=r"the reference frame has no column 'start_at', which 'by' names; did you mean 'started_at'\?"):
        analyze(rides(1), rides(2), by="start_at")


def test_a_file_that_is_not_there_is_told_the_nearest(tmp_path: Path) -> None:
    rides(1).write_parquet(tmp_path / "january.parquet")
    with pytest.raises(DataError, match=r"There is no file '.*januray.parquet'; did you mean '.*january.parquet'\?"):
        analyze(tmp_path / "januray.parquet", rides(1))


@pytest.mark.parametrize("name", ["broken.parquet", "broken.csv", "folder"])
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"a,b\n1,2,3\n")
    with pytest.raises(DataError, match=name) as raised:
        analyze(path, rides(1))
    assert "\n" not in str(raised.value)


def test_a_column_of_mixed_types_is_an_error() -> None:
    with pytest.raises(DataError, match="reference rows cannot be read"):
        analyze(pd.DataFrame({"x": [1, "a", 2.0]}), rides(1))


def test_what_is_no_table_is_an_error() -> None:
    with pytest.raises(DataError, match="The current rows are a dict; allowed are a path"):
        analyze(rides(1), {"x": [1]})


@pytest.mark.parametrize("blank", ["", "\n\n\n"])
def test_residuals_of_a_csv_file_have_as_many_blocks_as_its_columns_however_many_lines_it_has(blank: str, tmp_path: Path) -> None:
    generator = np.random.default_rng(4)
    frame = pl.DataFrame({"label": generator.normal(size=999)}).with_columns(prediction=pl.col("label") + generator.normal(size=999))
    text = frame.write_csv()
    (tmp_path / "before.csv").write_text(text + blank)
    (tmp_path / "after.csv").write_text(text)
    found = analyze(tmp_path / "before.csv", tmp_path / "after.csv", label="label", prediction="prediction")
    assert {column.name: column.drifted for column in found.columns} == {"label": False, "prediction": False, "residual": False}
    assert (found.rows_reference, found.rows_current) == (999, 999)


def test_what_is_only_shown_is_neither_inconclusive_nor_counted() -> None:
    generator = np.random.default_rng(5)
    frame = pl.DataFrame({"wind": generator.normal(size=800), "delay": generator.normal(size=800)})
    found = analyze(frame[:400], frame[400:], label="delay")
    assert [(column.name, column.shown_only) for column in found.columns][-1] == ("wind ~ delay", True)
    assert found.verdict == "None of 2 columns drifted."
    told = found.to_dict()["dataset"]
    assert (told["columns"], told["columns_inconclusive"], told["share"]) == (2, 0, 0.0)


def test_nothing_is_free_of_drift_as_long_as_a_column_could_not_be_told() -> None:
    calm = pl.DataFrame({"wind": range(500), "gate": ["A"] * 500})
    told = analyze(calm, calm.with_columns(gate=pl.lit(1.0))).to_dict()["dataset"]
    assert (told["drifted"], told["share"], told["columns_inconclusive"]) == (None, None, 1)
    assert told["kinds"]["feature"] is None
    assert told["verdict"] == "None of 1 columns drifted. Of 1 it could not be told."
    assert analyze(calm, calm.with_columns(gate=pl.lit(1.0), wind=pl.col("wind") + 400)).drifted is True


@pytest.mark.parametrize("kind", ["numbers", "booleans", "texts", "booleans and chances", "texts and booleans"])
def test_labels_that_no_longer_follow_predictions_are_concept_drift(kind: str) -> None:
    rng = np.random.default_rng(0)
    chance = rng.random(4000)
    late = rng.random(4000) < chance

    def rows(late: object) -> pl.DataFrame:
        """Labels and predictions, each as the kind says."""
        label, prediction = pl.Series("late", late), pl.Series("said", chance > 0.5)
        as_text = {True: "yes", False: "no"}
        match kind:
            case "numbers":
                return pl.DataFrame([label.cast(pl.Int64), pl.Series("said", chance)])
            case "booleans and chances":
                return pl.DataFrame([label, pl.Series("said", chance)])
            case "texts":
                return pl.DataFrame([label.replace_strict(as_text), prediction.replace_strict(as_text)])
            case "texts and booleans":
                return pl.DataFrame([label.replace_strict(as_text), prediction])
            case _:
                return pl.DataFrame([label, prediction])

    found = analyze(rows(late), rows(~late), label="late", prediction="said").to_dict()
    if kind == "texts and booleans":
        assert found["dataset"]["kinds"]["concept"] is None
        assert found["columns"]["residual"]["reason"] == "'late' is String and 'said' is Boolean, so that there is no telling whether they agree"
    else:
        assert found["dataset"]["kinds"]["concept"] is True
        assert analyze(rows(late), rows(late), label="late", prediction="said").to_dict()["dataset"]["kinds"]["concept"] is False


def test_partitions_of_a_table_are_compared_and_can_order_rows(tmp_path: Path) -> None:
    before, after = (rides(seed).select("distance", "borough", "started_at") for seed in (1, 2))
    write_deltalake(tmp_path / "before", before.to_arrow(), partition_by=["borough"])
    for borough in ("Queens", "Bronx"):
        (tmp_path / "after" / f"borough={borough}").mkdir(parents=True)
        after.filter(pl.col("borough") == borough).drop("borough").write_parquet(tmp_path / "after" / f"borough={borough}" / "0.parquet")
    found = analyze(tmp_path / "before", tmp_path / "after", by="started_at")
    assert verdicts(found) == {"borough": True, "distance": False}
    assert "Brooklyn" in found.columns[0].words
    assert set(verdicts(analyze(tmp_path / "before", tmp_path / "after", by="borough"))) == {"distance", "started_at"}


def test_a_csv_file_whose_first_rows_have_no_value_is_read_as_what_comes_later(tmp_path: Path) -> None:
    """Of the label too, whose relations and residuals need its type."""
    rows, late = 60_000, 40_000
    generator = np.random.default_rng(1)
    frame = pl.DataFrame({"x": generator.normal(size=rows), "y": generator.normal(size=rows), "p": generator.normal(size=rows)})
    emptied = frame.with_columns(pl.when(pl.int_range(rows) >= late).then("y"))
    emptied.write_csv(tmp_path / "emptied.csv")
    for sides in ((tmp_path / "emptied.csv", frame), (frame, tmp_path / "emptied.csv")):
        found = analyze(*sides, label="y", prediction="p")
        assert {column.name for column in found.columns} == {"x", "y", "p", "x ~ y", "residual"}
        assert {found.rows_reference, found.rows_current} == {rows}
        assert "missing" in next(column.words for column in found.columns if column.name == "y")


def test_frames_with_two_columns_of_one_name_are_refused() -> None:
    twice = pd.DataFrame([[1, 2, 3]] * 200, columns=["x", "y", "x"])
    with pytest.raises(DataError, match="The reference frame has more than one column 'x'"):
        analyze(twice, twice)


@pytest.mark.parametrize("options", [{"by": "t", "label": "t"}, {"by": "t", "prediction": "t"}, {"label": "t", "prediction": "t"}])
def test_two_options_that_name_the_same_column_are_refused(options: dict[str, str]) -> None:
    frame = pl.DataFrame({"t": range(200), "x": range(200)})
    first, second = options
    with pytest.raises(DataError, match=f"'{first}' and '{second}' both name the column 't'"):
        analyze(frame, frame, by=options.get("by"), label=options.get("label"), prediction=options.get("prediction"))


def test_a_feature_that_is_called_as_a_relation_keeps_its_name() -> None:
    values = np.random.default_rng(0).normal(size=1_000)
    before = pl.DataFrame({"x": values, "y": values, "x ~ y": values})
    found = analyze(before, before.with_columns(pl.col("x ~ y") + 5), label="y")
    columns = found.to_dict()["columns"]
    assert {name: (one["kind"], one["drifted"]) for name, one in columns.items()}["x ~ y"] == ("feature", True)
    assert columns.keys() == {"x", "y", "x ~ y", "x ~ y_", "x ~ y ~ y", "*"}
    assert len(columns) == len(found.columns)


def test_what_is_made_of_columns_is_called_the_same_on_both_sides() -> None:
    """Also if only one side has a column of that name, or neither could be compared."""
    values = np.random.default_rng(0).normal(size=1_000)
    before = pl.DataFrame({"x": values, "y": values, "p": values})
    after = before.with_columns(pl.col("x").alias("x ~ y"), pl.col("x").alias("residual"))
    found = analyze(before, after, label="y", prediction="p")
    reasons = {column.name: column.reason for column in found.columns if column.drifted is None and "no such column" in column.reason}
    assert reasons.keys() == {"x ~ y", "residual"}
    assert {"x ~ y_", "residual_"} <= {column.name for column in found.columns}


def test_a_list_cannot_order_rows() -> None:
    frame = pl.DataFrame({"lags": [[1, 2]] * 200, "x": range(200)})
    with pytest.raises(DataError, match=r"cannot be ordered by 'lags', which is a .*list.*; order them by"):
        analyze(frame, frame, by="lags")


def test_values_whose_squares_are_no_numbers_do_have_values() -> None:
    values = np.random.default_rng(0).normal(size=1_000)
    for scale in (1e-300, 1e300):
        [column] = both(pl.Series(values * scale), pl.Series(values * 2 * scale)).columns
        assert "squares are too small or too large" in next(one.reason for one in column.statistics if one.statistic == "levene")
    [column] = both(pl.Series([-1.0, 1.0] * 200), pl.Series([-2.0, 2.0] * 200)).columns
    assert "do not differ within a side" in next(one.reason for one in column.statistics if one.statistic == "levene")
    [column] = both(pl.Series(values), pl.Series([float("inf")] * 1_000)).columns
    assert next(one.reason for one in column.statistics if one.statistic == "levene") == "a side has no finite values"


def sentences(rows: int, seed: int) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    words = np.array(["late", "again", "today", "flight", "gate", "rain", "crew", "bag"])
    return pl.DataFrame({"said": [" ".join(words[generator.integers(0, 8, 9)]) for _ in range(rows)]})


@pytest.mark.parametrize("kept", [0.4, 0.0])
def test_texts_that_are_lost_are_drift(kept: float) -> None:
    after = sentences(2_000, 2).with_columns(pl.when(pl.int_range(2_000) < 2_000 * kept).then("said"))
    found = analyze(sentences(4_000, 1), after)
    assert found.columns[0].type == "text"
    assert found.drifted is True
    assert found.columns[0].words.startswith(f"missing 0.0% → {1 - kept:.1%}")
    assert analyze(sentences(4_000, 1), sentences(2_000, 2)).drifted is False


def test_rows_without_any_are_inconclusive_whatever_the_type(tmp_path: Path) -> None:
    sentences(2_000, 1).write_parquet(tmp_path / "before.parquet")
    sentences(0, 1).cast(pl.String).write_parquet(tmp_path / "after.parquet")
    assert analyze(tmp_path / "before.parquet", tmp_path / "after.parquet").drifted is None


def noisy(share: float, rows: int, seed: int) -> pl.DataFrame:
    """Rows of a good classifier, with so many labels flipped."""
    generator = np.random.default_rng(seed)
    prediction = generator.choice([0.03, 0.97], rows)
    label = (generator.random(rows) < prediction) ^ (generator.random(rows) < share)
    return pl.DataFrame({"label": label, "prediction": prediction})


def test_errors_that_grow_to_both_sides_are_concept_drift() -> None:
    found = analyze(noisy(0.05, 8_000, 1), noisy(0.15, 2_000, 2), label="label", prediction="prediction")
    residual = next(column for column in found.columns if column.name == "residual")
    assert (residual.drifted, residual.leading.statistic if residual.leading else "") == (True, "levene")
    quiet = analyze(noisy(0.05, 8_000, 1), noisy(0.05, 2_000, 3), label="label", prediction="prediction")
    assert quiet.drifted is False
