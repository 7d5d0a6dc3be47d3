"""What a metric needs to know beside labels and predictions."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from mlworks_orchestration.spec import MLModel

Vector: TypeAlias = npt.NDArray[np.float64]


class Measure(NamedTuple):
    """How predictions are measured.

    Parameters:
        task: the model's task.
        threshold: the probability from which a row counts as positive; of classification alone.
        scale: by what MASE divides errors, in the label's unit, one number or one a row; NaN where it is not known.
    """

    task: str
    threshold: float = 0.5
    scale: Vector | float = float("nan")

    @classmethod
    def of(cls, model: MLModel, scale: Vector | float = float("nan")) -> "Measure":
        """Return how a model is measured.

        Parameters:
            model: the model's declaration.
            scale: of MASE; see `naive_scale` and `scale_of`.
        """
        return cls(model.task, model.threshold, scale)


Weighted: TypeAlias = Callable[[Vector], Vector]
"""A metric of certain rows: from their weights, of shape (samples, rows), to its values, of shape (samples,); NaN where it is not defined."""

Function: TypeAlias = Callable[[Vector, Vector, Measure], Weighted]
"""From actual and predicted values, each of shape (rows,), to the metric of these rows: what can be done once is done once."""
