"""Logistic regression of words."""

from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline


def build(seed: int) -> Pipeline:
    """Return an unfitted pipeline."""
    return make_pipeline(make_column_transformer((TfidfVectorizer(), "note")), LogisticRegression(random_state=seed))
