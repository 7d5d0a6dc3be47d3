"""Labels: what happened, when it was known, and never a number that is none."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.data import PARTITION, build_labels
from mlworks_orchestration.errors import DataError, DeclarationError
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel

DAYS = {"every": "day", "start": "2013-01-01"}
NOON = datetime(2013, 1, 7, 12, tzinfo=UTC)


def catalog(label_type: str = "float") -> tuple[MLModel, Catalog]:
    common = {"description": "d", "owner": "team:data", "source": "x:load", "entity": ["flight"], "partitions": DAYS}
    flights = FeatureTable.model_validate(
        common | {"name": "flights", "event_time": "departs", "columns": {"flight": "string", "departs": "timestamp", "distance": "float"}}
    )
    outcomes = FeatureTable.model_validate(
        common | {"name": "outcomes", "event_time": "planned", "columns": {"flight": "string", "planned": "timestamp", "delay": label_type}}
    )
    model = MLModel.model_validate(
        {
            "name": "airline_delay",
            "description": "d",
            "task": "regression",
            "owners": {"data_science": "team:ds"},
            "entity": ["flight"],
            "event_time": "departs",
            "partitions": DAYS,
            "features": [{"table": "flights", "columns": ["distance"]}],
            "label": {"table": "outcomes", "column": "delay", "delay": "1d"},
            "estimator": "x:build",
            "metrics": {"primary": "mae"},
        }
    )
    return model, Catalog.of([flights, outcomes], [model])


def outcomes(*delays: float | None) -> pl.DataFrame:
    rows = [{"flight": f"f{number}", "planned": NOON, "delay": delay, PARTITION: "2013-01-07"} for number, delay in enumerate(delays)]
    return pl.DataFrame(rows, schema={"flight": pl.String, "planned": pl.Datetime("us", "UTC"), "delay": pl.Float64, PARTITION: pl.String})


def test_a_label_has_the_models_key_and_is_known_its_delay_after_the_event() -> None:
    labels = build_labels(*catalog(), outcomes(4.5))
    assert labels.rows(named=True) == [
        {"flight": "f0", "departs": NOON, "label": 4.5, "known_at": NOON + timedelta(days=1), PARTITION: "2013-01-07"},
    ]
    assert labels.schema["known_at"] == pl.Datetime("us", "UTC")


def test_whole_numbers_become_floats() -> None:
    labels = build_labels(*catalog(label_type="integer"), outcomes(3.0).cast({"delay": pl.Int64}))
    assert labels["label"].to_list() == [3.0]
    assert labels.schema["label"] == pl.Float64()


@given(delays=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False)))
def test_nulls_never_became_known_and_all_else_stays(delays: list[float | None]) -> None:
    assert build_labels(*catalog(), outcomes(*delays))["label"].to_list() == [delay for delay in delays if delay is not None]


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
def test_a_label_that_is_no_finite_number_is_refused_with_its_partition_and_entity(broken: float) -> None:
    says = rf"airline_delay: label 'delay' of feature table outcomes is NaN or infinite in 1 rows, the first \(flight f1: {broken}\) .* 2013-01-07\."
    with pytest.raises(DataError, match=says):
        build_labels(*catalog(), outcomes(1.0, broken, None))


def test_a_label_is_the_last_version_that_was_known_by_the_end_of_its_delay() -> None:
    model, full = catalog()
    fields = full.tables["outcomes"].model_dump()
    versions = FeatureTable.model_validate(fields | {"columns": fields["columns"] | {"heard": "timestamp"}, "known_time": "heard"})
    heard = [timedelta(hours=1), timedelta(days=1), timedelta(days=1, microseconds=1)]
    rows = pl.concat([outcomes(value).with_columns(heard=pl.lit(NOON + after)) for value, after in zip((1.0, 2.0, 3.0), heard, strict=True)])
    for seen, expected in ((rows, [2.0]), (rows.reverse(), [2.0]), (rows.head(1), [1.0]), (rows.tail(1), [])):
        assert build_labels(model, Catalog.of([full.tables["flights"], versions]), seen)["label"].to_list() == expected


def test_a_label_of_a_table_that_is_not_declared_is_refused() -> None:
    model, full = catalog()
    with pytest.raises(DeclarationError, match=r"Model airline_delay: label names the feature table 'outcomes', which is not declared"):
        build_labels(model, Catalog.of([full.tables["flights"]]), outcomes(1.0))
