"""How a model is measured: the metrics that a declaration may name, by task, and what they need beside labels and predictions."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from mlworks_orchestration.spec.base import ColumnName, Spec

Task = Literal["regression", "binary", "forecast", "text"]
"""What kind of prediction a model makes."""

CLASSIFICATION = frozenset({"binary", "text"})
"""The tasks whose label is 0 or 1 and whose prediction is the probability that it is 1."""

DEFAULT_THRESHOLD = 0.5
"""The probability from which a row counts as positive, unless another is declared."""


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
_FORECAST = (
    *_REGRESSION,
    Metric("mase", "mean absolute error over that of the naive forecast on the training rows", lower_is_better=True),
    Metric("smape", "mean of 200 · absolute error / (absolute label + absolute prediction), in per cent, 0 to 200", lower_is_better=True),
)
_CLASSIFICATION = (
    Metric("roc_auc", "area under the ROC curve: how often a positive row is ranked above a negative one", lower_is_better=False),
    Metric("pr_auc", "average precision: the area under the precision-recall curve, as steps", lower_is_better=False),
    Metric("f1", "harmonic mean of precision and recall at the threshold", lower_is_better=False),
    Metric("precision", "share of rows at or above the threshold that are positive", lower_is_better=False),
    Metric("recall", "share of positive rows that are at or above the threshold", lower_is_better=False),
    Metric("log_loss", "mean negative log-likelihood of the labels, in nats", lower_is_better=True),
    Metric("brier", "mean squared difference of probability and label", lower_is_better=True),
    Metric("accuracy", "share of rows on the right side of the threshold", lower_is_better=False),
)

METRICS: dict[str, dict[str, Metric]] = {
    task: {metric.name: metric for metric in metrics}
    for task, metrics in {"regression": _REGRESSION, "binary": _CLASSIFICATION, "text": _CLASSIFICATION, "forecast": _FORECAST}.items()
}
"""Metric by name, by task."""


class Metrics(Spec):
    """How the model is measured."""

    primary: str
    """The metric that gate and monitoring decide by."""

    also: list[str] = Field(default_factory=list)
    """Further metrics to report."""

    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The probability from which a row counts as positive; tasks binary and text only."""

    @property
    def names(self) -> list[str]:
        """All metrics, the primary first, each once."""
        return list(dict.fromkeys([self.primary, *self.also]))


class Forecast(Spec):
    """What a forecast is measured against."""

    naive: ColumnName
    """The feature that holds the naive forecast, such as the label a year ago; its mean absolute error on the training rows is the scale of MASE."""
