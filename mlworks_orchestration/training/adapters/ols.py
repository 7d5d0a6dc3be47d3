"""Ordinary least squares by statsmodels."""

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin

Vector = npt.NDArray[np.float64]


class OLSRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A linear model, with the information criteria of statsmodels.

    Parameters after `fit`: `coef_`, of shape (features,), `intercept_`, `aic_` and `bic_`.

    Examples:
        >>> x = np.arange(10.0)[:, None]
        >>> model = OLSRegressor().fit(x, 3 + 2 * x[:, 0])
        >>> model.predict(np.array([[20.0]])).round(6).tolist()
        [43.0]
    """

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:  # noqa: N803 - scikit-learn's names
        """Fit on numbers.

        Parameters:
            X: without missing values, of shape (rows, features).
            y: of shape (rows,).
        """
        from statsmodels.api import OLS, add_constant  # noqa: PLC0415 - heavy

        fitted = OLS(np.asarray(y, dtype=np.float64), add_constant(np.asarray(X, dtype=np.float64), has_constant="add")).fit()
        self.intercept_ = float(fitted.params[0])
        self.coef_: Vector = np.asarray(fitted.params[1:])
        self.aic_, self.bic_ = float(fitted.aic), float(fitted.bic)
        return self

    def predict(self, X: npt.ArrayLike) -> Vector:  # noqa: N803 - as above
        """Return a number a row, of shape (rows,)."""
        return np.asarray(np.asarray(X, dtype=np.float64) @ self.coef_ + self.intercept_)
