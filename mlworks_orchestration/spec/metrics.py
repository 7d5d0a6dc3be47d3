"""The metrics that a declaration may name, by task."""

from typing import NamedTuple


class Metric(NamedTuple):
    """What a metric's name stands for."""

    name: str
    description: str
    lower_is_better: bool


_REGRESSION = (
    Metric("mae", "mean absolute error, in the label's unit", lower_is_better=True),
    Metric("rmse", "root mean squared error, in the label's unit", lower_is_better=True),
    Metric("mse", "mean squared error, in the label's unit squared", lower_is_better=True),
    Metric("r2", "share of the label's variance explained, at most 1", lower_is_better=False),
)

METRICS: dict[str, dict[str, Metric]] = {"regression": {metric.name: metric for metric in _REGRESSION}}
"""Metric by name, by task."""
