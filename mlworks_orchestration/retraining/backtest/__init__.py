"""A policy tried on the past before it is switched on: the real decision, gate and drift reports, on rows read once and models fitted once."""

from mlworks_orchestration.retraining.backtest.chart import write_chart
from mlworks_orchestration.retraining.backtest.every_step import EveryStep, every_step
from mlworks_orchestration.retraining.backtest.policies import Policy, policies
from mlworks_orchestration.retraining.backtest.run import backtest
from mlworks_orchestration.retraining.backtest.story import Month, Story, Training

__all__ = ["EveryStep", "Month", "Policy", "Story", "Training", "backtest", "every_step", "policies", "write_chart"]
