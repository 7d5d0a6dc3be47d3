"""Models of other libraries with scikit-learn's interface, for a declared estimator to return: statsmodels' and any that MLflow loads.

They keep plain numbers alone, so that they are stored and loaded as any estimator is; statsmodels' have `aic_` and `bic_`, which are logged with the
run. Only what uses them imports them, since scikit-learn is imported with them.
"""

from mlworks_orchestration.training.adapters.ols import OLSRegressor
from mlworks_orchestration.training.adapters.pyfunc import PyfuncClassifier, PyfuncRegressor
from mlworks_orchestration.training.adapters.sarimax import SarimaxForecaster

__all__ = ["OLSRegressor", "PyfuncClassifier", "PyfuncRegressor", "SarimaxForecaster"]
