"""Statistical models of statsmodels with scikit-learn's interface, for a declared estimator to return.

They keep plain numbers alone, so that they are stored and loaded as any estimator is, and have `aic_` and `bic_`, which are logged with the run. Only
what uses them imports them, since scikit-learn is imported with them.
"""

from mlworks_orchestration.training.adapters.ols import OLSRegressor
from mlworks_orchestration.training.adapters.sarimax import SarimaxForecaster

__all__ = ["OLSRegressor", "SarimaxForecaster"]
