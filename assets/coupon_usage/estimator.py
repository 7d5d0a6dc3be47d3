"""A ridge regression of the coupons that a store will take."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CAMPAIGNS = ["none", "C", "B", "A"]


def build(seed: int, *, penalty: float = 100.0) -> "Pipeline":
    """Return an unfitted pipeline; campaigns are ordered from none to the widest, and what is missing is the median.

    Parameters:
        seed: of the solver.
        penalty: of the squared weights of standardised columns.
    """
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - only a training pays for these
    from sklearn.impute import SimpleImputer  # noqa: PLC0415
    from sklearn.linear_model import Ridge  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OrdinalEncoder, StandardScaler  # noqa: PLC0415

    encoder = OrdinalEncoder(categories=[CAMPAIGNS], handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    columns = ColumnTransformer([("campaign", encoder, ["campaign"])], remainder="passthrough")
    filled = SimpleImputer(strategy="median", keep_empty_features=True)
    return Pipeline([("columns", columns), ("missing", filled), ("scale", StandardScaler()), ("regression", Ridge(alpha=penalty, random_state=seed))])
