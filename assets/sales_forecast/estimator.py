"""A linear regression of the logarithm of the week's sales on those of a fortnight, a month and a year before."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.compose import TransformedTargetRegressor

SALES = ["last_year_units", "last_units", "recent_units", "last_price", "price_ratio"]
CATEGORIES = ["kind", "feast"]


def build(seed: int) -> "TransformedTargetRegressor":  # noqa: ARG001 - least squares has nothing random
    """Return an unfitted pipeline: effects multiply, for a feast raises the sales of New York by more avocados than those of Boise."""
    import numpy as np  # noqa: PLC0415 - only a training pays for these
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor  # noqa: PLC0415
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder  # noqa: PLC0415

    from mlworks_orchestration.training.adapters import OLSRegressor  # noqa: PLC0415

    logarithms = Pipeline([("missing", SimpleImputer(strategy="median", keep_empty_features=True)), ("log", FunctionTransformer(np.log1p))])
    columns = ColumnTransformer(
        [("sales", logarithms, SALES), ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), CATEGORIES)],
        remainder="passthrough",
    )
    return TransformedTargetRegressor(Pipeline([("columns", columns), ("regression", OLSRegressor())]), func=np.log1p, inverse_func=np.expm1)
