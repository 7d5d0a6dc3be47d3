"""How the errors of a window compare with those on the champion's hold-out window, from the profiles of their residuals alone."""

from collections.abc import Callable
from math import sqrt

import numpy as np

from mlworks_orchestration.monitoring.drift import ColumnProfile, NumericProfile
from mlworks_orchestration.numerals import readable

_LOSSES: dict[str, Callable[[NumericProfile], float]] = {
    "mae": lambda residuals: residuals.mean_of(np.abs),
    "mse": lambda residuals: _mean_square(residuals),  # noqa: PLW0108 - defined below
    "rmse": lambda residuals: sqrt(_mean_square(residuals)),
    "brier": lambda residuals: _mean_square(residuals),  # noqa: PLW0108 - as above
}
_INSTEAD = {"r2": "rmse", "mase": "mae", "smape": "mae"}
"""What stands in for a metric that needs more than residuals: the labels' variance, the scale of a version, the labels themselves."""


def loss_change(metric: str, reference: ColumnProfile | None, current: ColumnProfile | None) -> str:
    """Return a metric on both sides and their ratio, in words; nothing where a side has no residuals.

    Parameters:
        metric: the model's primary one. For `r2` the root mean squared error takes its place, for `mase` and `smape` the mean absolute error, for
            those of classification the Brier score, the mean square of label less probability.
        reference: residuals on the hold-out window.
        current: residuals of the window.

    Examples:
        >>> loss_change("mae", NumericProfile.of(np.array([-10.0, 10.0])), NumericProfile.of(np.array([-12.0, 18.0])))
        'mae 15 in the window, 10 on the rows it was not trained on (ratio 1.50)'
    """
    sides = [side for side in (current, reference) if isinstance(side, NumericProfile) and side.present]
    if len(sides) < 2:  # noqa: PLR2004 - a comparison has two sides
        return ""
    name = _INSTEAD.get(metric, metric if metric in _LOSSES else "brier")
    now, before = (_LOSSES[name](side) for side in sides)
    ratio = f" (ratio {now / before:.2f})" if before else ""
    return f"{name} {readable(now)} in the window, {readable(before)} on the rows it was not trained on{ratio}"


def _mean_square(residuals: NumericProfile) -> float:
    """Return it exactly, from the moments, unless they overflow."""
    n, mean, squares, *_ = residuals.moments
    return residuals.mean_of(np.square) if mean is None or squares is None else squares / n + mean * mean
