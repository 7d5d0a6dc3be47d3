"""Where the outcome of a model test turns: exactly enough rows, exactly the bound, a gain that is not sure, rows that a change does not touch."""

import time
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from mlworks_orchestration.spec import Catalog
from mlworks_orchestration.training import Predictor, Subject, design_matrix
from mlworks_orchestration.training.model_tests.better_than_simpler import linear
from mlworks_orchestration.training.model_tests.calibration import calibration_error
from mlworks_orchestration.training.model_tests.comparing import better_than
from mlworks_orchestration.training.model_tests.intervals import Interval, state_of
from tests.training.model_tests.bench import Ruled, Shelf, found, honest, subject, version
from tests.training.model_tests.test_kinds import BINARY, calibrated, declared
from tests.training.trips import feature_table

COLUMNS = ("carrier", "distance", "seats", "rainy")

ENOUGH = [
    ("minimum_quality", {"at_most": 2.0}, 400),
    ("better_than_baseline", {}, 400),
    ("better_than_simpler", {}, 400),
    ("slice_quality", {"at_most": 2.0, "slices": ["carrier"]}, 133),
    ("invariance", {"column": "seats"}, 400),
    ("direction", {"column": "distance", "change": 1, "prediction": "increases"}, 377),
    ("robust_to_missing", {"at_most_worse": 4.0}, 400),
]


@pytest.mark.parametrize(("kind", "fields", "rows"), ENOUGH, ids=[case[0] for case in ENOUGH])
def test_exactly_as_many_rows_as_are_asked_for_are_enough(kind: str, fields: dict[str, Any], rows: int) -> None:
    assert "too few to tell" not in text(found(subject(**declared(kind, **fields, min_rows=rows))))
    assert "too few to tell" in text(found(subject(**declared(kind, **fields, min_rows=rows + 1))))


def text(finding: Any) -> str:
    """The words of a finding and of its largest part."""
    return " ".join([finding.words, *(part.words for part in finding.parts[:1])])


def test_exactly_as_many_rows_as_are_asked_for_are_enough_for_calibration() -> None:
    assert found(subject(calibrated, **BINARY, **declared("calibration", min_rows=400))).state == "passed"


def test_the_best_constant_is_that_of_the_training_rows() -> None:
    rows = subject().rows.with_columns(pl.col("label") + 1000)
    on = subject(rows=rows, **declared("better_than_baseline"))
    assert f"the best constant, {on.training_rows['label'].median():.4g}," in found(on).words


def test_the_linear_model_takes_a_category_that_training_has_not_seen_and_a_text_that_is_missing() -> None:
    strange = subject().rows.with_columns(carrier=pl.lit("Z"))
    assert found(subject(rows=strange, **declared("better_than_simpler"))).value is not None
    on = subject()
    columns = {"carrier": "text", "distance": "float", "seats": "integer", "rainy": "boolean"}
    tables = [feature_table("trips", columns), feature_table("outcomes", {"delay": "float"})]
    object.__setattr__(on, "stores", on.stores._replace(catalog=Catalog.of(tables, [on.model])))
    assert on.training_rows["carrier"].null_count()
    matrix = design_matrix(on.training_rows.with_columns(carrier="carrier " + pl.col("carrier")), COLUMNS, asked_by="it")
    assert np.isfinite(linear(on).fit(matrix, on.training_rows["label"].to_numpy()).predict(matrix)).all()


def another(on: Subject, offset: float) -> Any:
    """Return predictions whose errors are as large as the version's on average but for an offset, each far from its row's."""
    errors = np.abs(on.truth - on.predicted)
    turns = np.empty(errors.size)
    turns[np.argsort(errors)] = np.resize([0.9, -0.9], errors.size)
    return on.truth + errors * (1 + turns - float(np.mean(turns * errors) / np.mean(errors))) + offset


def test_a_gain_must_be_sure_and_no_gain_is_none() -> None:
    on = subject()
    generator = np.random.default_rng(0)
    states = [better_than(on, other, "another", generator).state for other in (another(on, 0.03), on.predicted, another(on, 3.0))]
    assert states == ["inconclusive", "failed", "passed"]


def test_a_number_at_its_limit_keeps_it_and_an_interval_that_touches_it_cannot_be_told() -> None:
    assert state_of(Interval(10.0, 9.0, 11.0), 10.0, lower_is_better=True) == "passed"
    assert state_of(Interval(11.0, 10.0, 12.0), 10.0, lower_is_better=True) == "inconclusive"
    assert state_of(Interval(9.0, 8.0, 10.0), 10.0, lower_is_better=False) == "inconclusive"
    assert state_of(Interval(8.0, 7.0, 9.0), 10.0, lower_is_better=False) == "failed"


def test_of_fewer_rows_than_groups_each_row_is_a_group() -> None:
    assert calibration_error(np.array([0.0, 1.0]), np.array([0.2, 0.7]), 10) == pytest.approx(0.25)


def test_rows_that_have_the_value_already_say_nothing_of_invariance() -> None:
    on = subject(**declared("invariance", column="carrier", becomes="B"))
    finding = found(on)
    assert finding.rows == on.rows["carrier"].ne_missing("B").sum() < 400
    moved = (on.rows["carrier"] == "A").sum()
    assert finding.value == pytest.approx(1 - moved / finding.rows)


def test_rows_that_lack_the_column_or_have_the_value_already_are_left_out_of_a_direction() -> None:
    on = subject(**declared("direction", column="carrier", becomes="A", prediction="increases"))
    finding = found(on)
    assert finding.rows == (on.rows["carrier"] != "A").sum()
    assert finding.value == pytest.approx(3.0)


