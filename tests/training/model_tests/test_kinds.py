"""Each kind of model test on versions of which it is known whether it holds: one that passes, one that fails, one of which it cannot tell."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from mlworks_orchestration.errors import DeclarationError, TrainingError
from mlworks_orchestration.training import Finding, Predictor, Subject
from mlworks_orchestration.training.model_tests.calibration import calibration_error, spiegelhalter
from mlworks_orchestration.training.model_tests.changed import blanked, shuffled
from mlworks_orchestration.training.model_tests.own import own
from mlworks_orchestration.training.model_tests.record import together
from tests.training.model_tests.bench import Ruled, Shelf, found, honest, subject, version


def declared(kind: str, **fields: object) -> dict[str, Any]:
    return {"model_tests": [{"kind": kind, **fields}]}


def constant(frame: pd.DataFrame) -> Any:
    return np.full(len(frame), 10.0)


def wrong_for_a(frame: pd.DataFrame) -> Any:
    return honest(frame) + 5.0 * (frame["carrier"] == "A")


def by_seats(frame: pd.DataFrame) -> Any:
    return honest(frame) + 0.1 * frame["seats"].fillna(0.0)


def backwards(frame: pd.DataFrame) -> Any:
    return -honest(frame)


def fragile(frame: pd.DataFrame) -> Any:
    return frame["distance"] * 2.0 + np.where(frame["seats"].isna() & (frame.index % 17 != 0), np.nan, 0.0)


BINARY = {"task": "binary", "metrics": {"primary": "log_loss", "also": ["roc_auc"]}}


def sure(frame: pd.DataFrame) -> Any:
    """Return almost 0 or almost 1, right or wrong."""
    return np.where(frame["carrier"] == "A", 0.99, 0.01)


def calibrated(frame: pd.DataFrame) -> Any:
    """Return the probability that a delay, normal about what it is made of, is above 10."""
    from scipy.stats import norm  # noqa: PLC0415 - only here

    return norm.sf(10.0 - honest(frame))


CASES = [
    ("minimum_quality", {"at_most": 2.0}, honest, "passed"),
    ("minimum_quality", {"at_most": 2.0}, constant, "failed"),
    ("minimum_quality", {"at_most": 1.0}, honest, "inconclusive"),  # 1.06, between 0.97 and 1.15
    ("minimum_quality", {"at_most": 2.0, "min_rows": 401}, honest, "inconclusive"),
    ("minimum_quality", {"metric": "r2", "at_least": 0.8}, honest, "passed"),
    ("minimum_quality", {"metric": "r2", "at_least": 0.8}, constant, "failed"),
    ("better_than_baseline", {}, honest, "passed"),
    ("better_than_baseline", {}, constant, "failed"),
    ("better_than_baseline", {"min_rows": 401}, honest, "inconclusive"),
    ("better_than_simpler", {}, wrong_for_a, "failed"),
    ("better_than_simpler", {"estimator": "tests.training.estimators:useless"}, honest, "passed"),
    ("better_than_simpler", {"min_rows": 401}, honest, "inconclusive"),
    ("slice_quality", {"at_most": 2.0, "slices": ["carrier"]}, honest, "passed"),
    ("slice_quality", {"at_most": 2.0, "slices": ["carrier"]}, wrong_for_a, "failed"),
    ("slice_quality", {"at_most": 2.0, "slices": ["carrier"], "min_rows": 300}, wrong_for_a, "inconclusive"),
    ("invariance", {"column": "seats"}, honest, "passed"),
    ("invariance", {"column": "seats"}, by_seats, "failed"),
    ("invariance", {"column": "seats", "tolerance": 20.0}, by_seats, "passed"),
    ("invariance", {"column": "carrier", "becomes": "B"}, honest, "failed"),
    ("invariance", {"column": "carrier", "becomes": "B", "share": 0.5}, honest, "passed"),
    ("invariance", {"column": "seats", "min_rows": 401}, honest, "inconclusive"),
    ("direction", {"column": "distance", "change": 1, "prediction": "increases"}, honest, "passed"),
    ("direction", {"column": "distance", "change": 1, "prediction": "increases"}, backwards, "failed"),
    ("direction", {"column": "distance", "change": 1, "prediction": "decreases"}, backwards, "passed"),
    ("direction", {"column": "carrier", "becomes": "A", "prediction": "increases"}, honest, "passed"),
    ("direction", {"column": "seats", "change": 1, "prediction": "increases"}, honest, "failed"),
    ("direction", {"column": "seats", "change": 1, "prediction": "increases", "min_rows": 400}, by_seats, "inconclusive"),
    ("robust_to_missing", {"at_most_worse": 4.0}, honest, "passed"),
    ("robust_to_missing", {"at_most_worse": 0.1}, honest, "failed"),
    ("robust_to_missing", {"at_most_worse": 0.1, "columns": ["seats", "rainy"]}, honest, "passed"),
    ("robust_to_missing", {"min_rows": 401}, honest, "inconclusive"),
    ("latency", {"rows_a_second": 1.0, "milliseconds_a_row": 60_000}, honest, "passed"),
    ("latency", {"rows_a_second": 1e12}, honest, "failed"),
    ("latency", {"milliseconds_a_row": 1e-9}, honest, "failed"),
]


@pytest.mark.parametrize(
    ("kind", "fields", "rule", "state"), CASES, ids=[f"{case[0]}-{case[2].__name__}-{case[3]}-{n}" for n, case in enumerate(CASES)]
)
def test_it_is_known_what_a_test_finds(kind: str, fields: dict[str, Any], rule: Any, state: str) -> None:
    finding = found(subject(rule, **declared(kind, **fields)))
    assert (finding.state, bool(finding.words)) == (state, True)
    if state != "inconclusive":
        assert finding.value is not None
        assert finding.limit is not None


CALIBRATED = [(calibrated, {}, "passed"), (sure, {}, "failed"), (calibrated, {"min_rows": 401}, "inconclusive")]


@pytest.mark.parametrize(("rule", "fields", "state"), CALIBRATED)
def test_probabilities_must_be_met_by_what_happens(rule: Any, fields: dict[str, Any], state: str) -> None:
    assert found(subject(rule, **BINARY, **declared("calibration", **fields))).state == state


def test_calibration_cannot_be_told_of_one_class() -> None:
    whole = subject(calibrated, **BINARY, **declared("calibration"))
    one = subject(calibrated, **BINARY, **declared("calibration"), rows=whole.rows.filter("label"))
    assert "both 0 and 1 are needed" in found(one).words
    assert found(one).state == "inconclusive"


def test_a_calibrated_version_rarely_fails_however_few_rows_there_are_though_its_error_is_biased_upwards() -> None:
    random, failures, errors = np.random.default_rng(0), 0, []
    for _ in range(40):
        probability = random.random(150)
        rows = pl.DataFrame({"distance": probability, "label": random.random(150) < probability})
        rows = rows.with_columns(carrier=pl.lit("A"), seats=1, rainy=False)
        on = subject(lambda frame: frame["distance"], **BINARY, gate={"resamples": 200}, **declared("calibration", at_most=0.02), rows=rows)
        finding = found(on)
        errors.append(finding.value)
        failures += finding.state == "failed"
    assert min(errors) > 0.02, "by itself the error would fail every one of them"
    assert failures <= 2


def test_the_calibration_error_is_the_mean_distance_of_groups_and_z_that_of_spiegelhalter() -> None:
    random = np.random.default_rng(1)
    predicted = random.random(1000)
    truth = (random.random(1000) < predicted).astype(float)
    frame = pd.DataFrame({"truth": truth, "predicted": predicted}).sort_values("predicted").reset_index(drop=True)
    groups = frame.groupby(frame.index // 100).mean()
    assert calibration_error(truth, predicted, 10) == pytest.approx(float((groups["truth"] - groups["predicted"]).abs().mean()))
    brier, expected = np.mean((truth - predicted) ** 2), np.mean(predicted * (1 - predicted))
    spread = np.sqrt(np.sum((1 - 2 * predicted) ** 2 * predicted * (1 - predicted))) / 1000
    assert spiegelhalter(truth, predicted) == pytest.approx((brier - expected) / spread)
    assert abs(spiegelhalter(truth, predicted)) < 3 < abs(spiegelhalter(truth, np.clip(predicted * 1.5, 0, 1)))
    assert spiegelhalter(np.array([1.0]), np.array([0.0])) == np.inf
    assert spiegelhalter(np.array([1.0]), np.array([1.0])) == 0.0


def test_slices_are_told_one_by_one_and_those_with_too_few_rows_are_named() -> None:
    finding = found(subject(wrong_for_a, **declared("slice_quality", at_most=2.0, slices=["carrier", "rainy"], min_rows=60)))
    parts = {part.part: part.state for part in finding.parts}
    assert parts["carrier=A"] == "failed"
    assert parts["carrier=B"] == "passed"
    assert parts["carrier=missing"] == parts["rainy=missing"] == "inconclusive"
    assert "carrier=A: mae is" in finding.words
    assert "4 cannot be told (carrier=missing, rainy=false, rainy=true, rainy=missing)" in finding.words
    assert finding.value == next(part.value for part in finding.parts if part.part == "carrier=A"), "the worst one's number stands for all"


def test_the_more_slices_the_wider_their_intervals() -> None:
    one, many = (found(subject(**declared("slice_quality", at_most=2.0, slices=slices))) for slices in (["rainy"], ["rainy", "carrier"]))
    narrow, wide = (next(part for part in finding.parts if part.part == "rainy=false") for finding in (one, many))
    assert wide.low is not None
    assert narrow.low is not None
    assert narrow.high is not None
    assert wide.low < narrow.low < narrow.high < (wide.high or 0)


def test_the_models_own_slices_are_taken_where_a_test_names_none() -> None:
    finding = found(subject(slices=["rainy"], **declared("slice_quality", at_most=2.0)))
    assert [part.part for part in finding.parts] == ["rainy=false", "rainy=true", "rainy=missing"]


def test_an_interval_is_as_wide_as_theory_has_it() -> None:
    error = np.random.default_rng(3).normal(0, 1, 500)
    rows = pl.DataFrame({"distance": error}).with_columns(label=0.0, carrier=pl.lit("A"), seats=1, rainy=False)
    for confidence, deviations in ((0.95, 1.96), (0.8, 1.2816)):
        gate = {"confidence": confidence, "resamples": 3000}
        finding = found(subject(lambda frame: frame["distance"], rows=rows, gate=gate, **declared("minimum_quality", at_most=9.0)))
        assert finding.low is not None
        assert finding.high is not None
        standard_error = np.abs(error).std() / np.sqrt(500)
        assert (finding.high - finding.low) / 2 == pytest.approx(deviations * standard_error, rel=0.05)


def test_a_metric_that_is_not_defined_cannot_be_told() -> None:
    whole = subject(sure, **BINARY)
    for kind, fields in (
        ("minimum_quality", {"metric": "roc_auc", "at_least": 0.5}),
        ("slice_quality", {"metric": "roc_auc", "at_least": 0.5, "slices": ["rainy"]}),
    ):
        finding = found(subject(sure, **BINARY, **declared(kind, **fields), rows=whole.rows.filter("label")))
        assert finding.state == "inconclusive"
    ranked = {"task": "binary", "metrics": {"primary": "roc_auc"}}
    for kind in ("better_than_baseline", "better_than_simpler", "robust_to_missing"):
        assert found(subject(sure, **ranked, **declared(kind), rows=whole.rows.filter("label"))).state == "inconclusive"


def test_the_simpler_model_of_a_yes_or_no_is_a_logistic_regression() -> None:
    assert found(subject(calibrated, **BINARY, **declared("better_than_simpler"))).state != "failed"
    assert found(subject(sure, **BINARY, **declared("better_than_simpler"))).state == "failed"
    on = subject(calibrated, **BINARY, **declared("better_than_simpler"))
    from mlworks_orchestration.training.model_tests.better_than_simpler import linear  # noqa: PLC0415 - beside what it tests

    assert isinstance(linear(on).steps[-1][1], LogisticRegression)


def test_the_default_simpler_model_is_as_good_as_the_rule_itself_where_the_truth_is_linear() -> None:
    finding = found(subject(honest, **declared("better_than_simpler")))
    assert finding.value == pytest.approx(0.0, abs=0.1)


def test_a_column_of_one_value_cannot_be_shuffled() -> None:
    on = subject(**declared("invariance", column="seats"))
    flat = subject(**declared("invariance", column="seats"), rows=on.rows.with_columns(seats=pl.lit(4, pl.Int64)))
    assert found(flat).state == "inconclusive"
    assert "4 in every row" in found(flat).words


def test_rows_that_lack_the_column_are_left_out_of_a_direction() -> None:
    finding = found(subject(**declared("direction", column="distance", change=1, prediction="increases")))
    assert finding.rows == 400 - 23
    assert finding.value == pytest.approx(2.0)


def test_a_move_that_is_not_sure_cannot_be_told_and_too_many_against_it_fail() -> None:
    def mixed(frame: pd.DataFrame) -> Any:
        turned = (frame["rainy"] == 1.0).to_numpy()
        return np.where(turned, -1.0, 1.0) * frame["distance"].fillna(0.0)

    fields = {"column": "distance", "change": 1, "prediction": "increases"}
    assert found(subject(mixed, **declared("direction", **fields))).state == "failed"
    assert found(subject(mixed, **declared("direction", **fields, against=0.5))).state == "passed"
    whole = subject(mixed)
    rainy = whole.rows["rainy"].fill_null(value=False)
    balanced = pl.concat([whole.rows.filter(rainy).head(97), whole.rows.filter(~rainy).head(107)])
    assert found(subject(mixed, rows=balanced, **declared("direction", **fields, against=0.6))).state == "inconclusive"


def test_predictions_that_are_no_numbers_without_a_feature_fail_with_the_reason() -> None:
    whole = subject()
    complete = whole.rows.drop_nulls()
    finding = found(subject(fragile, rows=complete, **declared("robust_to_missing", columns=["seats"], min_rows=50)))
    assert finding.state == "failed"
    assert "NaN or infinite" in finding.words


def test_columns_that_are_blanked_in_one_go_are_told_as_if_alone_and_the_one_that_fails_is_named() -> None:
    columns = ["distance", "rainy", "seats"]
    beside = found(subject(honest, **declared("robust_to_missing", columns=columns, at_most_worse=4.0)))
    alone = [found(subject(honest, **declared("robust_to_missing", columns=[column], at_most_worse=4.0))) for column in columns]
    assert beside.parts == tuple(part for each in alone for part in each.parts)
    complete = subject().rows.drop_nulls()
    broken = subject(fragile, rows=complete, **declared("robust_to_missing", columns=["rainy", "seats"], min_rows=50, at_most_worse=9.0))
    assert [part.part for part in found(broken).parts if part.state == "failed"] == ["seats"]


def test_blanking_takes_the_share_and_shuffling_keeps_the_values() -> None:
    rows = pl.DataFrame({"a": range(100)})
    assert blanked(rows, "a", 0.25, np.random.default_rng(0))[1]["a"].null_count() == 25
    assert blanked(rows, "a", 0.0001, np.random.default_rng(0))[1]["a"].null_count() == 1
    assert blanked(rows, "a", 1.0, np.random.default_rng(0))[1]["a"].null_count() == 100
    dealt = shuffled(rows, "a", np.random.default_rng(0))["a"]
    assert dealt.sort().equals(rows["a"])
    assert not dealt.equals(rows["a"])


def slow(frame: pd.DataFrame) -> Any:
    return [float(sum(range(20_000))) for _ in range(len(frame))]


def test_a_version_is_timed_beside_the_champion() -> None:
    columns = ("carrier", "distance", "seats", "rainy")
    fast = Shelf(version(7), Predictor("trip_delay", 7, columns, Ruled(honest)))
    assert found(subject(registry=fast, **declared("latency", times_champion=50))).state == "passed"
    assert found(subject(slow, registry=fast, **declared("latency", times_champion=1.5))).state == "failed"
    gone = Shelf(version(7), Predictor("trip_delay", 7, ("wind",), Ruled(honest)))
    assert found(subject(registry=gone, **declared("latency", times_champion=1.5))).state == "inconclusive"
    first = found(subject(registry=Shelf(), **declared("latency", times_champion=1.5)))
    assert (first.state, "There is no champion yet" in first.parts[0].words) == ("passed", True)


def test_a_champion_that_needs_a_feature_which_is_gone_cannot_be_compared() -> None:
    gone = Shelf(version(7), Predictor("trip_delay", 7, ("wind",), Ruled(honest)))
    finding = found(subject(registry=gone, **declared("no_slice_worse_than_champion", slices=["carrier"])))
    assert (finding.state, "'wind', which is no longer declared" in finding.words) == ("inconclusive", True)


def lowest(on: Subject, least: float = 0.0) -> Finding:
    return Finding("passed" if on.predicted.min() >= least else "failed", "…")


def careless(_: Subject) -> Any:
    return True


def test_a_users_own_test_gets_the_version_and_its_arguments() -> None:
    for rule, least, state in ((honest, -1.0, "passed"), (backwards, -1.0, "failed"), (backwards, -99.0, "passed")):
        on = subject(rule, **declared(f"{__name__}:lowest", arguments={"least": least}))
        assert own(on, on.model.model_tests[0]).state == state  # type: ignore[arg-type]


def test_a_users_own_test_that_returns_no_finding_is_told_what_to_return() -> None:
    on = subject(**declared(f"{__name__}:careless"))
    with pytest.raises(TrainingError, match="careless returned a bool; return a Finding"):
        own(on, on.model.model_tests[0])  # type: ignore[arg-type]


def test_a_state_that_there_is_not_is_no_pass() -> None:
    with pytest.raises(DeclarationError, match="A test found 'pass'; did you mean 'passed'"):
        Finding("pass", "It holds.")  # type: ignore[arg-type]


def test_parts_fail_if_one_does_and_pass_if_one_does_and_none_fails() -> None:
    good, bad, unclear = Finding("passed", "a"), Finding("failed", "b"), Finding("inconclusive", "c")
    for parts, state in (([good, bad, unclear], "failed"), ([good, unclear], "passed"), ([unclear], "inconclusive")):
        assert together(parts, "parts").state == state


def test_a_test_finds_the_same_each_time() -> None:
    first, second = (found(subject(**declared("minimum_quality", at_most=2.0))) for _ in range(2))
    assert first == second
