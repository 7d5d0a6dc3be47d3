"""Gradient-boosted trees for the probability of fraud."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

CATEGORIES = ["product", "email_provider", "device"]


def build(seed: int, *, max_iter: int = 100, learning_rate: float = 0.1, max_leaf_nodes: int = 31) -> "Pipeline":
    """Return an unfitted pipeline; categories that training has not seen count as missing.

    Parameters:
        seed: of the trees' random numbers.
        max_iter: number of trees.
        learning_rate: shrinkage of each tree.
        max_leaf_nodes: leaves of a tree at most.
    """
    import numpy as np  # noqa: PLC0415 - only a training pays for these
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OrdinalEncoder  # noqa: PLC0415

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    columns = ColumnTransformer([("categories", encoder, CATEGORIES)], remainder="passthrough", verbose_feature_names_out=False)
    trees = HistGradientBoostingClassifier(
        max_iter=max_iter,
        learning_rate=learning_rate,
        max_leaf_nodes=max_leaf_nodes,
        categorical_features=CATEGORIES,
        early_stopping=False,
        random_state=seed,
    )
    return Pipeline([("columns", columns.set_output(transform="pandas")), ("trees", trees)])
