"""Words weighed by how telling they are, and a logistic regression on them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def build(seed: int, *, words: int = 5000, strength: float = 1.0) -> "Pipeline":
    """Return an unfitted pipeline; words and sources that training has not seen count for nothing.

    Parameters:
        seed: of the regression's solver.
        words: size of the vocabulary, the most frequent words.
        strength: inverse of the ridge penalty.
    """
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - only a training pays for these
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder  # noqa: PLC0415

    columns = ColumnTransformer(
        [("words", TfidfVectorizer(max_features=words, sublinear_tf=True), "text"), ("source", OneHotEncoder(handle_unknown="ignore"), ["source"])]
    )
    return Pipeline([("columns", columns), ("regression", LogisticRegression(C=strength, max_iter=500, random_state=seed))])
