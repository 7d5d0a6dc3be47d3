"""How much a champion needs each feature."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.inspection import permutation_importance as oracle
from sklearn.linear_model import LinearRegression

from mlworks_orchestration.monitoring.causes import build_importance, permutation_importance
from mlworks_orchestration.monitoring.causes.importance import thinned
from mlworks_orchestration.monitoring.causes.jackknife import jackknife
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Predictor
from tests.scoring.world import World


class Counting:
    """An estimator of two numbers that counts how often it is asked."""

    def __init__(self, fitted: Any) -> None:
        self.fitted, self.calls = fitted, 0

    def predict(self, matrix: Any) -> Any:
        self.calls += 1
        return self.fitted.predict(matrix)


def linear(rows: int = 4000, seed: int = 3) -> tuple[pl.DataFrame, Any]:
    """Return rows whose label needs `a` three times as much as `b`, and `c` not at all, and the line fitted to them."""
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame({name: rng.normal(size=rows) for name in "abc"}).with_columns(k=pl.lit(1.0))
    frame = frame.with_columns(label=3 * pl.col("a") + pl.col("b") + pl.Series(rng.normal(size=rows)))
    return frame, LinearRegression().fit(frame.select("a", "b", "c", "k").to_pandas(), frame["label"])


def of(metric: str, model: MLModel) -> MLModel:
    return model.model_copy(update={"metrics": model.metrics.model_copy(update={"primary": metric})})


@pytest.mark.parametrize(("metric", "scoring"), [("mae", "neg_mean_absolute_error"), ("mse", "neg_mean_squared_error"), ("r2", "r2")])
def test_it_is_that_of_scikit_learn_within_its_own_error(world: World, metric: str, scoring: str) -> None:
    frame, fitted = linear()
    predictor = Predictor("delay", 1, ("a", "b", "c", "k"), fitted)
    found = {one.column: one for one in permutation_importance(of(metric, world.model), predictor, frame, np.random.default_rng(1))}
    known = oracle(fitted, frame.select("a", "b", "c", "k").to_pandas(), frame["label"].to_numpy(), scoring=scoring, n_repeats=20, random_state=0)
    for name, value in zip("abck", known.importances_mean, strict=True):
        assert found[name].importance == pytest.approx(value, abs=3 * found[name].standard_error + 1e-9)
    assert found["a"].share > 2 * found["b"].share > 0
    assert sum(one.share for one in found.values()) == pytest.approx(1)
    assert found["k"].importance == found["k"].standard_error == 0


def test_its_standard_error_is_how_much_it_varies_from_sample_to_sample(world: World) -> None:
    samples = []
    for seed in range(30):
        frame, _ = linear(400, seed)
        samples.append(permutation_importance(world.model, Predictor("delay", 1, ("a",), _OnlyA()), frame, np.random.default_rng(seed))[0])
    spread = np.std([one.importance for one in samples], ddof=1)
    assert np.mean([one.standard_error for one in samples]) == pytest.approx(spread, rel=0.35)


class _OnlyA:
    def predict(self, matrix: Any) -> Any:
        return 3 * np.asarray(matrix["a"])


def test_each_feature_costs_one_prediction_and_the_same_seed_gives_the_same(world: World) -> None:
    frame, fitted = linear(500)
    counting = Counting(fitted)
    predictor = Predictor("delay", 1, ("a", "b", "c", "k"), counting)
    first, again = (permutation_importance(world.model, predictor, frame, np.random.default_rng(5)) for _ in range(2))
    assert first == again
    assert counting.calls == 2 * 4  # a constant feature needs none


def test_it_is_measured_on_held_out_rows_once_a_version_and_stored(world: World) -> None:
    world.add_days(0, 9)
    world.add_labels(0, 9)
    version = world.train(9, 0.02)
    built = build_importance(world.lake, world.catalog, world.model, world.registry, version)
    commit = world.lake.version("delay/importance")
    assert {one.column: one.share for one in built} == {"carrier": 0.0, "distance": 1.0, "wind": 0.0}
    assert world.lake.read("delay/importance")["rows"].unique().to_list() == [240]
    world.lake.append("delay/importance", world.lake.read("delay/importance"))  # as two runs at once would leave it
    assert build_importance(world.lake, world.catalog, world.model, world.registry, version) == built
    assert world.lake.version("delay/importance") == commit + 1
    second = world.train(9.5, 0.01)
    assert build_importance(world.lake, world.catalog, world.model, world.registry, second) != built
    assert sorted(world.lake.read("delay/importance")["version"].unique()) == [version, second]


def test_many_rows_are_thinned_evenly_and_in_order() -> None:
    rows = pl.DataFrame({"row": range(25_000)})
    assert thinned(rows)["row"].to_list() == list(range(0, 25_000, 3))
    assert thinned(rows.head(10_000)).height == 10_000


def test_errors_that_go_together_in_time_count_once() -> None:
    days = np.repeat(np.random.default_rng(2).normal(size=20), 50)
    found = jackknife(lambda kept: float(days[kept].mean()), len(days))
    assert found.error == pytest.approx(days[::50].std(ddof=1) / np.sqrt(20))
    assert found.error > 5 * days.std() / np.sqrt(len(days))
    assert jackknife(lambda kept: float(len(kept)), 1) == (1.0, 0.0, 0.0)
