"""Realised performance, against the training room's metrics."""

import json
import time

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring import labelled, performance
from mlworks_orchestration.monitoring.realised import measure_slices
from mlworks_orchestration.training import Measure, evaluate
from tests.scoring.world import World


def run(world: World, first: int, last: int, now: float = 20) -> pl.DataFrame:
    with clock.replaying(world.at(now)):
        return performance(world.lake, world.catalog, world.model, world.registry, world.keys(first, last))


def plain(world: World) -> pl.DataFrame:
    scores, flights = world.lake.read("delay/scores"), world.lake.read("features/flights")
    outcomes = world.lake.read("features/outcomes")
    return scores.join(outcomes, on=["flight_id", "at", PARTITION]).join(flights, on=["flight_id", "at", PARTITION])


def test_metrics_of_every_partition_and_slice_are_the_training_rooms(scored: World) -> None:
    found = {
        (row[PARTITION], row["slice_column"], row["slice_value"], row["metric"]): (row["value"], row["rows"])
        for row in run(scored, 6, 9).iter_rows(named=True)
    }
    rows, groups = plain(scored), 0
    for (key,), day in rows.partition_by(PARTITION, as_dict=True).items():
        parts = {("", ""): day} | {("carrier", name): part for (name,), part in day.partition_by("carrier", as_dict=True).items()}
        for (column, value), part in parts.items():
            groups += 1
            expected = evaluate(Measure("regression"), ["mae", "rmse", "r2"], part["arr_delay"].to_numpy(), part["prediction"].to_numpy())
            errors = np.abs((part["arr_delay"] - part["prediction"]).to_numpy())
            expected |= {f"absolute_error_q{share}": float(np.quantile(errors, share / 100)) for share in (50, 90, 95)}
            for metric, number in expected.items():
                assert found[key, column, value, metric] == (pytest.approx(number), part.height)
    assert len(found) == groups * 6


def test_it_is_stored_with_version_time_and_inputs(scored: World) -> None:
    rows = run(scored, 6, 9)
    assert scored.lake.read("delay/performance").height == rows.height
    assert rows["model_version"].unique().to_list() == [1]
    assert rows["measured_at"][0] == scored.at(20)
    assert set(json.loads(rows["inputs"][0])) == {"features/flights", "features/weather", "delay/scores", "delay/labels"}
    run(scored, 6, 9)
    assert scored.lake.read("delay/performance").height == rows.height


def test_partitions_whose_labels_are_not_known_yet_have_no_rows(scored: World) -> None:
    keys = scored.keys(6, 9)
    with clock.replaying(scored.at(9.5)):
        assert labelled(scored.lake, scored.model, keys) == keys[:2]
    assert sorted(run(scored, 6, 9, now=9.5)[PARTITION].unique()) == keys[:2]
    assert scored.lake.partitions("delay/performance") == keys[:2]
    with clock.replaying(scored.at(9)):
        assert labelled(scored.lake, scored.model, keys) == keys[:2]
    with clock.replaying(scored.at(8.999)):
        assert labelled(scored.lake, scored.model, keys) == keys[:1]


def test_without_any_known_label_nothing_is_written(scored: World) -> None:
    rows = run(scored, 8, 9, now=9.5)
    assert rows.is_empty()
    assert rows.columns[0] == PARTITION
    assert not scored.lake.exists("delay/performance")


def test_a_labelled_partition_that_is_not_scored_is_named(scored: World) -> None:
    with pytest.raises(NotReadyError, match="partition 2013-03-06"):
        run(scored, 5, 6)


def test_a_model_without_slices_reads_no_features(scored: World) -> None:
    scored.model = scored.model.model_copy(update={"slices": []})
    rows = run(scored, 6, 6)
    assert rows["slice_column"].unique().to_list() == [""]
    assert set(json.loads(rows["inputs"][0])) == {"delay/scores", "delay/labels"}


def truth(label: list[float], residual: list[float], carrier: list[str | None]) -> pl.DataFrame:
    prediction = [one - other for one, other in zip(label, residual, strict=True)]
    return pl.DataFrame(
        {
            PARTITION: ["a"] * len(label),
            "model_version": [1] * len(label),
            "label": label,
            "prediction": prediction,
            "residual": residual,
            "_slice_0": carrier,
        }
    )


def test_a_year_of_days_by_forty_slices_takes_seconds(world: World) -> None:
    random, rows = np.random.default_rng(0), 365 * 400
    frame = pl.DataFrame({PARTITION: [f"{row // 400:03d}" for row in range(rows)], "model_version": [1] * rows, "label": random.normal(size=rows)})
    slices = pl.Series("_slice_0", [str(row % 40) for row in range(rows)])
    began = time.process_time()
    found = measure_slices(world.model, frame.with_columns(slices, prediction=pl.lit(0.0), residual="label"))
    assert time.process_time() - began < 30, "one to two seconds on an idle machine"
    assert found.filter(metric="mae").height == 365 + 365 * 40


def test_a_missing_slice_value_is_a_slice_of_its_own(world: World) -> None:
    rows = measure_slices(world.model, truth([1.0, 2.0, 3.0], [0.0, 1.0, 3.0], ["UA", None, None]))
    maes = rows.filter((pl.col("slice_column") == "carrier") & (pl.col("metric") == "mae"))
    assert dict(maes.select("slice_value", "value").iter_rows()) == {"UA": 0.0, None: 2.0}


def test_r2_of_one_row_is_absent_and_of_equal_labels_as_scikit_learn_has_it(world: World) -> None:
    rows = measure_slices(world.model, truth([4.0, 5.0, 5.0, 6.0, 6.0], [1.0, 0.0, 0.0, 1.0, 0.0], ["one", "met", "met", "missed", "missed"]))
    r2 = rows.filter((pl.col("slice_column") == "carrier") & (pl.col("metric") == "r2"))
    assert dict(r2.select("slice_value", "value").iter_rows()) == {"met": 1.0, "missed": 0.0}
    assert not rows["value"].is_nan().any()
