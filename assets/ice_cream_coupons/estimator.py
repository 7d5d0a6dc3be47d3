"""A Poisson regression of the packages that a store will sell."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CATEGORIES = ["campaign"]


def build(seed: int, *, penalty: float = 3.0) -> "Pipeline":  # noqa: ARG001 - nothing is random
    """Return an unfitted pipeline: the logarithm of the mean is linear in those of past sales and promotions; what is missing is the median.

    Promotions are the same in nearly all stores of a week, so that a hundred rows tell of them hardly more than one: hence the penalty.

    Parameters:
        seed: not needed.
        penalty: of the squared weights of standardised columns.
    """
    import numpy as np  # noqa: PLC0415 - only a training pays for these
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.linear_model import PoissonRegressor  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler  # noqa: PLC0415

    filled = SimpleImputer(strategy="median", keep_empty_features=True)
    amounts = Pipeline([("missing", filled), ("log", FunctionTransformer(np.log1p)), ("scale", StandardScaler())])
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("categories", categories, CATEGORIES)], remainder=amounts)
    return Pipeline([("columns", columns), ("regression", PoissonRegressor(alpha=penalty, max_iter=500))])