def test_rows_whose_prediction_stays_count_for_neither_direction() -> None:
    def stepped(frame: pd.DataFrame) -> Any:
        return np.floor(frame["distance"].fillna(0.0) / 2)

    fields = {"column": "distance", "change": 0.5, "prediction": "increases", "against": 0.0}
    assert found(subject(stepped, **declared("direction", **fields))).state == "passed"


def test_exactly_the_share_that_may_move_the_other_way_passes() -> None:
    def mixed(frame: pd.DataFrame) -> Any:
        return np.where(frame["rainy"] == 1.0, -0.1, 1.0) * frame["distance"].fillna(0.0)

    whole = subject()
    dry, wet = (whole.rows.drop_nulls().filter(pl.col("rainy") == wet).head(60) for wet in (False, True))
    fields = {"column": "distance", "change": 1, "prediction": "increases", "against": 0.5}
    assert found(subject(mixed, rows=pl.concat([dry, wet]), **declared("direction", **fields))).state == "passed"


def beside(champion: Any, rule: Any = honest, *, seen: int = 0, **fields: object) -> Any:
    """Find what a version comes to beside a champion that has seen the first held-out rows."""
    serving = Shelf(version(7), Predictor("trip_delay", 7, COLUMNS, Ruled(champion)))
    on = subject(rule, registry=serving, **declared("no_slice_worse_than_champion", slices=["carrier"], **fields))
    on.__dict__["unseen_by_champion"] = pl.Series(np.arange(on.rows.height) >= seen)
    return found(on)


def shaken(frame: pd.DataFrame) -> Any:
    """Return predictions that are off a little more than the honest ones, here too high and there too low."""
    return honest(frame) + np.resize([1.2, -1.2], len(frame))


def test_a_version_that_is_the_champions_equal_is_within_no_margin_at_all() -> None:
    finding = beside(honest, margin=0.0)
    assert (finding.state, {part.value for part in finding.parts if part.value is not None}) == ("passed", {0.0})


def test_a_slice_that_may_be_worse_by_chance_cannot_be_told_and_rows_the_champion_saw_are_left_out() -> None:
    told = beside(honest, shaken, margin=0.0, min_rows=10, seen=340)
    assert {part.state for part in told.parts if part.part != "carrier=missing"} & {"inconclusive"}
    assert sum(part.rows for part in told.parts) == 60
    whole = beside(honest, shaken, margin=0.0)
    assert sum(part.rows for part in whole.parts) == 400


def test_exactly_as_many_rows_of_a_slice_as_are_asked_for_are_compared() -> None:
    largest = max(part.rows for part in beside(honest).parts)
    assert {part.state for part in beside(honest, min_rows=largest).parts} == {"passed", "inconclusive"}
    assert beside(honest, min_rows=largest + 1).state == "inconclusive"


def test_the_more_slices_are_compared_with_the_champion_the_wider_their_intervals() -> None:
    few, many = (beside(honest, shaken, min_rows=rows).parts[0] for rows in (max(part.rows for part in beside(honest).parts), 2))
    assert many.low < few.low < few.high < many.high


def test_a_margin_is_how_much_worse_a_slice_may_be_and_the_champion_is_not_compared_with_itself() -> None:
    def worse(frame: pd.DataFrame) -> Any:
        return honest(frame) + 3.0

    assert [beside(honest, worse, margin=margin).state for margin in (20.0, 0.1)] == ["passed", "failed"]
    itself = Shelf(version(1), Predictor("trip_delay", 1, COLUMNS, Ruled(honest)))
    finding = found(subject(worse, registry=itself, **declared("no_slice_worse_than_champion", slices=["carrier"])))
    assert (finding.state, "no champion yet" in finding.words) == ("passed", True)


def test_slices_with_too_few_rows_make_no_interval_wider() -> None:
    fields = {"at_most": 2.0, "slices": ["carrier"]}
    few, many = (found(subject(**declared("slice_quality", **fields, min_rows=rows))).parts[0] for rows in (133, 2))
    assert many.low is not None
    assert few.low is not None
    assert many.low < few.low


def test_what_missing_values_may_cost_is_a_share_of_the_metric_whichever_way_it_points_and_grows_with_the_rows() -> None:
    on = subject(**declared("robust_to_missing", at_most_worse=0.5, columns=["distance"]))
    assert found(on).limit == pytest.approx(1.5 * float(np.mean(np.abs(on.truth - on.predicted))))
    ranked = {"metrics": {"primary": "r2"}}
    assert found(subject(**ranked, **declared("robust_to_missing", at_most_worse=0.01, columns=["distance"]))).state == "failed"
    some, most = (found(subject(**declared("robust_to_missing", share=share, columns=["distance"]))).value for share in (0.1, 0.9))
    assert some is not None
    assert most is not None
    assert some < most


def test_latency_is_told_in_milliseconds_a_row_and_the_shortest_of_several_times_counts() -> None:
    calls: list[int] = []

    def waits(frame: pd.DataFrame) -> Any:
        calls.append(len(frame))
        time.sleep(0.5 if len(calls) == 1 else 0.003)
        return honest(frame)

    finding = found(subject(waits, **declared("latency", rows_a_second=1.0, milliseconds_a_row=60_000)))
    told = {part.part: part.value for part in finding.parts}
    assert told["milliseconds a row"] >= 3
    assert told["rows a second"] > 400 / 0.5
