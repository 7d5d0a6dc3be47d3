"""Seasonal ARIMA by statsmodels, one a series."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin

if TYPE_CHECKING:
    import pandas as pd

_MOST_STEPS = 500
Vector = npt.NDArray[np.float64]


class SarimaxForecaster(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Forecast each series from its own past (Box & Jenkins; statsmodels' SARIMAX), as far ahead as a row lies behind the training rows.

    Rows within the training rows get the forecast one period ahead, missing periods among them are bridged. Rows before the beginning of
    their series get its mean. After `fit`, `aic_` and `bic_` are summed over all series.

    Parameters:
        time: the feature that numbers the periods, by ones, for example weeks since the first.
        series: the features that tell series apart; none if all rows are one.
        order: p, d and q.
        seasonal_order: P, D, Q and the periods of a season.
        trend: `n`, `c`, `t` or `ct`, as statsmodels has it.

    Examples:
        >>> import pandas as pd
        >>> rows, noise = pd.DataFrame({"week": np.arange(60.0)}), np.random.default_rng(1).normal(0, 0.1, 60)
        >>> model = SarimaxForecaster("week", order=(0, 1, 1)).fit(rows, 3 + 2 * rows["week"] + noise)
        >>> model.predict(pd.DataFrame({"week": [60.0, 70.0]})).round().tolist()
        [123.0, 143.0]
    """

    def __init__(
        self,
        time: str,
        series: Sequence[str] = (),
        *,
        order: tuple[int, int, int] = (1, 0, 0),
        seasonal_order: tuple[int, int, int, int] = (0, 0, 0, 0),
        trend: str = "c",
    ) -> None:
        self.time = time
        self.series = series
        self.order = order
        self.seasonal_order = seasonal_order
        self.trend = trend

    def fit(self, X: "pd.DataFrame", y: npt.ArrayLike) -> Self:  # noqa: N803 - scikit-learn's names
        """Fit each series.

        Parameters:
            X: with the columns that the parameters name, of shape (rows, features).
            y: of shape (rows,).

        Raises:
            ValueError: if a series has two rows of the same period, or periods that are no whole numbers.
        """
        labels = np.asarray(y, dtype=np.float64)
        self.series_: dict[str, dict[str, Any]] = {}
        self.aic_, self.bic_ = 0.0, 0.0
        for name, rows in self._groups(X).items():
            period = self._periods(X, rows)
            if len(np.unique(period)) < len(period):
                message = f"series {name!r} has more than one row of a period; name the features that tell its rows apart under series"
                raise ValueError(message)
            values = np.full(int(period.max() - period.min()) + 1, np.nan)
            values[period - period.min()] = labels[rows]
            fitted = self._model(values).fit(disp=False, maxiter=_MOST_STEPS)
            self.series_[name] = {"first": int(period.min()), "values": values, "params": np.asarray(fitted.params)}
            self.aic_, self.bic_ = self.aic_ + float(fitted.aic), self.bic_ + float(fitted.bic)
        return self

    def predict(self, X: "pd.DataFrame") -> Vector:  # noqa: N803 - as above
        """Return a number a row, of shape (rows,).

        Raises:
            ValueError: naming a series that it was not fitted on.
        """
        predicted = np.empty(len(X))
        for name, rows in self._groups(X).items():
            if name not in self.series_:
                message = f"series {name!r} was not among the {len(self.series_)} that it was fitted on; train again once it has a past"
                raise ValueError(message)
            known = self.series_[name]
            steps = self._periods(X, rows) - known["first"]
            path = np.asarray(self._model(known["values"]).smooth(known["params"]).predict(0, max(int(steps.max()), 0)))
            predicted[rows] = np.where(steps < 0, np.nanmean(known["values"]), path[np.maximum(steps, 0)])
        return predicted

    def _model(self, values: Vector) -> Any:  # noqa: ANN401 - statsmodels has no types
        from statsmodels.tsa.statespace.sarimax import SARIMAX  # noqa: PLC0415 - heavy

        return SARIMAX(values, order=self.order, seasonal_order=self.seasonal_order, trend=self.trend)

    def _groups(self, rows: "pd.DataFrame") -> dict[str, npt.NDArray[np.int64]]:
        """Return the numbers of the rows of each series, by its name."""
        names = rows[list(self.series)].astype(str).agg(" / ".join, axis=1) if self.series else np.full(len(rows), "")
        found, place = np.unique(np.asarray(names, dtype=str), return_inverse=True)
        return {str(name): np.flatnonzero(place == number) for number, name in enumerate(found)}

    def _periods(self, rows: "pd.DataFrame", chosen: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        given = np.asarray(rows[self.time], dtype=np.float64)[chosen]
        if not np.array_equal(given, np.round(given)):
            message = f"{self.time!r} must number the periods by whole numbers, none of them missing"
            raise ValueError(message)
        return given.astype(np.int64)
