"""The primary metric on both sides, from profiles of residuals."""

import numpy as np
import pytest

from mlworks_orchestration.monitoring.drift import NumericProfile
from mlworks_orchestration.monitoring.loss import loss_change
from mlworks_orchestration.spec import METRICS
from mlworks_orchestration.training import Measure, evaluate

RNG = np.random.default_rng(1)


@pytest.mark.parametrize("metric", ["mae", "mse", "rmse"])
def test_it_is_the_metric_of_the_rows(metric: str) -> None:
    before, after = RNG.normal(0, 10, 20_000), RNG.normal(3, 12, 20_000)
    values = [evaluate(Measure("regression"), [metric], residuals, np.zeros(20_000))[metric] for residuals in (after, before)]
    said = loss_change(metric, NumericProfile.of(before), NumericProfile.of(after))
    assert said == f"{metric} {values[0]:.4g} in the window, {values[1]:.4g} on the rows it was not trained on (ratio {values[0] / values[1]:.2f})"


def test_a_metric_that_is_a_comparison_already_gives_way_to_rmse() -> None:
    residuals = NumericProfile.of(np.array([3.0, -3.0]))
    assert loss_change("r2", residuals, residuals).startswith("rmse 3 in the window, 3 on")


@pytest.mark.parametrize("metric", METRICS["regression"])
def test_every_metric_of_regression_has_a_loss(metric: str) -> None:
    residuals = NumericProfile.of(np.array([1.0]))
    assert "ratio 1.00" in loss_change(metric, residuals, residuals)


@pytest.mark.parametrize("task", ["binary", "text", "forecast"])
def test_every_metric_of_every_task_has_one_that_residuals_tell(task: str) -> None:
    residuals = NumericProfile.of(np.array([0.5, -0.5]))
    said = {metric: loss_change(metric, residuals, residuals).split()[:2] for metric in METRICS[task]}
    assert said["log_loss" if task != "forecast" else "mase"] == (["brier", "0.25"] if task != "forecast" else ["mae", "0.5"])


def test_without_errors_on_the_reference_there_is_no_ratio() -> None:
    assert loss_change("mae", NumericProfile.of(np.array([0.0])), NumericProfile.of(np.array([1.0]))).endswith("not trained on")


def test_without_residuals_there_is_nothing_to_say() -> None:
    assert loss_change("mae", NumericProfile.of(np.array([1.0])), None) == ""
    assert loss_change("mae", NumericProfile.of(np.array([])), NumericProfile.of(np.array([1.0]))) == ""
